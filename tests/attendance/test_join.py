"""Her own link to the online room: it notes her presence with times, and then forwards."""

from datetime import timedelta

import pytest
import time_machine

from dissemination.attendance import codes, queries
from dissemination.attendance.public import section
from dissemination.kernel.database import transaction
from dissemination.registrations import actions as registrations
from dissemination.registrations.models import Attends
from dissemination.registrations.queries import token
from tests import factories

START = factories.DAY
URL = "https://meet.example/tessuti?pwd=x"


@pytest.fixture
def hybrid(moda):
    with transaction():
        return factories.workshop(moda, online_url=URL, online_seats=1)


def register(workshop, name="carlo", **facts):
    facts = {"proven": True, "attends": Attends.ONLINE, **facts}
    with time_machine.travel(START - timedelta(days=9)), transaction():
        return registrations.register(
            workshop, email=f"{name}@x.example", given_name=name.title(), family_name="Rossi", **facts
        )


def at(minutes):
    return time_machine.travel(START + timedelta(minutes=minutes), tick=False)


def stays(workshop):
    minute = lambda m: m and (m - START).total_seconds() / 60  # noqa: E731
    return [
        (s.via.value, minute(s.came_at), minute(s.left_at))
        for found in queries.stays(workshop).values()
        for s in found
    ]


def test_joining_notes_her_presence_and_forwards(client, hybrid):
    carlo = register(hybrid)
    link = f"/r/{token(carlo)}/join"
    with at(5):
        page = client.get(link)
        assert (page.status_code, page.headers["Cache-Control"]) == (200, "no-store")
        assert queries.presences(hybrid) == {}  # a mail filter that opens links notes nothing
        assert client.head(link).status_code == 200
        answer = client.post(link)
    assert (answer.status_code, answer.location) == (303, URL)
    assert (answer.headers["Cache-Control"], answer.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    with at(6):
        client.post(link)
    with at(65):
        assert client.post(link.replace("join", "leave")).status_code == 303
    assert stays(hybrid) == [("online", 5, 65)]
    with at(90):
        client.post(link)
    assert stays(hybrid) == [("online", 5, 65), ("online", 90, None)]
    presence = queries.presences(hybrid)[carlo.id]
    assert (presence.via, presence.by, presence.at) == (Attends.ONLINE, None, START + timedelta(minutes=5))
    assert queries.minutes_present(hybrid) == {carlo.id: 60 + 90}


@pytest.mark.parametrize(("minute", "opens"), [(-31, False), (-30, True), (180, True), (181, False)])
def test_it_is_open_from_half_an_hour_before_until_the_end(client, hybrid, minute, opens):
    link = f"/r/{token(register(hybrid))}/join"
    with at(minute):
        page = client.get(link)
        assert (page.status_code, '<button class="btn btn-primary">' in page.text) == (200, opens)
        assert client.post(link).status_code == (303 if opens else 409)
    assert len(queries.presences(hybrid)) == opens


def test_it_says_when_it_opens_and_that_it_is_over(client, hybrid):
    link = f"/r/{token(register(hybrid))}/join?lang=en"
    with at(-60 * 24):
        assert "The online room opens on Thursday, 11 March 2027 at 13:30." in client.get(link).text
    with at(200):
        assert "The workshop is over" in client.get(link).text


def test_who_has_a_seat_in_the_room_may_join_online_too_and_counts_once(client, hybrid):
    lina = register(hybrid, "lina", attends=Attends.ROOM)
    with at(0):
        assert client.post(f"/r/{token(lina)}/join").status_code == 303
    assert queries.count_present(hybrid) == 1


def test_who_holds_no_seat_or_has_not_proven_her_address_is_told_so(client, hybrid):
    register(hybrid)
    waits = register(hybrid, "ugo")
    unproven = register(hybrid, "eva", proven=False, attends=Attends.ROOM)
    assert unproven.proof_due is not None
    with at(0):
        for person in (waits, unproven):
            link = f"/r/{token(person)}/join"
            page = client.get(link)
            assert (page.status_code, '<button class="btn btn-primary">' in page.text) == (200, False)
            assert client.post(link).status_code == 409
    assert queries.presences(hybrid) == {}


def test_a_forged_link_and_a_workshop_without_online_room_are_not_found(client, hybrid, moda):
    with transaction():
        onsite = factories.workshop(moda)
    carlo = register(onsite, attends=None)
    for link in (f"/r/{token(carlo)}", "/r/forged", f"/r/{token(carlo)[:-2]}aa"):
        for method in (client.get, client.post):
            assert method(f"{link}/join").status_code == 404
        assert client.post(f"{link}/leave").status_code == 404


def test_a_cancelled_workshop_forwards_nobody(client, hybrid, ada):
    from dissemination.workshops import actions as workshops

    carlo = register(hybrid)
    with at(-60), transaction():
        workshops.cancel(hybrid, reason="Neve", by=ada)
    with at(0):
        assert client.post(f"/r/{token(carlo)}/join").status_code == 409


def test_her_page_shows_her_code_and_the_way_in(app, hybrid, moda):
    carlo = register(hybrid)
    with app.test_request_context("/?lang=en"), at(-60):
        shown = section(carlo, "t0ken")
        assert "/r/t0ken/join" in shown
        assert codes.code(carlo.public_id) in shown
        assert "data:image/svg+xml" in shown
        assert carlo.public_id not in shown
    with app.test_request_context("/?lang=en"), at(181):
        assert section(carlo, "t0ken") == ""


def test_on_several_dates_it_opens_for_each(client, moda):
    from dissemination.kernel.database import db
    from dissemination.workshops.models import WorkshopSession

    with transaction():
        workshop = factories.workshop(moda, venue="", address="", online_url=URL)
        later = START + timedelta(days=7)
        db.session.add(
            WorkshopSession(
                workshop_id=workshop.id, title_it="S", starts_at=later, ends_at=later + timedelta(hours=1)
            )
        )
        workshop.ends_at = later + timedelta(hours=1)
    db.session.refresh(workshop)
    link = f"/r/{token(register(workshop))}/join"
    answers = []
    for minute in (0, 200, 7 * 24 * 60 - 31, 7 * 24 * 60, 7 * 24 * 60 + 61):
        with at(minute):
            answers.append(client.post(link).status_code)
    assert answers == [303, 409, 409, 303, 409]
    assert stays(workshop) == [("online", 0, None), ("online", 7 * 24 * 60, None)]
    assert list(queries.minutes_present(workshop).values()) == [240]
