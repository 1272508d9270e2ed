"""Where a person is named besides her own rows: who booked for others, former names, former answers."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from dissemination.kernel.database import db, transaction
from dissemination.people import actions as people
from dissemination.people.models import Purpose
from dissemination.privacy import actions, terms
from dissemination.registrations import actions as registrations
from dissemination.registrations import queries, substitutes
from dissemination.registrations.groups import Person
from dissemination.registrations.models import Event, Group, Registration
from dissemination.subscriptions import actions as subscriptions
from dissemination.workshops.models import Kind, Question
from tests import factories

NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def workshop(moda):
    with transaction():
        return factories.workshop(moda, starts_at=NOW + timedelta(days=10), retention_months=6)


def book(workshop):
    """Carla books for Dino and Eva and does not come herself."""
    with transaction():
        return registrations.register_group(
            workshop, booker=Person("carla@tessitura.example", "Carla", "Zapponi"),
            colleagues=[Person("dino@tessitura.example", "Dino", "Querci"),
                        Person("eva@tessitura.example", "Eva", "Lapini")],
            company_name="Tessitura", tax_id=factories.tax_id(), proven=True,
            consents={Purpose.REGISTRATION: "t"},
        )  # fmt: skip


def later(workshop, clock, months=6):
    clock.move_to(terms.months_later(workshop.ends_at, months) + timedelta(days=1))


def rows_with(*words):
    """The tables whose rows hold one of `words`."""
    db.session.expire_all()
    return sorted(
        table.name
        for table in db.metadata.sorted_tables
        if any(w.lower() in str(db.session.execute(db.select(table)).all()).lower() for w in words)
    )


def test_who_booked_for_colleagues_and_did_not_come_goes_with_them(workshop, moda, clock):
    book(workshop)
    later(workshop, clock)
    assert actions.run(moda)["contacts"] == 3
    assert rows_with("zapponi", "carla@", "querci", "lapini") == []
    assert actions.run(moda) == {}


def test_a_booker_who_reads_the_newsletter_stays_and_her_group_names_nobody(workshop, moda, clock):
    group = book(workshop)
    carla = group.contact
    with transaction():
        topic = subscriptions.add_topic(moda, name_it="T", name_en="T", code="t", sector_id=None)
        subscriptions.set_topics(carla, [topic.id], text="t", version="1", source="form", proof="link")
    later(workshop, clock)
    assert actions.run(moda)["unlinked"] == 1
    db.session.expire_all()
    assert (carla.erased_at, db.session.get(Group, group.id).contact_id == carla.id) == (None, False)
    assert rows_with("querci", "lapini") == []
    assert actions.run(moda) == {}


def test_a_booker_stays_while_one_of_her_colleagues_is_known(workshop, moda, bice, clock):
    group = book(workshop)
    with transaction():
        actions.erase(queries.members(group)[0].contact, reason="Per posta", by=bice)
    later(workshop, clock, months=1)
    assert actions.run(moda) == {}
    assert group.contact.erased_at is None


def test_erasing_who_booked_takes_her_out_of_what_her_colleagues_were_written(workshop, bice):
    group = book(workshop)
    assert "deliveries" in rows_with("zapponi")
    with transaction():
        actions.erase(group.contact, reason="Per posta", by=bice)
    assert rows_with("zapponi", "carla@") == []


def test_erasing_finds_her_under_the_name_and_address_that_she_had_before(workshop, bice):
    dino = queries.members(book(workshop))[0]
    with transaction():
        substitutes.substitute(dino, email="ugo@tessitura.example", given_name="Ugo", family_name="Neri")
    with transaction():
        people.revise_contact(
            dino.contact, version=dino.contact.version, email="dino@casa.example", given_name="Dino",
            family_name="Bartoli", company=dino.contact.company,
        )  # fmt: skip
    with transaction():
        actions.erase(dino.contact, reason="Per posta", by=bice)
    assert rows_with("querci", "bartoli", "dino@") == []


def test_a_question_whose_time_is_over_is_forgotten_in_the_history_too(workshop, moda, clock):
    with transaction():
        diet = Question(workshop_id=workshop.id, kind=Kind.TEXT, text_it="Intolleranze", retention_months=1)
        why = Question(workshop_id=workshop.id, kind=Kind.TEXT, text_it="Perché viene")
        db.session.add_all([diet, why])
    with transaction():
        rita = registrations.register(
            workshop, email="rita@tessitura.example", given_name="Rita", family_name="Gori", proven=True,
            answers={str(diet.id): "celiaca", str(why.id): "per capire"},
        )  # fmt: skip
    for said, reason in (("lattosio", "per vedere"), ("arachidi", "per vedere")):
        with transaction():
            registrations.revise(
                rita, job_title="", language="it", answers={str(diet.id): said, str(why.id): reason}
            )
    later(workshop, clock, months=1)
    assert actions.run(moda) == {"answers": 1}
    assert rows_with("celiaca", "lattosio", "arachidi") == []
    details = [e.details for e in db.session.scalars(db.select(Event).order_by(Event.id))]
    assert details[0] == {"answers": [{str(why.id): "per capire"}, {str(why.id): "per vedere"}]}
    assert details[1:] == [{}, {}]
    assert db.session.get(Registration, rita.id).answers == {str(why.id): "per vedere"}
