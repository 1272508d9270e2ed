"""The pages: a manager's way through a period, the Region's view, the public page."""

import io
import re
import zipfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import event

from dissemination.kernel.database import db, transaction
from dissemination.kernel.rights import Role
from dissemination.people.accounts import Appointment
from dissemination.plan import actions as plans
from dissemination.plan import activity, figures, periods, queries
from dissemination.plan.counting_forms import target_field
from dissemination.plan.models import Indicator, Target
from dissemination.plan.queries import current_plan
from dissemination.reporting import actions, delivered, jobs, overview
from dissemination.reporting import queries as find
from dissemination.reporting.models import ReportingPeriod, State
from tests import factories
from tests.plan.tampering import untouched_by_guards
from tests.reporting.conftest import JULY

REPORTS = "/moda/desk/reports/"


@pytest.fixture
def manager(bice, sign_in):
    """Bice's browser."""
    return sign_in(bice)


def said(answer):
    return " ".join(answer.get_data(as_text=True).split())


def queries_of(call):
    """How many statements `call` sends."""
    seen = []

    def note(*_args):
        seen.append(1)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        call()
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return len(seen)


def seen(browser, page, **more):
    """The form of the signature as the page shows it."""
    return {"shown": re.search(r'name="shown" value="(\w+)"', said(browser.get(page)))[1], **more}


def the_period():
    db.session.expire_all()
    return db.session.query(ReportingPeriod).one()


def test_a_manager_takes_a_period_from_open_to_sent(half, manager):
    assert "Nessun periodo è ancora rendicontato" in said(manager.get(REPORTS))
    made = manager.post(REPORTS, data={"code": "2026-H1", "due_on": "2026-07-31"})
    page = made.location
    assert (made.status_code, the_period().state) == (303, State.OPEN)
    assert "Inizia la verifica" in said(manager.get(page))
    assert manager.post(f"{page}/reviews").status_code == 303
    assert "Che cosa manca all'approvazione" in said(manager.get(page))
    assert "fissa i dati" in said(manager.get(f"{page}/sign-off"))
    assert manager.post(f"{page}/sign-off", data=seen(manager, f"{page}/sign-off")).status_code == 303
    assert the_period().state is State.SIGNED
    assert "ogni dato resta come rendicontato" in said(manager.get(page))
    data = {"recipient": "Regione Toscana", "sent_on": "2026-07-21", "protocol": "AOOGRT/12"}
    assert manager.post(f"{page}/transmissions/new", data=data).status_code == 303
    assert "Inviato il 21/07/2026 a Regione Toscana (AOOGRT/12)" in said(manager.get(page))
    assert manager.post(f"{page}/reopening", data={"because": ""}).status_code == 422
    assert manager.post(f"{page}/reopening", data={"because": "Manca un foglio"}).status_code == 303
    assert "Riaperto il 20/07/2026 10:00: Manca un foglio" in said(manager.get(page))
    assert the_period().state is State.OPEN


def test_an_overlap_is_said_at_the_field_and_what_was_written_is_kept(half, period, manager):
    answer = manager.post(REPORTS, data={"code": "2026-Q2", "due_on": "2026-08-01"})
    assert answer.status_code == 422
    assert "Si sovrappone a «1° semestre 2026»" in said(answer)
    assert 'value="2026-08-01"' in said(answer)


@pytest.mark.parametrize("code", ["2026-H9", "nonsense", "", "2020-H1"])
def test_what_is_no_period_of_the_plan_is_refused_in_words(half, manager, code):
    answer = manager.post(REPORTS, data={"code": code})
    assert answer.status_code == 422
    assert "alert-danger" in said(answer)


def test_points_left_open_want_words_on_the_page_of_the_signature(half, period, manager, bice):
    with transaction():
        factories.workshop(half.district, starts_at=JULY.replace(month=5), title="Mai chiuso")
        actions.start_review(period, by=bice)
    page = f"{REPORTS}{period.id}/sign-off"
    assert "1 workshop del periodo non è chiuso" in said(manager.get(page))
    assert "Mai chiuso" in said(manager.get(page))
    refused = manager.post(page, data=seen(manager, page))
    assert refused.status_code == 422
    assert "indicare perché si approva comunque" in said(refused)
    assert manager.post(page, data=seen(manager, page, despite="Annullato a voce")).status_code == 303
    assert the_period().sign_off.despite == "Annullato a voce"


def test_a_period_that_is_not_over_shows_no_button_to_sign(half, manager, bice):
    with transaction():
        period = actions.open_period(half.plan, "2026-H2", due_on=None, by=bice)
        actions.start_review(period, by=bice)
    page = f"{REPORTS}{period.id}/sign-off"
    assert "Il periodo non è concluso: il suo ultimo giorno è il 31/12/2026" in said(manager.get(page))
    assert "<button" not in said(manager.get(page)).split("<main", 1)[1]
    assert manager.post(page, data={"despite": "x"}).status_code == 422


def test_an_organiser_reviews_and_only_a_manager_signs(half, period, ada, sign_in):
    browser = sign_in(ada)
    assert browser.post(f"{REPORTS}{period.id}/reviews").status_code == 303
    page = said(browser.get(f"{REPORTS}{period.id}"))
    assert "Approva …" not in page
    assert browser.get(f"{REPORTS}{period.id}/sign-off").status_code == 403
    assert browser.post(f"{REPORTS}{period.id}/reopening", data={"because": "x"}).status_code == 403
    ended = browser.post(f"{REPORTS}{period.id}/reviews/end", data={"because": "Mancano fogli"})
    assert ended.status_code == 303
    assert "Mancano fogli" in said(browser.get(f"{REPORTS}{period.id}"))


def test_a_period_opened_by_mistake_goes_away(half, period, manager):
    assert manager.post(f"{REPORTS}{period.id}/removal").status_code == 303
    assert db.session.query(ReportingPeriod).count() == 0


def test_dora_finds_nothing_of_another_district(half, period, dora, sign_in):
    browser = sign_in(dora)
    paths = ("", f"{period.id}", f"{period.id}/package.zip", f"{period.id}/files/evidence.zip")
    assert {browser.get(f"{REPORTS}{path}").status_code for path in paths} == {404}
    assert browser.get(f"/nautica/desk/reports/{period.id}").status_code == 404
    assert browser.get(f"/nautica/desk/reports/{period.id}/files/evidence.zip").status_code == 404


def test_the_later_fact_stands_beside_the_reported_figure(half, period, sign, manager):
    sign(period)
    with transaction():
        half.log("workshop.held", date(2026, 6, 30))
    page = said(manager.get(f"{REPORTS}{period.id}"))
    assert "20/07/2026: inserito in seguito (1 riga)" in page
    figure = said(manager.get(f"{REPORTS}{period.id}/figures/DV-01"))
    assert "Come approvato il 20/07/2026 10:00: 1 workshop" in figure
    assert "Le righe come approvate, da 1 a 1 di 1" in figure


def test_each_row_of_a_signed_figure_is_on_some_page(half, period, sign, manager, monkeypatch):
    monkeypatch.setattr("dissemination.reporting.desk.ROWS", 2)
    sign(period)
    first = said(manager.get(f"{REPORTS}{period.id}/figures/DV-03"))
    assert "da 1 a 2 di 3" in first
    second = said(manager.get(f"{REPORTS}{period.id}/figures/DV-03?from=2"))
    assert "Tessitura Cima" in second
    assert "iscritta, non presente" in second


def test_the_figure_of_an_unsigned_period_opens_the_live_one(half, period, manager):
    answer = manager.get(f"{REPORTS}{period.id}/figures/DV-01")
    assert answer.location == "/moda/desk/plan/figures/DV-01?period=2026-H1"


def test_one_click_gives_everything_and_each_file_alone_is_the_same(half, period, sign, manager):
    sign(period)
    everything = manager.get(f"{REPORTS}{period.id}/package.zip")
    assert everything.headers["Content-Disposition"] == 'attachment; filename="moda-2026-H1.zip"'
    with zipfile.ZipFile(io.BytesIO(everything.data)) as archive:
        assert archive.namelist() == [
            "report.it.pdf", "report.en.pdf", "report.it.xlsx", "report.en.xlsx", "evidence.zip", "open-data.csv",
            "SHA256SUMS",
        ]  # fmt: skip
        for name in archive.namelist()[:-1]:
            alone = manager.get(f"{REPORTS}{period.id}/files/{name}")
            assert alone.data == archive.read(name), name
    assert manager.get(f"{REPORTS}{period.id}/package.zip?number=7").status_code == 404


def test_what_was_signed_before_a_reopening_can_still_be_had(half, period, sign, manager, bice):
    sign(period)
    before = manager.get(f"{REPORTS}{period.id}/files/report.it.xlsx").data
    with transaction():
        actions.reopen(period, because="Manca un foglio", by=bice)
        half.log("workshop.held", date(2026, 6, 30))
    sign(period)
    assert manager.get(f"{REPORTS}{period.id}/files/report.it.xlsx?number=1").data == before
    assert manager.get(f"{REPORTS}{period.id}/files/report.it.xlsx").data != before


def test_tables_edited_by_hand_raise_an_alarm(half, period, sign, manager):
    found = sign(period)
    with transaction(), untouched_by_guards():
        found.figures[4].content = found.figures[4].content | {"actual": "99"}
        db.session.flush()
    assert "qualcuno ha modificato la banca dati" in said(manager.get(f"{REPORTS}{period.id}"))


def test_the_list_of_periods_asks_the_same_for_one_and_for_many(half, period, sign, manager, bice):
    sign(period)
    one = queries_of(lambda: manager.get(REPORTS))
    for code in ("2026-H2", "2027-H1", "2027-H2", "2028-H1"):
        with transaction():
            actions.open_period(half.plan, code, due_on=None, by=bice)
            actions.start_review(find.by_code(half.plan, code), by=bice)
    assert queries_of(lambda: manager.get(REPORTS)) == one


def test_the_manager_is_told_that_a_period_is_over(half, manager, ada, sign_in):
    words = "1° semestre 2026: il periodo è concluso, va verificato e approvato per la Regione"
    assert words in said(manager.get("/moda/desk/"))
    assert words not in said(sign_in(ada).get("/moda/desk/"))


def test_the_region_sees_all_districts_side_by_side(half, period, sign, nautica, elio, sign_in, bice):
    sign(period)
    with transaction():
        actions.mark_sent(
            period, recipient="Regione", protocol="AOO/7", note="", sent_on=date(2026, 7, 21), by=bice
        )  # fmt: skip
    jobs.keep_overviews()
    page = said(sign_in(elio).get("/region/?period=2026-H1"))
    assert all(words in page for words in ("Distretto moda", "Distretto nautica", "AOO/7", "100 %", "1 su 1"))
    assert "/moda/desk/plan/figures/DV-03?period=2026-H1" in page.replace("&amp;", "&")
    assert f"/moda/desk/reports/{period.id}" in page
    assert sign_in(elio).post("/region/").status_code in (403, 405)


def test_an_observer_of_one_district_sees_that_one_alone(half, nautica, sign_in):
    with transaction():
        eva = factories.account("eva@regione.example", role="observer", district=nautica)
    page = said(sign_in(eva).get("/region/"))
    assert "Distretto nautica" in page
    assert "Distretto moda" not in page
    with transaction():
        db.session.add(Appointment(account_id=eva.id, district_id=half.district.id, role=Role.VIEWER))
    assert "Distretto moda" not in said(sign_in(eva).get("/region/"))


def test_the_regions_figures_as_csv_are_those_of_the_page(half, elio, sign_in):
    jobs.keep_overviews()
    lines = sign_in(elio).get("/region/figures.csv?period=2026-H1").data.decode("utf-8-sig").splitlines()
    assert "moda,2026-H1,DV-03,Imprese partecipanti,Companies attending,companies,4,2,2,1,,," in lines
    assert sign_in(elio).get("/region/?period=2026-H7").status_code == 422


def test_the_public_page_speaks_plainly_before_and_after_the_sign_off(half, client, period, sign):
    page = said(client.get("/moda/transparency/"))
    assert "Nessun periodo di questo piano è ancora approvato" in page
    assert "Conseguito: 2 imprese. La promessa è 24; finora: 8,3 %." in page
    found = sign(period)
    page = said(client.get("/moda/transparency/"))
    assert "Rendicontato alla Regione: 1° semestre 2026" in page
    assert "Conseguito: 2 imprese. La promessa era 4: ne è stato raggiunto il 50 %." in page
    assert "Conseguito: 1. La promessa era 4: ne è stato raggiunto il 25 %." in page
    assert found.sha256 in page
    assert "Bice" not in page


def test_the_public_page_shows_no_private_indicator_and_says_what_became_known(half, client, period, sign):
    with transaction():
        db.session.query(Indicator).filter_by(code="DV-05").one().public = False
    sign(period)
    with transaction():
        activity.reverse(half.rows[2], by=None, happened_on=date(2026, 7, 20), reason="Un errore")
    page = said(client.get("/moda/transparency/"))
    assert "DV-05" not in page
    assert "Come noto oggi: 1." in page


def test_a_kept_promise_is_said_also_where_less_is_better(half, client):
    with transaction():
        indicator = db.session.query(Indicator).filter_by(code="DV-02").one()
        indicator.direction = "down"
        db.session.add(Target(indicator_id=indicator.id, period="plan", value=Decimal(2)))
    assert "Conseguito: 2 persone. La promessa era 2: è mantenuta." in said(client.get("/moda/transparency/"))


def test_open_data_are_public_for_signed_periods_only(half, client, period, sign):
    assert client.get("/moda/transparency/2026-H1.csv").status_code == 404
    sign(period)
    answer = client.get("/moda/transparency/2026-H1.csv")
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    assert all(c.name.encode() not in answer.data for c in half.companies)


def test_the_public_page_costs_the_same_for_one_and_for_many_periods(half, client, period, sign, july, bice):
    sign(period)
    one = queries_of(lambda: client.get("/moda/transparency/"))
    july.move_to(JULY.replace(year=2028, month=9))
    for code in ("2026-H2", "2027-H1", "2027-H2"):
        with transaction():
            other = actions.open_period(half.plan, code, due_on=None, by=bice)
        sign(other, despite="Nulla da dire")
    assert queries_of(lambda: client.get("/moda/transparency/")) == one


def test_a_target_in_the_past_is_said_in_words_before_and_after_the_report(half, period, sign, manager):
    page = manager.get("/moda/desk/plan/targets")
    assert "Già conclusi: 1° semestre 2026" in said(page)
    indicator = db.session.query(Indicator).filter_by(code="DV-01").one()
    form = filled(page, target_field(indicator, "2026-H1"), "5")
    assert manager.post("/moda/desk/plan/targets", data=form).status_code == 422, "not without a tick"
    form["past"] = "y"
    answer = manager.post("/moda/desk/plan/targets", data=form, follow_redirects=True)
    assert "un obiettivo fissato ora non promette più nulla" in said(answer)
    sign(period)
    form = filled(manager.get("/moda/desk/plan/targets"), target_field(indicator, "2026-H1"), "1")
    form["past"] = "y"
    answer = manager.post("/moda/desk/plan/targets", data=form, follow_redirects=True)
    assert "la relazione conserva l&#39;obiettivo rendicontato" in said(answer)
    form = filled(manager.get("/moda/desk/plan/targets"), target_field(indicator, "2027-H1"), "9")
    answer = manager.post("/moda/desk/plan/targets", data=form, follow_redirects=True)
    assert "gli sta accanto come rettifica" not in said(answer)


def filled(page, name, value):
    """The form as the page shows it, with one field changed."""
    inputs = re.findall(r"<input[^>]*>", page.get_data(as_text=True))
    data = {}
    for tag in inputs:
        named, kept = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if named and named[1] != "csrf_token":
            data[named[1]] = kept[1] if kept else ""
    return data | {name: value}


def test_the_plans_pages_show_what_was_reported_beside_what_is_known(half, period, sign, manager, client):
    sign(period)
    pages = ("/moda/desk/plan/figures", "/moda/desk/plan/figures/DV-01?period=2026-H1", "/moda/plan/")
    before = [said(manager.get(page)) for page in pages]
    assert "approvato il 20/07/2026" in before[0]
    assert "approvato il 20/07/2026; lo stesso oggi" in before[1]
    assert not any(">rendicontato: " in page for page in before)
    with transaction():
        half.log("workshop.held", date(2026, 6, 30))
    link = f'<a href="{REPORTS}{period.id}/figures/DV-01">rendicontato: 1'
    assert link in said(manager.get(pages[0]))
    figure = said(manager.get(pages[1]))
    assert f'<dt>Come rendicontato</dt><dd><a href="{REPORTS}{period.id}/figures/DV-01">1</a>' in figure
    assert '<dt>Come noto oggi</dt><dd><span class="figure-number">2</span>' in figure
    assert link in figure
    assert "rendicontato: 1</small>" in said(client.get(pages[2]))


def test_the_figures_ask_the_same_for_one_and_for_many_signed_periods(
    half, period, sign, manager, july, bice
):
    july.move_to(JULY.replace(year=2028, month=9))
    sign(period)
    page = "/moda/desk/plan/figures"
    one = queries_of(lambda: manager.get(page))
    for code in ("2026-H2", "2027-H1", "2027-H2"):
        with transaction():
            other = actions.open_period(half.plan, code, due_on=None, by=bice)
        sign(other, despite="Nulla da dire")
    assert queries_of(lambda: manager.get(page)) == one


def test_the_region_sees_what_was_reported_beside_what_is_known(half, period, sign, elio, sign_in):
    sign(period)
    jobs.keep_overviews()
    assert "rendicontato: " not in said(sign_in(elio).get("/region/?period=2026-H1"))
    with transaction():
        half.log("workshop.held", date(2026, 6, 30))
    assert jobs.keep_overviews() == 1, "only the district whose log grew"
    page = said(sign_in(elio).get("/region/?period=2026-H1"))
    assert f'<a href="{REPORTS}{period.id}/figures/DV-01">rendicontato: 1' in page
    lines = sign_in(elio).get("/region/figures.csv?period=2026-H1").data.decode("utf-8-sig").splitlines()
    assert any(line.startswith("moda,2026-H1,DV-01,") and line.endswith("+00:00,1") for line in lines)


def test_the_region_asks_the_same_for_two_districts_and_for_twenty(
    half, period, sign, nautica, elio, sign_in
):
    sign(period)
    browser = sign_in(elio)
    jobs.keep_overviews()
    pages = "/region/", "/region/figures.csv", "/region/?period=2026-H1"
    few = [queries_of(partial(browser.get, page)) for page in pages]
    with transaction():
        for n in range(18):
            other = factories.district(f"distretto-{n}")
            own = actions.open_period(current_plan(other.id), "2026-H1", due_on=None, by=None)
            actions.start_review(own, by=None)
            actions.seal(own)
            frozen = delivered.draft(own.plan, find.calendar_period(own)).frozen
            actions.sign_off(own, frozen, points=[], despite="", by=elio)
    jobs.keep_overviews()
    assert [queries_of(partial(browser.get, page)) for page in pages] == few
    assert said(browser.get("/region/?period=2026-H1")).count("/transparency/") == 20


def test_figures_of_the_region_are_counted_anew_when_they_are_old(half, nautica, july):
    assert jobs.keep_overviews() == 2
    assert jobs.keep_overviews() == 0
    july.move_to(JULY + timedelta(minutes=61))
    assert jobs.keep_overviews() == 2


def test_the_region_reads_what_the_district_reads(half, period, nautica, july):
    jobs.keep_overviews()
    for code in ("2026-H1", "plan"):
        seen = overview.seen([half.district.id], code)[half.district.id]
        wanted = figures.figures(half.plan.indicators, [periods.read(code, half.plan)])
        assert seen.figures == {i.code: wanted[i.code, code] for i in half.plan.indicators}


NEXT = datetime(2029, 2, 1, 9, tzinfo=UTC)


@pytest.fixture
def next_plan(half):
    """The plan after the first one, in force in 2029."""
    with transaction():
        return plans.create_plan(
            half.district.id, title="Piano 2029-2031", starts_on=date(2029, 1, 1),
            ends_on=date(2031, 12, 31), catalogue=True,
        )  # fmt: skip


def test_the_end_of_a_plan_is_reported_when_the_next_one_has_begun(half, next_plan, bice, sign_in, july):
    july.move_to(NEXT)
    manager = sign_in(bice)
    page = said(manager.get(REPORTS))
    assert f'value="2028-H2@{half.plan.id}"' in page
    assert f'value="plan@{half.plan.id}"' in page
    assert 'value="2029-H1"' in page
    assert [p.code for p in find.to_report(half.district)] == ["2028-H2", "plan"]
    made = manager.post(REPORTS, data={"code": f"plan@{half.plan.id}"})
    assert (made.status_code, the_period().plan_id) == (303, half.plan.id)
    assert manager.post(REPORTS, data={"code": "plan@77"}).status_code == 422


def test_the_public_page_compares_what_was_reported_with_the_plan_of_that_time(
    half, period, sign, next_plan, client, july
):
    sign(period)
    with transaction():
        queries.indicator(next_plan, "DV-01").rule = {"measure": "count", "verbs": ["newsletter.sent"]}
    july.move_to(NEXT)
    page = said(client.get("/moda/transparency/"))
    assert "Rendicontato alla Regione: 1° semestre 2026" in page
    assert "Come noto oggi" not in page
    assert client.get("/moda/transparency/2026-H1.csv").status_code == 200


def test_the_public_page_says_that_a_report_was_reopened(half, period, sign, client, bice, july):
    sign(period)
    july.move_to(JULY + timedelta(days=2))
    with transaction():
        actions.reopen(period, because="Manca il foglio di Rossi", by=bice)
    page = said(client.get("/moda/transparency/"))
    assert "1° semestre 2026: rendicontato il 20/07/2026, riaperto il 22/07/2026 per essere corretto" in page
    assert "Rossi" not in page
    sign(period)
    page = said(client.get("/moda/transparency/"))
    assert "Sostituisce quanto approvato il 20/07/2026 e riaperto il 22/07/2026" in page
    assert "per essere corretto" not in page


def test_evidence_that_is_lost_after_the_signature_is_said_on_the_page(app, half, period, sign, manager):
    found = sign(period)
    assert "ripristinarlo da un backup" not in said(manager.get(f"{REPORTS}{period.id}"))
    stored = find.frozen(found).files[0]
    folder = app.config["SETTINGS"].files_url.removeprefix("file://")
    Path(folder, stored.sha256[:2], stored.sha256).unlink()
    page = said(manager.get(f"{REPORTS}{period.id}"))
    assert "firme marzo.pdf (perso)" in page
    assert "ripristinarlo da un backup" in page


def test_nothing_is_signed_that_the_page_did_not_show(half, period, manager, bice):
    with transaction():
        actions.start_review(period, by=bice)
    page = f"{REPORTS}{period.id}/sign-off"
    form = seen(manager, page)
    with transaction():
        half.log("workshop.held", date(2026, 6, 30))
    refused = manager.post(page, data=form)
    assert (refused.status_code, the_period().state) == (422, State.IN_REVIEW)
    assert "non è più ciò che questa pagina mostrava" in said(refused)
    assert manager.post(page, data=seen(manager, page, despite="Foglio chiesto")).status_code == 303
