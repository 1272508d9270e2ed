"""Booked, came and no-show in every cut; the same figures as the plan's for closed workshops."""

import csv
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO, StringIO

import openpyxl
import pytest
import time_machine
from sqlalchemy import event

from dissemination.attendance import actions as attendance
from dissemination.kernel.database import db, transaction
from dissemination.people import actions as people_actions
from dissemination.people.models import Company, OrganisationType, SizeClass
from dissemination.plan import actions as plan
from dissemination.plan import figures, periods, splits
from dissemination.plan.models import EvidenceRequirement, Exclusion
from dissemination.plan.queries import current_plan
from dissemination.registrations.models import Attends
from dissemination.statistics.queries import Asked, Which
from dissemination.statistics.tables import tables
from dissemination.workshops.models import Cancellation, WorkshopSession
from tests import factories

MARCH, MAY, SEPTEMBER = (datetime(2027, m, 11, 13, tzinfo=UTC) for m in (3, 5, 9))
TODAY = datetime(2027, 12, 1, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def in_december():
    with time_machine.travel(TODAY, tick=False):
        yield


@pytest.fixture
def firms(moda):
    """Three companies, two of them members, and a university."""
    textile, leather = moda.sectors
    with transaction():
        plan.adopt_catalogue(current_plan(moda.id))
        found = {
            "mill": factories.company(moda, "Filatura", sector_id=textile.id, size=SizeClass.SMALL),
            "tannery": factories.company(moda, "Conceria", sector_id=leather.id, province="PI"),
            "dyer": factories.company(moda, "Tintoria"),  # of no sector: counted under the workshop's
            "university": factories.company(moda, "Università", type=OrganisationType.RESEARCH),
        }
        for name in ("mill", "tannery"):
            people_actions.add_membership(found[name], since=date(2026, 1, 1))
    return found


@pytest.fixture
def year(moda, firms):
    """March: the mill (2 of 3 came) and the tannery. May, hybrid: the mill online, a stranger absent.

    September: the dyer; the university; one gave the seat back.
    """
    with transaction():
        march, may, september = (factories.workshop(moda, starts_at=s, title=t) for s, t in (
            (MARCH, "Marzo"), (MAY, "Maggio"), (SEPTEMBER, "Settembre")))  # fmt: skip
        for company, came in (("mill", True), ("mill", True), ("mill", False), ("tannery", True)):
            sit(march, firms[company], came)
        sit(may, firms["mill"], True, attends=Attends.ONLINE, via="online")
        sit(may, None, False)
        sit(september, firms["dyer"], True, via="online")  # booked for the room, came online
        sit(september, firms["university"], True)
        sit(september, firms["mill"], False, standing="cancelled")
        sit(september, firms["tannery"], False, standing="waiting")
    return {"march": march, "may": may, "september": september}


def sit(workshop, company, came, **values):
    contact = factories.contact(workshop.district, company=company)
    return factories.seat(workshop, contact, came=came, **values)


def close(workshop, without_counting=""):
    with transaction():
        db.session.query(EvidenceRequirement).delete()
        attendance.close(
            workshop, by=None, started_at=workshop.starts_at, ended_at=workshop.ends_at,
            without_counting=without_counting,
        )  # fmt: skip


def asked(moda, code="2027", *, which=Which.OVER, **more):
    db.session.rollback()
    return Asked(moda, periods.read(code, current_plan(moda.id)), which=which, **more)


def numbers(line):
    return line.booked, line.came, line.no_show, line.cancelled, line.companies


def test_the_year_adds_up(moda, year):
    t = tables(asked(moda))
    assert numbers(t.total) == (8, 6, 2, 1, 3)
    assert t.total.share == 75
    assert {w.title_it: numbers(t.workshops[w.id]) for w in t.held} == {
        "Settembre": (2, 2, 0, 1, 1), "Maggio": (2, 1, 1, 0, 1), "Marzo": (4, 3, 1, 0, 2),
    }  # fmt: skip
    assert [(line.key, *numbers(line)) for line in t.months] == [
        ("2027-03", 4, 3, 1, 0, 2), ("2027-05", 2, 1, 1, 0, 1), ("2027-09", 2, 2, 0, 1, 1),
    ]  # fmt: skip
    assert [(line.key, *numbers(line)) for line in t.halves] == [
        ("2027-H1", 6, 4, 2, 0, 2), ("2027-H2", 2, 2, 0, 1, 1),
    ]  # fmt: skip


def test_people_count_under_their_companys_sector_or_else_the_workshops(moda, year):
    textile, leather = moda.sectors
    assert [(line.key, *numbers(line)) for line in tables(asked(moda)).sectors] == [
        (textile.id, 7, 5, 2, 1, 2), (leather.id, 1, 1, 0, 0, 1),
    ]  # fmt: skip


def test_room_and_online_are_told_apart_and_nobody_counts_twice(moda, year):
    t = tables(asked(moda))
    assert {line.key: numbers(line) for line in t.places} == {
        Attends.ONLINE: (1, 1, 0, 0, 1), Attends.ROOM: (7, 5, 2, 1, 3),
    }  # fmt: skip
    assert t.seen == {Attends.ROOM: 4, Attends.ONLINE: 2}


def test_where_people_come_from(moda, year):
    t = tables(asked(moda))
    assert [(line.key, line.booked, line.came) for line in t.provinces] == [
        ("PO", 6, 5),
        ("", 1, 0),
        ("PI", 1, 1),
    ]
    assert {line.key: line.came for line in t.types} == {
        OrganisationType.COMPANY: 5, OrganisationType.RESEARCH: 1, None: 0,
    }  # fmt: skip
    assert {line.key: line.booked for line in t.sizes} == {SizeClass.SMALL: 4, None: 4}


def test_new_and_returning_companies_and_members_reached(moda, year):
    first = tables(asked(moda, "2027-H1")).reach
    assert (first.companies, first.new, first.returning) == (2, 2, 0)
    assert (first.members, first.members_booked, first.members_came) == (2, 2, 2)
    may = tables(asked(moda, "2027-05")).reach
    assert (may.companies, may.new, may.returning) == (1, 0, 1)
    autumn = tables(asked(moda, "2027-H2")).reach
    assert (autumn.companies, autumn.new, autumn.members, autumn.members_came) == (1, 1, 2, 0)


def test_merged_companies_are_one_and_without_tax_id_none(moda, year, firms):
    with transaction():
        twin = factories.company(moda, "Filatura SRL")
        nameless = factories.company(moda, "Sartoria", tax_id=None)
        sit(year["september"], twin, True)
        sit(year["september"], nameless, True)
        twin.merged_into_id = firms["mill"].id
    t = tables(asked(moda))
    assert (t.total.companies, t.workshops[year["september"].id].companies) == (3, 2)
    assert tables(asked(moda, "2027-H2")).reach.returning == 1


def test_a_merged_company_is_where_the_one_it_became_is(moda, year, firms):
    with transaction():
        twin = factories.company(moda, "Filatura SRL", province="SI", sector_id=moda.sectors[1].id)
        sit(year["september"], twin, True)
    provinces = {line.key: line.came for line in tables(asked(moda)).provinces}
    assert provinces["SI"] == 1
    with transaction():
        twin.merged_into_id = firms["mill"].id
        firms["mill"].sector_id = moda.sectors[0].id
    t = tables(asked(moda))
    merged = {line.key: line.came for line in t.provinces}
    assert merged == {**{k: n for k, n in provinces.items() if k != "SI"}, "PO": provinces["PO"] + 1}
    narrow = tables(replace(asked(moda, "2027-09"), sector_id=moda.sectors[1].id))
    assert narrow.total.came == 0


# -- agreement with the plan


def dv(moda, code, period):
    indicator = next(i for i in current_plan(moda.id).indicators if i.code == code)
    return figures.figure(indicator, periods.read(period, indicator.plan))


@pytest.mark.parametrize("period", ["2027", "2027-H1", "2027-H2", "2027-Q2", "2027-05", "plan"])
def test_closed_workshops_give_the_figures_of_the_plan(moda, year, period):
    with transaction():
        db.session.query(Exclusion).delete()
    close(year["march"])
    close(year["september"])
    close(year["may"], without_counting="Manca il registro")
    t = tables(asked(moda, period, which=Which.COUNTED))
    assert t.total.came == int(dv(moda, "DV-02", period).actual)
    assert t.total.companies == int(dv(moda, "DV-03", period).actual)
    rate = dv(moda, "DV-04", period)
    assert (t.total.came, t.total.booked) == (int(rate.numerator), int(rate.denominator))
    indicator = next(i for i in current_plan(moda.id).indicators if i.code == "DV-03")
    split = next(
        x for x in splits.splits(indicator, periods.read(period, indicator.plan)) if x.attribute == "sector"
    )
    codes = {s.id: s.code for s in moda.sectors}
    ours = {codes[line.key]: line.companies for line in t.sectors if line.companies}
    assert ours == {row.value: int(row.actual) for row in split.lines if row.actual}


def test_what_is_not_closed_or_does_not_count_is_said(moda, year, ada, sign_in):
    close(year["march"])
    close(year["may"], without_counting="Manca il registro")
    t = tables(asked(moda))
    assert (len(t.held), t.open, t.uncounted) == (3, 1, 1)
    assert [w.title_it for w in tables(asked(moda, which=Which.COUNTED)).held] == ["Marzo"]
    closed = tables(asked(moda, which=Which.CLOSED))
    assert ([w.title_it for w in closed.held], closed.open) == (["Maggio", "Marzo"], 1)
    page = sign_in(ada).get("/moda/desk/statistics?period=2027&lang=en").get_data(as_text=True)
    assert all(said in page for said in ("1 more is not closed yet", "does not count", "show only those"))
    page = sign_in(ada).get("/moda/desk/statistics?period=2027-09&lang=en").get_data(as_text=True)
    assert "1 workshop of this period is over, but not closed yet." in page


# -- which workshops


def test_coming_cancelled_draft_and_other_districts_workshops_are_left_out(moda, nautica, year):
    with transaction():
        for row in (
            factories.workshop(moda, starts_at=TODAY + timedelta(days=3)),
            factories.workshop(moda, starts_at=MAY, published=False),
            factories.workshop(nautica, starts_at=MAY),
        ):
            sit(row, None, True)
        off = factories.workshop(moda, starts_at=MAY)
        sit(off, None, True)
        db.session.add(Cancellation(workshop_id=off.id, reason="x", at=MAY))
    assert numbers(tables(asked(moda)).total) == (8, 6, 2, 1, 3)


def test_a_workshop_belongs_to_its_last_date_on_the_districts_clock(moda, firms):
    with transaction():
        row = factories.workshop(moda, starts_at=datetime(2027, 3, 30, 8, tzinfo=UTC))
        # 31 March 22:30 UTC is 1 April in Prato; the session runs past midnight.
        late = datetime(2027, 3, 31, 22, 30, tzinfo=UTC)
        db.session.add(WorkshopSession(workshop_id=row.id, title_it="Notte", starts_at=late,
                                       ends_at=late + timedelta(hours=2)))  # fmt: skip
        row.ends_at = late + timedelta(hours=2)
        sit(row, None, True)
    assert tables(asked(moda, "2027-03")).held == []
    assert [line.key for line in tables(asked(moda, "2027-04")).months] == ["2027-04"]


def test_the_sector_filter_gives_the_line_of_that_sector(moda, year):
    for line in tables(asked(moda)).sectors:
        only = tables(asked(moda, sector_id=line.key))
        assert numbers(only.total) == numbers(line)
        assert [x.key for x in only.sectors] == [line.key]
    leather = tables(asked(moda, sector_id=moda.sectors[1].id)).reach
    assert (leather.companies, leather.members, leather.members_came) == (1, 1, 1)


# -- pages and files


@pytest.mark.parametrize(
    ("which", "names"),
    [
        ("came", ["Conceria", "Filatura", "Tintoria"]), ("new", ["Conceria", "Filatura", "Tintoria"]),
        ("returning", []), ("members", ["Conceria", "Filatura"]), ("missed", []),
    ],
)  # fmt: skip
def test_figures_open_their_companies(moda, year, ada, sign_in, which, names):
    page = (
        sign_in(ada)
        .get(f"/moda/desk/statistics/companies?workshops=over&period=2027&which={which}")
        .get_data(as_text=True)
    )
    assert [n for n in ("Conceria", "Filatura", "Tintoria", "Università") if f">{n}</a>" in page] == names


def test_members_that_nobody_reached_are_listed(moda, year, ada, sign_in):
    page = (
        sign_in(ada)
        .get("/moda/desk/statistics/companies?workshops=over&period=2027-H2&which=missed")
        .get_data(as_text=True)
    )
    assert [n for n in ("Conceria", "Filatura", "Tintoria") if f">{n}</a>" in page] == [
        "Conceria",
        "Filatura",
    ]


def test_wrong_filters_are_told(moda, year, ada, sign_in):
    browser = sign_in(ada)
    answer = browser.get("/moda/desk/statistics?period=2027-H9&lang=en")
    assert (answer.status_code, "This is not a period" in answer.get_data(as_text=True)) == (422, True)
    assert browser.get("/moda/desk/statistics?sector=nessuno").status_code == 404
    assert browser.get("/moda/desk/statistics?workshops=alle").status_code == 404
    assert browser.get("/moda/desk/statistics/companies?which=tutte").status_code == 404
    assert "No workshop ended in this period" in browser.get(
        "/moda/desk/statistics?period=2020&lang=en"
    ).get_data(as_text=True)


def test_a_district_without_a_plan_still_has_statistics(moda, ada, sign_in):
    from dissemination.plan.models import ActivityLine, MacroArea, Plan

    with transaction():
        for model in (ActivityLine, MacroArea, Plan):
            db.session.query(model).delete()
    browser = sign_in(ada)
    assert browser.get("/moda/desk/statistics").status_code == 200
    assert browser.get("/moda/desk/statistics?period=plan").status_code == 422


def test_files_hold_the_same_figures_and_no_formulas(moda, year, ada, sign_in):
    with transaction():
        year["may"].title_en = '=HYPERLINK("http://x.example")'
    browser = sign_in(ada)
    answer = browser.get("/moda/desk/statistics/statistics.csv?workshops=over&period=2027&lang=en")
    rows = list(csv.reader(StringIO(answer.get_data(as_text=True).lstrip("\ufeff"))))
    assert ["Total", "2027", "8", "6", "2", "75.0", "1", "3"] in rows
    assert [r[2] for r in rows if "HYPERLINK" in str(r)] == ['\'=HYPERLINK("http://x.example")']
    answer = browser.get("/moda/desk/statistics/statistics.xlsx?workshops=over&period=2027&lang=en")
    assert answer.headers["Content-Disposition"] == "attachment; filename=moda-2027.xlsx"
    book = openpyxl.load_workbook(BytesIO(answer.data))
    assert book["Workshops"]["A2"].number_format == "dd/mm/yyyy"
    assert book["Half-years"]["A2"].value == "1st half of 2027"
    assert book.sheetnames == [
        "Total", "Workshops", "Sectors", "Months", "Half-years", "Room and online", "Provinces",
        "Kinds of organisation", "Sizes of company", "Companies",
    ]  # fmt: skip
    assert [c.value for c in book["Total"][2]] == ["2027", 8, 6, 2, 75, 1, 3]
    may = book["Workshops"][3]
    assert (may[0].value.date(), may[1].data_type) == (date(2027, 5, 11), "s")


def count_queries(browser, path):
    db.session.rollback()
    counted = []
    listener = lambda *a: counted.append(a[2])  # noqa: E731
    event.listen(db.engine, "before_cursor_execute", listener)
    try:
        assert browser.get(path).status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", listener)
    return len(counted)


@pytest.mark.parametrize(
    "path", ["?workshops=over&period=2027", "/companies?workshops=over&period=2027&which=came"]
)
def test_the_pages_ask_the_database_as_often_for_few_as_for_many(moda, year, ada, sign_in, path):
    browser = sign_in(ada)
    browser.get(f"/moda/desk/statistics{path}")
    few = count_queries(browser, f"/moda/desk/statistics{path}")
    with transaction():
        for n in range(20):
            row = factories.workshop(moda, starts_at=MAY - timedelta(days=n))
            sit(row, factories.company(moda, sector_id=moda.sectors[n % 2].id), True)
    assert count_queries(browser, f"/moda/desk/statistics{path}") == few


def test_the_desk_leads_there_and_dora_finds_nothing(moda, year, ada, dora, sign_in):
    assert 'href="/moda/desk/statistics"' in sign_in(ada).get("/moda/desk/statistics").get_data(as_text=True)
    assert sign_in(dora).get("/moda/desk/statistics").status_code == 404


def test_erased_people_still_count(moda, year):
    from dissemination.people.models import Contact

    with transaction():
        for contact in db.session.query(Contact):
            contact.erased_at, contact.given_name, contact.family_name = TODAY, "", ""
    assert numbers(tables(asked(moda)).total) == (8, 6, 2, 1, 3)
    assert db.session.query(Company).count() == 4
