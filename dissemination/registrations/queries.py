"""Asking about seats and registrations. Seats left come from the one counter that registering updates."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import joinedload, selectinload
from werkzeug.exceptions import NotFound

from dissemination.delivery.models import Delivery
from dissemination.districts.models import District
from dissemination.kernel import links
from dissemination.kernel.database import db
from dissemination.kernel.text import like
from dissemination.people.models import Company, Contact
from dissemination.registrations.models import Registration, Room, Standing
from dissemination.workshops.models import Cancellation, Closing, Workshop

PURPOSE = "registration"  # of the signed links below /r/


@dataclass(frozen=True)
class Seats:
    """How full a workshop is. `left` is 0 while anybody waits: free seats are theirs."""

    capacity: int
    taken: int
    waiting: int

    @property
    def left(self) -> int:
        """Seats that the next person to register would get."""
        return max(0, self.capacity - self.taken) if self.waiting == 0 else 0


@dataclass(frozen=True)
class Door:
    """What decides who may come in now, read with one query; `state` is the workshop's own rule."""

    id: int
    slug: str
    version: int
    published_at: datetime
    registration_deadline: datetime
    starts_at: datetime
    ends_at: datetime
    cancellation: int | None
    closing: int | None
    capacity: int
    taken: int | None
    waiting: int | None
    state = Workshop.state

    @property
    def seats(self) -> Seats:
        """How full it is."""
        return Seats(self.capacity, self.taken or 0, self.waiting or 0)


def door(district: District, slug: str) -> Door:
    """The door of a workshop that the public may see. Raises NotFound (404)."""
    row = db.session.execute(_DOOR, {"district": district.id, "slug": slug}).one_or_none()
    if row is None:
        raise NotFound
    facts: Any = row
    return Door(*facts)


_DOOR = (
    select(
        Workshop.id, Workshop.slug, Workshop.version, Workshop.published_at, Workshop.registration_deadline,
        Workshop.starts_at, Workshop.ends_at, Cancellation.workshop_id, Closing.workshop_id, Workshop.seats,
        Room.taken, Room.waiting,
    )
    .outerjoin(Cancellation, Cancellation.workshop_id == Workshop.id)
    .outerjoin(Closing, Closing.workshop_id == Workshop.id)
    .outerjoin(Room, Room.workshop_id == Workshop.id)
    .where(
        Workshop.district_id == bindparam("district"), Workshop.slug == bindparam("slug"),
        Workshop.published_at.is_not(None),
    )
)  # fmt: skip


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


def seats(workshop: Workshop) -> Seats:
    """How full `workshop` is now."""
    row = db.session.execute(
        select(Room.taken, Room.waiting).where(Room.workshop_id == workshop.id)
    ).one_or_none()
    taken, waiting = row or (0, 0)
    return Seats(workshop.seats, taken, waiting)


def seats_left(workshop: Workshop) -> int:
    """Seats that the next person to register would get; 0 while anybody waits."""
    return seats(workshop).left


def seats_left_many(workshop_ids: Iterable[int]) -> dict[int, int]:
    """`seats_left` of many workshops in one query: workshop id -> seats."""
    rows = db.session.execute(
        select(Workshop.id, Workshop.seats, func.coalesce(Room.taken, 0), func.coalesce(Room.waiting, 0))
        .outerjoin(Room, Room.workshop_id == Workshop.id)
        .where(Workshop.id.in_(list(workshop_ids)))
    )
    return {workshop_id: Seats(*numbers).left for workshop_id, *numbers in rows}


def _people(workshop: Workshop, standing: Standing):
    return (
        select(Registration)
        .where(Registration.workshop_id == workshop.id, Registration.standing == standing)
        .options(joinedload(Registration.contact), joinedload(Registration.company))
        .order_by(Registration.number)
    )


def confirmed(workshop: Workshop) -> list[Registration]:
    """Who holds a seat, in order of arrival, with contact and company loaded."""
    return list(db.session.scalars(_people(workshop, Standing.CONFIRMED)))


def waiting(workshop: Workshop) -> list[Registration]:
    """Who waits for a seat, next one first, with contact and company loaded."""
    return list(db.session.scalars(_people(workshop, Standing.WAITING)))


def cancelled(workshop: Workshop) -> list[Registration]:
    """Who gave the place back, in order of arrival, with contact and company loaded."""
    return list(db.session.scalars(_people(workshop, Standing.CANCELLED)))


def living(workshop: Workshop, text: str = "") -> list[Registration]:
    """Who holds a seat or waits, in order of arrival, with calendars; narrowed by `text` when given."""
    query = (
        select(Registration)
        .join(Registration.contact)
        .outerjoin(Registration.company)
        .where(Registration.workshop_id == workshop.id, Registration.standing != Standing.CANCELLED)
        .options(
            joinedload(Registration.contact), joinedload(Registration.company),
            selectinload(Registration.invitations),
        )
        .order_by(Registration.number)
    )  # fmt: skip
    if text:
        pattern = like(text)
        query = query.where(
            or_(
                Contact.name_folded.like(pattern, escape="\\"),
                Contact.email.like(pattern, escape="\\"),
                Company.name_folded.like(pattern, escape="\\"),
            )
        )
    return list(db.session.scalars(query))


def position(registration: Registration) -> int | None:
    """The place in the waiting list, 1 being the next to get a seat; None when not waiting."""
    if registration.standing is not Standing.WAITING:
        return None
    return db.session.scalar(
        select(func.count()).where(
            Registration.workshop_id == registration.workshop_id,
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
            Registration.standing != Standing.CANCELLED,
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
    rows = db.session.scalars(select(Delivery).where(Delivery.id.in_(latest)))
    return {row.subject_id: row for row in rows}
