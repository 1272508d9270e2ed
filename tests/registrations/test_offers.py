"""Offers of freed seats: office hours, taken, refused, expired, and how they pass on."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from dissemination.kernel.clock import ROME, now
from dissemination.kernel.database import transaction
from dissemination.registrations import actions, hours, jobs, queries
from dissemination.registrations.models import Standing
from dissemination.registrations.refusals import NotOffered, OfferExpired
from dissemination.workshops import actions as workshops
from tests import factories
from tests.registrations.cast import (
    check,
    counters,
    do,
    enter,
    enter_group,
    leave,
    mails,
    named,
    queue,
    stand,
)

MONDAY = datetime(2027, 3, 1, 8, 30, tzinfo=UTC)  # 9:30 in Rome; the workshop is on Thursday the 11th


@pytest.fixture(autouse=True)
def monday():
    with time_machine.travel(MONDAY, tick=False):
        yield


@pytest.fixture
def workshop(moda):
    with transaction():
        return factories.workshop(moda, seats=2, offer_hours=8)


def rome(text):
    """ "2027-03-01 09:30" on the wall clock of Rome."""
    return datetime.fromisoformat(text).replace(tzinfo=ROME)


@pytest.mark.parametrize(
    ("start", "n", "end"),
    [
        ("2027-03-01 09:30", 8, "2027-03-01 17:30"),
        ("2027-03-01 16:00", 4, "2027-03-02 11:00"),  # two hours today, two tomorrow
        ("2027-03-01 22:00", 1, "2027-03-02 10:00"),
        ("2027-03-01 03:00", 9, "2027-03-01 18:00"),
        ("2027-03-05 17:00", 2, "2027-03-08 10:00"),  # over the weekend
        ("2027-03-26 17:00", 2, "2027-03-30 10:00"),  # Good Friday to Tuesday: Easter Monday; clocks go on
        ("2027-04-30 17:00", 2, "2027-05-03 10:00"),  # the first of May is a Saturday
        ("2027-06-01 17:00", 2, "2027-06-03 10:00"),  # the Republic's day
        ("2027-10-29 17:00", 10, "2027-11-02 18:00"),  # clocks went back on the 31st, All Saints on Monday
    ],
)
def test_only_office_hours_of_working_days_count(moda, start, n, end):
    assert hours.after(rome(start), n, moda) == rome(end)


def test_office_hours_are_the_districts_own(moda):
    with transaction():
        moda.office_from, moda.office_until = 8, 24
    assert hours.after(rome("2027-03-01 23:00"), 2, moda) == rome("2027-03-02 09:00")


def test_an_offer_ends_two_hours_before_the_start_and_near_it_there_is_none(workshop):
    start = workshop.starts_at
    assert hours.offer_until(workshop, start - timedelta(hours=5)) == start - timedelta(hours=2)
    assert hours.offer_until(workshop, start - timedelta(hours=3)) == start - timedelta(hours=2)
    assert hours.offer_until(workshop, start - timedelta(hours=2, minutes=59)) is None
    with transaction():
        workshop.offer_hours = 0
    assert hours.offer_until(workshop, start - timedelta(days=5)) is None


def test_a_freed_seat_is_offered_and_held_but_not_in_the_calendar(workshop):
    ugo, *_ = [enter(workshop, name) for name in ("ugo", "vito", "carla", "dino")]
    leave(ugo)
    carla = named(workshop, "carla")
    assert (carla.standing, carla.offer_until) == (Standing.OFFERED, rome("2027-03-01 17:30"))
    assert (carla.confirmed_at, carla.invitations) == (None, [])
    assert counters(workshop) == (2, 0, 1)
    assert mails(4) == [("ugo", "withdrawn", "CANCEL"), ("carla", "offer", None)]
    check(workshop)


def test_taking_the_offer_gives_the_seat_and_the_invitation_once(workshop):
    ugo, *_ = [enter(workshop, name) for name in ("ugo", "vito", "carla")]
    leave(ugo)
    do(actions.accept_offer, named(workshop, "carla"))
    assert stand(workshop)["Carla"] == "confirmed"
    assert mails()[-1] == ("carla", "confirmation", "REQUEST")
    with pytest.raises(NotOffered):
        do(actions.accept_offer, named(workshop, "carla"))
    check(workshop)


def test_refusing_passes_the_seat_on_at_once(workshop):
    ugo, *_ = [enter(workshop, name) for name in ("ugo", "vito", "carla", "dino")]
    leave(ugo)
    do(actions.refuse_offer, named(workshop, "carla"))
    assert (stand(workshop)["Carla"], stand(workshop)["Dino"]) == ("cancelled", "offered")
    assert [e.what.value for e in queries.history(named(workshop, "carla"))] == [
        "made",
        "offered",
        "offer_refused",
    ]
    check(workshop)


def test_an_offer_that_expires_passes_on_and_tells_her_how_to_come_back(workshop, ada):
    ugo, *_ = [enter(workshop, name) for name in ("ugo", "vito", "carla", "dino")]
    leave(ugo)
    with time_machine.travel(rome("2027-03-01 17:30"), tick=False):
        with pytest.raises(OfferExpired):
            do(actions.accept_offer, named(workshop, "carla"))
        assert (jobs.expire_offers(), jobs.expire_offers()) == (1, 0)
        assert (stand(workshop)["Carla"], stand(workshop)["Dino"]) == ("cancelled", "offered")
        assert mails(6) == [("carla", "offer_expired", None), ("dino", "offer", None)]
        assert named(workshop, "dino").offer_until == rome("2027-03-02 16:30")
        do(actions.restore, named(workshop, "carla"), by=ada)
        assert queue(workshop) == ["Carla"]
    check(workshop)


def test_before_the_deadline_the_job_takes_nothing_away(workshop):
    ugo, *_ = [enter(workshop, name) for name in ("ugo", "vito", "carla")]
    leave(ugo)
    with time_machine.travel(rome("2027-03-01 17:29"), tick=False):
        assert jobs.expire_offers() == 0


def test_near_the_start_the_seat_is_given_at_once(workshop):
    ugo, *_ = [enter(workshop, name) for name in ("ugo", "vito", "carla")]
    with time_machine.travel(workshop.starts_at - timedelta(hours=2), tick=False):
        leave(ugo)
    assert stand(workshop)["Carla"] == "confirmed"


def test_a_groups_offer_is_one_and_any_of_them_answers_for_all(workshop):
    early = [enter(workshop, name) for name in ("ugo", "vito")]
    enter_group(workshop, "carla", "dino", "eva")
    leave(early[0])
    assert queue(workshop) == ["Dino", "Eva"]
    leave(early[1])
    assert stand(workshop)["Dino"] == stand(workshop)["Eva"] == "offered"
    do(actions.accept_offer, named(workshop, "eva"))
    assert stand(workshop)["Dino"] == stand(workshop)["Eva"] == "confirmed"
    assert [(e.what.value, e.who.value) for e in queries.history(named(workshop, "dino"))][-1] == (
        "offer_taken", "colleague",
    )  # fmt: skip
    check(workshop)


def test_a_groups_expired_offer_frees_all_its_seats_at_once(workshop):
    early = [enter(workshop, name) for name in ("ugo", "vito")]
    enter_group(workshop, "carla", "dino", "eva")
    enter_group(workshop, "mara", "nora", "olga")
    for registration in early:
        leave(registration)
    with time_machine.travel(now() + timedelta(days=2), tick=False):
        assert jobs.expire_offers() == 1
        assert stand(workshop)["Nora"] == stand(workshop)["Olga"] == "offered"
    check(workshop)


def test_a_newcomer_who_fits_gets_her_seat_without_an_offer(workshop):
    ugo, *_ = [enter(workshop, name) for name in ("ugo", "vito")]
    enter_group(workshop, "carla", "dino", "eva")
    leave(ugo)
    assert enter(workshop, "lia").standing is Standing.CONFIRMED
    check(workshop)


def test_who_was_offered_a_seat_may_cancel_it(workshop):
    ugo, *_ = [enter(workshop, name) for name in ("ugo", "vito", "carla", "dino")]
    leave(ugo)
    leave(named(workshop, "carla"))
    assert stand(workshop)["Dino"] == "offered"
    check(workshop)


def test_nobody_loses_an_offer_while_the_workshop_is_called_off(workshop, ada):
    ugo, *_ = [enter(workshop, name) for name in ("ugo", "vito", "carla", "dino")]
    leave(ugo)
    do(workshops.cancel, workshop, reason="Neve", by=ada)
    jobs.tell_changed()
    before = len(mails())
    with time_machine.travel(rome("2027-03-01 17:30"), tick=False):
        assert jobs.expire_offers() == 0
    assert (stand(workshop)["Carla"], mails(before)) == ("offered", [])
    with time_machine.travel(rome("2027-03-02 09:00"), tick=False):
        do(workshops.reinstate, workshop, reason="Sole", by=ada)
        assert (jobs.expire_offers(), jobs.tell_changed(), jobs.expire_offers()) == (0, 3, 0)
        assert named(workshop, "carla").offer_until == rome("2027-03-02 17:00")
        do(actions.accept_offer, named(workshop, "carla"))
    assert stand(workshop)["Carla"] == "confirmed"
    check(workshop)
