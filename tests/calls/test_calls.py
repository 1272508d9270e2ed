"""Calls and the catalogue: at the desk, in public, for calendars and feeds."""

import re
from datetime import UTC, date, datetime, timedelta
from io import BytesIO

import pytest
import time_machine
from icalendar import Calendar
from sqlalchemy import event, select

from dissemination.calls import actions, queries, tables
from dissemination.calls.models import Call, CutOff, Service
from dissemination.calls.standing import Standing, standing
from dissemination.kernel.database import db, transaction
from dissemination.people.actions import ChangedMeanwhile
from tests.calls import cast

FORM = {
    "title_it": "Bando servizi qualificati", "body": "Regione Toscana", "summary_it": "Per innovare.",
    "deadlines": "24/03/2027\n30/09/2027 12:00", "cap": "20.000", "intensity": "60", "sizes": ["micro", "small"],
    "sectors": ["tessile"], "keywords": "acqua, energia , acqua",
}  # fmt: skip


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(cast.MOMENT, tick=False):
        yield


def only(model=Call):
    db.session.expire_all()
    return db.session.scalars(select(model)).one()


def test_a_call_goes_from_the_form_to_its_public_page(moda, ada, client, sign_in):
    desk = sign_in(ada)
    answer = desk.post("/moda/desk/calls/new", data=FORM)
    call = only()
    assert (answer.status_code, answer.location) == (303, "/moda/desk/calls/bando-servizi-qualificati")
    assert [c.closes_at for c in call.cutoffs] == [
        datetime(2027, 3, 24, 22, 59, 59, tzinfo=UTC), datetime(2027, 9, 30, 10, 0, tzinfo=UTC),
    ]  # fmt: skip
    facts = (call.cap, call.intensity, call.sizes, call.sectors, call.keywords)
    assert facts == (20000, 60, ["micro", "small"], ["tessile"], ["acqua", "energia"])
    assert [client.get(f"/moda/calls/{x}").status_code for x in ("", call.slug)] == [200, 404]
    assert call.title_it not in client.get("/moda/calls/").text
    assert desk.post(f"/moda/desk/calls/{call.slug}/publication").status_code == 303
    page = client.get(f"/moda/calls/{call.slug}").text
    for words in (
        "24/03/2027, 30/09/2027 12:00",
        "60%",
        "20.000,00",
        "Micro, Piccola",
        "Tessile",
        "mancano 23 giorni",
    ):
        assert words in page, words
    assert "mancano 23 giorni" in client.get("/moda/calls/").text


def test_the_form_keeps_what_was_written_and_says_what_is_wrong(moda, ada, sign_in):
    wrong = FORM | {"deadlines": "24/03/2027\nprimavera", "cap": "tanto", "url": "javascript:alert(1)"}
    answer = sign_in(ada).post("/moda/desk/calls/new", data=wrong)
    assert (answer.status_code, "primavera" in answer.text, "tanto" in answer.text) == (422, True, True)
    assert db.session.scalars(select(Call)).all() == []
    early = FORM | {"opens_on": "2027-04-01"}
    assert (
        "prima del giorno in cui il bando apre" in sign_in(ada).post("/moda/desk/calls/new", data=early).text
    )


def test_a_call_is_open_until_the_last_second_in_rome(moda):
    with transaction():
        call = cast.call(moda, days=[date(2027, 3, 28)], opens_at=datetime(2027, 3, 1, 23, tzinfo=UTC))
    closes = datetime(2027, 3, 28, 21, 59, 59, tzinfo=UTC)
    moments = [call.opens_at - timedelta(seconds=1), call.opens_at, closes, closes + timedelta(seconds=1)]
    assert [standing(call, m) for m in moments] == [
        Standing.UPCOMING, Standing.OPEN, Standing.OPEN, Standing.CLOSED,
    ]  # fmt: skip
    assert [[c.id for c in queries.coming(moda.id, m)] for m in moments[2:]] == [[call.id], []]
    assert [[c.id for c in queries.closed(moda.id, m).rows] for m in moments[2:]] == [[], [call.id]]


def test_a_withdrawn_call_keeps_its_page_and_is_cancelled_in_calendars(moda, ada, client, sign_in):
    with transaction():
        call = cast.call(moda)
    at = f"/moda/desk/calls/{call.slug}"
    assert sign_in(ada).post(f"{at}/removal").status_code == 409
    assert sign_in(ada).post(f"{at}/withdrawal").status_code == 303
    page = client.get(f"/moda/calls/{call.slug}").text
    assert ("Ritirato" in page, call.slug in client.get("/moda/calls/").text) == (True, False)
    found = Calendar.from_ical(client.get(f"/moda/calls/{call.slug}.ics").data).walk("VEVENT")
    assert [(e["status"], e["sequence"]) for e in found] == [("CANCELLED", 3)]
    assert sign_in(ada).post(f"{at}/withdrawal").status_code == 409
    assert sign_in(ada).post(f"{at}/publication").status_code == 303
    assert standing(only(), cast.MOMENT) is Standing.OPEN


def test_feeds_have_each_deadline_once_in_roman_time(moda, client):
    with transaction():
        cast.call(moda, days=[date(2027, 3, 28), date(2027, 10, 31)], title_it="Acqua & <filo>")
        cast.call(moda, published=False, title_it="Segreto")
    answer = client.get("/moda/calls.ics")
    events = Calendar.from_ical(answer.data).walk("VEVENT")
    ends = [e["dtend"].dt.isoformat() for e in events]
    assert ends == ["2027-03-28T23:59:59+02:00", "2027-10-31T23:59:59+01:00"]
    assert (answer.text.count("ATTENDEE"), "Segreto" in answer.text) == (0, False)
    atom = client.get("/moda/calls.atom")
    assert ("Acqua &amp; &lt;filo&gt;" in atom.text, "Segreto" in atom.text) == (True, False)
    assert client.get("/moda/calls.atom", headers={"If-None-Match": atom.headers["ETag"]}).status_code == 304


def test_nothing_incomplete_becomes_public(moda):
    with transaction():
        call = cast.call(moda, days=(), published=False)
    with pytest.raises(actions.NotComplete), transaction():
        actions.publish(call)
    with transaction():
        done = cast.call(moda)
    with pytest.raises(actions.NotComplete), transaction():
        actions.revise_call(done, version=done.version, deadlines=[], service_ids=[])
    assert len(db.session.get_one(Call, done.id).cutoffs) == 1


def test_a_moved_deadline_stays_the_same_row(moda, ada, sign_in):
    with transaction():
        call = cast.call(moda, days=[date(2027, 3, 24), date(2027, 9, 30)])
    ids = [c.id for c in call.cutoffs]
    page = sign_in(ada).get(f"/moda/desk/calls/{call.slug}/edit").text
    version = re.search(r'name="version"[^>]*value="(\d+)"', page)[1]
    moved = FORM | {"deadlines": "15/04/2027\n30/09/2027\n31/12/2027", "version": version}
    assert sign_in(ada).post(f"/moda/desk/calls/{call.slug}/edit", data=moved).status_code == 303
    db.session.expire_all()
    assert [(c.id, c.closes_at.date()) for c in call.cutoffs][:2] == [
        (ids[0], date(2027, 4, 15)), (ids[1], date(2027, 9, 30)),
    ]  # fmt: skip
    again = sign_in(ada).post(f"/moda/desk/calls/{call.slug}/edit", data=moved)
    assert (again.status_code, "15/04/2027" in again.text) == (422, True)
    with transaction():
        actions.revise_call(call, version=call.version, deadlines=[], service_ids=[], published_at=None)
    assert db.session.scalars(select(CutOff)).all() == []


def test_lists_ask_as_often_for_many_calls_as_for_one(moda, ada, client, sign_in):
    def queries_of(browser, url):
        seen = []
        note = lambda *_a: seen.append(1)  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", note)
        try:
            assert browser.get(url).status_code == 200
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        return len(seen)

    browsers = {"/moda/calls/": client, "/moda/desk/calls/": sign_in(ada), "/moda/calls.atom": client}
    with transaction():
        row = cast.service(moda)
        cast.call(moda, services=[row])
    for url, browser in browsers.items():
        browser.get(url)
    few = {url: queries_of(browser, url) for url, browser in browsers.items()}
    with transaction():
        for n in range(12):
            cast.call(moda, services=[row], title_it=f"Bando {n}")
    assert {url: queries_of(browser, url) for url, browser in browsers.items()} == few


def test_the_catalogue_begins_with_starter_rows_and_comes_back_from_its_own_export(moda, ada, sign_in):
    desk = sign_in(ada)
    assert "Aggiungile" in desk.get("/moda/desk/services/").text
    assert desk.post("/moda/desk/services/starter").status_code == 303
    codes = [s.code for s in queries.services(moda.id)]
    assert (len(codes), codes[0], {c[0] for c in codes}) == (16, "A.1", {"A", "B", "C"})
    before = [tables.line(s) for s in queries.services(moda.id)]
    exported = desk.get("/moda/desk/services/.csv").data
    with transaction():
        for service in queries.services(moda.id)[:5]:
            actions.remove_service(service)
    sent = {"file": (BytesIO(exported), "services.csv")}
    assert desk.post("/moda/desk/services/import", data=sent).status_code == 303
    db.session.expire_all()
    assert [tables.line(s) for s in queries.services(moda.id)] == before


def test_a_catalogue_with_a_wrong_line_is_not_entered_at_all(moda, ada, sign_in):
    text = (
        "codice;titolo;massimale;intensità micro;tipi di ambito\nB.1.2;Prodotti;60.000;60;prodotto\nX.1;Altro;;;\n"
        "B.9;Costo;tanto;;\nB.8;Quota;;160;\nB.7;Tipo;;;acqua\nB.1.2;Doppio;;;\n"
    )
    answer = sign_in(ada).post(
        "/moda/desk/services/import", data={"file": (BytesIO(text.encode()), "catalogo.csv")}
    )
    assert answer.status_code == 422
    found = re.findall(r"<li>(Riga \d+: [^<]*)</li>", answer.text)
    assert [line.split(":")[0] for line in found] == ["Riga 3", "Riga 4", "Riga 5", "Riga 6", "Riga 7"]
    assert db.session.scalars(select(Service)).all() == []


def test_a_service_is_changed_once_per_reading_and_not_removed_while_a_call_names_it(moda, ada, sign_in):
    with transaction():
        service = cast.service(moda)
        cast.call(moda, services=[service])
    with pytest.raises(actions.InUse), transaction():
        actions.remove_service(service)
    with pytest.raises(actions.CodeExists), transaction():
        cast.service(moda)
    with transaction():
        actions.revise_service(service, version=1, cost_cap=None)
    with pytest.raises(ChangedMeanwhile), transaction():
        actions.revise_service(service, version=1, cost_cap=5)
    page = sign_in(ada).get(f"/moda/desk/services/{service.id}").text
    assert 'value="60"' in page
    wrong = sign_in(ada).post(
        f"/moda/desk/services/{service.id}", data={"code": "B.2.2", "percent_micro": "120"}
    )
    assert wrong.status_code == 422


def test_another_district_sees_nothing_of_it(moda, dora, client, sign_in):
    with transaction():
        call = cast.call(moda)
        service = cast.service(moda)
    assert sign_in(dora).get(f"/moda/desk/calls/{call.slug}").status_code == 404
    assert sign_in(dora).get(f"/nautica/desk/calls/{call.slug}").status_code == 404
    assert sign_in(dora).get(f"/nautica/desk/services/{service.id}").status_code == 404
    assert client.get(f"/nautica/calls/{call.slug}").status_code == 404
