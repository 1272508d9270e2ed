"""Offers of freed seats: taken or refused by one click, passed on when they expire.

An offer to a group is one offer: any member's link answers for all of it.
"""

from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.people.accounts import Account
from dissemination.registrations import (
    entering,
    history,
    invitations,
    line,
    mails,
    mails_of_seats,
    proofs,
    queries,
)
from dissemination.registrations.models import By, Registration, Standing, What
from dissemination.registrations.refusals import NotOffered, OfferExpired


def accept_offer(registration: Registration, *, by: Account | None = None) -> list[Registration]:
    """She takes the seat (a group: all its seats); who has one now.

    Raises NotOffered, OfferExpired, WorkshopIsOff, WorkshopIsClosed.
    """
    _acted(registration, by)
    members = _offered(registration)
    entering.check_lasts(registration.workshop)
    if any(member.offer_until is None or member.offer_until <= now() for member in members):
        raise OfferExpired
    for member in members:
        member.standing, member.confirmed_at, member.offer_until = Standing.CONFIRMED, now(), None
        _note(member, What.OFFER_TAKEN, registration, by)
        invitations.invite(member, mails.confirmation, former=member.invitations)
    db.session.flush()
    return members


def refuse_offer(registration: Registration, *, by: Account | None = None) -> list[Registration]:
    """She does not want the seat: she leaves the list, and the seat goes to the next one; who left.

    Raises NotOffered.
    """
    _acted(registration, by)
    members = _offered(registration)
    _give_up(members, lambda member: _note(member, What.OFFER_REFUSED, registration, by))
    return members


def expire(registration: Registration) -> bool:
    """Nobody answered in time: they leave the list, are told how to come back, and the seats go on.

    False: the offer was answered meanwhile, or nobody can answer it now: the workshop is off, or its people
    do not know yet that it takes place after all.
    """
    try:
        members = _offered(registration)
    except NotOffered:
        return False
    if any(member.offer_until is None or member.offer_until > now() for member in members):
        return False
    workshop = registration.workshop
    if workshop.cancellation is not None or any(m.told_revision < workshop.revision for m in members):
        return False

    def note(member):
        details = {"standing": [Standing.OFFERED.value, Standing.CANCELLED.value]}
        history.note(member, What.OFFER_EXPIRED, By.SYSTEM, details=details)
        if member.workshop.starts_at > now():
            distinct = f"expired {now():%Y%m%d%H%M}"
            invitations.put(mails_of_seats.offer_expired(member), member, distinct)

    _give_up(members, note)
    return True


def _acted(registration: Registration, by: Account | None) -> None:
    if by is None:
        proofs.acted(registration)


def _offered(registration: Registration) -> list[Registration]:
    """The offer of which hers is a part, held. Raises NotOffered."""
    line.hold(registration)
    if registration.standing is not Standing.OFFERED:
        raise NotOffered
    if registration.group is None:
        return [registration]
    members = queries.members(registration.group)
    return [m for m in members if m.standing is Standing.OFFERED and m.attends is registration.attends]


def _note(member: Registration, what: What, clicked: Registration, by: Account | None) -> None:
    who = history.whose(by, By.PERSON if member.id == clicked.id else By.COLLEAGUE)
    after = Standing.CONFIRMED if what is What.OFFER_TAKEN else Standing.CANCELLED
    details = {"standing": [Standing.OFFERED.value, after.value]}
    history.note(member, what, who, account=by, details=details)


def _give_up(members: list[Registration], note) -> None:
    room = line.hold(members[0])
    for member in members:
        line.vacate(member, room)
        member.standing, member.cancelled_at = Standing.CANCELLED, now()
        note(member)
        entering.left(member)
    db.session.flush()
    line.promote(members[0].workshop, room.attends)
