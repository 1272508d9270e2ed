"""The desk's pages of audits, as a person uses them; without JavaScript."""

from datetime import UTC, date, datetime
from io import BytesIO

import pytest
import time_machine
from sqlalchemy import event

from dissemination.audits import actions, queries
from dissemination.audits.models import Audit, State, VisitAppointment
from dissemination.delivery.models import Delivery
from dissemination.districts.models import District
from dissemination.kernel.database import db, transaction
from dissemination.people import actions as people
from dissemination.plan.log import Activity, Evidence
from tests import factories
from tests.audits.cast import NOW, PDF, VISIT, audit, company, contact, plan_of, visited

pytestmark = pytest.mark.usefixtures("still")
DESK = "/moda/desk/audits"


@pytest.fixture
def still(app):
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk(ada, sign_in):
    return sign_in(ada)


def text(answer):
    return answer.get_data(as_text=True)


def test_the_whole_way_by_hand(moda, ada, desk):
    with transaction():
        plan_of(moda)
        firm = company(moda)
        carla = contact(moda, firm)
    ids = {"firm": firm.id, "carla": carla.id, "line": factories.line(moda, "c").id}
    chosen = text(desk.get(f"{DESK}/new?company={ids['firm']}"))
    assert "Tessitura Gori" in chosen
    facts = {
        "company": ids["firm"],
        "auditor_id": ada.id,
        "activity_line_id": ids["line"],
        "macro_area_id": "",
    }
    answer = desk.post(f"{DESK}/new", data=facts)
    one = db.session.query(Audit).one()
    assert (answer.status_code, answer.location) == (303, f"{DESK}/{one.id}")
    assert "Concorda una data" in text(desk.get(f"{DESK}/{one.id}"))
    date_facts = {
        "contact_id": ids["carla"], "day": "2026-11-25", "start": "09:00", "until": "12:30",
        "place": "Via Roma 1", "message": "A presto",
    }  # fmt: skip
    assert desk.post(f"{DESK}/{one.id}/appointment", data=date_facts).status_code == 303
    row = db.session.query(VisitAppointment).one()
    assert (row.starts_at, row.place, row.contact_id) == (
        datetime(2026, 11, 25, 8, 0, tzinfo=UTC), "Via Roma 1", ids["carla"],
    )  # fmt: skip
    assert db.session.get(Audit, one.id).state is State.CONTACTED
    visit = {
        "on": "2026-11-20", "starts": "09:00", "ends": "12:30", "contacts": str(ids["carla"]),
        "others": "Ugo Berti, responsabile tecnico", "departments": ["production", "quality"],
        "strengths": "Tintoria propria", "weaknesses": "Molta acqua", "summary": "", "version": one.version,
    }  # fmt: skip
    assert desk.post(f"{DESK}/{one.id}/record", data=visit).status_code == 303
    db.session.expire_all()
    assert [(p.name, p.role, p.contact_id) for p in one.people] == [
        ("Carla Gori", "titolare", ids["carla"]), ("Ugo Berti", "responsabile tecnico", None),
    ]  # fmt: skip
    area = {
        "title": "Recupero dell'acqua", "type": "process", "priority": "1", "keywords": "acqua, tintoria",
        "outcome": "open", "service_id": "", "call_id": "", "laboratory_id": "", "version": one.version,
    }  # fmt: skip
    assert desk.post(f"{DESK}/{one.id}/areas/new", data=area).status_code == 303
    db.session.expire_all()
    assert [(a.title, a.keywords, a.priority) for a in one.areas] == [
        ("Recupero dell'acqua", ["acqua", "tintoria"], 1)
    ]
    scores = {"strategy": "3", "strategy_note": "ha un piano", "version": one.version}
    assert desk.post(f"{DESK}/{one.id}/scores", data=scores).status_code == 303
    assert db.session.query(Activity).filter_by(verb="audit.visited").count() == 0
    sent = {"file": (BytesIO(PDF), "scheda.pdf")}
    assert desk.post(f"{DESK}/{one.id}/sheets", data=sent).status_code == 303
    assert db.session.query(Activity).filter_by(verb="audit.visited").count() == 1
    for state in ("drafted", "shared", "closed"):
        step = {"on": "2026-11-20", "reason": ""}
        assert desk.post(f"{DESK}/{one.id}/steps/{state}", data=step).status_code == 303
    db.session.expire_all()
    assert one.state is State.CLOSED
    page = text(desk.get(f"{DESK}/{one.id}"))
    for words in ("Recupero dell&#39;acqua", "Ugo Berti", "scheda.pdf", "ha un piano", "Tintoria propria"):
        assert words in page


def test_planning_finds_companies_by_what_was_done_there(moda, ada, desk):
    with transaction():
        done = company(moda, "Tessitura Gori")
        company(moda, "Filatura Neri", province="FI")
        going, old = company(moda, "Rifinizione Bini"), company(moda, "Lanificio Vanni")
        left = company(moda, "Maglificio Sarti", size=None)
        people.add_membership(left, since=date(2026, 1, 1), until=date(2026, 6, 30))
        visited(moda, done, by=ada)
        audit(moda, going, by=ada)
        visited(moda, old, by=ada, on=date(2022, 3, 1))
        factories.company(moda, "Rossi srl", sector_id=moda.sectors[1].id, province="AR")
    names = (
        "Filatura Neri",
        "Lanificio Vanni",
        "Maglificio Sarti",
        "Rifinizione Bini",
        "Rossi srl",
        "Tessitura Gori",
    )

    def shown(query):
        page = text(desk.get(f"{DESK}/planning?{query}"))
        return [name for name in names if f">{name}</label>" in page]

    assert shown("") == list(names)
    assert shown("visited=never") == ["Filatura Neri", "Maglificio Sarti", "Rifinizione Bini", "Rossi srl"]
    assert shown("visited=open") == ["Lanificio Vanni", "Rifinizione Bini", "Tessitura Gori"]
    assert shown("visited=long_ago") == ["Lanificio Vanni"]
    assert shown("visited=recently") == ["Tessitura Gori"]
    assert shown("province=FI") == ["Filatura Neri"]
    assert shown(f"sector={moda.sectors[1].id}&visited=never") == ["Rossi srl"]
    assert shown("q=gori") == ["Tessitura Gori"]
    assert shown("member=yes") == []
    assert shown("size=small&visited=never") == ["Filatura Neri", "Rifinizione Bini"]
    assert "Non più aderente" in text(desk.get(f"{DESK}/planning?q=sarti"))


def test_several_companies_are_planned_at_once_and_a_second_audit_is_asked_about(moda, ada, desk):
    with transaction():
        first, second = company(moda), company(moda, "Filatura Neri")
        visited(moda, first, by=ada)
    facts = {
        "company": [first.id, second.id], "auditor_id": "", "auditor_name": "Ing. Bassi",
        "activity_line_id": factories.line(moda, "c").id, "macro_area_id": "",
    }  # fmt: skip
    refused = desk.post(f"{DESK}/new", data=facts)
    assert refused.status_code == 422
    assert ("Ing. Bassi" in text(refused), db.session.query(Audit).count()) == (True, 1)
    answer = desk.post(f"{DESK}/new", data=facts | {"repeat_meant": "y"})
    assert answer.location == f"{DESK}/?state=planned"
    made = db.session.query(Audit).filter_by(state=State.PLANNED).all()
    assert sorted((a.company.name, a.repeat_meant, a.auditor_name) for a in made) == [
        ("Filatura Neri", False, "Ing. Bassi"), ("Tessitura Gori", True, "Ing. Bassi"),
    ]  # fmt: skip


def test_a_company_merged_meanwhile_is_planned_as_the_one_it_went_into(moda, ada, bice, desk):
    with transaction():
        firm, double = company(moda), company(moda, "Gori snc")
        people.merge_companies(firm, double, by=bice)
    page = text(desk.get(f"{DESK}/new?company={double.id}"))
    assert f'name="company" value="{firm.id}"' in page


def test_two_who_write_at_once_lose_nothing_to_each_other(moda, ada, desk):
    with transaction():
        made = visited(moda, by=ada)
    old = made.version
    assert (
        desk.post(f"{DESK}/{made.id}/record", data={"strengths": "Prima", "version": old}).status_code == 303
    )
    late = desk.post(f"{DESK}/{made.id}/record", data={"strengths": "Seconda", "version": old})
    assert late.status_code == 422
    assert "Seconda" in text(late)
    db.session.expire_all()
    assert made.strengths == "Prima"
    assert f'name="version" type="hidden" value="{made.version}"' in text(late)  # who has compared may save


def test_the_visit_of_an_audit_that_nobody_contacted_is_refused_and_nothing_is_lost(moda, ada, desk):
    with transaction():
        made = audit(moda, by=ada)
    answer = desk.post(
        f"{DESK}/{made.id}/record", data={"on": "2026-11-20", "strengths": "Bene", "version": 1}
    )
    assert answer.status_code == 422
    assert "Bene" in text(answer)
    db.session.expire_all()
    assert (made.state, made.strengths) == (State.PLANNED, "")


def test_areas_are_ordered_changed_and_removed(moda, ada, desk):
    with transaction():
        made = visited(moda, by=ada)
    first, second = [area.id for area in made.areas]
    assert desk.post(f"{DESK}/{made.id}/areas/{second}/order", data={"direction": "up"}).status_code == 303
    db.session.expire_all()
    assert [area.id for area in made.areas] == [second, first]
    form = text(desk.get(f"{DESK}/{made.id}/areas/{first}"))
    assert "Recupero dell&#39;acqua di tintoria" in form
    assert desk.get(f"{DESK}/{made.id}/areas/{first}/removal").status_code == 200
    assert desk.post(f"{DESK}/{made.id}/areas/{first}/removal").status_code == 303
    db.session.expire_all()
    assert [area.id for area in made.areas] == [second]


def test_going_back_is_asked_first(moda, ada, desk):
    with transaction():
        made = visited(moda, by=ada)
    assert desk.get(f"{DESK}/{made.id}/return").status_code == 200
    assert desk.post(f"{DESK}/{made.id}/return", data={"reason": ""}).status_code == 422
    assert desk.post(f"{DESK}/{made.id}/return", data={"reason": "giorno sbagliato"}).status_code == 303
    assert "giorno sbagliato" in text(desk.get(f"{DESK}/{made.id}"))


def test_a_sheet_is_kept_and_downloaded_by_the_districts_people_only(moda, ada, desk, person, sign_in, elio):
    with transaction():
        plan_of(moda)
        made = visited(moda, by=ada, sheet=False)
    desk.post(f"{DESK}/{made.id}/sheets", data={"file": (BytesIO(PDF), "scheda.pdf")})
    proof = db.session.query(Evidence).filter_by(subject_kind="audits").one()
    proof_id = proof.id
    assert desk.get(f"{DESK}/{made.id}/sheets/{proof_id}").data == PDF
    assert desk.get(f"/moda/desk/evidence/files/{proof_id}/content").data == PDF
    viewer = sign_in(person(moda, "vera@moda.example", "viewer"))
    for reader in (viewer, sign_in(elio)):
        assert reader.get(f"{DESK}/{made.id}/sheets/{proof_id}").status_code == 403
        assert reader.get(f"/moda/desk/evidence/files/{proof_id}/content").status_code == 403
        assert reader.get(f"/moda/desk/evidence/files/{proof_id}").status_code == 403
        shown = reader.get(f"/moda/desk/evidence/audits/{made.id}")
        assert (shown.status_code, "scheda.pdf" in text(shown)) == (200, False)
        assert "Audit tecnologico: Tessitura Gori" in text(shown)


@pytest.mark.parametrize("role", ["viewer", "observer"])
def test_who_only_reads_figures_sees_no_audit_and_no_way_to_one(moda, ada, person, sign_in, role):
    with transaction():
        plan_of(moda)
        made = visited(moda, by=ada)
    district = None if role == "observer" else moda
    reader = sign_in(person(district, "lettore@toscana.example", role))
    for path in ("", "/planning", f"/{made.id}", f"/{made.id}/record", f"/{made.id}/scores"):
        assert reader.get(f"{DESK}{path or '/'}").status_code == 403
    assert "/desk/audits" not in text(reader.get("/moda/desk/"))
    row = db.session.query(Activity).filter_by(verb="audit.visited").one()
    rows = text(reader.get("/moda/desk/plan/figures/RE-01?period=plan"))
    assert ("Audit tecnologico: Tessitura Gori" in rows, f"/desk/audits/{made.id}" in rows) == (True, False)
    assert row.title == "Audit tecnologico: Tessitura Gori"


def test_the_list_stays_narrowed_when_no_company_was_ticked_and_when_others_are_chosen(moda, desk):
    with transaction():
        firm = company(moda, "Filatura Neri", province="FI")
    narrowed = "visited=never&province=FI"
    page = text(desk.get(f"{DESK}/planning?{narrowed}"))
    assert '<input type="hidden" name="visited" value="never">' in page
    assert '<input type="hidden" name="province" value="FI">' in page
    assert desk.get(f"{DESK}/new?{narrowed}").location == f"{DESK}/planning?{narrowed}"
    assert f"{DESK}/planning?visited=never&amp;province=FI" in text(
        desk.get(f"{DESK}/new?{narrowed}&company={firm.id}")
    )


def test_another_districts_audit_is_not_there(moda, nautica, ada, desk, dora):
    with transaction():
        foreign = visited(nautica, company(nautica, "Cantiere Lotti"), by=dora)
    for path in (f"/{foreign.id}", f"/{foreign.id}/record", f"/{foreign.id}/areas/{foreign.areas[0].id}"):
        assert desk.get(f"{DESK}{path}").status_code == 404
    facts = {"company": foreign.company_id}
    assert desk.post(f"{DESK}/new", data=facts).location == f"{DESK}/planning"


def test_the_row_of_a_figure_leads_an_organiser_to_the_audit(moda, ada, desk):
    with transaction():
        plan_of(moda)
        made = visited(moda, by=ada)
    for code in ("RE-01", "RE-02", "RE-03", "RE-04", "AD-02"):
        page = text(desk.get(f"/moda/desk/plan/figures/{code}?period=plan"))
        assert f"/moda/desk/audits/{made.id}" in page, code


def test_what_lacks_its_sheet_is_listed_among_missing_evidence(moda, ada, desk):
    with transaction():
        plan_of(moda)
        made = visited(moda, by=ada, sheet=False)
    page = text(desk.get("/moda/desk/evidence/"))
    assert f"{DESK}/{made.id}" in page
    assert "Scheda di visita firmata" in page


def asked(browser, path):
    """The statements of a request that finds no row in memory."""
    statements = []
    listen = lambda *args: statements.append(args[2])  # noqa: E731
    db.session.expunge_all()
    event.listen(db.engine, "before_cursor_execute", listen)
    assert browser.get(f"{DESK}{path}").status_code == 200
    event.remove(db.engine, "before_cursor_execute", listen)
    return statements


@pytest.mark.parametrize("path", ["/", "/planning"])
def test_a_list_asks_as_often_for_many_as_for_one(moda, desk, path):
    moda_id = moda.id

    def member(name, **values):
        district = db.session.get(District, moda_id)
        firm = company(district, name)
        people.add_membership(firm, since=date(2026, 1, 1), until=None)
        visited(district, firm, **values)

    with transaction():
        member("Prima", sheet=False)
    asked(desk, path)
    one = asked(desk, path)
    with transaction():
        for n in range(12):
            member(f"Ditta {n}", sheet=False)
    many = asked(desk, path)
    assert len(one) == len(many), [s for s in many if s not in one]


def test_an_audit_page_asks_as_often_for_many_areas_as_for_one(moda, ada, desk):
    with transaction():
        one = visited(moda, by=ada, areas=({"type": "process", "title": "Uno"},))
        areas = tuple({"type": "product", "title": f"Ambito {n}"} for n in range(15))
        many = visited(moda, company(moda, "Altra"), by=ada, areas=areas)
    paths = f"/{one.id}", f"/{many.id}"
    asked(desk, paths[0])
    few, lot = (asked(desk, path) for path in paths)
    assert len(few) == len(lot), [s for s in lot if s not in few]


def test_appointments_that_come_are_listed_first(moda, ada, desk):
    with transaction():
        firm = company(moda)
        who, made = contact(moda, firm), audit(moda, firm, by=ada)
        actions.appoint(
            made, contact=who, starts_at=datetime(2026, 11, 25, 8, tzinfo=UTC),
            ends_at=datetime(2026, 11, 25, 11, tzinfo=UTC), by=ada,
        )  # fmt: skip
    page = text(desk.get(f"{DESK}/"))
    assert page.index("Visite concordate") < page.index("Tutti gli audit")
    assert "Carla Gori" in page
    assert queries.upcoming(moda.id, NOW)[0].audit_id == made.id
    assert db.session.query(Delivery).count() == 1
    assert NOW.date() > VISIT
