"""Several colleagues in one go: all or none, together, each with an own invitation."""

import pytest
import time_machine
from sqlalchemy import func, select

from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.people.models import Contact
from dissemination.registrations import actions, queries
from dissemination.registrations.groups import Person
from dissemination.registrations.models import Group, Registration, Standing
from dissemination.registrations.refusals import (
    AlreadyBegun,
    ColleagueRegistered,
    NotTwice,
    WrittenTooOften,
    WrongNumber,
)
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
    person,
    queue,
    stand,
)


@pytest.fixture
def workshop(moda):
    with transaction():
        return factories.workshop(moda, seats=4)


def test_each_colleague_gets_a_registration_a_seat_and_an_invitation_of_her_own(workshop):
    group = enter_group(workshop, "carla", "dino", "eva", company_name="Tessitura", tax_id=factories.tax_id())
    members = queries.members(group)
    assert [(m.contact.given_name, m.number, m.standing.value) for m in members] == [
        ("Dino", 1, "confirmed"), ("Eva", 2, "confirmed"),
    ]  # fmt: skip
    assert {m.company.name for m in members} == {"Tessitura"}
    assert len({m.public_id for m in members}) == len({m.invitations[0].uid for m in members}) == 2
    assert mails() == [
        ("dino", "registered_by_colleague", "REQUEST"), ("eva", "registered_by_colleague", "REQUEST"),
        ("carla", "group_booked", None),
    ]  # fmt: skip
    assert counters(workshop) == (2, 0, 0)


def test_a_booker_who_comes_herself_is_one_of_the_group(workshop):
    enter_group(workshop, "carla", "carla", "dino")
    assert stand(workshop) == {"Carla": "confirmed", "Dino": "confirmed"}
    assert mails() == [
        ("carla", "confirmation", "REQUEST"), ("dino", "registered_by_colleague", "REQUEST"),
        ("carla", "group_booked", None),
    ]  # fmt: skip


def test_a_group_gets_seats_for_all_or_waits_together(workshop):
    for name in ("ugo", "vito"):
        enter(workshop, name)
    enter_group(workshop, "carla", "dino", "eva", "fabio")
    assert queue(workshop) == ["Dino", "Eva", "Fabio"]
    assert counters(workshop) == (2, 0, 3)
    assert [m[1] for m in mails()][2:] == ["registered_by_colleague"] * 3 + ["group_booked"]
    check(workshop)


def test_whoever_fits_goes_before_a_group_that_does_not_and_the_group_keeps_its_place(workshop):
    early = [enter(workshop, name) for name in ("ugo", "vito", "zeno")]
    enter_group(workshop, "carla", "dino", "eva")  # one seat is free: too few
    assert enter(workshop, "lia").standing is Standing.CONFIRMED  # she fits
    enter_group(workshop, "mara", "nora", "olga")
    enter(workshop, "pia")
    assert queue(workshop) == ["Dino", "Eva", "Nora", "Olga", "Pia"]
    leave(early[0])
    assert queue(workshop) == ["Dino", "Eva", "Nora", "Olga"]  # pia fits into one
    leave(early[1])
    enter(workshop, "rita")  # one seat free, rita fits too
    assert queue(workshop) == ["Dino", "Eva", "Nora", "Olga"]
    leave(named(workshop, "rita"))
    leave(early[2])
    assert queue(workshop) == ["Nora", "Olga"]  # the first of the groups, not the second
    check(workshop)


def test_when_one_of_a_waiting_group_leaves_the_rest_may_fit(workshop):
    for name in ("ugo", "vito"):
        enter(workshop, name)
    enter_group(workshop, "carla", "dino", "eva", "fabio")
    leave(named(workshop, "eva"))
    assert (stand(workshop)["Dino"], stand(workshop)["Fabio"]) == ("confirmed", "confirmed")
    check(workshop)


def test_a_colleague_twice_is_named_with_her_line_and_nobody_is_registered(workshop):
    with pytest.raises(NotTwice, match=r"Riga 3: dino@tessitura\.example"):
        enter_group(workshop, "carla", "dino", "eva", "DINO")
    assert db.session.scalar(select(func.count()).select_from(Registration)) == 0


def test_a_colleague_who_is_registered_is_named_with_her_line_and_nothing_is_left(workshop):
    enter(workshop, "eva")
    with pytest.raises(ColleagueRegistered, match=r"Riga 2: eva@tessitura\.example"):
        enter_group(workshop, "carla", "dino", "eva", "fabio")
    assert (stand(workshop), counters(workshop)) == ({"Eva": "confirmed"}, (1, 0, 0))
    tables = (Group, Contact)
    assert [db.session.scalar(select(func.count()).select_from(t)) for t in tables] == [0, 1]


@pytest.mark.parametrize("names", [(), tuple("abcdefghijk")])
def test_a_group_has_one_to_ten_people(workshop, names):
    with pytest.raises(WrongNumber):
        enter_group(workshop, "carla", *names)


def test_a_form_sent_twice_makes_one_group(workshop):
    first = enter_group(workshop, "carla", "dino", form_mark="m-1")
    second = enter_group(workshop, "carla", "dino", form_mark="m-1")
    assert (second.id, counters(workshop), len(mails())) == (first.id, (1, 0, 0), 2)


def test_nobody_is_written_to_before_a_new_booker_proves_her_address(workshop):
    group = enter_group(workshop, "carla", "dino", "eva", proven=False)
    assert mails() == [("carla", "confirm_group", None)]
    assert {m.proof_due is not None for m in queries.members(group)} == {True}
    assert counters(workshop) == (2, 0, 0)
    do(actions.prove_group, group)
    assert mails()[1:] == [
        ("dino", "registered_by_colleague", "REQUEST"), ("eva", "registered_by_colleague", "REQUEST"),
        ("carla", "group_booked", None),
    ]  # fmt: skip
    proven = db.session.scalars(select(Contact).where(Contact.proven_at.is_not(None))).all()
    assert [c.given_name for c in proven] == ["Carla"]
    do(actions.prove_group, group)
    assert len(mails()) == 4


def test_a_booker_who_comes_herself_proves_for_all(workshop):
    enter_group(workshop, "carla", "carla", "dino", proven=False)
    do(actions.prove, named(workshop, "carla"))
    assert [m[:2] for m in mails()] == [
        ("carla", "confirm_group"), ("carla", "confirmation"), ("dino", "registered_by_colleague"),
        ("carla", "group_booked"),
    ]  # fmt: skip


def test_a_known_booker_cannot_fill_the_mailbox_of_a_stranger(workshop, moda):
    with transaction():
        others = [factories.workshop(moda, seats=4) for _ in range(3)]
    for other in others:
        enter_group(other, "carla", "vittima")
    with pytest.raises(WrittenTooOften, match=r"vittima@tessitura\.example"):
        enter_group(workshop, "carla", "vittima")
    assert [m[0] for m in mails()].count("vittima") == 3


def test_a_group_comes_too_late_like_anybody(workshop):
    with time_machine.travel(workshop.starts_at, tick=False), pytest.raises(AlreadyBegun):
        enter_group(workshop, "carla", "dino")


def test_an_organiser_registers_a_group_without_anybodys_proof(workshop, ada):
    group = enter_group(workshop, "carla", "dino", proven=False, by=ada)
    assert mails()[0] == ("dino", "registered_by_colleague", "REQUEST")
    history = queries.history(queries.members(group)[0])
    assert [(e.what.value, e.who.value, e.account_id) for e in history] == [("made", "organiser", ada.id)]


def test_answers_and_job_titles_are_each_persons_own(workshop):
    with transaction():
        group = actions.register_group(
            workshop, booker=person("carla"), proven=True,
            colleagues=[
                person("dino", job_title="CTO", answers={"1": "a"}),
                Person("EVA@Tessitura.example ", "Eva", "Rossi", answers={"1": "b"}),
            ],
        )  # fmt: skip
    assert [(m.job_title, m.answers, m.contact.email) for m in queries.members(group)] == [
        ("CTO", {"1": "a"}, "dino@tessitura.example"), ("", {"1": "b"}, "eva@tessitura.example"),
    ]  # fmt: skip
    assert group.created_at <= now()
