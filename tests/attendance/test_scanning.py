"""Acts at the door: kept once, merged without double counting, in whatever order they come in."""

import itertools
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from sqlalchemy import func, select

from dissemination.attendance import actions, codes, queries
from dissemination.attendance.models import Move, Scan
from dissemination.attendance.presence import Act
from dissemination.kernel.database import db, transaction
from dissemination.people.models import Contact
from dissemination.registrations import actions as registrations
from dissemination.registrations import queries as seats
from dissemination.registrations.models import Attends, Registration, Standing
from dissemination.workshops import actions as workshops
from tests import factories

START = factories.DAY
END = START + timedelta(hours=3)


@pytest.fixture
def room(moda):
    """Two seats, taken by Carlo and Lina; Ugo waits."""
    with transaction():
        workshop = factories.workshop(moda, seats=2)
    with time_machine.travel(START - timedelta(days=9)):
        for name in ("carlo", "lina", "ugo"):
            with transaction():
                registrations.register(
                    workshop,
                    email=f"{name}@x.example",
                    given_name=name.title(),
                    family_name="Rossi",
                    proven=True,
                )
    return workshop


def person(workshop, name):
    query = select(Registration).join(Contact, Registration.contact_id == Contact.id)
    return db.session.scalar(
        query.where(Registration.workshop_id == workshop.id, Contact.email == f"{name}@x.example")
    )


def act(workshop, name, minute=0, move=Move.IN, **values):
    values.setdefault("scan_id", str(uuid4()))
    code = codes.code(person(workshop, name).public_id)
    return Act(code=code, move=move, at=START + timedelta(minutes=minute), **values)


def send(workshop, *acts, by=None, at=END):
    with time_machine.travel(at, tick=False), transaction():
        return [o.value for o in actions.scan(workshop, acts, by=by, device="telefono").values()]


def stays(workshop, name):
    """(via, minute came, minute left or None) of each stay."""
    found = queries.stays(workshop).get(person(workshop, name).id, [])
    minute = lambda at: at and (at - START).total_seconds() / 60  # noqa: E731
    return [(s.via.value, minute(s.came_at), minute(s.left_at)) for s in found]


def there(workshop):
    return sorted(
        r.contact.email.split("@")[0]
        for r in queries.people(workshop)
        if r.id in queries.present_ids(workshop)
    )


def test_two_phones_that_saw_the_same_person_count_her_once(room, ada):
    first, second = act(room, "carlo", 3), act(room, "carlo", 1)
    assert send(room, first, by=ada) == ["accepted"]
    assert send(room, second, by=ada) == ["accepted"]
    assert (there(room), stays(room, "carlo")) == (["carlo"], [("room", 1, None)])
    presence = queries.presences(room)[person(room, "carlo").id]
    assert (presence.at, presence.by) == (START + timedelta(minutes=1), ada.id)


def test_a_batch_that_comes_twice_is_kept_once(room):
    batch = [act(room, "carlo"), act(room, "lina"), act(room, "lina", 60, Move.OUT)]
    assert send(room, *batch) == ["accepted"] * 3
    assert send(room, *batch) == ["repeated"] * 3
    assert send(room, batch[0], batch[0]) == ["repeated"]
    assert db.session.scalar(select(func.count()).select_from(Scan)) == 3
    assert stays(room, "lina") == [("room", 0, 60)]


def test_whatever_the_order_the_same_acts_give_the_same_presence(moda, ada):
    came, back = str(uuid4()), str(uuid4())
    steps = [("carlo", 0, Move.IN, came, None), ("carlo", 30, Move.OUT, str(uuid4()), None),
             ("carlo", 40, Move.IN, back, None), ("carlo", 41, Move.UNDO, str(uuid4()), back)]  # fmt: skip
    for order in itertools.permutations(steps):
        with transaction():
            workshop = factories.workshop(moda)
        with time_machine.travel(START - timedelta(days=9)), transaction():
            registrations.register(workshop, email="carlo@x.example", given_name="C", family_name="R")
        for name, minute, move, scan_id, undoes in order:
            mark = f"{workshop.id}-"
            send(workshop, act(workshop, name, minute, move, scan_id=(mark + scan_id)[:36],
                               undoes=undoes and (mark + undoes)[:36]))  # fmt: skip
        assert (there(workshop), stays(workshop, "carlo")) == (["carlo"], [("room", 0, 30)])


def test_an_undo_takes_back_what_it_names_and_leaves_what_another_phone_saw(room):
    mine, other = act(room, "carlo", 1), act(room, "carlo", 2)
    send(room, mine, other, act(room, "carlo", 3, Move.UNDO, undoes=mine.scan_id))
    assert (there(room), stays(room, "carlo")) == (["carlo"], [("room", 2, None)])
    send(room, act(room, "carlo", 4, Move.UNDO, undoes=other.scan_id))
    assert (there(room), stays(room, "carlo")) == ([], [])


def test_an_undo_names_an_act_about_the_same_person_only(room):
    carlo = act(room, "carlo")
    send(room, carlo, act(room, "lina", 1, Move.UNDO, undoes=carlo.scan_id))
    assert there(room) == ["carlo"]


def test_a_phone_that_was_offline_for_a_day_loses_nothing(room):
    batch = [act(room, "carlo", 5), act(room, "lina", 6), act(room, "carlo", 100, Move.OUT)]
    assert send(room, *batch, at=END + timedelta(days=1)) == ["accepted"] * 3
    assert (there(room), stays(room, "carlo")) == (["carlo", "lina"], [("room", 5, 100)])
    assert queries.minutes_present(room) == {person(room, "carlo").id: 95, person(room, "lina").id: 174}


def test_a_time_that_cannot_be_is_put_right(room):
    send(room, act(room, "carlo", 60 * 24 * 400), act(room, "lina", -60 * 24 * 400), at=START)
    assert {name: stays(room, name) for name in ("carlo", "lina")} == {
        "carlo": [("room", 0, None)], "lina": [("room", 0, None)],
    }  # fmt: skip


def test_each_act_is_answered_apart(room, moda):
    with transaction():
        other = factories.workshop(moda)
    with time_machine.travel(START - timedelta(days=9)), transaction():
        stranger = registrations.register(other, email="eva@x.example", given_name="E", family_name="R")
    known = act(room, "carlo")
    send(room, known)
    batch = [
        Act(str(uuid4()), "A" * 16, Move.IN, START),
        Act(str(uuid4()), codes.code(stranger.public_id), Move.IN, START),
        act(room, "lina", scan_id=known.scan_id),
        act(room, "lina"),
    ]
    assert send(room, *batch) == ["unknown", "unknown", "invalid", "accepted"]
    assert there(room) == ["carlo", "lina"]


def test_who_waits_gets_a_seat_when_she_is_let_in_and_is_shown_when_not(room, ada):
    assert send(room, act(room, "ugo")) == ["without_seat"]
    assert (there(room), [r.contact.given_name for r in queries.without_seat(room)]) == ([], ["Ugo"])
    assert send(room, act(room, "ugo", 1, admit=True), by=ada) == ["accepted"]
    assert (there(room), queries.without_seat(room)) == (["ugo"], [])
    assert (seats.seats(room).taken, seats.seats(room).waiting) == (3, 0)
    assert person(room, "ugo").standing is Standing.CONFIRMED


def test_an_old_ticket_does_not_seat_its_person_twice(room, ada):
    old = person(room, "ugo")
    with time_machine.travel(START - timedelta(days=8)), transaction():
        registrations.cancel(old)
    code = codes.code(old.public_id)
    with time_machine.travel(START - timedelta(days=7)), transaction():
        registrations.register(room, email="ugo@x.example", given_name="Ugo", family_name="Rossi")
    one = Act(str(uuid4()), code, Move.IN, START, admit=True)
    assert send(room, one, by=ada) == ["without_seat"]


def test_what_comes_after_the_closing_is_kept_and_counts_when_it_is_opened_again(room, ada, bice):
    send(room, act(room, "carlo"))
    with time_machine.travel(END + timedelta(hours=1)), transaction():
        actions.close(room, by=ada, started_at=None, ended_at=None, without_counting="x")
    late = act(room, "lina", 2)
    assert send(room, late, act(room, "carlo", 1), at=END + timedelta(days=1)) == ["closed", "closed"]
    assert send(room, late, at=END + timedelta(days=1)) == ["repeated"]
    assert there(room) == ["carlo"]
    assert [(a.registration.contact.given_name, a.at) for a in queries.late(room)] == [
        ("Carlo", START + timedelta(minutes=1)), ("Lina", START + timedelta(minutes=2)),
    ]  # fmt: skip
    with time_machine.travel(END + timedelta(days=2)), transaction():
        actions.reopen(room, reason="Un telefono era rimasto senza rete", by=bice)
    assert (there(room), queries.late(room)) == (["carlo", "lina"], [])


def test_nothing_is_taken_in_for_a_workshop_that_is_off(room, ada):
    with time_machine.travel(START - timedelta(days=1)), transaction():
        workshops.cancel(room, reason="Neve", by=ada)
    assert send(room, act(room, "carlo")) == ["off"]
    assert db.session.scalar(select(func.count()).select_from(Scan)) == 0


def test_unticking_takes_back_what_the_phones_saw_too(room, ada):
    send(room, act(room, "carlo"), act(room, "lina"))
    with time_machine.travel(END), transaction():
        actions.tick(room, came=[], went=[person(room, "carlo").id], by=ada)
    assert (there(room), stays(room, "carlo")) == (["lina"], [])
    with time_machine.travel(END), transaction():
        actions.tick(room, came=[person(room, "carlo").id], by=ada)
    assert there(room) == ["carlo", "lina"]
    assert queries.shares(room)[person(room, "carlo").id] == 100


def test_whoever_came_without_giving_an_address_is_never_written_to(room, ada):
    with time_machine.travel(START), transaction():
        eva = actions.walk_in(room, given_name="Eva", family_name="Po", by=ada)
    assert (eva.standing, eva.contact.name) == (Standing.CONFIRMED, "Eva Po")
    assert eva.contact.email.endswith("@no-mail.invalid")
    from dissemination.delivery.models import Suppression

    assert db.session.scalars(select(Suppression.address)).all() == [eva.contact.email]
    assert there(room)[-1] == eva.contact.email.split("@")[0]


def test_present_in_the_room_and_online_is_one_person(room):
    carlo = person(room, "carlo")
    with transaction():
        room.online_url = "https://meet.example/x"
    with time_machine.travel(START, tick=False), transaction():
        actions.join(carlo)
    with time_machine.travel(START + timedelta(minutes=1), tick=False), transaction():
        actions.join(carlo)  # pressed twice
    with time_machine.travel(START + timedelta(minutes=30), tick=False), transaction():
        actions.leave(carlo)
    send(room, act(room, "carlo", 60))
    assert stays(room, "carlo") == [("online", 0, 30), ("room", 60, None)]
    assert (queries.count_present(room), queries.presences(room)[carlo.id].via) == (1, Attends.ONLINE)
    assert queries.minutes_present(room) == {carlo.id: 30 + 120}


def test_the_code_in_a_qr_is_short_and_says_nothing(app, room):
    carlo = person(room, "carlo")
    code = codes.code(carlo.public_id)
    assert (len(code), codes.read(f" td:{code.lower()} "), codes.read(code)) == (16, code, code)
    assert carlo.public_id[:8].upper() not in code
    assert [codes.read(t) for t in ("", "https://evil.example/", "TD:" + "0" * 16, "TD:ABC")] == [None] * 4
    assert (codes.qr(code).version, codes.qr(code).error) == (1, "M")
