"""A guest from the invitation to her seat and back, over HTTP: what the link opens and what it does not."""

import re

import pytest
from sqlalchemy import select

from dissemination.delivery import queries as delivery
from dissemination.delivery.models import Delivery
from dissemination.guests import actions
from dissemination.guests.mails import Words
from dissemination.guests.models import Guest, Reaction
from dissemination.guests.screening import Person
from dissemination.kernel.database import db, transaction
from dissemination.registrations import actions as registrations
from dissemination.registrations import queries
from dissemination.registrations.models import Registration, Standing
from tests import factories


@pytest.fixture
def workshop(moda):
    with transaction():
        row = factories.workshop(moda, title="Filati rari", is_private=True)
        actions.add(row, [Person("ugo@lana.example", "Ugo", "Neri", "Lanificio Nesi")], by=None)
        actions.invite(row, Words())
    return row


@pytest.fixture
def invitation(workshop):
    """The paths in the mail: to register, to the programme, to decline."""
    row = db.session.scalars(select(Delivery)).one()
    text = delivery.parts(row).text
    found = re.findall(r"http://127\.0\.0\.1:8000(/(?:moda/workshops/\S+\?g=|g/)\S+)", text)
    programme, register, decline = found
    return {"register": register, "programme": programme, "decline": decline}


def answers(**facts):
    return {
        "given_name": "Ugo", "family_name": "Neri", "email": "ugo@lana.example", "private": "y", "consent": "y",
        "form_mark": f"mark-{facts}", **facts,
    }  # fmt: skip


def state():
    db.session.rollback()
    db.session.expire_all()
    guest = db.session.scalars(select(Guest)).one()
    people = [(r.contact.email, r.guest_id == guest.id) for r in db.session.scalars(select(Registration))]
    return guest.reaction, people


def test_the_links_of_the_mail_open_what_nobody_else_can(client, workshop, invitation):
    for path in invitation.values():
        assert client.get(path).status_code == 200
    page = f"/moda/workshops/{workshop.slug}"
    for path in (page, f"{page}/registrations", f"{page}?g=x", f"{page}/registrations?g=x"):
        assert client.get(path).status_code in (403, 404), path
    assert "Filati rari" not in client.get("/moda/workshops/").text


def test_the_form_knows_the_guest_and_registering_is_her_yes(client, invitation):
    form = client.get(invitation["register"]).text
    assert 'value="ugo@lana.example"' in form
    assert client.post(invitation["register"], data=answers()).status_code == 303
    assert state() == (Reaction.ACCEPTED, [("ugo@lana.example", True)])
    assert client.post(f"{invitation['decline']}/refusal").status_code == 409


def test_a_forwarded_link_registers_nobody_else_and_says_whom_to_ask(client, invitation):
    answer = client.post(invitation["register"], data=answers(email="altri@lana.example"))
    assert answer.status_code == 403
    assert "Questo invito è personale" in answer.text
    assert 'value="altri@lana.example"' in answer.text
    assert state() == (Reaction.OPEN, [])


def test_a_cancelled_registration_opens_the_invitation_again(client, invitation):
    client.post(invitation["register"], data=answers())
    with transaction():
        registrations.cancel(db.session.scalars(select(Registration)).one())
    assert state()[0] is Reaction.OPEN
    assert client.get(invitation["register"]).status_code == 200


def test_a_withdrawn_invitation_opens_nothing(client, workshop, invitation):
    with transaction():
        actions.withdraw(db.session.scalars(select(Guest)).one())
    assert client.get(invitation["programme"]).status_code == 404
    assert client.post(invitation["register"], data=answers()).status_code == 403
    assert state() == (Reaction.OPEN, [])


def test_a_workshop_made_public_again_keeps_the_links(client, workshop, invitation):
    with transaction():
        workshop.is_private = False
    for path in invitation.values():
        assert client.get(path).status_code == 200
    assert client.post(invitation["register"], data=answers()).status_code == 303
    assert state() == (Reaction.ACCEPTED, [("ugo@lana.example", True)])


def test_the_confirmation_leads_to_the_programme_of_the_private_workshop(client, invitation):
    client.post(invitation["register"], data=answers())
    mails = db.session.scalars(select(Delivery).where(Delivery.subject_kind == "registrations")).all()
    text = delivery.parts(mails[0]).text
    programme = re.search(r"Programma: http://127\.0\.0\.1:8000(\S+)", text)[1]
    assert client.get(programme).status_code == 200


def test_an_organiser_registers_whom_she_wants(workshop, ada):
    with transaction():
        registrations.register(
            workshop, email="altri@lana.example", given_name="A", family_name="B", by=ada
        )  # fmt: skip
    assert state() == (Reaction.OPEN, [("altri@lana.example", False)])


def test_who_gave_her_seat_back_finds_the_way_to_the_waiting_list(client, ada, workshop, invitation):
    client.post(invitation["register"], data=answers())
    hers = db.session.scalars(select(Registration)).one()
    page = f"/r/{queries.token(hers)}"
    with transaction():
        workshop.seats = 1
        registrations.cancel(hers)
        registrations.register(
            workshop, email="altri@lana.example", given_name="A", family_name="B", by=ada
        )  # fmt: skip
    again = re.search(rf'href="(/moda/workshops/{workshop.slug}/registrations[^"]*)"', client.get(page).text)
    assert 'value="ugo@lana.example"' in client.get(again[1]).text


def test_who_is_no_longer_invited_does_not_take_her_seat_back(client, invitation):
    client.post(invitation["register"], data=answers())
    hers = db.session.scalars(select(Registration)).one()
    page = f"/r/{queries.token(hers)}"
    client.post(f"{page}/cancellation")
    assert "Riprendi il posto" in client.get(page).text
    with transaction():
        actions.withdraw(db.session.scalars(select(Guest)).one())
    shown = client.get(page).text
    assert ("Riprendi il posto" in shown, "/registrations" in shown, "Nessun tuo invito" in shown) == (
        False, False, True,
    )  # fmt: skip
    assert client.post(f"{page}/restoration").status_code == 403
    assert [r.standing for r in db.session.scalars(select(Registration))] == [Standing.CANCELLED]
