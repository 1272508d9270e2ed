"""Seats kept for a company: only it uses them, they come back on their date, nothing is oversold."""

from datetime import timedelta

import pytest
import time_machine

from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.registrations import actions, jobs
from dissemination.registrations.models import Attends, SeatPool, Standing
from dissemination.registrations.refusals import AlreadyUsed, NothingToKeep, TooFewFree, WrongDay
from tests import factories
from tests.registrations.cast import check, counters, do, enter, enter_group, leave, named, queue, stand


@pytest.fixture
def workshop(moda):
    with transaction():
        return factories.workshop(moda, seats=4)


@pytest.fixture
def company(moda):
    with transaction():
        return factories.company(moda, "Tessitura")


def keep(workshop, company, seats, **facts):
    until = facts.pop("until", None) or workshop.starts_at - timedelta(days=1)
    return do(actions.keep_seats, workshop, company, seats=seats, until=until, **facts)


def test_seats_kept_for_a_company_are_not_for_others(workshop, company, ada):
    pool = keep(workshop, company, 3, by=ada)
    assert (pool.seats, pool.used, pool.created_by) == (3, 0, ada.id)
    assert counters(workshop) == (0, 3, 0)
    assert enter(workshop, "ugo").standing is Standing.CONFIRMED
    assert enter(workshop, "vito").standing is Standing.WAITING
    check(workshop)


def test_the_company_uses_its_own_seats_first_and_then_those_of_all(workshop, company):
    keep(workshop, company, 1)
    carla = enter(workshop, "carla", company=company)
    assert (carla.standing, carla.pool_id is not None, counters(workshop)) == (
        Standing.CONFIRMED,
        True,
        (1, 0, 0),
    )
    dino = enter(workshop, "dino", company=company)
    assert (dino.standing, dino.pool_id, counters(workshop)) == (Standing.CONFIRMED, None, (2, 0, 0))
    check(workshop)


def test_the_company_gets_its_seat_also_when_others_wait(workshop, company):
    keep(workshop, company, 2)
    for name in ("ugo", "vito", "zeno"):
        enter(workshop, name)
    assert enter(workshop, "carla", company=company).standing is Standing.CONFIRMED
    assert (queue(workshop), counters(workshop)) == (["Zeno"], (3, 1, 1))
    check(workshop)


def test_a_group_uses_kept_and_free_seats_together(workshop, company):
    keep(workshop, company, 2)
    enter(workshop, "ugo")
    enter_group(workshop, "carla", "dino", "eva", "fabio", company=company)
    assert (counters(workshop), stand(workshop)["Fabio"]) == ((4, 0, 0), "confirmed")
    assert sum(named(workshop, name).pool_id is not None for name in ("dino", "eva", "fabio")) == 2
    check(workshop)


def test_a_seat_given_back_is_the_companys_again_and_goes_to_a_colleague_who_waits(workshop, company):
    keep(workshop, company, 1)
    carla = enter(workshop, "carla", company=company)
    for name in ("ugo", "vito", "zeno", "lia"):
        enter(workshop, name)
    enter(workshop, "dino", company=company)
    assert queue(workshop) == ["Lia", "Dino"]
    leave(carla)
    assert queue(workshop) == ["Lia"]
    check(workshop)


def test_on_its_date_the_rest_goes_to_whoever_waits(workshop, company):
    keep(workshop, company, 3)
    enter(workshop, "carla", company=company)
    for name in ("ugo", "vito", "zeno"):
        enter(workshop, name)
    assert jobs.release_pools() == 0
    with time_machine.travel(workshop.starts_at - timedelta(days=1), tick=False):
        assert enter(workshop, "dino", company=company).standing is Standing.WAITING  # too late
        assert (jobs.release_pools(), jobs.release_pools()) == (1, 0)
    assert (queue(workshop), counters(workshop)) == (["Dino"], (4, 0, 1))
    pool = db.session.query(SeatPool).one()
    assert (pool.used, pool.released_at is not None, pool.released_by) == (1, True, None)
    check(workshop)


def test_an_organiser_releases_by_hand_and_keeps_again(workshop, company, ada):
    pool = keep(workshop, company, 3)
    do(actions.release_pool, pool, by=ada)
    assert (counters(workshop), pool.released_by) == ((0, 0, 0), ada.id)
    again = keep(workshop, company, 2)
    assert (again.id, again.released_at, again.released_by, counters(workshop)) == (
        pool.id,
        None,
        None,
        (0, 2, 0),
    )
    check(workshop)


def test_more_than_are_free_cannot_be_kept_and_it_says_how_many_are(workshop, company):
    enter(workshop, "ugo")
    with pytest.raises(TooFewFree, match="sono solo 3"):
        keep(workshop, company, 4)
    keep(workshop, company, 3)
    assert counters(workshop) == (1, 3, 0)


def test_a_pool_grows_into_free_seats_and_shrinks_to_what_is_used(workshop, company):
    keep(workshop, company, 2)
    enter(workshop, "carla", company=company)
    keep(workshop, company, 4)
    assert counters(workshop) == (1, 3, 0)
    enter(workshop, "ugo")
    with pytest.raises(TooFewFree, match="sono solo 4"):
        keep(workshop, company, 5)
    keep(workshop, company, 1)
    assert (counters(workshop), queue(workshop)) == ((2, 0, 0), [])  # ugo got a seat that was kept
    with pytest.raises(AlreadyUsed):
        keep(workshop, company, 0)
    check(workshop)


def test_seats_are_kept_until_a_moment_before_the_start(workshop, company):
    for until in (now() - timedelta(hours=1), workshop.starts_at + timedelta(minutes=1)):
        with pytest.raises(WrongDay):
            keep(workshop, company, 1, until=until)


def test_without_a_limit_there_is_nothing_to_keep(moda, company):
    with transaction():
        hybrid = factories.workshop(moda, online_url="https://meet.example/x", online_seats=None)
    with pytest.raises(NothingToKeep):
        keep(hybrid, company, 1, attends=Attends.ONLINE)
    keep(hybrid, company, 1, attends=Attends.ROOM)
    check(hybrid)


def test_after_its_release_a_seat_given_back_is_everybodys(workshop, company, ada):
    pool = keep(workshop, company, 1)
    carla = enter(workshop, "carla", company=company)
    do(actions.release_pool, pool, by=ada)
    for name in ("ugo", "vito", "zeno", "lia"):
        enter(workshop, name)
    leave(carla)
    assert (queue(workshop), stand(workshop)["Lia"]) == ([], "confirmed")
    check(workshop)
