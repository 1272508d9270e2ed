"""The room and online counted apart; switching, substitution, and moves within the waiting list."""

from datetime import timedelta
from itertools import pairwise

import pytest
import time_machine

from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.people.models import Contact
from dissemination.registrations import actions, jobs, queries
from dissemination.registrations.models import Attends, By, Standing
from dissemination.registrations.refusals import (
    AlreadyBegun,
    AlreadyRegistered,
    NoReason,
    NoSeatThatWay,
    NoSeatToGive,
    NotLiving,
    NotTheSameCompany,
    NotThisWay,
    NotWaiting,
    SamePerson,
    WorkshopIsOff,
    WrittenTooOften,
    WrongPlace,
)
from dissemination.workshops.models import Cancellation
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

ROOM, ONLINE = Attends.ROOM, Attends.ONLINE


@pytest.fixture
def hybrid(moda):
    with transaction():
        return factories.workshop(moda, seats=2, online_url="https://meet.example/x", online_seats=1)


@pytest.fixture
def workshop(moda):
    with transaction():
        return factories.workshop(moda, seats=2)


# The room and online.


def test_a_hybrid_workshop_counts_the_room_and_online_apart(hybrid):
    for name in ("ugo", "vito", "zeno"):
        enter(hybrid, name, attends=ROOM)
    lia, mara = (enter(hybrid, name, attends=ONLINE) for name in ("lia", "mara"))
    assert (lia.standing, mara.standing) == (Standing.CONFIRMED, Standing.WAITING)
    assert (counters(hybrid, ROOM), counters(hybrid, ONLINE)) == ((2, 0, 1), (1, 0, 1))
    assert (queue(hybrid, ROOM), queue(hybrid, ONLINE)) == (["Zeno"], ["Mara"])
    assert [queries.position(named(hybrid, n)) for n in ("zeno", "mara")] == [1, 1]
    both = queries.seats(hybrid)
    assert (both.capacity, both.taken, both.waiting, both.left) == (3, 3, 2, 0)
    leave(lia)
    assert (queue(hybrid, ROOM), queue(hybrid, ONLINE)) == (["Zeno"], [])
    check(hybrid)


def test_online_without_a_limit_takes_as_many_as_want(moda):
    with transaction():
        hybrid = factories.workshop(moda, seats=1, online_url="https://meet.example/x")
    assert {enter(hybrid, f"p{n}", attends=ONLINE).standing for n in range(5)} == {Standing.CONFIRMED}
    seats = queries.seats(hybrid)
    assert (seats.capacity, seats.is_limited, seats.taken, seats.parts[1].taken) == (None, False, 5, 5)
    assert queries.seats_left(hybrid, ROOM) == 1
    check(hybrid)


def test_a_workshop_that_is_only_online_counts_its_seats_online(moda):
    with transaction():
        online = factories.workshop(moda, seats=1, venue="", online_url="https://meet.example/x")
    ugo, vito = enter(online, "ugo"), enter(online, "vito")
    assert (ugo.attends, ugo.standing, vito.standing) == (ONLINE, Standing.CONFIRMED, Standing.WAITING)
    assert queries.seats(online) == queries.Seats(capacity=1, taken=1, waiting=1)
    with pytest.raises(NotThisWay):
        enter(online, "zeno", attends=ROOM)


def test_the_door_and_many_workshops_agree_with_each(hybrid, workshop, moda):
    enter(hybrid, "ugo", attends=ROOM)
    enter(hybrid, "lia", attends=ONLINE)
    many = queries.seats_many([hybrid.id, workshop.id])
    for one in (hybrid, workshop):
        assert queries.door(moda, one.slug).seats == many[one.id] == queries.seats(one)
    assert queries.door(moda, hybrid.slug).seats_of(ROOM) == queries.seats(hybrid, ROOM)


def test_the_kept_public_page_follows_both_rooms_kept_seats_and_the_list(client, hybrid, company):
    address = f"/moda/workshops/{hybrid.slug}"

    def shown():
        return client.get(address).text

    seen = [shown()]
    assert shown() == seen[0]
    lia = enter(hybrid, "lia", attends=ONLINE)
    seen.append(shown())
    do(actions.keep_seats, hybrid, company, seats=1, until=hybrid.starts_at, attends=ROOM)
    seen.append(shown())
    enter(hybrid, "ugo", attends=ROOM)
    seen.append(shown())
    enter(hybrid, "vito", attends=ROOM)
    seen.append(shown())
    leave(lia)
    seen.append(shown())
    assert all(one != other for one, other in pairwise(seen))


# Switching.


def test_a_person_switches_to_online_and_her_seat_goes_on(hybrid):
    ugo, *_ = [enter(hybrid, name, attends=ROOM) for name in ("ugo", "vito", "zeno")]
    do(actions.switch, ugo, ONLINE)
    assert (ugo.attends, ugo.standing) == (ONLINE, Standing.CONFIRMED)
    assert stand(hybrid)["Zeno"] == "confirmed"
    assert mails(3) == [("ugo", "switched", "REQUEST"), ("zeno", "promoted", "REQUEST")]
    event = queries.history(ugo)[-1]
    assert (event.what.value, event.who.value, event.details) == (
        "moved",
        "person",
        {"attends": ["room", "online"]},
    )
    check(hybrid)


def test_nobody_switches_where_no_seat_is_free(hybrid):
    ugo = enter(hybrid, "ugo", attends=ROOM)
    enter(hybrid, "lia", attends=ONLINE)
    with pytest.raises(NoSeatThatWay):
        do(actions.switch, ugo, ONLINE)
    assert (named(hybrid, "ugo").attends, counters(hybrid, ROOM)) == (ROOM, (1, 0, 0))
    check(hybrid)


def test_who_waits_for_the_room_may_take_a_seat_online(hybrid):
    for name in ("ugo", "vito", "zeno"):
        enter(hybrid, name, attends=ROOM)
    do(actions.switch, named(hybrid, "zeno"), ONLINE)
    assert (stand(hybrid)["Zeno"], counters(hybrid, ROOM), counters(hybrid, ONLINE)) == (
        "confirmed", (2, 0, 0), (1, 0, 0),
    )  # fmt: skip
    assert mails(3) == [("zeno", "confirmation", "REQUEST")]
    check(hybrid)


def test_an_organiser_switches_somebody_with_a_reason(hybrid, ada):
    ugo = enter(hybrid, "ugo", attends=ROOM)
    with pytest.raises(NoReason):
        do(actions.switch, ugo, ONLINE, by=ada)
    do(actions.switch, ugo, ONLINE, by=ada, reason="Chiesto al telefono")
    event = queries.history(ugo)[-1]
    assert (event.who, event.account_id, event.reason) == (By.ORGANISER, ada.id, "Chiesto al telefono")


def test_only_a_hybrid_workshop_lets_people_switch(workshop):
    ugo = enter(workshop, "ugo")
    with pytest.raises(NotThisWay):
        do(actions.switch, ugo, ONLINE)


def test_when_a_workshop_moves_online_its_people_move_with_it(moda):
    with transaction():
        workshop = factories.workshop(moda, seats=2)
    for name in ("ugo", "vito", "zeno"):
        enter(workshop, name)
    with transaction():
        workshop.venue, workshop.online_url = "", "https://meet.example/x"
    assert enter(workshop, "lia").standing is Standing.WAITING  # the seats of the room are still taken
    assert jobs.follow_modes() == 1
    assert queue(workshop, ONLINE) == ["Lia", "Zeno"]
    assert (counters(workshop, ROOM), counters(workshop, ONLINE)) == ((0, 0, 0), (2, 0, 2))
    assert jobs.follow_modes() == 0
    check(workshop)


# Substitution.


@pytest.fixture
def company(moda):
    with transaction():
        return factories.company(moda, "Tessitura")


def instead(registration, name, **facts):
    return do(
        actions.substitute, registration, email=f"{name}@tessitura.example", given_name=name.title(),
        family_name="Rossi", **facts,
    )  # fmt: skip


def test_the_seat_goes_to_the_colleague_past_the_list(workshop, company):
    ugo = enter(workshop, "ugo", company=company)
    for name in ("vito", "zeno"):
        enter(workshop, name)
    dino = instead(ugo, "dino", job_title="CTO")
    assert (dino.number, dino.standing, dino.company_id, dino.job_title, dino.replaces_id) == (
        1, Standing.CONFIRMED, company.id, "CTO", ugo.id,
    )  # fmt: skip
    assert stand(workshop) == {
        "Ugo": "cancelled", "Vito": "confirmed", "Zeno": "waiting", "Dino": "confirmed",
    }  # fmt: skip
    assert mails(3) == [("ugo", "withdrawn", "CANCEL"), ("dino", "substituted", "REQUEST")]
    for registration in (ugo, dino):
        event = queries.history(registration)[-1]
        assert (event.what.value, event.who.value, event.details["person"]) == (
            "substituted", "person", ["Ugo Rossi", "Dino Rossi"],
        )  # fmt: skip
    check(workshop)


def test_a_place_in_the_list_is_passed_on_too(workshop, company):
    for name in ("ugo", "vito"):
        enter(workshop, name)
    zeno = enter(workshop, "zeno", company=company)
    enter(workshop, "lia")
    instead(zeno, "dino")
    assert queue(workshop) == ["Dino", "Lia"]
    assert mails()[-1] == ("dino", "substituted", None)
    check(workshop)


def test_a_person_passes_her_seat_on_inside_her_company_only(workshop, company, moda):
    ugo, private = enter(workshop, "ugo", company=company), enter(workshop, "vito")
    with transaction():
        other = factories.company(moda, "Altra")
        factories.contact(moda, "eva@tessitura.example", company=other)
    with pytest.raises(NotTheSameCompany):
        instead(ugo, "eva")
    with pytest.raises(NotTheSameCompany):
        instead(private, "dino")
    assert stand(workshop) == {"Ugo": "confirmed", "Vito": "confirmed"}


def test_an_organiser_passes_it_on_to_anybody_with_her_own_company(workshop, company, moda, ada):
    ugo = enter(workshop, "ugo", company=company)
    with transaction():
        other = factories.company(moda, "Altra")
        factories.contact(moda, "eva@tessitura.example", company=other)
    assert instead(ugo, "eva", by=ada).company_id == other.id
    with pytest.raises(NotLiving):
        instead(ugo, "dino", by=ada)
    check(workshop)


def test_a_substitute_is_another_person_without_a_place(workshop, company):
    ugo = enter(workshop, "ugo", company=company)
    enter(workshop, "dino", company=company)
    with pytest.raises(SamePerson):
        instead(ugo, "UGO")
    with pytest.raises(AlreadyRegistered):
        instead(ugo, "dino")
    with time_machine.travel(workshop.starts_at, tick=False), pytest.raises(AlreadyBegun):
        instead(ugo, "eva")
    assert stand(workshop) == {"Ugo": "confirmed", "Dino": "confirmed"}


def test_passing_on_and_on_does_not_fill_a_mailbox(moda, company):
    with transaction():
        workshops = [factories.workshop(moda) for _ in range(4)]
    for workshop in workshops[:3]:
        instead(enter(workshop, "ugo", company=company), "vittima")
    ugo = enter(workshops[3], "ugo", company=company)
    with pytest.raises(WrittenTooOften):
        instead(ugo, "vittima")
    assert named(workshops[3], "ugo").standing is Standing.CONFIRMED


def test_a_seat_of_the_companys_own_leaves_its_pool_when_somebody_else_gets_it(workshop, company, moda, ada):
    until = workshop.starts_at - timedelta(days=1)
    pool = do(actions.keep_seats, workshop, company, seats=2, until=until)
    ugo = enter(workshop, "ugo", company=company)
    colleague = instead(ugo, "dino")
    assert (colleague.pool_id, pool.used) == (pool.id, 1)
    with transaction():
        factories.contact(moda, "eva@tessitura.example", company=factories.company(moda, "Altra"))
    instead(colleague, "eva", by=ada)
    db.session.expire_all()
    assert (pool.seats, pool.used, counters(workshop)) == (1, 0, (1, 1, 0))
    check(workshop)


def test_in_a_workshop_that_was_called_off_nobody_switches_or_sends_anybody(hybrid, company, ada):
    ugo = enter(hybrid, "ugo", company=company, attends=ROOM)
    with transaction():
        db.session.add(Cancellation(workshop_id=hybrid.id, reason="Sciopero", at=now()))
    with pytest.raises(WorkshopIsOff):
        do(actions.switch, ugo, ONLINE)
    with pytest.raises(WorkshopIsOff):
        instead(ugo, "dino", by=ada)


# The order of the waiting list.


@pytest.fixture
def crowded(workshop):
    for name in ("ugo", "vito", "a", "b", "c", "d"):
        enter(workshop, name)
    return workshop


@pytest.mark.parametrize(
    ("who", "position", "order"),
    [("d", 1, "DABC"), ("a", 4, "BCDA"), ("b", 3, "ACBD"), ("c", 3, "ABCD"), ("a", 2, "BACD")],
)
def test_an_organiser_moves_somebody_with_a_reason(crowded, ada, who, position, order):
    registration = named(crowded, who)
    assert do(actions.move, registration, position=position, reason="Relatore", by=ada) == position
    assert "".join(queue(crowded)) == order
    assert queries.position(named(crowded, who)) == position
    event = queries.history(named(crowded, who))[-1]
    assert (event.what.value, event.reason, event.details) == (
        "moved", "Relatore", {"position": ["ABCD".index(who.upper()) + 1, position]},
    )  # fmt: skip
    check(crowded)


def test_a_group_moves_as_one_and_is_not_split(crowded, ada):
    enter_group(crowded, "carla", "x", "y")
    do(actions.move, named(crowded, "y"), position=2, reason="Insieme", by=ada)
    assert "".join(queue(crowded)) == "AXYBCD"
    do(actions.move, named(crowded, "d"), position=3, reason="Dopo X", by=ada)
    assert "".join(queue(crowded)) == "ADXYBC"
    check(crowded)


def test_a_move_needs_a_reason_a_place_and_somebody_who_waits(crowded, ada):
    with pytest.raises(NoReason):
        do(actions.move, named(crowded, "a"), position=2, reason="  ", by=ada)
    with pytest.raises(NotWaiting):
        do(actions.move, named(crowded, "ugo"), position=2, reason="x", by=ada)
    for position in (0, 5):
        with pytest.raises(WrongPlace, match="tra 1 e 4"):
            do(actions.move, named(crowded, "a"), position=position, reason="x", by=ada)


def test_a_free_seat_is_given_out_of_order_with_a_reason(workshop, ada):
    ugo, _ = enter(workshop, "ugo"), enter(workshop, "vito")
    enter_group(workshop, "carla", "dino", "eva")
    leave(ugo)  # one seat is free, and the group needs two
    with pytest.raises(NoReason):
        do(actions.give_seat, named(workshop, "eva"), reason="", by=ada)
    do(actions.give_seat, named(workshop, "eva"), reason="Viene da sola", by=ada)
    assert (stand(workshop)["Eva"], stand(workshop)["Dino"]) == ("confirmed", "waiting")
    assert mails()[-1] == ("eva", "promoted", "REQUEST")
    event = queries.history(named(workshop, "eva"))[-1]
    assert (event.what.value, event.account_id, event.reason) == ("seated", ada.id, "Viene da sola")


def test_no_seat_is_given_that_is_not_there(crowded, ada):
    with pytest.raises(NoSeatToGive):
        do(actions.give_seat, named(crowded, "a"), reason="x", by=ada)
    check(crowded)


def test_cancelling_by_an_organiser_keeps_who_and_why(workshop, ada):
    ugo = enter(workshop, "ugo")
    leave(ugo, by=ada, reason="Doppione")
    event = queries.history(ugo)[-1]
    assert (event.what.value, event.who, event.account_id, event.reason, event.details) == (
        "cancelled", By.ORGANISER, ada.id, "Doppione", {"standing": ["confirmed", "cancelled"]},
    )  # fmt: skip
    assert event.at <= now()


def test_acting_by_the_personal_link_proves_the_address(workshop, ada):
    ugo = enter(workshop, "ugo", proven=False, by=ada)
    assert ugo.contact.proven_at is None
    leave(ugo)
    assert db.session.get(Contact, ugo.contact_id).proven_at is not None
