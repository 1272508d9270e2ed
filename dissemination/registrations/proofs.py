"""Double opt-in: an address not seen before holds its place until its owner presses a button.

Until then nothing but that one mail goes to her: no invitation, no reminder, no seat from the waiting list.
Whoever registers a group proves her address for all of it. A proof that does not come in time frees the
place, in silence.
"""

from collections.abc import Sequence

from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.people import actions as people
from dissemination.people.accounts import Account
from dissemination.registrations import (
    entering,
    history,
    invitations,
    line,
    mails_of_seats,
    queries,
    unasked,
)
from dissemination.registrations.models import LIVING, By, Group, Registration, Standing, What


def ask(registration: Registration) -> None:
    """Mail the link that proves her address. The caller has counted it (`unasked`)."""
    invitations.put(mails_of_seats.confirm_address(registration), registration, f"proof {now():%Y%m%d%H%M}")


def ask_group(group: Group, members: Sequence[Registration]) -> None:
    """Mail the booker the link that proves her address for the group. The caller has counted it."""
    invitations.put(
        mails_of_seats.confirm_group(group, list(members)), members[0], f"proof {now():%Y%m%d%H%M}"
    )


def acted(registration: Registration) -> None:
    """She acted by her personal link: her address is proven, and what is empty of her data is filled.

    Holds the contact; call it before anything holds a room.
    """
    contact = registration.contact
    people.prove(contact)
    people.fill_contact(contact, company=registration.company, job_title=registration.job_title)
    db.session.flush()


def acted_for(group: Group) -> None:
    """The booker acted by the link that only her mailbox received: her address is proven."""
    people.prove(group.contact)
    people.fill_contact(group.contact, company=group.company)
    db.session.flush()


def prove(registration: Registration) -> list[Registration]:
    """She opened the mailed link and pressed the button: her place is hers; who was proven by it.

    Of the booker of a group that is the whole group. Twice is once; too late only the address is proven.
    """
    acted(registration)
    group = registration.group
    if group is not None and group.contact_id == registration.contact_id:
        return _proven(queries.members(group))
    return _proven([registration])


def prove_group(group: Group) -> list[Registration]:
    """The booker pressed the button in her mail: the whole group stands; who was proven by it."""
    acted_for(group)
    return _proven(queries.members(group))


def vouch(registration: Registration, *, by: Account) -> list[Registration]:
    """An organiser knows that it is she (of a group: who booked): the place stands, the address stays
    unproven; for whom she vouched."""
    members = queries.members(registration.group) if registration.group else [registration]
    return _proven(members, By.ORGANISER, by)


def _proven(
    members: Sequence[Registration], who: By = By.PERSON, account: Account | None = None
) -> list[Registration]:
    rooms = [line.hold(member) for member in members]
    due = [m for m in members if m.proof_due is not None and m.standing in LIVING]
    for member in due:
        member.proof_due = None
        history.note(member, What.PROVEN, who, account=account)
    db.session.flush()
    if not due:
        return []
    if any(member.standing is Standing.WAITING for member in due):
        line.promote(due[0].workshop, rooms[0].attends, fresh=[member.id for member in due])
    tell(due)
    return due


def tell(members: Sequence[Registration]) -> None:
    """Tell people whose place stands now; of a group each her own, and the booker of all."""
    group = members[0].group
    for member in members:
        if group is not None and member.contact_id != group.contact_id:
            tell_colleague(member)
        else:
            entering.welcome(member, None)
    if group is not None:
        invitations.put(
            mails_of_seats.group_booked(group, list(members)), members[0], f"group {now():%Y%m%d}"
        )


def tell_colleague(member: Registration) -> None:
    """Tell somebody whom a colleague registered how she stands."""
    if member.standing is Standing.CONFIRMED:
        invitations.invite(member, mails_of_seats.registered_by_colleague)
    elif member.workshop.starts_at > now():
        invitations.put(mails_of_seats.registered_by_colleague(member), member)


def ask_again(registration: Registration) -> None:
    """Somebody registers her anew while she has not proven her address: the link once more, if she may
    be written to."""
    group = registration.group
    email = group.contact.email if group is not None else registration.contact.email
    if not unasked.may_write(registration.workshop.district_id, email):
        return
    if group is not None:
        ask_group(group, queries.members(group))
    else:
        ask(registration)


def expire(registration: Registration) -> bool:
    """Nobody proved the address in time: the place goes to the next one, of a group all places at once.

    False: it was proven meanwhile.
    """
    line.hold(registration)
    group = registration.group
    members = [registration] if group is None else queries.members(group)
    held = [(member, line.hold(member)) for member in members]
    due = [(member, room) for member, room in held if _is_too_late(member)]
    for member, room in due:
        before = member.standing
        line.vacate(member, room)
        member.standing, member.cancelled_at = Standing.CANCELLED, now()
        details = {"standing": [before.value, Standing.CANCELLED.value]}
        history.note(member, What.EXPIRED, By.SYSTEM, details=details)
        entering.left(member)
    db.session.flush()
    for attends in sorted({room.attends for _member, room in due}):
        line.promote(registration.workshop, attends)
    return bool(due)


def _is_too_late(member: Registration) -> bool:
    return member.proof_due is not None and member.proof_due <= now() and member.standing in LIVING
