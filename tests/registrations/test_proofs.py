"""Double opt-in: nobody is registered by others, no mailbox is filled, no known data are changed."""

import re
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from dissemination.delivery.models import Delivery
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.people.models import Contact
from dissemination.registrations import actions, jobs, queries, unasked
from dissemination.registrations.models import By, Standing, UnaskedMail
from dissemination.registrations.refusals import AlreadyRegistered, TooManyFromHere, WrittenTooOften
from dissemination.subscriptions import subscribing
from dissemination.subscriptions.models import Topic
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
        return factories.workshop(moda, seats=2)


def stranger(workshop, name, **facts):
    return enter(workshop, name, proven=False, **facts)


def test_a_stranger_is_asked_to_confirm_her_address_and_nothing_else_is_sent(workshop):
    with time_machine.travel(now(), tick=False):
        carla = stranger(workshop, "carla")
    assert (carla.standing, carla.invitations) == (Standing.CONFIRMED, [])
    assert carla.proof_due - carla.created_at == timedelta(hours=24)
    assert (counters(workshop), mails()) == ((1, 0, 0), [("carla", "confirm_address", None)])


def test_the_proof_ends_at_the_start_at_the_latest(workshop):
    with time_machine.travel(workshop.registration_deadline - timedelta(hours=2), tick=False):
        assert stranger(workshop, "carla").proof_due == workshop.starts_at


def test_the_button_makes_the_place_hers_and_sends_the_invitation_once(workshop):
    carla = stranger(workshop, "carla")
    do(actions.prove, carla)
    do(actions.prove, carla)
    assert (carla.proof_due, carla.contact.proven_at is not None) == (None, True)
    assert mails()[1:] == [("carla", "confirmation", "REQUEST")]
    assert [e.what.value for e in queries.history(carla)] == ["made", "proven"]


def test_whose_address_is_known_is_registered_at_once(workshop, moda):
    do(actions.prove, stranger(workshop, "carla"))
    with transaction():
        other = factories.workshop(moda)
    assert stranger(other, "carla").proof_due is None
    assert mails()[-1] == ("carla", "confirmation", "REQUEST")


def test_on_the_waiting_list_she_is_passed_over_until_she_proves(workshop):
    ugo, _ = enter(workshop, "ugo"), enter(workshop, "vito")
    carla = stranger(workshop, "carla")
    enter(workshop, "dino")
    leave(ugo)
    assert stand(workshop)["Dino"] == "confirmed"
    do(actions.prove, carla)
    assert (queue(workshop), mails()[-1]) == (["Carla"], ("carla", "waiting", None))
    leave(named(workshop, "dino"))
    assert stand(workshop)["Carla"] == "confirmed"
    check(workshop)


def test_proving_gives_a_seat_that_is_free_for_her(workshop):
    ugo, _ = enter(workshop, "ugo"), enter(workshop, "vito")
    carla = stranger(workshop, "carla")
    leave(ugo)
    do(actions.prove, carla)
    assert (carla.standing, mails()[-1]) == (Standing.CONFIRMED, ("carla", "confirmation", "REQUEST"))
    check(workshop)


def test_a_proof_that_does_not_come_frees_the_place_in_silence(workshop):
    stranger(workshop, "carla")
    enter(workshop, "ugo")
    enter(workshop, "vito")
    assert jobs.expire_proofs() == 0
    with time_machine.travel(now() + timedelta(hours=24, minutes=1), tick=False):
        assert (jobs.expire_proofs(), jobs.expire_proofs()) == (1, 0)
    assert stand(workshop) == {"Carla": "cancelled", "Ugo": "confirmed", "Vito": "confirmed"}
    assert mails()[-1] == ("vito", "promoted", "REQUEST")
    assert [m for m in mails() if m[0] == "carla"] == [("carla", "confirm_address", None)]
    assert [(e.what.value, e.who.value) for e in queries.history(named(workshop, "carla"))][-1] == (
        "expired", "system",
    )  # fmt: skip
    check(workshop)


def test_a_group_that_is_not_proven_leaves_as_one_so_that_a_group_that_waits_fits(workshop):
    enter_group(workshop, "carla", "dino", "eva", proven=False)
    enter_group(workshop, "lia", "ugo", "vito")
    enter(workshop, "zeno")
    with time_machine.travel(now() + timedelta(hours=24, minutes=1), tick=False):
        assert (jobs.expire_proofs(), jobs.expire_proofs()) == (1, 0)
    assert stand(workshop) == {
        "Dino": "cancelled", "Eva": "cancelled", "Ugo": "confirmed", "Vito": "confirmed", "Zeno": "waiting",
    }  # fmt: skip
    check(workshop)


def test_too_late_the_button_proves_the_address_only(workshop):
    carla = stranger(workshop, "carla")
    with time_machine.travel(now() + timedelta(hours=25), tick=False):
        jobs.expire_proofs()
        assert do(actions.prove, carla) == []
        assert (stand(workshop), carla.contact.proven_at) == ({"Carla": "cancelled"}, now())
        do(actions.restore, carla)
    assert stand(workshop) == {"Carla": "confirmed"}


def test_a_stranger_cannot_fill_a_mailbox(moda):
    with transaction():
        workshops = [factories.workshop(moda) for _ in range(5)]
    for workshop in workshops:
        assert stranger(workshop, "vittima").standing is Standing.CONFIRMED  # the answer is the same
    assert mails() == [("vittima", "confirm_address", None)] * 3
    with time_machine.travel(now() + timedelta(days=1), tick=False):
        with transaction():
            sixth = factories.workshop(moda)
        stranger(sixth, "vittima")
    assert len(mails()) == 4


def test_registering_a_stranger_again_asks_her_again_within_the_same_limit(workshop):
    carla = stranger(workshop, "carla")
    for n in range(4):
        with time_machine.travel(now() + timedelta(minutes=n + 1), tick=False):
            with pytest.raises(AlreadyRegistered):
                stranger(workshop, "carla")
            do(actions.send_link, carla)
    assert mails() == [("carla", "confirm_address", None)] * 3


def test_the_mails_of_one_district_do_not_count_in_another(moda, nautica):
    with transaction():
        here, there = factories.workshop(moda), factories.workshop(nautica)
    for _ in range(2):
        with transaction():
            unasked.count(moda.id, ["carla@tessitura.example"])
    stranger(here, "carla")
    stranger(there, "carla")
    assert len(mails()) == 2


def test_nothing_of_a_known_person_is_changed_by_who_writes_her_address(workshop, moda):
    with transaction():
        known = factories.contact(moda, "carla@tessitura.example", given_name="Carla", proven_at=now())
        company = factories.company(moda, "Altra")
    before = {c.key: getattr(known, c.key) for c in Contact.__table__.columns}
    with transaction():
        actions.register(
            workshop, email="carla@tessitura.example", given_name="Falsa", family_name="Persona",
            company=company, job_title="Capo",
        )  # fmt: skip
    db.session.expire_all()
    assert {c.key: getattr(known, c.key) for c in Contact.__table__.columns} == before
    registration = named(workshop, "carla")
    do(actions.acted, registration)  # she herself, by her link: what was empty is filled
    assert (known.company_id, known.job_title, known.given_name) == (company.id, "Capo", "Carla")


def test_nothing_of_a_known_company_is_changed(workshop, moda):
    with transaction():
        company = factories.company(moda, "Tessitura", province="")
    stranger(workshop, "carla", tax_id=company.tax_id, company_name="Falsa", province="FI")
    db.session.expire_all()
    assert (company.name, company.province) == ("Tessitura", "")


def test_many_unknown_addresses_from_one_network_are_slowed_down_and_known_ones_are_not(moda):
    with transaction():
        workshop = factories.workshop(moda, seats=100)
    for n in range(unasked.FROM_HERE):
        stranger(workshop, f"p{n}", network="192.0.2.1")
    with pytest.raises(TooManyFromHere, match=r"30 persone.*10 minuti"):
        stranger(workshop, "troppo", network="192.0.2.1")
    assert counters(workshop) == (30, 0, 0)
    stranger(workshop, "altrove", network="192.0.2.2")
    enter(workshop, "nota", network="192.0.2.1")
    with time_machine.travel(now() + timedelta(minutes=10), tick=False):
        stranger(workshop, "dopo", network="192.0.2.1")
    hashes = db.session.scalars(select(UnaskedMail.address_hash)).all()
    assert not any("192.0.2.1" in h or "tessitura" in h for h in hashes)


def test_old_counts_are_forgotten(workshop):
    stranger(workshop, "carla", network="192.0.2.1")
    assert jobs.forget_unasked() == 0
    with time_machine.travel(now() + timedelta(days=2), tick=False):
        assert jobs.forget_unasked() == 2


def test_cancelling_a_place_that_nobody_proved_writes_to_nobody(workshop, ada):
    carla = stranger(workshop, "carla")
    leave(carla, by=ada)
    assert mails() == [("carla", "confirm_address", None)]
    check(workshop)


def test_who_confirmed_the_newsletter_is_known(workshop, moda, client):
    with transaction():
        contact = factories.contact(moda, "carla@tessitura.example")
        topic = Topic(district_id=moda.id, name_it="Tutto", name_en="All", code="tutto", position=0)
        db.session.add(topic)
    with transaction():
        subscribing.ask(moda, email=contact.email, topics=[topic], consent_text="Sì")
    token = db.session.scalars(select(Delivery)).one().letter.source
    assert contact.proven_at is None
    link = re.search(r"/subscriptions/confirmations/([^\"\s]+)", str(token) + str(_merge()))
    with transaction():
        subscribing.confirm(moda, link[1])
    db.session.expire_all()
    assert contact.proven_at is not None
    assert stranger(workshop, "carla").proof_due is None


def _merge():
    return [delivery.merge for delivery in db.session.scalars(select(Delivery))]


# Whom others register or send in their place.


def known(workshop, name):
    """Somebody who proved her address once, and is free to be registered here."""
    leave(enter(workshop, name))


def told(name):
    return sum(to == name for to, *_rest in mails())


def test_a_booker_does_not_fill_the_mailbox_of_somebody_known(workshop, moda):
    known(workshop, "vito")
    before, refused = told("vito"), 0
    for _n in range(2 * unasked.KNOWN):
        try:
            group = enter_group(workshop, "ugo", "vito")
        except WrittenTooOften:
            refused += 1
        else:
            leave(queries.members(group)[0], who=By.COLLEAGUE)
    assert refused == unasked.KNOWN
    assert told("vito") - before == 2 * unasked.KNOWN  # each time one to say it, and one to take it back


def test_new_bookers_without_end_do_not_fill_a_mailbox(workshop):
    refused = 0
    for n in range(2 * unasked.MAILS):
        try:
            group = enter_group(workshop, f"ugo{n}", "vito", proven=False, network="192.0.2.7")
        except WrittenTooOften:
            refused += 1
        else:
            do(actions.prove_group, group)
            leave(queries.members(group)[0], who=By.COLLEAGUE)
    assert (refused, told("vito")) == (unasked.MAILS, 2 * unasked.MAILS)


def test_nor_does_a_seat_that_goes_to_and_fro(workshop, moda):
    with transaction():
        company = factories.company(moda, "Tessitura")
    for name in ("vito", "ugo"):
        leave(enter(workshop, name, company=company))
    group = enter_group(workshop, "carla", "ugo", company=company)
    before, seat = told("vito"), queries.members(group)[0]

    def pass_on(seat, name):
        return do(
            actions.substitute, seat, email=f"{name}@tessitura.example", given_name=name.title(),
            family_name="Rossi", who=By.COLLEAGUE,
        )  # fmt: skip

    refused = False
    for n in range(4 * unasked.KNOWN):
        try:
            seat = pass_on(seat, ("vito", "ugo")[n % 2])
        except WrittenTooOften:
            refused = True
            break
    assert refused
    assert told("vito") - before <= 2 * unasked.KNOWN
    check(workshop)


def test_an_organiser_writes_as_often_as_she_wants(workshop, ada):
    for _n in range(2 * unasked.MAILS):
        leave(queries.members(enter_group(workshop, "ugo", "vito", by=ada))[0], by=ada)
    assert told("vito") == 4 * unasked.MAILS


def test_other_addresses_of_one_mailbox_share_its_limit(moda):
    tags = [f"carla+{n}@tessitura.example" for n in range(4)]
    dotted = ["c.arla@gmail.com", "car.la@googlemail.com", "carla+x@gmail.com", "Carla@gmail.com"]
    for some in (tags, dotted):
        with transaction():
            allowed = [unasked.may_write(moda.id, address) for address in some]
        assert allowed == [True, True, True, False]


def test_of_colleagues_with_one_mailbox_the_first_ones_are_written_to(moda):
    several = [f"info+{n}@tessitura.example" for n in range(5)]
    with transaction():
        assert unasked.count(moda.id, several) == set(several[:3])


def test_one_line_of_ipv6_is_one_place(moda):
    with transaction():
        for n in range(30):
            unasked.count(moda.id, [f"carla{n}@tessitura.example"], network=f"2001:db8::{n:x}:1")
    with pytest.raises(TooManyFromHere), transaction():
        unasked.count(moda.id, ["x@tessitura.example"], network="2001:db8::ffff")
    with transaction():
        unasked.count(moda.id, ["x@tessitura.example"], network="2001:db8:0:1::1")
