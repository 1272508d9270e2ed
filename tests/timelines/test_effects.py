"""Which workshops were followed by audits and funded applications, each company once."""

import io
from datetime import date, timedelta
from decimal import Decimal

import pytest
from openpyxl import load_workbook

from dissemination.kernel.database import transaction
from dissemination.people import actions as people
from dissemination.plan import activity
from dissemination.timelines import effects
from dissemination.timelines.models import DAYS
from tests.audits import cast as audit_cast
from tests.test_queries import count
from tests.timelines import cast


@pytest.fixture(autouse=True)
def autumn(time_machine):
    time_machine.move_to(cast.NOW, tick=False)


def summary(district, days=DAYS, **more):
    found = effects.report(district, days=days, **more)
    return [
        (e.title, len(e.companies), len(e.audited), len(e.applications), len(e.funded), e.granted)
        for e in found.effects
    ]  # fmt: skip


def totals(district, days=DAYS):
    found = effects.report(district, days=days)
    return found.companies(), found.audited(), found.applications(), found.funded(), found.granted()


@pytest.fixture
def world(moda, ada):
    """Blue came twice, was audited and funded; Red came with two people, and applied in vain; Grey never came."""
    with transaction():
        audit_cast.plan_of(moda)
        blue, red, grey = (cast.company(moda, name) for name in ("Blu", "Rossa", "Grigia"))
        carlo, rita, rosa = (
            cast.contact(moda, firm, f"{name}@x.example")
            for firm, name in ((blue, "carlo"), (red, "rita"), (red, "rosa"))
        )
        cast.workshop(moda, carlo, rita, rosa, title="Acqua")
        cast.workshop(moda, carlo, title="Colore", at=cast.WORKSHOP + timedelta(days=20))
        audit_cast.visited(moda, blue, by=ada, on=date(2026, 10, 20))
        audit_cast.visited(moda, grey, by=ada, on=date(2026, 10, 21))
        call = cast.call(moda)
        cast.application(moda, blue, call, title="Una")
        cast.application(moda, red, call, granted=None, title="Altra")
        cast.application(moda, grey, call, title="Terza")
    return blue, red, grey


def test_each_workshop_names_what_followed_and_totals_count_once(moda, world):
    grant = Decimal("12000.50")
    assert summary(moda) == [("Colore", 1, 1, 1, 1, grant), ("Acqua", 2, 1, 2, 1, grant)]
    assert totals(moda) == (2, 1, 2, 1, grant)


@pytest.mark.parametrize(("days", "found"), [(39, 0), (40, 1)])
def test_the_window_ends_with_its_last_day(moda, world, days, found):
    acqua = summary(moda, days)[1]
    assert (acqua[0], acqua[2]) == ("Acqua", found)  # 10 September to 20 October


def test_what_came_before_the_workshop_did_not_follow_it(moda, ada, world):
    with transaction():
        cast.workshop(moda, cast.contact(moda, world[2], "ugo@x.example"), title="Tardi",
                      at=cast.WORKSHOP + timedelta(days=65))  # fmt: skip
    assert summary(moda)[0] == ("Tardi", 1, 0, 0, 0, 0)


def test_what_was_taken_back_does_not_count(moda, ada, world):
    from sqlalchemy import select

    from dissemination.kernel.database import db
    from dissemination.plan.log import Activity

    with transaction():
        row = db.session.scalar(
            select(Activity).where(Activity.verb == "audit.visited", Activity.company_id == world[0].id)
        )
        activity.reverse(row, by=ada, happened_on=row.happened_on, reason="errore")
    assert [line[2] for line in summary(moda)] == [0, 0]


def test_a_merged_company_counts_once(moda, ada, world):
    blue, red, _grey = world
    with transaction():
        people.merge_companies(blue, red, by=ada)
    assert summary(moda)[1][:4] == ("Acqua", 1, 1, 2)
    assert totals(moda)[:3] == (1, 1, 2)


def test_lines_imported_from_past_years_count_by_their_own_day(moda, ada, world):
    with transaction():
        activity.record_all([{
            "verb": "application.funded", "subject_kind": "past_activities", "subject_id": 7, "by": ada,
            "district_id": moda.id, "title": "Domanda 2026", "happened_on": date(2026, 10, 1),
            "company_id": world[1].id, "amount": Decimal(500),
        }])  # fmt: skip
    assert summary(moda)[1][4:] == (2, Decimal("12500.50"))


def test_the_page_names_the_workshop_and_opens_each_number(moda, ada, world, sign_in):
    browser = sign_in(ada)
    page = browser.get("/moda/desk/statistics/effects/").text
    for words in ("Acqua", "Colore", "Preceduto da, non causato da", "365", "12.000,50"):
        assert words in page
    acqua = effects.report(moda, days=365).effects[1].workshop_id
    rows = {
        what: browser.get(f"/moda/desk/statistics/effects/{acqua}/{what}").text
        for what in ("companies", "audits", "applications", "funded")
    }
    assert {what: ("Blu" in text, "Rossa" in text, "Grigia" in text) for what, text in rows.items()} == {
        "companies": (True, True, False), "audits": (True, False, False),
        "applications": (True, True, False), "funded": (True, False, False),
    }  # fmt: skip
    assert browser.get("/moda/desk/statistics/effects/99999/audits").status_code == 404
    assert "effects/" in browser.get("/moda/desk/statistics").text


def test_the_number_of_days_is_tried_in_the_address_and_kept_by_an_organiser(
    moda, ada, world, person, sign_in
):
    browser, at = sign_in(ada), "/moda/desk/statistics/effects/"
    assert "nei 10 giorni prima" in browser.get(f"{at}?days=10").text
    assert "nei 365 giorni prima" in browser.get(at).text
    assert browser.post(f"{at}window", data={"days": "0"}).status_code == 422
    assert browser.post(f"{at}window", data={"days": "39"}).status_code == 303
    viewer = sign_in(person(moda, "viola@moda.example", "viewer"))
    assert "nei 39 giorni prima" in viewer.get(at).text
    assert viewer.post(f"{at}window", data={"days": "40"}).status_code == 403
    for wrong in ("-1", "x", "99999", "0"):
        assert "nei 39 giorni prima" in viewer.get(f"{at}?days={wrong}").text


def test_the_files_hold_what_the_page_says(moda, ada, world, sign_in):
    browser = sign_in(ada)
    book = load_workbook(io.BytesIO(browser.get("/moda/desk/statistics/effects/table.xlsx").data))
    rows = [row[1:] for row in book.active.iter_rows(min_row=2, max_row=4, values_only=True)]
    assert rows == [
        ("Colore", 1, 1, 1, 1, 12000.5), ("Acqua", 2, 1, 2, 1, 12000.5),
        ("Totale, ciascuna una volta", 2, 1, 2, 1, 12000.5),
    ]  # fmt: skip
    sheet = browser.get("/moda/desk/statistics/effects/table.csv").data.decode("utf-8-sig")
    assert ("10/09/2026,Acqua,2,1,2,1,12000.5" in sheet, "non causato da" in sheet) == (True, True)


def test_the_page_costs_the_same_for_one_and_many(moda, ada, world, sign_in):
    browser = sign_in(ada)
    few = count(browser, "/moda/desk/statistics/effects/")
    with transaction():
        for n in range(10):
            firm = cast.company(moda, f"Altra {n}")
            cast.workshop(moda, cast.contact(moda, firm, f"c{n}@x.example"), title=f"Workshop {n}")
            audit_cast.visited(moda, firm, by=ada, on=date(2026, 11, 1))
    assert count(browser, "/moda/desk/statistics/effects/") == few


def test_dora_is_refused(moda, nautica, dora, world, sign_in):
    browser = sign_in(dora)
    assert browser.get("/moda/desk/statistics/effects/").status_code == 404
    workshop = effects.report(moda, days=365).effects[0].workshop_id
    assert browser.get(f"/nautica/desk/statistics/effects/{workshop}/audits").status_code == 404
    assert "Acqua" not in browser.get("/nautica/desk/statistics/effects/").text
