"""How many participants can be reported as the plan promises, what is missing, and asking for it."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import event, select

from dissemination.attendance.closing import _person
from dissemination.delivery import queries as delivery
from dissemination.delivery.models import Delivery
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.people import actions as people
from dissemination.people.models import Company, OrganisationType, SizeClass
from dissemination.plan.actions import adopt_catalogue
from dissemination.plan.models import Plan
from dissemination.registrations import actions, gauge, queries
from dissemination.registrations.models import Event, Registration, What
from dissemination.registrations.refusals import WorkshopIsClosed
from dissemination.workshops.actions import attributes
from dissemination.workshops.models import Closing
from tests import factories

ALL = ("role", "size", "province", "sector")


@pytest.fixture
def workshop(moda):
    with transaction():
        adopt_catalogue(db.session.query(Plan).filter_by(district_id=moda.id).one())
    with transaction():
        row = factories.workshop(moda, title="Lana", seats=200)
        row.sector_id = None
    return row


def enter(workshop, name, *, proven=True, **facts):
    with transaction():
        return actions.register(
            workshop, email=f"{name}@tessitura.example", given_name=name.title(), family_name="Rossi",
            proven=proven, **facts,
        )  # fmt: skip


@pytest.fixture
def firm(moda):
    """firm(**facts) -> a company that lacks what it is not given."""

    def make(**facts):
        with transaction():
            return factories.company(moda, **{"province": "", **facts})

    return make


def complete(moda):
    return {"size": SizeClass.SMALL, "province": "PO", "sector_id": moda.sectors[0].id}


def asked():
    db.session.rollback()
    db.session.expire_all()
    rows = db.session.scalars(
        select(Delivery).where(Delivery.idempotency.like("data %")).order_by(Delivery.id)
    )
    return [row.address.split("@")[0] for row in rows]


def test_who_tells_all_that_the_indicators_split_by_is_reportable(moda, workshop, firm):
    enter(workshop, "carlo", company=firm(**complete(moda)), job_title="Titolare")
    enter(workshop, "dino", company=firm(size=SizeClass.MICRO), job_title="Titolare")
    enter(workshop, "eva", company=firm(**complete(moda)))
    found = gauge.of(workshop)
    assert (found.total, found.percent, found.wanted) == (3, 33, ALL)
    assert [(m.name, m.attributes) for m in found.missing] == [
        ("Rossi Dino", ("province", "sector")),
        ("Rossi Eva", ("role",)),
    ]
    assert found.counts == {"role": 1, "province": 1, "sector": 1}


def test_a_company_that_was_merged_lacks_what_the_one_it_became_lacks(moda, workshop, firm):
    known, double = firm(**complete(moda)), firm(name="Tessitura bis")
    carlo = enter(workshop, "carlo", company=double, job_title="Titolare")
    assert gauge.of(workshop).counts == {"size": 1, "province": 1, "sector": 1}
    with transaction():
        people.merge_companies(known, double, by=None)
    assert gauge.of(workshop).percent == 100
    with transaction():
        known.province = ""
    assert gauge.of_one(carlo) == ("province",)
    with transaction():
        gauge.complete(carlo, province="FI")
    assert (known.province, gauge.of(workshop).percent) == ("FI", 100)


def test_a_private_person_and_a_university_lack_no_company_data(moda, workshop, firm):
    enter(workshop, "carlo", job_title="Consulente")
    enter(workshop, "dino", company=firm(type=OrganisationType.RESEARCH), job_title="Ricercatore")
    assert gauge.of(workshop).percent == 100


def test_the_workshops_sector_stands_for_a_company_without_one(moda, workshop, firm):
    enter(workshop, "carlo", company=firm(size=SizeClass.SMALL, province="PO"), job_title="Titolare")
    assert gauge.of(workshop).counts == {"sector": 1}
    with transaction():
        workshop.sector_id = moda.sectors[0].id
    assert gauge.of(workshop).percent == 100


def test_almost_all_is_not_all(moda, workshop, firm):
    company = firm(**complete(moda))
    for n in range(199):
        enter(workshop, f"p{n}", company=company, job_title="Titolare")
    enter(workshop, "ultima", company=company)
    assert gauge.of(workshop).percent == 99


def test_only_people_with_a_seat_are_counted(moda, workshop, firm):
    with transaction():
        workshop.seats = 1
    first = enter(workshop, "carlo", job_title="Titolare")
    enter(workshop, "dino")
    assert (gauge.of(workshop).total, gauge.of(workshop).percent) == (1, 100)
    with transaction():
        actions.cancel(first)
    assert [m.name for m in gauge.of(workshop).missing] == ["Rossi Dino"]


def test_nothing_is_wanted_when_no_indicator_is_fed(moda):
    with transaction():
        workshop = factories.workshop(moda)
    enter(workshop, "carlo", company=None)
    assert (gauge.of(workshop).wanted, gauge.of(workshop).percent) == ((), 100)


def test_what_the_gauge_calls_known_is_what_the_closing_logs(moda, workshop, firm):
    """Every mixture of known and unknown: the log has an empty value exactly where the gauge misses one."""
    for n in range(16):
        role, size, province, sector = (bool(n & 1 << bit) for bit in range(4))
        company = firm(
            size=SizeClass.SMALL if size else None, province="PO" if province else "",
            sector_id=moda.sectors[0].id if sector else None,
        )  # fmt: skip
        enter(workshop, f"p{n:02d}", company=company, job_title="Titolare" if role else "")
    missing = {m.registration_id: set(m.attributes) for m in gauge.of(workshop).missing}
    for registration in db.session.scalars(select(Registration)):
        logged = _person(registration, registration.company, attributes(workshop), None)
        empty = {name for name in ALL if not logged[name]}
        assert empty == missing.get(registration.id, set())


def test_the_people_are_read_with_one_query_whatever_their_number(moda, workshop, firm):
    def queries_of():
        db.session.rollback()
        db.session.expire_all()
        seen = []
        listen = lambda *a: seen.append(a[2])  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", listen)
        gauge.of(workshop)
        event.remove(db.engine, "before_cursor_execute", listen)
        return seen

    enter(workshop, "carlo", company=firm())
    few = queries_of()
    for n in range(20):
        enter(workshop, f"p{n}", company=firm())
    many = queries_of()
    assert len(many) == len(few)
    assert sum("FROM registrations" in statement for statement in many) == 1


def test_the_missing_are_asked_once_a_day_each_in_her_language(moda, workshop, firm, monkeypatch):
    monkeypatch.setattr(gauge, "BATCH", 2)
    enter(workshop, "carlo", company=firm(**complete(moda)), job_title="Titolare")
    for name in ("dino", "eva", "fred"):
        enter(workshop, name, company=firm(), language="en" if name == "eva" else "it")
    enter(workshop, "ignota", company=firm(), proven=False)

    def ask():
        total = 0
        while True:
            with transaction():
                n = gauge.ask(workshop)
            total += n
            if not n:
                return total

    assert (ask(), ask(), asked()) == (3, 0, ["dino", "eva", "fred"])
    with transaction():  # another question now, and still no second mail today
        db.session.query(Registration).filter_by(number=2).one().job_title = "Titolare"
    assert ask() == 0
    with time_machine.travel(now() + timedelta(days=1), tick=False):
        assert ask() == 3
    mails = db.session.scalars(
        select(Delivery).where(Delivery.idempotency.like("data %")).order_by(Delivery.id)
    ).all()
    assert [m.letter.subject for m in mails[:3]] == [
        "Una domanda sulla tua iscrizione: Lana",
        "A question about your registration: Textile traceability",
        "Una domanda sulla tua iscrizione: Lana",
    ]
    shown = delivery.parts(mails[0])
    for words in ("ruolo nell'organizzazione", "dimensione dell'impresa", "provincia dell'impresa", "/data"):
        assert words in shown.text
    assert "ruolo nell&#39;organizzazione" in shown.html or "ruolo nell'organizzazione" in shown.html


def test_nobody_is_asked_once_the_books_are_closed(moda, workshop, firm):
    enter(workshop, "carlo", company=firm())
    with transaction():
        db.session.add(Closing(workshop_id=workshop.id, at=now()))
    with pytest.raises(WorkshopIsClosed), transaction():
        gauge.ask(workshop)
    assert asked() == []


# Pages.


@pytest.fixture
def page(workshop):
    return f"/moda/desk/workshops/{workshop.slug}/reportability"


def test_the_desk_says_what_is_missing_of_whom_and_asks(sign_in, ada, bice, moda, workshop, firm, page):
    company = firm(name="Conceria Arno")
    enter(workshop, "carlo", company=company, job_title="Titolare")
    shown = sign_in(ada).get(page).text
    assert "0 %" in shown
    assert f'<a href="/moda/desk/people/companies/{company.id}">Conceria Arno</a>' in shown
    assert f'<a href="/moda/desk/people/companies/{company.id}/edit">' in sign_in(bice).get(page).text
    assert sign_in(ada).post(f"{page}/requests").status_code == 303
    assert asked() == ["carlo"]
    assert "Oggi la domanda è già partita" in sign_in(ada).get(page).text


def test_a_viewer_reads_and_does_not_ask(sign_in, person, moda, workshop, firm, page):
    enter(workshop, "carlo", company=firm())
    viewer = sign_in(person(moda, "vera@moda.example", "viewer"))
    assert "Chiedi a" not in viewer.get(page).text
    assert viewer.post(f"{page}/requests").status_code == 403


def test_the_list_makes_the_same_number_of_queries_for_one_and_for_many(sign_in, ada, workshop, firm, page):
    browser, counts = sign_in(ada), []
    for names in (["n0"], [f"n{i}" for i in range(1, 12)]):
        for name in names:
            enter(workshop, name, company=firm())
        seen = []
        listen = lambda *a, seen=seen: seen.append(a[2])  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", listen)
        assert browser.get(page).status_code == 200
        event.remove(db.engine, "before_cursor_execute", listen)
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_the_participant_is_asked_only_what_is_missing_and_replaces_nothing(client, moda, workshop, firm):
    company = firm(size=SizeClass.LARGE)
    carlo = enter(workshop, "carlo", company=company, job_title="Titolare")
    link = f"/r/{queries.token(carlo)}/data"
    shown = client.get(link)
    assert shown.headers["Cache-Control"] == "no-store"
    for name, there in (("province", True), ("sector_id", True), ("size", False), ("job_title", False)):
        assert (f'name="{name}"' in shown.text) == there
    wrong = client.post(link, data={"province": "XX", "sector_id": ""})
    assert (wrong.status_code, 'value="XX"' in wrong.text) == (422, True)
    told = {"province": "po", "sector_id": str(moda.sectors[1].id), "size": "micro", "job_title": "Altro"}
    assert client.post(link, data=told).status_code == 303
    db.session.expire_all()
    row = db.session.get(Company, company.id)
    assert (row.province, row.sector_id, row.size) == ("PO", moda.sectors[1].id, SizeClass.LARGE)
    assert db.session.get(Registration, carlo.id).job_title == "Titolare"
    assert "Non manca nulla" in client.get(link).text
    (noted,) = db.session.scalars(select(Event).where(Event.what == What.REVISED))
    assert noted.details == {"province": ["", "PO"], "sector_id": ["", str(moda.sectors[1].id)]}
    assert gauge.of(workshop).percent == 100


def test_a_forged_link_asks_nothing(client, workshop):
    assert client.get("/r/x/data").status_code == 404


def test_after_the_closing_nothing_can_be_told_any_more(client, workshop, firm):
    company = firm()
    carlo = enter(workshop, "carlo", company=company, job_title="Titolare")
    with transaction():
        db.session.add(Closing(workshop_id=workshop.id, at=now()))
    link = f"/r/{queries.token(carlo)}/data"
    assert 'name="province"' not in client.get(link).text
    client.post(link, data={"province": "PO", "sector_id": "1", "size": "micro"})
    db.session.expire_all()
    assert db.session.get(Company, company.id).province == ""


def test_the_panel_is_on_the_desks_pages(sign_in, ada, workshop, firm):
    enter(workshop, "carlo", company=firm(), job_title="Titolare")
    browser = sign_in(ada)
    for path in ("", "/registrations"):
        shown = browser.get(f"/moda/desk/workshops/{workshop.slug}{path}").text
        assert "0 % dei partecipanti rendicontabili" in shown
        assert f"/moda/desk/workshops/{workshop.slug}/reportability" in shown
