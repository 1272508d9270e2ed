"""Seats, the waiting list and who is written to."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from dissemination.delivery.models import Delivery
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.people.models import Company, Consent, Contact, Purpose
from dissemination.plan.log import Activity
from dissemination.registrations import actions, queries
from dissemination.registrations.models import Registration, Room, Standing
from dissemination.registrations.refusals import (
    AlreadyBegun,
    AlreadyRegistered,
    DeadlinePassed,
    NoSeatFree,
    NotCancelled,
    NotOpen,
    WorkshopIsClosed,
    WorkshopIsOff,
)
from dissemination.workshops.models import Cancellation, Closing
from tests import factories


@pytest.fixture
def workshop(moda):
    with transaction():
        return factories.workshop(moda, seats=2)


def enter(workshop, name, **facts):
    """Somebody registers by a mailed link, so that her address needs no proof."""
    facts.setdefault("proven", True)
    with transaction():
        return actions.register(
            workshop, email=f"{name}@tessitura.example", given_name=name.title(), family_name="Rossi", **facts
        )


def leave(registration, **facts):
    with transaction():
        actions.cancel(registration, **facts)


def line(workshop):
    """Who stands where: name, number, standing, in order of arrival."""
    db.session.expire_all()
    rows = db.session.scalars(
        select(Registration).where(Registration.workshop_id == workshop.id).order_by(Registration.number)
    )
    return [(r.contact.given_name, r.number, r.standing.value) for r in rows]


def room(workshop):
    db.session.expire_all()
    row = db.session.get(Room, (workshop.id, "room"))
    return (row.taken, row.waiting, row.last_number)


def mails():
    """(to, template, method of the calendar) of all mails, in order."""
    rows = db.session.scalars(select(Delivery).order_by(Delivery.id))
    return [
        (d.address.split("@")[0], d.letter.template.split("/")[1], d.calendar and d.calendar["method"])
        for d in rows
    ]


def test_seats_are_given_in_order_and_then_the_waiting_list_begins(workshop):
    for name in ("carlo", "dino", "eva", "fabio"):
        enter(workshop, name)
    assert line(workshop) == [
        ("Carlo", 1, "confirmed"), ("Dino", 2, "confirmed"), ("Eva", 3, "waiting"), ("Fabio", 4, "waiting"),
    ]  # fmt: skip
    assert room(workshop) == (2, 2, 4)
    assert [queries.position(r) for r in queries.waiting(workshop)] == [1, 2]
    assert [queries.position(r) for r in queries.confirmed(workshop)] == [None, None]
    assert queries.seats(workshop) == queries.Seats(capacity=2, taken=2, waiting=2)
    assert mails() == [
        ("carlo", "confirmation", "REQUEST"), ("dino", "confirmation", "REQUEST"),
        ("eva", "waiting", None), ("fabio", "waiting", None),
    ]  # fmt: skip


def test_seats_left_of_many_workshops_agree_with_each(workshop, moda):
    with transaction():
        empty, single = factories.workshop(moda, seats=7), factories.workshop(moda, seats=1)
    enter(workshop, "carlo")
    enter(single, "carlo")
    enter(single, "dino")
    all_three = (workshop, empty, single)
    assert queries.seats_left_many(w.id for w in all_three) == {workshop.id: 1, empty.id: 7, single.id: 0}
    assert [queries.seats_left(w) for w in all_three] == [1, 7, 0]


def test_a_cancellation_promotes_the_first_who_waits_and_invites_her_only_then(workshop):
    carlo, *_rest = [enter(workshop, name) for name in ("carlo", "dino", "eva", "fabio")]
    leave(carlo)
    assert line(workshop) == [
        ("Carlo", 1, "cancelled"), ("Dino", 2, "confirmed"), ("Eva", 3, "confirmed"), ("Fabio", 4, "waiting"),
    ]  # fmt: skip
    assert room(workshop) == (2, 1, 4)
    assert mails()[4:] == [("carlo", "withdrawn", "CANCEL"), ("eva", "promoted", "REQUEST")]


def test_leaving_the_waiting_list_frees_no_seat(workshop):
    _c, _d, eva, _f = [enter(workshop, name) for name in ("carlo", "dino", "eva", "fabio")]
    leave(eva)
    leave(eva)
    assert room(workshop) == (2, 1, 4)
    assert mails()[4:] == [("eva", "withdrawn", None)]


def test_a_person_can_cancel_and_register_again_behind_the_others(workshop):
    carlo, *_ = [enter(workshop, name) for name in ("carlo", "dino", "eva")]
    leave(carlo)
    again = enter(workshop, "carlo")
    assert line(workshop) == [
        ("Carlo", 1, "cancelled"), ("Dino", 2, "confirmed"), ("Eva", 3, "confirmed"), ("Carlo", 4, "waiting"),
    ]  # fmt: skip
    assert again.public_id != carlo.public_id


def test_nobody_overtakes_those_who_wait_when_seats_are_raised(workshop):
    for name in ("carlo", "dino", "eva"):
        enter(workshop, name)
    with transaction():
        workshop.seats = 3
    assert queries.seats_left(workshop) == 0
    fabio = enter(workshop, "fabio")
    assert (fabio.number, fabio.standing) == (4, Standing.WAITING)
    assert line(workshop)[2:] == [("Eva", 3, "confirmed"), ("Fabio", 4, "waiting")]
    assert mails()[3:] == [("eva", "promoted", "REQUEST"), ("fabio", "waiting", None)]


def test_raised_seats_go_to_those_who_wait_the_newcomer_included(workshop):
    for name in ("carlo", "dino", "eva"):
        enter(workshop, name)
    with transaction():
        workshop.seats = 9
    fabio = enter(workshop, "fabio")
    assert fabio.standing is Standing.CONFIRMED
    assert mails()[3:] == [("eva", "promoted", "REQUEST"), ("fabio", "confirmation", "REQUEST")]
    assert room(workshop) == (4, 0, 4)


def test_lowering_the_seats_takes_nobody_out_and_lets_nobody_in(workshop):
    carlo, _dino = enter(workshop, "carlo"), enter(workshop, "dino")
    with transaction():
        workshop.seats = 1
    enter(workshop, "eva")
    leave(carlo)
    assert line(workshop) == [("Carlo", 1, "cancelled"), ("Dino", 2, "confirmed"), ("Eva", 3, "waiting")]
    assert room(workshop) == (1, 1, 3)


def test_the_same_person_twice_is_refused_and_keeps_the_first(workshop):
    carlo = enter(workshop, "carlo")
    with pytest.raises(AlreadyRegistered) as refusal:
        enter(workshop, "CARLO")
    assert refusal.value.registration_id == carlo.id
    assert line(workshop) == [("Carlo", 1, "confirmed")]
    assert room(workshop) == (1, 0, 1)


def test_she_is_sent_her_link_again_at_most_once_a_day(workshop):
    carlo = enter(workshop, "carlo")
    for _ in range(2):
        with transaction():
            actions.send_link(carlo)
    assert mails()[1:] == [("carlo", "my_link", None)]
    with time_machine.travel(now() + timedelta(days=1), tick=False), transaction():
        actions.send_link(carlo)
    assert mails()[1:] == [("carlo", "my_link", None)] * 2


def test_a_form_sent_twice_registers_once(workshop):
    first = enter(workshop, "carlo", form_mark="mark-1")
    second = enter(workshop, "carlo", form_mark="mark-1")
    assert second.id == first.id
    assert room(workshop) == (1, 0, 1)
    assert mails() == [("carlo", "confirmation", "REQUEST")]


def test_a_form_sent_again_for_a_colleague_registers_the_colleague(workshop):
    enter(workshop, "carlo", form_mark="mark-1")
    dino = enter(workshop, "dino", form_mark="mark-1")
    assert (dino.contact.given_name, dino.form_mark) == ("Dino", None)
    assert room(workshop) == (2, 0, 2)


def test_a_mark_that_is_too_long_is_no_mark(workshop):
    assert enter(workshop, "carlo", form_mark="x" * 41).form_mark is None


def test_company_contact_consent_and_answers_are_kept(workshop, moda):
    number = factories.tax_id()
    carlo = enter(
        workshop, "carlo", tax_id=number, company_name="Tessitura Rossi", province="PO", job_title="CTO",
        answers={"1": "Vegetariano"}, consents={Purpose.REGISTRATION: "Ho letto l'informativa."},
        language="en", newsletter_issue_id=7,
    )  # fmt: skip
    company = db.session.scalars(select(Company)).one()
    assert (company.tax_id, company.name, company.province) == (number, "Tessitura Rossi", "PO")
    assert (carlo.company_id, carlo.job_title, carlo.answers) == (company.id, "CTO", {"1": "Vegetariano"})
    assert (carlo.language, carlo.newsletter_issue_id) == ("en", 7)
    contact = db.session.scalars(select(Contact)).one()
    assert (contact.email, contact.company_id) == ("carlo@tessitura.example", company.id)
    consent = db.session.scalars(select(Consent)).one()
    assert (consent.contact_id, consent.purpose, consent.given, consent.text, consent.version) == (
        contact.id, Purpose.REGISTRATION, True, "Ho letto l'informativa.", moda.privacy_version,
    )  # fmt: skip


def test_a_known_company_is_not_entered_twice(workshop, moda):
    with transaction():
        company = factories.company(moda)
    carlo = enter(workshop, "carlo", tax_id=company.tax_id, company_name="Another name")
    assert (carlo.company_id, carlo.company.name) == (company.id, company.name)


def test_the_log_keeps_intentions_that_no_figure_counts(workshop):
    leave(enter(workshop, "carlo"))
    rows = db.session.scalars(select(Activity).order_by(Activity.id)).all()
    assert [(a.verb, a.subject_kind, a.subject_id, a.not_counted) for a in rows] == [
        ("registration.made", "workshops", workshop.id, "registration"),
        ("registration.cancelled", "workshops", workshop.id, "registration"),
    ]


def test_a_draft_takes_no_registrations(moda):
    with transaction():
        draft = factories.workshop(moda, published=False)
    with pytest.raises(NotOpen):
        enter(draft, "carlo")
    assert db.session.scalars(select(Contact)).all() == []


def test_a_cancelled_workshop_takes_no_registrations_and_promotes_nobody(workshop):
    carlo, *_ = [enter(workshop, name) for name in ("carlo", "dino", "eva")]
    with transaction():
        db.session.add(Cancellation(workshop_id=workshop.id, reason="Sciopero", at=now()))
    with pytest.raises(WorkshopIsOff):
        enter(workshop, "fabio")
    leave(carlo)
    assert line(workshop)[2] == ("Eva", 3, "waiting")


def test_after_the_deadline_only_an_organiser_registers(workshop, ada):
    with time_machine.travel(workshop.registration_deadline, tick=False):
        with pytest.raises(DeadlinePassed):
            enter(workshop, "carlo")
        assert enter(workshop, "carlo", by=ada).standing is Standing.CONFIRMED


def test_once_it_has_begun_only_an_organiser_registers_and_nobody_leaves(workshop, ada):
    carlo = enter(workshop, "carlo")
    with time_machine.travel(workshop.starts_at, tick=False):
        with pytest.raises(AlreadyBegun):
            enter(workshop, "dino")
        with pytest.raises(AlreadyBegun):
            leave(carlo)
        leave(carlo, by=ada)
    with time_machine.travel(workshop.ends_at, tick=False):
        enter(workshop, "dino", by=ada)
    assert line(workshop) == [("Carlo", 1, "cancelled"), ("Dino", 2, "confirmed")]
    assert [m for m in mails() if m[0] == "dino"] == []


def test_a_closed_register_changes_no_more(workshop, ada):
    carlo = enter(workshop, "carlo")
    with transaction():
        db.session.add(Closing(workshop_id=workshop.id, at=now()))
    with pytest.raises(WorkshopIsClosed):
        enter(workshop, "dino", by=ada)
    with pytest.raises(WorkshopIsClosed):
        leave(carlo, by=ada)
    with pytest.raises(WorkshopIsClosed), transaction():
        actions.revise(carlo, job_title="", answers={}, language="it")


def test_a_cancellation_can_be_undone_while_a_seat_is_free(workshop):
    carlo = enter(workshop, "carlo")
    uid = carlo.invitations[0].uid
    leave(carlo)
    enter(workshop, "dino")
    with transaction():
        actions.restore(carlo)
    assert line(workshop) == [("Dino", 2, "confirmed"), ("Carlo", 3, "confirmed")]
    assert [(i.uid, i.sequence, i.method) for i in carlo.invitations] == [(uid, 2, "REQUEST")]
    assert mails() == [
        ("carlo", "confirmation", "REQUEST"), ("carlo", "withdrawn", "CANCEL"),
        ("dino", "confirmation", "REQUEST"), ("carlo", "confirmation", "REQUEST"),
    ]  # fmt: skip
    with pytest.raises(NotCancelled), transaction():
        actions.restore(carlo)


def test_a_cancellation_cannot_be_undone_when_the_seat_is_gone(workshop):
    carlo, *_ = [enter(workshop, name) for name in ("carlo", "dino")]
    leave(carlo)
    enter(workshop, "eva")
    with pytest.raises(NoSeatFree), transaction():
        actions.restore(carlo)
    assert room(workshop) == (2, 0, 3)


def test_undo_is_refused_to_who_registered_anew(workshop):
    carlo = enter(workshop, "carlo")
    leave(carlo)
    enter(workshop, "carlo")
    with pytest.raises(AlreadyRegistered), transaction():
        actions.restore(carlo)


def test_answers_and_language_can_be_changed(workshop):
    carlo = enter(workshop, "carlo", answers={"1": "a", "2": "b"})
    with transaction():
        actions.revise(carlo, job_title="CEO", answers={"2": "c"}, language="en")
    assert (carlo.job_title, carlo.answers, carlo.language) == ("CEO", {"1": "a", "2": "c"}, "en")


def test_a_refused_registration_leaves_nothing(workshop):
    with time_machine.travel(workshop.registration_deadline, tick=False), pytest.raises(DeadlinePassed):
        enter(workshop, "carlo", tax_id=factories.tax_id(), company_name="X")
    assert (db.session.scalars(select(Company)).all(), line(workshop), mails()) == ([], [], [])
