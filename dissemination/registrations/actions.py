"""The verbs: register, cancel, promote, restore, revise. Seats are counted by the database.

The row of `rooms` is what concurrent registrations queue for: one conditional UPDATE hands out the
number and, if one is free and nobody waits, the seat. Whoever changes a standing holds that row.
"""

import secrets
from collections.abc import Mapping
from enum import StrEnum

from sqlalchemy import select

from dissemination.kernel.clock import now, today
from dissemination.kernel.database import db, insert_once
from dissemination.kernel.refusals import Refusal
from dissemination.people import actions as people
from dissemination.people.accounts import Account
from dissemination.people.models import Company, OrganisationType, Purpose
from dissemination.plan import activity
from dissemination.registrations import invitations, mails, queries, rooms
from dissemination.registrations.models import Registration, Standing
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
from dissemination.workshops.models import State, Workshop

MARK = 40


class Did(StrEnum):
    """What the activity log keeps of registrations: intentions, seen and never counted (rule R3)."""

    REGISTERED = "registration.made"
    CANCELLED = "registration.cancelled"


def register(
    workshop: Workshop,
    *,
    email: str,
    given_name: str,
    family_name: str,
    company: Company | None = None,
    tax_id: str = "",
    company_name: str = "",
    province: str = "",
    size=None,
    sector_id: int | None = None,
    organisation_type: OrganisationType = OrganisationType.COMPANY,
    job_title: str = "",
    answers: Mapping[str, str] | None = None,
    consents: Mapping[Purpose, str] | None = None,
    language: str = "it",
    form_mark: str | None = None,
    newsletter_issue_id: int | None = None,
    by: Account | None = None,
) -> Registration:
    """Give the person a seat, or the next place on the waiting list, and write to her.

    The organisation is `company`, or found or added by `tax_id` (or `company_name`); neither: she comes
    as a private person. `answers` maps question ids (as str) to texts, `consents` purposes to the text
    as it was shown. A `form_mark` seen before gives the registration that it made. An organiser (`by`)
    may register somebody after the deadline and, until the books are closed, after the workshop; nobody
    is written to about a workshop that is over.
    Raises NotOpen, WorkshopIsOff, WorkshopIsClosed, AlreadyBegun, DeadlinePassed, AlreadyRegistered.
    """
    try:
        check_open(workshop, by=by)
    except Refusal:
        twin = _sent_before(workshop, form_mark, email)
        if twin is None:
            raise
        return twin
    if company is None and (tax_id or company_name):
        company = people.find_or_add_company(
            district_id=workshop.district_id, tax_id=tax_id or None, name=company_name, size=size,
            province=province, sector_id=sector_id, type=organisation_type,
        )  # fmt: skip
    contact = people.find_or_add_contact(
        district_id=workshop.district_id, email=email, given_name=given_name, family_name=family_name,
        company=company, language=language, job_title=job_title,
    )  # fmt: skip
    place = rooms.take_place(workshop)
    row = {
        "workshop_id": workshop.id, "contact_id": contact.id, "company_id": company.id if company else None,
        "number": place.number, "standing": place.standing, "job_title": job_title,
        "answers": dict(answers or {}), "language": language, "newsletter_issue_id": newsletter_issue_id,
        "told_revision": workshop.revision,
    }  # fmt: skip
    registration = _add(row, form_mark=form_mark if form_mark and len(form_mark) <= MARK else None)
    if registration is None:
        twin = _sent_before(workshop, form_mark, email)
        if twin is not None:
            rooms.give_back(workshop, place)
            return twin
        registration = _add_without_mark(row, queries.of_contact(workshop, contact))
    _record(Did.REGISTERED, registration, by=by)
    for purpose, text in (consents or {}).items():
        people.record_consent(
            contact, purpose=purpose, given=True, text=text, source="registration form",
            version=workshop.district.privacy_version,
        )  # fmt: skip
    if place.standing is Standing.CONFIRMED:
        invitations.invite(registration, mails.confirmation)
    else:
        _queue(registration, place)
    return registration


def check_open(workshop: Workshop, *, by: Account | None = None) -> None:
    """Raise the refusal that says why nobody can register now, if so."""
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


def cancel(registration: Registration, *, by: Account | None = None) -> Registration:
    """Give the place back; whoever waits first gets the seat, in this transaction. Twice is once.

    `by` is the organiser who did it, None the person herself. Raises AlreadyBegun (the person herself
    only), WorkshopIsClosed.
    """
    workshop = registration.workshop
    _hold(registration)
    if registration.standing is Standing.CANCELLED:
        return registration
    if workshop.closing is not None:
        raise WorkshopIsClosed
    if by is None and workshop.starts_at <= now():
        raise AlreadyBegun
    rooms.leave(workshop, registration.standing)
    registration.standing = Standing.CANCELLED
    registration.cancelled_at, registration.cancelled_by = now(), by.id if by else None
    _record(Did.CANCELLED, registration, by=by)
    invitations.withdraw(registration)
    promote(workshop)
    return registration


def promote(workshop: Workshop) -> list[Registration]:
    """Give free seats to whoever waits, in order, and invite them; who they are.

    Nothing happens once the workshop has begun or is off.
    """
    if workshop.state is not State.PUBLISHED or workshop.starts_at <= now():
        return []
    room = rooms.held(workshop)
    free = workshop.seats - room.taken if room else 0
    if room is None or free <= 0 or room.waiting == 0:
        return []
    lucky = db.session.scalars(
        select(Registration)
        .where(Registration.workshop_id == workshop.id, Registration.standing == Standing.WAITING)
        .order_by(Registration.number)
        .limit(free)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    room.taken, room.waiting = room.taken + len(lucky), room.waiting - len(lucky)
    for registration in lucky:
        registration.standing, registration.confirmed_at = Standing.CONFIRMED, now()
        invitations.invite(registration, mails.promoted)
    db.session.flush()
    return list(lucky)


def restore(registration: Registration) -> Registration:
    """Undo a cancellation while a seat is free and nobody waits; her calendars get the dates back.

    Raises NotCancelled, NoSeatFree, AlreadyRegistered and what `check_open` raises.
    """
    workshop = registration.workshop
    check_open(workshop)
    _hold(registration)
    if registration.standing is not Standing.CANCELLED:
        raise NotCancelled
    if queries.of_contact(workshop, registration.contact) is not None:
        raise AlreadyRegistered(registration)
    place = rooms.take_place(workshop)
    if place.standing is not Standing.CONFIRMED:
        raise NoSeatFree
    registration.number, registration.standing = place.number, place.standing
    registration.confirmed_at = now()
    registration.cancelled_at = registration.cancelled_by = None
    _record(Did.REGISTERED, registration, by=None)
    invitations.invite(registration, mails.confirmation, former=registration.invitations)
    return registration


def revise(registration: Registration, *, job_title: str, answers: Mapping[str, str], language: str) -> None:
    """Change what the person said of herself for this workshop. Raises NotOpen's kin when it is over."""
    if registration.workshop.closing is not None:
        raise WorkshopIsClosed
    registration.job_title, registration.language = job_title, language
    registration.answers = {**registration.answers, **answers}
    db.session.flush()


def send_link(registration: Registration) -> None:
    """Write the person her personal link again; at most once a day, whoever asks."""
    post = mails.my_link(registration, queries.position(registration))
    invitations.put(post, registration, f"link {now():%Y%m%d}")


# Marks of forms.


def _sent_before(workshop: Workshop, form_mark: str | None, email: str) -> Registration | None:
    twin = queries.by_mark(form_mark)
    if twin is None or twin.workshop_id != workshop.id or twin.contact.email != email.strip().lower():
        return None  # the page was sent again for somebody else: a new wish
    return twin


# Rows.


def _hold(registration: Registration) -> None:
    """Hold the room, then the registration (always in this order), as they stand now."""
    rooms.held(registration.workshop)
    db.session.refresh(registration, with_for_update={"of": Registration})
    db.session.expire(registration, ["invitations"])


def _add(row: dict, *, form_mark: str | None) -> Registration | None:
    """The new row, or None when the same person or the same form was faster."""
    moment = now()
    return insert_once(
        Registration, public_id=secrets.token_hex(16), created_at=moment, form_mark=form_mark,
        confirmed_at=moment if row["standing"] is Standing.CONFIRMED else None, **row,
    )  # fmt: skip


def _add_without_mark(row: dict, living: Registration | None) -> Registration:
    """The new row after all: the mark belonged to somebody else's form. Raises AlreadyRegistered."""
    registration = None if living else _add(row, form_mark=None)
    if registration is None:
        raise AlreadyRegistered(living)
    return registration


def _queue(registration: Registration, place: rooms.Place) -> None:
    """The queue moves at once if seats were raised meanwhile; who still waits is told so."""
    workshop, position = registration.workshop, place.position
    if place.taken < workshop.seats:
        lucky = promote(workshop)
        position -= len(lucky)
        if registration in lucky:
            return
    if workshop.starts_at > now():
        invitations.put(mails.waiting(registration, position), registration)


def _record(verb: Did, registration: Registration, *, by: Account | None) -> None:
    workshop = registration.workshop
    activity.record(
        verb, workshop, district_id=workshop.district_id, title=workshop.title_it, by=by,
        happened_on=today(workshop.district.zone), activity_line_id=workshop.activity_line_id,
        company_id=registration.company_id, contact_id=registration.contact_id,
        not_counted="registration",
    )  # fmt: skip
