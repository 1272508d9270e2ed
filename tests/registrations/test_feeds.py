"""One's own registrations as a calendar feed: whole files, and who may read them."""

import os
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
import time_machine
import vobject
from sqlalchemy import event

from dissemination.kernel.database import db, transaction
from dissemination.registrations import actions, feeds, invitations, jobs, queries
from dissemination.workshops.models import Cancellation
from tests import factories

GOLDEN = Path(__file__).parent / "golden_feeds"
NOW = datetime(2027, 1, 15, 9, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def same_every_time(monkeypatch):
    numbers = count(1)
    monkeypatch.setattr(invitations, "new_uid", lambda domain: f"{next(numbers):032x}@{domain}")
    with time_machine.travel(NOW, tick=False):
        yield


def workshop(district, title, days=0, **values):
    with transaction():
        row = factories.workshop(
            district, title=title, starts_at=factories.DAY + timedelta(days=days), title_en="", **values
        )  # fmt: skip
        row.slug = title.lower().replace(" ", "-")
    return row


def enter(workshop, name="carlo", language="it"):
    with transaction():
        return actions.register(
            workshop, email=f"{name}@tessitura.example", given_name=name.title(), family_name="Rossi",
            language=language, proven=True,
        )  # fmt: skip


def address(registration):
    return f"/my/{feeds.token_of(registration.contact)}.ics"


def dates(octets):
    calendar = vobject.readOne(octets.decode())
    return [(e.summary.value, e.status.value) for e in calendar.contents.get("vevent", [])]


@pytest.mark.parametrize("language", ["it", "en"])
def test_my_calendar_reads_as_its_golden_file(moda, client, language):
    first = enter(workshop(moda, "Primo workshop"), language=language)
    off = workshop(moda, "Secondo workshop", days=10)
    enter(off, language=language)
    with transaction():
        db.session.add(Cancellation(workshop_id=off.id, reason="Sciopero", at=NOW))
        off.revision += 1
    jobs.tell_changed()
    answer = client.get(address(first))
    golden = GOLDEN / f"my_workshops.{language}.ics"
    if os.environ.get("WRITE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_bytes(answer.data)
    assert answer.data == golden.read_bytes()
    assert b"ATTENDEE" not in answer.data
    assert b"/r/" not in answer.data
    assert answer.content_type == "text/calendar; charset=utf-8; method=PUBLISH"
    assert (answer.headers["Cache-Control"], answer.headers["X-Robots-Tag"]) == ("no-store", "noindex")
    assert dates(answer.data) == [("Primo workshop", "CONFIRMED"), ("Secondo workshop", "CANCELLED")]


def test_only_seats_of_this_person_in_this_district(moda, nautica, client):
    mine = enter(workshop(moda, "Mio"))
    enter(workshop(moda, "Di altri"), "dino")
    enter(workshop(nautica, "Altrove"))  # the same address, another district's contact
    full = workshop(moda, "Pieno", days=1, seats=1)
    enter(full, "dino")
    enter(full)  # waits
    given_back = enter(workshop(moda, "Restituito", days=2))
    with transaction():
        actions.cancel(given_back)
    assert dates(client.get(address(mine)).data) == [("Mio", "CONFIRMED")]


def test_a_new_address_stops_the_former_one(moda, client):
    mine = enter(workshop(moda, "Mio"))
    former, personal = address(mine), f"/r/{queries.token(mine)}"
    page = client.get(personal).text
    assert former in page
    assert "webcal://" in page
    answer = client.post(f"{personal}/calendar")
    assert answer.location == f"{personal}#my-calendar"
    db.session.expire_all()
    assert (client.get(former).status_code, client.get(address(mine)).status_code) == (404, 200)
    client.post(f"{personal}/calendar")
    db.session.expire_all()
    assert len({former, address(mine)}) == 2
    assert client.get(former).status_code == 404


def test_forged_addresses_and_erased_people_open_nothing(moda, client):
    mine = enter(workshop(moda, "Mio"))
    good = address(mine)
    assert client.get(good.replace(".ics", "A.ics")).status_code == 404
    assert client.get(f"/my/{queries.token(mine)}.ics").status_code == 404  # made for another purpose
    with transaction():
        mine.contact.erased_at = NOW
    assert client.get(good).status_code == 404


def test_a_hundred_workshops_take_as_many_queries_as_one(moda, client):
    def queries_now():
        count = []

        def note(_connection, _cursor, statement, *_more):
            count.extend([statement] if statement != "BEGIN" else [])

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            assert client.get(path).status_code == 200
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        return len(count)

    path = address(enter(workshop(moda, "Numero 0")))
    few = queries_now()
    for n in range(1, 30):
        enter(workshop(moda, f"Numero {n}", days=n))
    assert queries_now() == few
