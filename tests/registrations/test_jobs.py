"""What the worker tells by itself: changes, cancellations, reminders, added seats."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from dissemination.delivery.models import Delivery
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.registrations import actions, invitations, jobs
from dissemination.registrations.models import Attends, Invitation, Room
from dissemination.workshops.models import Cancellation, WorkshopSession
from tests import factories

DAY = timedelta(days=1)


@pytest.fixture
def workshop(moda):
    with transaction():
        return factories.workshop(moda, seats=2)


def enter(workshop, name, **facts):
    with transaction():
        return actions.register(
            workshop, email=f"{name}@tessitura.example", given_name=name.title(), family_name="Rossi",
            **{"proven": True, **facts},
        )  # fmt: skip


def move(workshop, *shifts):
    """Give the workshop the dates of its first session, shifted."""
    with transaction():
        first = (workshop.sessions[0].starts_at, workshop.sessions[0].ends_at)
        workshop.sessions = [
            WorkshopSession(title_it="Apertura", starts_at=first[0] + by, ends_at=first[1] + by)
            for by in shifts
        ]
        workshop.starts_at, workshop.ends_at = first[0] + shifts[0], first[1] + shifts[-1]
        workshop.revision += 1


def online(workshop, registration):
    """Make the workshop hybrid and let the person take part online; nobody is told yet."""
    with transaction():
        workshop.online_url, registration.attends = "https://meet.example/x", Attends.ONLINE
        workshop.revision += 1


def call_off(workshop):
    with transaction():
        db.session.add(Cancellation(workshop_id=workshop.id, reason="Sciopero", at=now()))
        workshop.revision += 1


def reinstate(workshop):
    with transaction():
        db.session.delete(workshop.cancellation)
        workshop.revision += 1


def sent(after=0):
    """(to, template, method, sequence, start) of all mails but the first `after`."""
    rows = db.session.scalars(select(Delivery).order_by(Delivery.id)).all()[after:]
    return [
        (
            d.address.split("@")[0], d.letter.template.split("/")[1],
            *((d.calendar["method"], d.calendar["sequence"], d.calendar["start"][:16]) if d.calendar else ()),
        )
        for d in rows
    ]  # fmt: skip


def last():
    return db.session.scalars(select(Delivery).order_by(Delivery.id.desc())).first()


def test_nothing_changed_tells_nobody(workshop):
    enter(workshop, "carlo")
    assert (jobs.tell_changed(), jobs.remind(), jobs.promote_freed()) == (0, 0, 0)


def test_a_moved_date_updates_the_calendar_with_the_same_uid_and_a_higher_sequence(workshop):
    carlo = enter(workshop, "carlo")
    enter(workshop, "dino", language="en")
    enter(workshop, "eva")
    uid = carlo.invitations[0].uid
    move(workshop, DAY)
    assert jobs.tell_changed() == 3
    assert sent(3) == [
        ("carlo", "changed", "REQUEST", 1, "2027-03-12T13:00"),
        ("dino", "changed", "REQUEST", 1, "2027-03-12T13:00"),
        ("eva", "changed_waiting"),
    ]
    first = db.session.scalars(select(Delivery).order_by(Delivery.id)).all()[3]
    assert first.calendar["uid"] == uid
    assert first.letter.source["shared"]["changes"] == [
        {
            "what": "Quando",
            "old": "giovedì 11 marzo 2027, 14:00–17:00",
            "new": "venerdì 12 marzo 2027, 14:00–17:00",
        }
    ]
    assert jobs.tell_changed() == 0


def test_the_organiser_of_an_entry_stays_when_the_district_gets_another_mailbox(workshop):
    carlo = enter(workshop, "carlo")
    with transaction():
        workshop.district.mailbox_address = "workshop@moda.example"
    move(workshop, DAY)
    jobs.tell_changed()
    eva = enter(workshop, "dino")
    with transaction():
        actions.cancel(carlo)
    told = db.session.scalars(select(Delivery).where(Delivery.calendar.is_not(None)).order_by(Delivery.id))
    assert [(d.calendar["method"], d.calendar["organizer_address"], d.address) for d in told] == [
        ("REQUEST", "eventi@moda.example", carlo.contact.email),
        ("REQUEST", "eventi@moda.example", carlo.contact.email),
        ("REQUEST", "workshop@moda.example", eva.contact.email),
        ("CANCEL", "eventi@moda.example", carlo.contact.email),
    ]


def test_a_new_title_or_link_keeps_the_sequence_and_shows_old_and_new(workshop):
    enter(workshop, "carlo", language="en")
    with transaction():
        workshop.title_en, workshop.online_url = "New title", "https://meet.example/x"
        workshop.revision += 1
    jobs.tell_changed()
    assert sent(1) == [("carlo", "changed", "REQUEST", 0, "2027-03-11T13:00")]
    assert last().letter.source["shared"]["changes"] == [
        {"what": "Title", "old": "Textile traceability", "new": "New title"},
    ]  # whoever sits in the room needs no link


def test_who_takes_part_online_is_told_of_a_new_link_but_not_which_it_is(workshop):
    carlo = enter(workshop, "carlo", language="en")
    online(workshop, carlo)
    jobs.tell_changed()
    with transaction():
        workshop.online_url, workshop.revision = "https://meet.example/y", workshop.revision + 1
    before = len(sent())
    assert jobs.tell_changed() == 1
    assert sent(before) == [("carlo", "changed", "REQUEST", 1, "2027-03-11T13:00")]
    assert last().letter.source["shared"]["changes"] == [
        {"what": "Link to take part online", "old": "another link", "new": "your link in this message"}
    ]
    assert "meet.example" not in str(last().letter.source) + str(last().calendar)


def test_switching_to_online_moves_the_calendar_there_with_a_higher_sequence_and_back(workshop):
    carlo = enter(workshop, "carlo", language="en")
    online(workshop, carlo)
    with transaction():
        invitations.switched(carlo)
    assert sent(1) == [("carlo", "switched", "REQUEST", 1, "2027-03-11T13:00")]
    assert (last().calendar["location"], last().calendar["uid"]) == ("Online", carlo.invitations[0].uid)
    assert [c["new"] for c in last().letter.source["shared"]["changes"]] == [
        "Online", "your link in this message",
    ]  # fmt: skip
    with transaction():
        carlo.attends = Attends.ROOM
    with transaction():
        invitations.switched(carlo)
    assert sent(2) == [("carlo", "switched", "REQUEST", 2, "2027-03-11T13:00")]
    assert last().calendar["location"] == "Museo del Tessuto, Via Puccetti 3, Prato"
    with transaction():
        invitations.switched(carlo)
    assert len(sent()) == 3  # nothing changed, nothing is sent


def test_a_workshop_that_takes_place_after_all_returns_to_calendars_with_its_old_uid(workshop):
    carlo = enter(workshop, "carlo", language="en")
    for name in ("dino", "eva"):
        enter(workshop, name)
    uid = carlo.invitations[0].uid
    call_off(workshop)
    jobs.tell_changed()
    reinstate(workshop)
    before = len(sent())
    assert jobs.tell_changed() == 3
    assert sent(before) == [
        ("carlo", "reinstated", "REQUEST", 2, "2027-03-11T13:00"),
        ("dino", "reinstated", "REQUEST", 2, "2027-03-11T13:00"),
        ("eva", "reinstated_waiting"),
    ]
    rows = db.session.scalars(select(Delivery).order_by(Delivery.id)).all()[before:]
    assert (rows[0].calendar["uid"], rows[0].calendar["status"]) == (uid, "CONFIRMED")
    assert jobs.tell_changed() == 0
    call_off(workshop)
    jobs.tell_changed()
    assert sent(before + 3)[0] == ("carlo", "called_off", "CANCEL", 3, "2027-03-11T13:00")


def test_a_workshop_reinstated_on_other_dates_moves_adds_and_leaves_out(workshop):
    move(workshop, 0 * DAY, DAY, 4 * DAY)
    carlo = enter(workshop, "carlo")
    uids = {i.day: i.uid for i in carlo.invitations}
    move(workshop, 0 * DAY, DAY)  # the third date is off before all is
    jobs.tell_changed()
    call_off(workshop)
    jobs.tell_changed()
    move(workshop, DAY, 20 * DAY, 21 * DAY)  # 12 stays, 11 moves to 31, one is new
    reinstate(workshop)
    before = len(sent())
    jobs.tell_changed()
    assert sent(before) == [
        ("carlo", "reinstated", "REQUEST", 2, "2027-03-12T13:00"),
        ("carlo", "reinstated", "REQUEST", 2, "2027-03-31T13:00"),
        ("carlo", "reinstated", "REQUEST", 0, "2027-04-01T13:00"),
    ]
    rows = db.session.scalars(select(Delivery).order_by(Delivery.id)).all()[before:]
    assert [r.calendar["uid"] for r in rows[:2]] == [uids[2], uids[1]]
    assert rows[2].calendar["uid"] not in uids.values()
    call_off(workshop)
    jobs.tell_changed()
    move(workshop, DAY)
    reinstate(workshop)
    before = len(sent())
    jobs.tell_changed()
    assert sent(before) == [("carlo", "reinstated", "REQUEST", 4, "2027-03-13T13:00")]


def test_called_off_and_reinstated_before_anybody_was_told_tells_nobody(workshop):
    enter(workshop, "carlo")
    call_off(workshop)
    reinstate(workshop)
    assert (jobs.tell_changed(), sent(1)) == (1, [])


def test_a_date_that_is_removed_and_comes_back_keeps_its_uid(workshop):
    move(workshop, 0 * DAY, DAY)
    carlo = enter(workshop, "carlo")
    uid = carlo.invitations[1].uid
    move(workshop, 0 * DAY)
    jobs.tell_changed()
    move(workshop, 0 * DAY, DAY)
    jobs.tell_changed()
    assert sent(3) == [("carlo", "date_added", "REQUEST", 2, "2027-03-12T13:00")]
    assert last().calendar["uid"] == uid


def test_an_address_that_nobody_proved_is_neither_told_nor_reminded(workshop):
    carlo = enter(workshop, "carlo")
    with transaction():
        carlo.proof_due = now() + DAY
    move(workshop, DAY)
    with time_machine.travel(workshop.starts_at - timedelta(hours=2), tick=False):
        assert (jobs.tell_changed(), jobs.remind(), len(sent())) == (0, 0, 1)


def test_a_change_taken_back_before_it_was_told_tells_nobody_of_nothing(workshop):
    enter(workshop, "carlo")
    move(workshop, DAY)
    move(workshop, -DAY)
    assert jobs.tell_changed() == 1
    assert (sent(1), jobs.tell_changed()) == ([], 0)


def test_dates_are_added_moved_and_removed_each_with_its_own_calendar_object(workshop):
    move(workshop, 0 * DAY, DAY)
    carlo = enter(workshop, "carlo")
    assert sent() == [
        ("carlo", "confirmation", "REQUEST", 0, "2027-03-11T13:00"),
        ("carlo", "further_date", "REQUEST", 0, "2027-03-12T13:00"),
    ]
    move(workshop, DAY, 2 * DAY, 5 * DAY)  # 12 stays, 11 moves to 13, 16 is new
    jobs.tell_changed()
    assert sent(2) == [
        ("carlo", "changed", "REQUEST", 1, "2027-03-13T13:00"),
        ("carlo", "date_added", "REQUEST", 0, "2027-03-16T13:00"),
    ]
    move(workshop, 0 * DAY)
    jobs.tell_changed()
    assert sent(4) == [
        ("carlo", "date_removed", "CANCEL", 2, "2027-03-13T13:00"),
        ("carlo", "date_removed", "CANCEL", 1, "2027-03-16T13:00"),
    ]
    db.session.expire_all()
    assert len({i.uid for i in carlo.invitations}) == 3


def test_a_cancelled_workshop_is_told_to_all_also_to_who_waits_with_the_reason(workshop):
    for name in ("carlo", "dino", "eva"):
        enter(workshop, name)
    with transaction():
        db.session.add(Cancellation(workshop_id=workshop.id, reason="Sciopero", at=now()))
        workshop.revision += 1
    assert jobs.tell_changed() == 3
    assert sent(3) == [
        ("carlo", "called_off", "CANCEL", 1, "2027-03-11T13:00"),
        ("dino", "called_off", "CANCEL", 1, "2027-03-11T13:00"),
        ("eva", "called_off"),
    ]
    rows = db.session.scalars(select(Delivery).order_by(Delivery.id)).all()[3:]
    assert [(d.calendar or {}).get("status") for d in rows] == ["CANCELLED", "CANCELLED", None]
    assert {d.letter.source["shared"]["reason"] for d in rows} == {"Sciopero"}
    assert (jobs.tell_changed(), jobs.promote_freed()) == (0, 0)


def test_a_crash_half_way_tells_the_rest_later_and_nobody_twice(workshop, monkeypatch):
    with transaction():
        workshop.seats = 120
    for n in range(60):
        enter(workshop, f"p{n}")
    move(workshop, DAY)
    calls = iter(range(1000))
    tell = invitations.tell

    def dies(registration):
        if next(calls) == 55:
            raise KeyboardInterrupt
        tell(registration)

    monkeypatch.setattr(invitations, "tell", dies)
    with pytest.raises(KeyboardInterrupt):
        jobs.tell_changed()
    monkeypatch.undo()
    assert len(sent(60)) == 50
    assert jobs.tell_changed() == 10
    told = [row[0] for row in sent(60)]
    assert sorted(told) == sorted(f"p{n}" for n in range(60))


def test_a_registration_is_reminded_of_once_and_again_when_the_date_moves(workshop, moda):
    enter(workshop, "carlo")
    begins = workshop.starts_at
    with time_machine.travel(begins - timedelta(hours=24, minutes=1), tick=False):
        assert jobs.remind() == 0
    with time_machine.travel(begins - timedelta(hours=24), tick=False):
        assert (jobs.remind(), jobs.remind()) == (1, 0)
        assert sent(1) == [("carlo", "reminder")]
        move(workshop, 3 * DAY)
        jobs.tell_changed()
    with time_machine.travel(begins + 2 * DAY, tick=False):
        assert (jobs.remind(), jobs.remind()) == (1, 0)
    assert [row[1] for row in sent(1)] == ["reminder", "changed", "reminder"]


def test_a_mail_sent_shortly_before_the_date_serves_as_the_reminder(workshop):
    enter(workshop, "carlo")
    with time_machine.travel(workshop.starts_at - timedelta(hours=5), tick=False):
        enter(workshop, "dino")
        move(workshop, timedelta(hours=1))
        jobs.tell_changed()
        assert jobs.remind() == 0


def test_the_waiting_and_the_cancelled_are_not_reminded(workshop):
    carlo, *_ = [enter(workshop, name) for name in ("carlo", "dino", "eva", "fabio")]
    with transaction():
        actions.cancel(carlo)
    before = len(sent())
    with time_machine.travel(workshop.starts_at - timedelta(hours=2), tick=False):
        assert jobs.remind() == 2
    assert sent(before) == [("dino", "reminder"), ("eva", "reminder")]


def test_added_seats_are_handed_on_by_the_worker(workshop):
    for name in ("carlo", "dino", "eva", "fabio"):
        enter(workshop, name)
    with transaction():
        workshop.seats = 3
    assert (jobs.promote_freed(), jobs.promote_freed()) == (1, 0)
    assert sent(4) == [("eva", "promoted", "REQUEST", 0, "2027-03-11T13:00")]
    db.session.expire_all()
    assert db.session.get(Room, (workshop.id, "room")).taken == 3


def test_past_workshops_are_left_alone(workshop):
    enter(workshop, "carlo")
    move(workshop, DAY)
    with time_machine.travel(workshop.ends_at, tick=False):
        assert (jobs.tell_changed(), jobs.remind()) == (0, 0)


def test_a_uid_is_128_random_bits_at_the_districts_domain(workshop):
    enter(workshop, "carlo")
    uid = db.session.scalars(select(Invitation.uid)).one()
    random, domain = uid.split("@")
    assert (len(bytes.fromhex(random)), domain) == (16, "moda.example")
