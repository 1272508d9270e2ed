"""The date agreed for a visit: one invitation to one person's calendar (RFC 5546; mail.md §2).

Changed, it keeps its UID and its SEQUENCE rises; called off, METHOD:CANCEL takes it out of the calendar.
"""

import secrets
from dataclasses import replace
from datetime import datetime

from dissemination.audits import life, mails, queries
from dissemination.audits.models import Audit, State, VisitAppointment
from dissemination.audits.refusals import NoAppointment, NotHers, OutOfOrder, WrongTimes
from dissemination.bibliography.records import one_line, paragraphs
from dissemination.delivery import outbox
from dissemination.kernel import clock
from dissemination.kernel.database import db
from dissemination.people.accounts import Account
from dissemination.people.models import Contact

BEFORE_THE_VISIT = (State.PLANNED, State.CONTACTED)


def appoint(
    audit: Audit, *, contact: Contact, starts_at: datetime, ends_at: datetime, by: Account | None,
    place: str = "", message: str = "",
) -> VisitAppointment:  # fmt: skip
    """Agree on a date with somebody of the company and put it into her calendar by mail.

    Moments are aware. An audit that was only planned becomes "contacted" today. One that stands with somebody
    else is called off. Raises OutOfOrder after the visit, NotHers, WrongTimes.
    """
    db.session.flush()
    db.session.refresh(
        audit, with_for_update={"of": Audit}
    )  # of two at once the second moves the first's date
    _check(audit, contact, starts_at, ends_at)
    former = queries.appointment(audit)
    if former is not None and former.contact_id == contact.id:
        return move(audit, starts_at=starts_at, ends_at=ends_at, place=place, message=message, by=by)
    if former is not None:
        call_off(audit, by=by)
    made = VisitAppointment(
        audit=audit, contact=contact, starts_at=starts_at, ends_at=ends_at, place=one_line(place)[:300],
        message=paragraphs(message), uid=f"{secrets.token_hex(16)}@{mails.domain(audit)}", sequence=0,
        made_at=clock.now(), made_by=by.id if by else None,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    if audit.state is State.PLANNED:
        life.contacted(audit, on=clock.today(audit.district.zone), by=by)
    _post(made, mails.appointment(made))
    return made


def move(
    audit: Audit, *, starts_at: datetime, ends_at: datetime, by: Account | None, place: str = "",
    message: str = "",
) -> VisitAppointment:  # fmt: skip
    """Agree on another time or place; nothing is mailed when all stays.

    Raises NoAppointment, and what `appoint` raises.
    """
    row = _held(audit)
    _check(audit, row.contact, starts_at, ends_at)
    facts = {"starts_at": starts_at, "ends_at": ends_at, "place": one_line(place)[:300]}
    old = {name: getattr(row, name) for name in facts}
    words = paragraphs(message)
    if old == facts and words in ("", row.message):
        return row
    for name, value in facts.items():
        setattr(row, name, value)
    row.message, row.made_at, row.made_by = words, clock.now(), by.id if by else None
    if old != facts:
        row.sequence += 1  # RFC 5546 §2.1.4
        row.reply, row.replied_at = "", None  # she answered to the former date
    db.session.flush()
    _post(row, mails.appointment_changed(row, old))
    return row


def call_off(audit: Audit, *, by: Account | None, message: str = "") -> None:
    """Take the appointment out of her calendar. Raises NoAppointment."""
    row = _held(audit)
    row.sequence += 1
    row.cancelled_at, row.cancelled_by = clock.now(), by.id if by else None
    row.message = paragraphs(message)
    db.session.flush()
    if row.ends_at > clock.now():  # what is over stands in her calendar as it was
        _post(row, mails.appointment_cancelled(row))


def _held(audit: Audit) -> VisitAppointment:
    row = queries.appointment(audit)
    if row is None:
        raise NoAppointment
    db.session.refresh(row, with_for_update={"of": VisitAppointment})
    if row.cancelled_at is not None:
        raise NoAppointment
    return row


def _check(audit: Audit, contact: Contact, starts_at: datetime, ends_at: datetime) -> None:
    if audit.state not in BEFORE_THE_VISIT:
        raise OutOfOrder
    firm = queries.standing_company(audit)
    if (
        contact.company_id not in queries.family(audit.district_id, [firm.id])
        or contact.erased_at is not None
    ):
        raise NotHers
    hours = (ends_at - starts_at).total_seconds() / 3600
    if starts_at <= clock.now() or not 0 < hours <= 24:
        raise WrongTimes


def _by_the_same_organiser(row: VisitAppointment, post: mails.Post) -> mails.Post:
    """A calendar takes changes from the ORGANIZER that invited, also when the district's mailbox changed."""
    told = db.session.scalars(outbox.deliveries_of(row).limit(1)).first()
    if told is None or told.calendar is None:
        return post
    same = {name: told.calendar[name] for name in ("organizer_address", "organizer_name")}
    return replace(post, calendar=replace(post.calendar, **same))


def _post(row: VisitAppointment, post: mails.Post) -> None:
    if row.contact.erased_at is None:
        post = _by_the_same_organiser(row, post)
        distinct = f"{row.sequence}.{clock.now():%Y%m%d%H%M%S%f}"
        outbox.put(post.mail, post.recipient, about=row, calendar=post.calendar, idempotency=distinct)
