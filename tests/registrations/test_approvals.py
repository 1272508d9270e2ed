"""Approval by hand: who asks, who is let in, in which order, and what each is told."""

import pytest
import time_machine

from dissemination.kernel.database import transaction
from dissemination.registrations import actions, queries
from dissemination.registrations.models import Standing
from dissemination.registrations.refusals import NoReason, NotAsked
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


@pytest.fixture
def workshop(moda):
    with transaction():
        return factories.workshop(moda, seats=2, needs_approval=True)


def test_who_asks_takes_no_seat_and_is_told_that_somebody_decides(workshop):
    ugo = enter(workshop, "ugo")
    assert (ugo.standing, ugo.number, ugo.confirmed_at) == (Standing.REQUESTED, 1, None)
    assert (counters(workshop), mails()) == ((0, 0, 0), [("ugo", "approval_asked", None)])
    check(workshop)


def test_a_yes_gives_a_seat_while_there_are_seats(workshop, ada):
    for name in ("ugo", "vito", "zeno"):
        enter(workshop, name)
    for name in ("vito", "zeno", "ugo"):
        do(actions.approve, named(workshop, name), by=ada)
    assert stand(workshop) == {"Ugo": "waiting", "Vito": "confirmed", "Zeno": "confirmed"}
    assert mails(3) == [
        ("vito", "approved", "REQUEST"), ("zeno", "approved", "REQUEST"), ("ugo", "waiting", None),
    ]  # fmt: skip
    history = queries.history(named(workshop, "vito"))
    assert [(e.what.value, e.who.value, e.details["standing"]) for e in history] == [
        ("made", "person", ["", "requested"]), ("approved", "organiser", ["requested", "waiting"]),
        ("seated", "system", ["waiting", "confirmed"]),
    ]  # fmt: skip
    check(workshop)


def test_the_order_of_the_list_is_that_of_the_requests(workshop, ada):
    for name in ("ugo", "vito", "zeno", "lia"):
        enter(workshop, name)
    for name in ("ugo", "vito", "lia", "zeno"):
        do(actions.approve, named(workshop, name), by=ada)
    assert queue(workshop) == ["Zeno", "Lia"]
    leave(named(workshop, "ugo"))
    assert stand(workshop)["Zeno"] == "confirmed"
    check(workshop)


def test_a_no_has_a_reason_and_she_may_ask_again(workshop, ada):
    ugo = enter(workshop, "ugo")
    with pytest.raises(NoReason):
        do(actions.refuse, ugo, reason=" ", by=ada)
    do(actions.refuse, ugo, reason="Riservato alle imprese", by=ada)
    assert (ugo.standing, ugo.cancelled_by, counters(workshop)) == (Standing.REFUSED, ada.id, (0, 0, 0))
    assert mails()[-1] == ("ugo", "approval_refused", None)
    assert queries.history(ugo)[-1].reason == "Riservato alle imprese"
    for verb, facts in ((actions.refuse, {"reason": "x"}), (actions.approve, {})):
        with pytest.raises(NotAsked):
            do(verb, ugo, by=ada, **facts)
    assert enter(workshop, "ugo").standing is Standing.REQUESTED


def test_a_group_is_approved_as_one(workshop, ada):
    enter(workshop, "ugo")
    enter_group(workshop, "carla", "dino", "eva")
    do(actions.approve, named(workshop, "ugo"), by=ada)
    do(actions.approve, named(workshop, "eva"), by=ada)
    assert queue(workshop) == ["Dino", "Eva"]
    leave(named(workshop, "ugo"))
    assert stand(workshop)["Dino"] == stand(workshop)["Eva"] == "confirmed"
    check(workshop)


def test_one_of_a_group_can_be_refused(workshop, ada):
    enter_group(workshop, "carla", "dino", "eva")
    do(actions.refuse, named(workshop, "eva"), reason="Troppi", by=ada)
    do(actions.approve, named(workshop, "dino"), by=ada)
    assert stand(workshop) == {"Dino": "confirmed", "Eva": "refused"}


def test_who_has_not_proven_her_address_is_told_when_she_has(workshop, ada):
    ugo = enter(workshop, "ugo", proven=False)
    do(actions.approve, ugo, by=ada)
    assert mails() == [("ugo", "confirm_address", None)]
    do(actions.prove, ugo)
    assert mails()[1:] == [("ugo", "confirmation", "REQUEST")]


def test_an_organiser_adds_somebody_without_asking_herself(workshop, ada):
    assert enter(workshop, "ugo", by=ada).standing is Standing.CONFIRMED


def test_a_request_can_be_taken_back(workshop):
    leave(enter(workshop, "ugo"))
    assert (stand(workshop), counters(workshop)) == ({"Ugo": "cancelled"}, (0, 0, 0))


def test_who_takes_a_request_or_a_seat_back_asks_anew(workshop, ada, client):
    ugo = enter(workshop, "ugo")
    enter(workshop, "vito")
    do(actions.approve, named(workshop, "vito"), by=ada)
    for name in ("ugo", "vito"):
        leave(named(workshop, name))
        page = f"/r/{queries.token(named(workshop, name))}"
        assert "ripresent" in client.get(page).text.lower()
        assert client.post(f"{page}/restoration").status_code == 303
    assert (stand(workshop), counters(workshop)) == ({"Ugo": "requested", "Vito": "requested"}, (0, 0, 0))
    assert queries.history(ugo)[-1].details["standing"] == ["cancelled", "requested"]
    check(workshop)


def test_once_it_has_begun_a_yes_still_seats_who_came(workshop, ada):
    ugo = enter(workshop, "ugo")
    with time_machine.travel(workshop.starts_at, tick=False):
        do(actions.approve, ugo, by=ada)
    assert stand(workshop) == {"Ugo": "confirmed"}
    check(workshop)


def test_an_organiser_takes_a_refusal_back(workshop, ada):
    ugo = enter(workshop, "ugo")
    do(actions.refuse, ugo, reason="Errore", by=ada)
    do(actions.restore, ugo, by=ada)
    assert stand(workshop) == {"Ugo": "confirmed"}
    assert [e.what.value for e in queries.history(ugo)] == ["made", "refused", "restored"]
    check(workshop)
