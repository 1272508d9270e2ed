"""An invitation is personal: nobody who held a seat once lets herself or others in again by her old link."""

import pytest

from dissemination.guests import actions as guests
from dissemination.guests.models import Reaction
from dissemination.guests.refusals import NotInvited
from dissemination.kernel.database import db, transaction
from dissemination.registrations import actions, queries
from dissemination.registrations.models import By
from tests import factories
from tests.registrations.cast import check, do, enter, enter_group, leave, stand


@pytest.fixture
def workshop(moda):
    with transaction():
        row = factories.workshop(moda, is_private=True)
        for name in ("ugo", "vito"):
            factories.guest(row, f"{name}@tessitura.example")
    return row


@pytest.fixture
def tessitura(moda):
    with transaction():
        return factories.company(moda, "Tessitura")


def guest(name):
    db.session.expire_all()
    return db.session.query(guests.Guest).filter_by(email=f"{name}@tessitura.example").one()


def test_a_withdrawn_guest_does_not_take_her_seat_back(workshop, ada, client):
    ugo = enter(workshop, "ugo")
    leave(ugo, by=ada, reason="Errore")
    do(guests.withdraw, guest("ugo"))
    with pytest.raises(NotInvited):
        do(actions.restore, ugo)
    assert client.post(f"/r/{queries.token(ugo)}/restoration").status_code == 403
    assert stand(workshop) == {"Ugo": "cancelled"}
    do(actions.restore, ugo, by=ada)
    assert stand(workshop) == {"Ugo": "confirmed"}


def test_who_is_still_invited_takes_her_seat_back(workshop):
    ugo = enter(workshop, "ugo")
    leave(ugo)
    do(actions.restore, ugo)
    assert (stand(workshop), guest("ugo").reaction) == ({"Ugo": "confirmed"}, Reaction.ACCEPTED)


def instead(registration, name, **facts):
    return do(
        actions.substitute, registration, email=f"{name}@tessitura.example", given_name=name.title(),
        family_name="Rossi", **facts,
    )  # fmt: skip


def test_a_seat_is_passed_on_to_guests_only(workshop, tessitura, ada):
    ugo = enter(workshop, "ugo", company=tessitura)
    with pytest.raises(NotInvited):
        instead(ugo, "dino")
    vito = instead(ugo, "vito")
    assert (vito.guest_id, guest("vito").reaction, guest("ugo").reaction) == (
        guest("vito").id, Reaction.ACCEPTED, Reaction.OPEN,
    )  # fmt: skip
    assert instead(vito, "dino", by=ada).guest_id is None  # an organiser may let in anybody
    assert (stand(workshop)["Dino"], guest("vito").reaction) == ("confirmed", Reaction.OPEN)
    check(workshop)


def test_nor_does_the_booker_of_a_group(workshop, tessitura, client):
    group = enter_group(workshop, "ugo", "ugo", "vito", company=tessitura)
    member = queries.members(group)[-1]
    with pytest.raises(NotInvited):
        instead(member, "dino", who=By.COLLEAGUE)
    page = f"/rg/{queries.group_token(group)}/{member.id}/substitution"
    data = {"given_name": "Dino", "family_name": "Rossi", "email": "dino@tessitura.example"}
    answer = client.post(page, data=data)
    assert (answer.status_code, "personale" in answer.text) == (403, True)
