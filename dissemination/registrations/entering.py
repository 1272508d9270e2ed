"""What registering one person and registering a group have in common: may they, where, which rows."""

import secrets
from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import update

from dissemination.guests import actions as guests
from dissemination.kernel.clock import now, today
from dissemination.kernel.database import db, insert_once
from dissemination.people import actions as people
from dissemination.people.accounts import Account
from dissemination.people.models import Company
from dissemination.plan import activity
from dissemination.registrations import history, invitations, line, mails, mails_of_seats, queries, rooms
from dissemination.registrations.models import Attends, By, Registration, SeatPool, Standing, What
from dissemination.registrations.refusals import (
    AlreadyBegun,
    DeadlinePassed,
    NotOpen,
    WorkshopIsClosed,
    WorkshopIsOff,
)
from dissemination.workshops.models import State, Workshop

MARK = 40


class Did(StrEnum):
    """What the activity log keeps of registrations: intentions, seen and never counted (rule R3)."""

    REGISTERED = "registration.made"
    CANCELLED = "registration.cancelled"


def check_open(workshop, *, by: Account | None = None) -> None:
    """Raise the refusal that says why nobody can register now, if so. `workshop` may be a door."""
    state = workshop.state
    if state is State.DRAFT:
        raise NotOpen
    if state is State.CANCELLED:
        raise WorkshopIsOff
    if state is State.CLOSED:
        raise WorkshopIsClosed
    if by is not None:
        return
    if workshop.starts_at <= now():
        raise AlreadyBegun
    if workshop.registration_deadline <= now():
        raise DeadlinePassed


def check_lasts(workshop: Workshop) -> None:
    """Raise WorkshopIsOff or WorkshopIsClosed when nothing of it can be changed any more."""
    if workshop.cancellation is not None:
        raise WorkshopIsOff
    if workshop.closing is not None:
        raise WorkshopIsClosed


def company_of(workshop: Workshop, company: Company | None, facts: dict) -> Company | None:
    """`company`, or the one found or added by the facts; nothing of a known one is replaced."""
    if company is not None or not (facts.get("tax_id") or facts.get("company_name")):
        return company
    return people.find_or_add_company(
        district_id=workshop.district_id, tax_id=facts.get("tax_id") or None, name=facts["company_name"],
        size=facts.get("size"), province=facts.get("province", ""), sector_id=facts.get("sector_id"),
        type=facts["organisation_type"],
    )  # fmt: skip


def take(
    workshop: Workshop, attends: Attends, *, by: Account | None, size: int = 1
) -> tuple[rooms.Place, Standing]:
    """Numbers and, where they need no approval, seats or places in the waiting list."""
    if workshop.needs_approval and by is None:
        return rooms.take_numbers(workshop, attends, size=size), Standing.REQUESTED
    place = rooms.take_place(workshop, attends, size=size)
    return place, Standing.CONFIRMED if place.is_seat else Standing.WAITING


def add(row: dict, *, form_mark: str | None) -> Registration | None:
    """The new row, or None when the same person or the same form was faster."""
    moment = now()
    values = {
        "group_id": None, "pool_id": None, "replaces_id": None, "guest_id": None, "proof_due": None,
        "offer_until": None, "newsletter_issue_id": None, "newsletter_block_id": None, "cancelled_at": None,
        "cancelled_by": None, "coming_asked_at": None, "coming_at": None, "purged_at": None,
        "confirmed_at": moment if row["standing"] is Standing.CONFIRMED else None, **row,
    }  # fmt: skip
    return insert_once(
        Registration, public_id=secrets.token_hex(16), created_at=moment, form_mark=form_mark, **values
    )


def settle(
    workshop: Workshop, members: Sequence[Registration], place: rooms.Place, company: Company | None
) -> int:
    """After the rows stand: seats kept for the company are used first, and the list moves on if seats are
    free (seats were raised, or a group waits for more). How many who came before got a seat just now."""
    attends, standing = members[0].attends, members[0].standing
    if standing is Standing.CONFIRMED and place.reserved and company is not None:
        _use_pool(workshop, members, company)
    if standing is not Standing.WAITING:
        return 0
    limit = rooms.capacity(workshop, attends)
    if (limit is None or place.taken + place.reserved < limit) or (place.reserved and company is not None):
        lucky = line.promote(workshop, attends, fresh=[member.id for member in members])
        return sum(registration not in members for registration in lucky)
    return 0


def _use_pool(workshop: Workshop, members: Sequence[Registration], company: Company) -> None:
    for registration in members:
        pool_id = db.session.scalar(
            update(SeatPool)
            .where(
                SeatPool.workshop_id == workshop.id, SeatPool.attends == registration.attends,
                SeatPool.company_id == company.id, SeatPool.released_at.is_(None), SeatPool.until > now(),
                SeatPool.used < SeatPool.seats,
            )
            .values(used=SeatPool.used + 1)
            .returning(SeatPool.id)
            .execution_options(synchronize_session=False)
        )  # fmt: skip
        if pool_id is None:
            return
        registration.pool_id = pool_id
        rooms.use_pool_seats(workshop, registration.attends, size=1)


def welcome(registration: Registration, position: int | None, *, first=mails.confirmation, former=()) -> None:
    """Tell a proven person how she stands; `first` makes the mail that carries her invitation, `former` are
    calendar objects that she had before."""
    standing = registration.standing
    if standing is Standing.CONFIRMED:
        invitations.invite(registration, first, former=former)
    elif registration.workshop.starts_at <= now():
        return
    elif standing is Standing.REQUESTED:
        invitations.put(mails_of_seats.approval_asked(registration), registration)
    elif standing is Standing.WAITING:
        place = position or queries.position(registration) or 1
        invitations.put(mails.waiting(registration, place), registration)


def record(verb: Did, registration: Registration, *, by: Account | None) -> None:
    """Log an intention: seen, and never counted (rule R3)."""
    workshop = registration.workshop
    activity.record(
        verb, workshop, district_id=workshop.district_id, title=workshop.title_it, by=by,
        happened_on=today(workshop.district.zone), activity_line_id=workshop.activity_line_id,
        company_id=registration.company_id, contact_id=registration.contact_id,
        not_counted="registration",
    )  # fmt: skip


def note_made(registration: Registration, who: By, account: Account | None = None) -> None:
    """Write who registered somebody else; who registers herself is the row's own beginning."""
    history.note(
        registration, What.MADE, who, account=account, details={"standing": ["", registration.standing.value]}
    )


def left(registration: Registration, *, by: Account | None = None) -> None:
    """She left: log it, and let the invitation of a private workshop be open again."""
    record(Did.CANCELLED, registration, by=by)
    if registration.guest_id is not None:
        guests.withdrawn(registration.guest_id)


def record_consents(contact, workshop: Workshop, consents) -> None:
    """Add what she agreed to, as it was shown, to the consent ledger."""
    for purpose, text in (consents or {}).items():
        people.record_consent(
            contact, purpose=purpose, given=True, text=text, source="registration form",
            version=workshop.district.privacy_version,
        )  # fmt: skip
