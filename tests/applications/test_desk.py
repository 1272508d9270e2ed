"""Applications at the desk: the journey from an area to the grant, the deadline board, who sees what."""

import re
from datetime import date, timedelta
from html import unescape
from io import BytesIO

import pytest
import time_machine
from sqlalchemy import event, select

from dissemination.applications.models import Application, Stage
from dissemination.calls.models import Call
from dissemination.kernel.database import db, transaction
from dissemination.plan import figures
from dissemination.plan.log import Evidence
from dissemination.plan.queries import current_plan, indicator
from tests import factories
from tests.applications import cast

DESK = "/moda/desk/applications"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(cast.NOW, tick=False):
        yield


@pytest.fixture
def area(moda):
    with transaction():
        cast.plan_of(moda)
        return cast.visited(moda, cast.company(moda)).areas[0]


@pytest.fixture
def call(moda, area):
    with transaction():
        service = cast.service(moda)
        call = cast.call(moda, [service])
        area.service_id, area.call_id = service.id, call.id
    return call


def only():
    db.session.expire_all()
    return db.session.scalars(select(Application)).one()


def version(browser, url):
    return re.search(r'name="version"[^>]*value="(\d+)"', browser.get(url).text)[1]


def step(browser, row_id, stage, **data):
    at = f"{DESK}/{row_id}/steps/{stage}"
    return browser.post(at, data={"version": version(browser, at), "on": "2026-11-20", **data})


def figure(moda, code):
    return figures.figure(indicator(current_plan(moda.id, cast.TODAY), code), "plan").actual


def test_from_the_area_to_the_grant_each_figure_moves_and_opens_its_row(moda, area, call, ada, sign_in):
    desk = sign_in(ada)
    link = f"{DESK}/new?company={area.audit.company_id}&area={area.id}"
    assert link.replace("&", "&amp;") in desk.get(f"/moda/desk/audits/{area.audit_id}").text
    page = unescape(desk.get(link).text)
    assert 'value="Recupero dell\'acqua di tintoria"' in page
    assert re.search(rf'value="{call.id}:{call.cutoffs[0].id}" ?selected|selected value="{call.id}:', page)
    data = {
        "title": "Recupero dell'acqua", "target": f"{call.id}:{call.cutoffs[0].id}", "area_id": area.id,
        "service_ids": [area.service_id], "cost": "30.000", "requested": "12.000,00", "in_preparation": "y",
        "activity_line_id": factories.line(moda, "c").id, "on": "2026-11-12",
    }  # fmt: skip
    too_much = desk.post(link, data=data | {"requested": "15.000,01"})
    assert (too_much.status_code, "15.000,01" in too_much.text) == (422, True)
    assert "15.000,00 €: 50% del costo" in unescape(too_much.text).replace("\xa0", " ")
    assert desk.post(link, data=data).status_code == 303
    row = only()
    assert (row.stage, row.area_id, row.audit_id) == (Stage.PREPARATION, area.id, area.audit_id)
    assert step(desk, row.id, "funded", granted="1", note="x").status_code == 422
    assert step(desk, row.id, "submitted", protocol_number="PG/1").status_code == 303
    assert step(desk, row.id, "assessment").status_code == 303
    decree = {"granted": "10.000", "note": "Decreto 7", "file": (BytesIO(b"%PDF-1.7 decreto"), "decreto.pdf")}
    assert step(desk, row.id, "funded", **decree).status_code == 303
    assert (only().stage, only().granted) == (Stage.FUNDED, 10000)
    assert [figure(moda, code) for code in ("FI-01", "FI-02", "FI-03", "FI-04")] == [1, 1, 10000, 100]
    proof = db.session.scalars(select(Evidence).where(Evidence.code == "grant_decision")).one()
    assert (proof.note, proof.file.name) == ("Decreto 7", "decreto.pdf")
    for code in ("FI-01", "FI-02", "FI-03"):
        assert f'href="{DESK}/{row.id}"' in desk.get(f"/moda/desk/plan/figures/{code}?period=plan").text, code
    shown = unescape(desk.get(f"/moda/desk/audits/{area.audit_id}").text)
    assert ("Finanziata · 10.000,00" in shown.replace("\xa0", " "), "domanda" in shown.lower()) == (
        True,
        True,
    )


def test_a_change_made_meanwhile_is_told_and_nothing_is_lost(moda, area, call, ada, sign_in):
    with transaction():
        row = cast.application(moda, call=call, company=area.audit.company, area=area)
    desk, at = sign_in(ada), f"{DESK}/{row.id}/steps/preparation"
    seen = version(desk, at)
    assert desk.post(at, data={"version": seen, "on": "2026-11-20"}).status_code == 303
    again = desk.post(at, data={"version": seen, "on": "2026-11-20", "note": "mia nota"})
    assert (again.status_code, "mia nota" in again.text) == (422, True)


def test_going_back_and_correcting_at_the_desk(moda, area, call, ada, sign_in):
    with transaction():
        row = cast.application(moda, call=call, company=area.audit.company, area=area, services=call.services)
        cast.brought_to(row, Stage.PREPARATION, Stage.SUBMITTED, Stage.ASSESSMENT, Stage.FUNDED)
    desk, edit = sign_in(ada), f"{DESK}/{row.id}/edit"
    data = {
        "title": "Altro nome", "protocol_number": "PG/2", "cost": "30.000", "requested": "12.000", "granted": "9.000",
        "version": version(desk, edit),
    }  # fmt: skip
    assert desk.post(edit, data=data).status_code == 422  # no reason
    assert desk.post(edit, data=data | {"reason": "rideterminato"}).status_code == 303
    assert (only().title, only().granted, figure(moda, "FI-03")) == ("Altro nome", 9000, 9000)
    back = f"{DESK}/{row.id}/back"
    assert desk.post(back, data={"version": version(desk, back), "reason": ""}).status_code == 422
    assert desk.post(back, data={"version": version(desk, back), "reason": "errore"}).status_code == 303
    assert (only().stage, figure(moda, "FI-03")) == (Stage.ASSESSMENT, 0)
    assert "errore" in desk.get(f"{DESK}/{row.id}").text


def test_the_deadline_board_says_days_who_aims_and_what_is_missing(moda, area, call, ada, sign_in):
    with transaction():
        cast.application(moda, call=call, company=area.audit.company, area=area, cost=None, requested=None)
        ready = cast.application(moda, call=call, company=area.audit.company, services=call.services)
        cast.brought_to(ready, Stage.PREPARATION)
        cast.call(moda, days=[date(2027, 2, 1)], title_it="Altro bando")
        cast.application(moda, call=call, company=area.audit.company, cutoff=None, title="Senza data")
    page = unescape(sign_in(ada).get(f"{DESK}/deadlines").text)
    for words in ("mancano 10 giorni", "2 domande non sono ancora presentate", "Altro bando",
                  "Manca: il servizio, il costo, il contributo richiesto", "Pronta per essere presentata",
                  "Nessuna domanda punta", "Senza data"):  # fmt: skip
        assert words in page, words
    with time_machine.travel(cast.NOW + timedelta(days=11), tick=False):
        assert "Scaduta" in sign_in(ada).get(f"{DESK}/deadlines").text


def test_a_viewer_and_the_region_see_that_it_was_made_and_nothing_of_the_audit(
    moda, area, call, elio, person, dora, sign_in
):
    with transaction():
        row = cast.application(
            moda,
            call=call,
            company=area.audit.company,
            area=area,
            title="Segreto nel titolo",
            notes="Segreto in nota",
        )
    vera = person(moda, "vera@moda.example", "viewer")
    for who in (vera, elio):
        browser = sign_in(who)
        for url in (f"{DESK}/", f"{DESK}/{row.id}", f"/moda/desk/calls/{call.slug}"):
            page = browser.get(url)
            assert (page.status_code, "Segreto" in page.text, "tintoria" in page.text) == (
                200,
                False,
                False,
            ), url
        assert "Tessitura Gori" in browser.get(f"{DESK}/{row.id}").text
        assert [browser.get(f"{DESK}{x}").status_code for x in ("/deadlines", "/.csv", "/new")] == [403] * 3
    assert sign_in(dora).get(f"{DESK}/{row.id}").status_code == 404
    assert sign_in(dora).get(f"/nautica/desk/applications/{row.id}").status_code == 404


def test_the_company_is_looked_for_first_and_a_merged_one_leads_to_its_survivor(
    moda, area, call, bice, sign_in
):
    from dissemination.people.actions import merge_companies

    desk = sign_in(bice)
    found = desk.get(f"{DESK}/new?company=gori").text
    assert f"{DESK}/new?company={area.audit.company_id}" in found
    with transaction():
        survivor = cast.company(moda, "Gori Tessuti")
        merge_companies(survivor, area.audit.company, by=bice)
    page = unescape(desk.get(f"{DESK}/new?area={area.id}").text)
    assert "<strong>Gori Tessuti</strong>" in page
    data = {
        "title": "X",
        "target": f"{call.id}:{call.cutoffs[0].id}",
        "area_id": area.id,
        "activity_line_id": factories.line(moda, "c").id,
    }
    assert desk.post(f"{DESK}/new?area={area.id}", data=data).status_code == 303
    assert only().company_id == survivor.id


def test_a_list_asks_as_often_for_many_as_for_one_and_narrows(moda, area, call, ada, sign_in):
    desk = sign_in(ada)

    def asked(url):
        seen = []
        note = lambda *_a: seen.append(1)  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", note)
        try:
            assert desk.get(url).status_code == 200
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        return len(seen)

    def add(n):
        firm = cast.company(moda, f"Filatura {n}")
        partner = cast.company(moda, f"Partner {n}")
        cast.application(
            moda, call=call, company=firm, services=call.services, partners=[partner], title=f"P {n}"
        )

    with transaction():
        add(0)
    desk.get(f"{DESK}/")
    few = [asked(f"{DESK}/"), asked(f"{DESK}/deadlines")]
    with transaction():
        for n in range(1, 12):
            add(n)
    assert [asked(f"{DESK}/"), asked(f"{DESK}/deadlines")] == few
    found = desk.get(f"{DESK}/?q=filatura+11").text
    assert ("Filatura 11" in found, "Filatura 10" in found) == (True, False)
    assert "Nessuna domanda corrisponde" in desk.get(f"{DESK}/?stage=paid").text


def test_the_forms_say_what_is_wrong_where_it_is(moda, area, call, ada, sign_in):
    desk, at = sign_in(ada), f"{DESK}/new?company={area.audit.company_id}"
    data = {"title": "X", "activity_line_id": factories.line(moda, "c").id}
    none = unescape(desk.post(at, data=data).text)
    assert "Scegli un bando" in none
    wrong = desk.post(at, data=data | {"target": f"{call.id}:{call.cutoffs[0].id}", "partners": "12345"})
    assert (wrong.status_code, "12345" in wrong.text) == (422, True)
    reason = desk.post(at, data=data | {"target": f"{call.id}:{call.cutoffs[0].id}"})
    assert (reason.status_code, 'href="#without_audit"' in reason.text) == (422, True)
    assert db.session.scalars(select(Application)).all() == []


def test_a_deadline_that_applications_aim_at_is_moved_not_dropped(moda, area, call, ada):
    from dissemination.calls import actions as calls

    with transaction():
        row = cast.application(moda, call=call, company=area.audit.company, area=area)
    with pytest.raises(calls.DeadlineInUse), transaction():
        calls.revise_call(
            db.session.get_one(Call, call.id),
            version=call.version,
            deadlines=[],
            service_ids=[],
            published_at=None,
        )
    assert only().cutoff_id == row.cutoff_id is not None


def test_deadlines_that_can_still_be_met_are_offered_first_and_those_over_say_so(moda, area, ada, sign_in):
    days = (date(2026, 9, 30), date(2026, 10, 31), date(2026, 12, 15), date(2027, 3, 1))
    with transaction():
        cast.call(moda, title_it="Bando acqua", days=days)
    page = unescape(sign_in(ada).get(f"{DESK}/new?company={area.audit.company_id}").text)
    offered = re.findall(r"<option[^>]*>(Bando acqua[^<]*)", page)
    assert offered == [
        "Bando acqua · 15/12/2026", "Bando acqua · 01/03/2027", "Bando acqua · 31/10/2026 (scaduto)",
        "Bando acqua · 30/09/2026 (scaduto)",
    ]  # fmt: skip


def test_a_step_marks_what_it_needs(moda, area, call, ada, sign_in):
    with transaction():
        row = cast.application(moda, call=call, company=area.audit.company, area=area, services=call.services)
        cast.brought_to(row, Stage.PREPARATION)
    desk = sign_in(ada)
    page = desk.get(f"{DESK}/{row.id}/steps/submitted").text
    assert re.search(r'<label for="on">Giorno <span class="required"', page)
    assert re.search(r'<label for="protocol_number">Numero di protocollo <span class="required"', page)
    with transaction():
        cast.brought_to(only(), Stage.SUBMITTED, Stage.ASSESSMENT)
    page = unescape(desk.get(f"{DESK}/{row.id}/steps/funded").text)
    assert re.search(
        r'<label for="note">Numero e data dell\'atto di concessione <span class="required"', page
    )
