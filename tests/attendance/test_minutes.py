"""How long the programme is and how long each person was there."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
import time_machine

from dissemination.attendance import queries, times
from dissemination.attendance.models import Move, Presence, Scan, Stay
from dissemination.kernel.database import db, transaction
from dissemination.registrations import actions as registrations
from dissemination.registrations.models import Attends
from dissemination.workshops.models import WorkshopSession
from tests import factories

START = factories.DAY
_numbers = count(1)


def at(hours, day=0):
    return START + timedelta(days=day, hours=hours)


@pytest.fixture
def workshop(moda):
    """14:00 to 17:00, and two parallel sessions 15:00 to 17:30."""
    with transaction():
        row = factories.workshop(moda)
        session(row, 1, 3.5, track="A")
        session(row, 1, 3, track="B")
    return row


def session(workshop, start, end, day=0, **values):
    db.session.add(
        WorkshopSession(
            workshop_id=workshop.id, title_it="S", starts_at=at(start, day), ends_at=at(end, day), **values
        )
    )
    workshop.ends_at = max(workshop.ends_at, at(end, day))
    db.session.flush()
    db.session.refresh(workshop)


@pytest.fixture
def somebody(workshop):
    """somebody(*stays) -> the id of a registration, present, with those stays."""

    def make(*stays, present=True):
        with time_machine.travel(START - timedelta(days=9)), transaction():
            row = registrations.register(
                workshop, email=f"p{next(_numbers)}@x.example", given_name="P", family_name="R"
            )
        with transaction():
            if present:
                db.session.add(Presence(registration_id=row.id, at=START, by=None))
            db.session.add_all(
                Stay(registration_id=row.id, via=via, came_at=came, left_at=left) for via, came, left in stays
            )
        return row.id

    return make


def test_parallel_tracks_count_once(workshop):
    assert queries.minutes_planned(workshop) == 210


def test_a_break_between_sessions_is_not_programme(workshop):
    with transaction():
        session(workshop, 5, 6)
        session(workshop, 1, 2, day=7)
    assert queries.minutes_planned(workshop) == 210 + 60 + 60


def test_only_programme_counts_and_overlapping_stays_count_once(workshop, somebody):
    early = somebody((Attends.ROOM, at(-1), at(1)))
    both = somebody((Attends.ROOM, at(0), at(2)), (Attends.ONLINE, at(1), at(2.5)))
    stayed = somebody((Attends.ONLINE, at(3), None))
    after = somebody((Attends.ROOM, at(4), None))
    ticked = somebody()
    absent = somebody((Attends.ROOM, at(0), None), present=False)
    assert queries.minutes_present(workshop) == {early: 60, both: 150, stayed: 30, after: 0, ticked: 210}
    assert queries.minutes_present(workshop, registration_id=both) == {both: 150}
    assert queries.minutes_present(workshop, registration_id=absent) == {}
    assert queries.shares(workshop)[both] == pytest.approx(100 * 150 / 210)
    assert queries.shares(workshop)[ticked] == 100


def test_a_stay_without_an_end_lasts_until_the_end_of_its_date(workshop, somebody):
    with transaction():
        session(workshop, 0, 2, day=1)
    first, second = somebody((Attends.ROOM, at(0), None)), somebody((Attends.ROOM, at(-0.5, 1), None))
    assert queries.minutes_present(workshop) == {first: 210, second: 120}


def test_a_tick_vouches_for_its_date_only_and_a_stay_says_more_than_a_tick(workshop, somebody):
    with transaction():
        session(workshop, 0, 2, day=1)
    ticked, left_early, undone = (
        somebody(),
        somebody((Attends.ROOM, at(0), at(1))),
        somebody((Attends.ROOM, at(0), None)),
    )
    with transaction():
        for person, when in ((ticked, at(0, 1)), (left_early, at(0)), (undone, at(0, 1))):
            scan(f"tick-{person}", person, when, whole=True)
        scan("back", undone, at(9, 1), move=Move.UNDO, undoes=f"tick-{undone}")
    assert queries.minutes_present(workshop) == {ticked: 120, left_early: 60, undone: 210}


def scan(name, person, when, *, move=Move.IN, **values):
    db.session.add(Scan(scan_id=name, registration_id=person, move=move, at=when, received_at=when, **values))


def test_minutes_are_real_ones_when_the_clock_changes(moda):
    with transaction():
        night = factories.workshop(moda, starts_at=datetime(2027, 3, 27, 23, 0, tzinfo=UTC), hours=4)
        back = factories.workshop(moda, starts_at=datetime(2027, 10, 30, 22, 0, tzinfo=UTC), hours=4)
    assert [queries.minutes_planned(w) for w in (night, back)] == [240, 240]


def test_a_session_past_midnight_belongs_to_the_date_on_which_it_began(moda):
    with transaction():
        late = factories.workshop(moda, starts_at=datetime(2027, 3, 11, 21, 30, tzinfo=UTC), hours=3)
    (day,) = times.days(late)
    assert (str(day.date), day.holds(late.ends_at)) == ("2027-03-11", True)


def test_the_same_queries_for_one_person_and_for_many(app, workshop, somebody):
    from sqlalchemy import event

    def queries_made():
        made = []
        db.session.rollback()
        listener = lambda *a: made.append(a[2])  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", listener)
        queries.minutes_present(workshop)
        event.remove(db.engine, "before_cursor_execute", listener)
        return len(made)

    somebody((Attends.ROOM, at(0), None))
    one = queries_made()
    for _ in range(5):
        somebody((Attends.ROOM, at(0), None))
    assert queries_made() == one
