"""Approval by hand: an organiser says yes or no to each request. A group is approved as one."""

from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.people.accounts import Account
from dissemination.registrations import entering, history, invitations, line, mails_of_seats, queries, rooms
from dissemination.registrations.models import By, Registration, Standing, What
from dissemination.registrations.refusals import (
    NoReason,
    NoSeatToGive,
    NotAsked,
    WorkshopIsClosed,
)


def approve(registration: Registration, *, by: Account | None) -> list[Registration]:
    """Let her (of a group all who ask) in: seats if they are free, else places in the waiting list.

    The order is that of the requests, so a late decision costs nobody her place. Who has not proven her
    address yet is told when she has. Raises NotAsked, WorkshopIsOff, WorkshopIsClosed, and once the
    workshop has begun NoSeatToGive.
    """
    room, workshop = line.hold(registration), registration.workshop
    entering.check_lasts(workshop)
    members = _asking(registration)
    for member in members:
        member.standing = Standing.WAITING
        room.waiting += 1
        details = {"standing": [Standing.REQUESTED.value, Standing.WAITING.value]}
        history.note(member, What.APPROVED, By.ORGANISER, account=by, details=details)
    db.session.flush()
    if workshop.starts_at <= now():
        if rooms.free_seats(workshop, room) < len(members):
            raise NoSeatToGive
        line.seat(members, room, kept={}, who=By.ORGANISER, account=by)
        db.session.flush()
    else:
        line.promote(workshop, room.attends, fresh=[member.id for member in members])
    for member in members:
        if member.proof_due is None:
            entering.welcome(member, None, first=mails_of_seats.approved, former=member.invitations)
    return members


def refuse(registration: Registration, *, reason: str, by: Account | None) -> Registration:
    """Say no to one person, with a reason that she is told. Raises NotAsked, NoReason, WorkshopIsClosed."""
    if not reason.strip():
        raise NoReason
    line.hold(registration)
    if registration.standing is not Standing.REQUESTED:
        raise NotAsked
    if registration.workshop.closing is not None:
        raise WorkshopIsClosed
    registration.standing = Standing.REFUSED
    registration.cancelled_at, registration.cancelled_by = now(), by.id if by else None
    details = {"standing": [Standing.REQUESTED.value, Standing.REFUSED.value]}
    history.note(registration, What.REFUSED, By.ORGANISER, account=by, reason=reason, details=details)
    if registration.proof_due is None and registration.workshop.ends_at > now():
        post = mails_of_seats.approval_refused(registration, reason.strip())
        invitations.put(post, registration, f"{registration.cancelled_at:%Y%m%d%H%M%S%f}")
    entering.left(registration)
    db.session.flush()
    return registration


def _asking(registration: Registration) -> list[Registration]:
    if registration.standing is not Standing.REQUESTED:
        raise NotAsked
    if registration.group is None:
        return [registration]
    return [m for m in queries.members(registration.group) if m.standing is Standing.REQUESTED]
