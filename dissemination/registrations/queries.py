"""Asking about seats and registrations. Seats left come from the one counter that registering updates."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import joinedload, selectinload
from werkzeug.exceptions import NotFound

from dissemination.delivery.models import Delivery
from dissemination.kernel import links
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.kernel.text import like
from dissemination.people.models import Company, Contact
from dissemination.registrations.fullness import (
    Door,
    Seats,
    door,
    seats,
    seats_left,
    seats_left_many,
    seats_many,
)
from dissemination.registrations.models import LIVING, By, Event, Group, Registration, Standing, What
from dissemination.workshops.models import Workshop

__all__ = [
    "Door", "Seats", "by_group_token", "by_mark", "by_token", "cancelled", "confirmed", "door", "group_token",
    "history", "history_many", "in_workshop", "last_mails", "living", "matching", "members", "of_contact",
    "position", "seats", "seats_left", "seats_left_many", "seats_many", "token", "unproven_of",
    "waiting", "workshop_of",
]  # fmt: skip

PURPOSE = "registration"  # of the signed links below /r/
GROUP = "registration-group"  # of the signed links below /rg/


def workshop_of(door: Door) -> Workshop:
    """The workshop with all that registering reads, in one query."""
    return db.session.scalars(_WORKSHOP, {"id": door.id}).unique().one()


_WORKSHOP = (
    select(Workshop)
    .where(Workshop.id == bindparam("id"))
    .options(
        joinedload(Workshop.district), joinedload(Workshop.cancellation), joinedload(Workshop.closing),
        joinedload(Workshop.sessions),
    )
)  # fmt: skip


def _people(workshop: Workshop, *standings: Standing):
    return (
        select(Registration)
        .where(Registration.workshop_id == workshop.id, Registration.standing.in_(standings))
        .options(joinedload(Registration.contact), joinedload(Registration.company))
        .order_by(Registration.attends.desc(), Registration.number)
    )


def confirmed(workshop: Workshop) -> list[Registration]:
    """Who holds a seat, proven or not, in order of arrival, with contact and company loaded."""
    return list(db.session.scalars(_people(workshop, Standing.CONFIRMED)))


def waiting(workshop: Workshop) -> list[Registration]:
    """Who waits for a seat, next one first, with contact and company loaded."""
    return list(db.session.scalars(_people(workshop, Standing.WAITING)))


def cancelled(workshop: Workshop) -> list[Registration]:
    """Who gave the place back, or was refused, in order of arrival, with contact and company loaded."""
    return list(db.session.scalars(_people(workshop, Standing.CANCELLED, Standing.REFUSED)))


def living(workshop: Workshop, text: str = "") -> list[Registration]:
    """Who has a seat, waits or asks, in order of arrival, with calendars; narrowed by `text` when given."""
    query = (
        _people(workshop, *LIVING)
        .join(Registration.contact)
        .outerjoin(Registration.company)
        .options(selectinload(Registration.invitations))
    )
    return list(db.session.scalars(matching(query, text)))


def matching(query, text: str):
    """`query` (of Registration, joined with contact and company) narrowed to a name, address or company."""
    if not text.strip():
        return query
    pattern = like(text)
    return query.where(
        or_(
            Contact.name_folded.like(pattern, escape="\\"), Contact.email.like(pattern, escape="\\"),
            Company.name_folded.like(pattern, escape="\\"),
        )
    )  # fmt: skip


def position(registration: Registration) -> int | None:
    """The place in the waiting list, 1 being the next to get a seat; None when not waiting."""
    if registration.standing is not Standing.WAITING:
        return None
    return db.session.scalar(
        select(func.count()).where(
            Registration.workshop_id == registration.workshop_id,
            Registration.attends == registration.attends,
            Registration.standing == Standing.WAITING,
            Registration.number <= registration.number,
        )
    )


def token(registration: Registration) -> str:
    """What stands in the personal link `/r/<token>`."""
    return links.sign(PURPOSE, registration.public_id)


def by_token(token: str) -> Registration:
    """The registration of a personal link. Raises NotFound (404) when the link was cut or forged."""
    public_id = links.read(PURPOSE, token)
    found = None
    if isinstance(public_id, str):
        found = db.session.scalar(
            select(Registration)
            .where(Registration.public_id == public_id)
            .options(joinedload(Registration.workshop), joinedload(Registration.contact))
        )
    if found is None:
        raise NotFound
    return found


def by_mark(form_mark: str | None) -> Registration | None:
    """The registration that the form with that mark made."""
    if not form_mark:
        return None
    return db.session.scalar(select(Registration).where(Registration.form_mark == form_mark))


def of_contact(workshop: Workshop, contact: Contact) -> Registration | None:
    """The living registration of a person for a workshop."""
    return db.session.scalar(
        select(Registration).where(
            Registration.workshop_id == workshop.id,
            Registration.contact_id == contact.id,
            Registration.standing.in_(LIVING),
        )
    )


def in_workshop(workshop: Workshop, registration_id: int) -> Registration:
    """The registration with that id, if it is one of `workshop`. Raises NotFound (404)."""
    found = db.session.scalar(
        select(Registration).where(
            Registration.id == registration_id, Registration.workshop_id == workshop.id
        )
    )
    if found is None:
        raise NotFound
    return found


def last_mails(registration_ids: list[int]) -> dict[int, Delivery]:
    """The last mail about each registration, in one query: registration id -> its delivery."""
    latest = (
        select(func.max(Delivery.id))
        .where(Delivery.subject_kind == Registration.__tablename__, Delivery.subject_id.in_(registration_ids))
        .group_by(Delivery.subject_id)
    )
    rows = db.session.scalars(
        select(Delivery).where(Delivery.id.in_(latest)).options(joinedload(Delivery.letter))
    )
    return {row.subject_id: row for row in rows}


# Groups.


def members(group: Group) -> list[Registration]:
    """Everybody who was registered in the group, in order, as they stand now; substitutes included."""
    query = select(Registration).where(Registration.group_id == group.id).order_by(Registration.number)
    query = query.options(joinedload(Registration.contact)).execution_options(populate_existing=True)
    return list(db.session.scalars(query))


def must_ask_again(registration: Registration) -> bool:
    """Whether she needs a new yes to come back: she never had one to a seat, or an organiser took it away."""
    had_a_seat = registration.confirmed_at is not None and registration.cancelled_by is None
    return registration.workshop.needs_approval and not had_a_seat


def by_group_token(token: str) -> Group:
    """The group of its booker's link. Raises NotFound (404) when the link was cut or forged."""
    public_id = links.read(GROUP, token)
    found = (
        db.session.scalar(select(Group).where(Group.public_id == public_id))
        if isinstance(public_id, str)
        else None
    )
    if found is None:
        raise NotFound
    return found


def group_token(group: Group) -> str:
    """What stands in the booker's link `/rg/<token>`."""
    return links.sign(GROUP, group.public_id)


# History.


def history(registration: Registration) -> list[Event]:
    """What happened to a registration, oldest first; see `history_many`."""
    return history_many([registration.id]).get(registration.id, [])


def history_many(ids: Iterable[int]) -> dict[int, list[Event]]:
    """What happened to each of many registrations, oldest first, with two queries.

    Who registered herself left no line (see `history.py`): that beginning is made here, with id None.
    """
    ids = list(ids)
    found: dict[int, list[Event]] = {key: [] for key in ids}
    for event in db.session.scalars(select(Event).where(Event.registration_id.in_(ids)).order_by(Event.id)):
        found[event.registration_id].append(event)
    rows = db.session.execute(
        select(Registration.id, Registration.created_at, Registration.standing, Registration.replaces_id)
        .where(Registration.id.in_(ids))
    )  # fmt: skip
    for key, created_at, standing, replaces in rows:
        if replaces is None and not any(event.what is What.MADE for event in found[key]):
            found[key].insert(0, _beginning(key, created_at, standing, found[key]))
    return found


def _beginning(key: int, created_at: datetime, standing: Standing, events: list[Event]) -> Event:
    first = next((e.details["standing"][0] for e in events if "standing" in e.details), standing.value)
    return Event(
        registration_id=key, at=created_at, what=What.MADE, who=By.PERSON, account_id=None, reason="",
        details={"standing": ["", first]},
    )  # fmt: skip


def unproven_of(registration: Registration) -> list[Registration]:
    """Other places held in the same person's name in this district, which she has not confirmed yet."""
    if registration.contact.proven_at is None:
        return []
    return list(
        db.session.scalars(
            select(Registration)
            .join(Registration.workshop)
            .where(
                Registration.contact_id == registration.contact_id, Registration.id != registration.id,
                Registration.proof_due > now(), Registration.standing.in_(LIVING),
                Registration.group_id.is_(None), Workshop.starts_at > now(),
            )
            .options(joinedload(Registration.workshop))
            .order_by(Workshop.starts_at)
        )
    )  # fmt: skip
