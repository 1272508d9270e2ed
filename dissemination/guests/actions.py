"""The verbs: put people on the list, invite and remind them, note what they answer, take them off again.

A guest's reaction follows her registration: `registrations`, a floor above, calls `admit`, `accept` and
`withdrawn` when one is made or cancelled. Forgetting who the guests were is the business of `privacy`.
"""

import secrets
from collections.abc import Callable, Iterable

from sqlalchemy import update

from dissemination.delivery import outbox
from dissemination.delivery.mail import Mail
from dissemination.guests import mails, queries
from dissemination.guests.lists import MOST_LINES
from dissemination.guests.mails import Words
from dissemination.guests.models import Guest, Reaction
from dissemination.guests.refusals import (
    AlreadyThere,
    IsRegistered,
    LeftOut,
    NobodyToAdd,
    NotInvited,
    NotPublishedYet,
    TooLate,
    TooMany,
)
from dissemination.guests.screening import Person, Screening, screen
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, insert_once, rows_changed
from dissemination.kernel.text import fold
from dissemination.people.accounts import Account
from dissemination.people.models import Contact
from dissemination.workshops.models import State, Workshop

BATCH = 200  # mails put in one transaction
FOLDED = 520


def add(workshop: Workshop, people: Iterable[Person], *, by: Account | None) -> Screening:
    """Put `people` on the list; what became of each of them. Nobody is written to yet.

    Who is there already stays as she is; duplicates are merged; who must not be written to is left out.
    Raises NobodyToAdd, TooMany.
    """
    people = list(people)
    if not people:
        raise NobodyToAdd
    if len(people) > MOST_LINES:
        raise TooMany
    found = screen(workshop, people)
    added = [person for person in found.new if _insert(workshop, person, by)]
    found.there += [person for person in found.new if person not in added]  # another organiser was faster
    found.new = added
    return found


def add_one(workshop: Workshop, person: Person, *, by: Account | None) -> Person:
    """Put one person on the list by hand. Raises AlreadyThere, LeftOut with the reason."""
    found = add(workshop, [person], by=by)
    if found.left_out:
        raise LeftOut(found.left_out[0][1])
    if found.there:
        raise AlreadyThere
    return found.new[0]


def from_contacts(contacts: Iterable[Contact]) -> list[Person]:
    """People of the registry as they would be invited."""
    return [
        Person(
            email=c.email, given_name=c.given_name, family_name=c.family_name, language=c.language,
            contact_id=c.id, company_id=c.company_id,
        )
        for c in contacts
    ]  # fmt: skip


def _insert(workshop: Workshop, person: Person, by: Account | None) -> bool:
    words = f"{person.family_name} {person.given_name} {person.email} {person.company_name}"
    row = insert_once(
        Guest, public_id=secrets.token_hex(16), workshop_id=workshop.id, contact_id=person.contact_id,
        company_id=person.company_id, email=person.email, given_name=person.given_name[:100],
        family_name=person.family_name[:100], company_name=person.company_name[:200],
        language=person.language, folded=fold(words)[:FOLDED], added_at=now(), added_by=by.id if by else None,
    )  # fmt: skip
    return row is not None


def invite(workshop: Workshop, words: Words) -> int:
    """Write to the next guests who were never written to, `BATCH` at most; how many. 0: all were.

    Call it in one transaction after the other until it gives 0. Raises NotPublishedYet, TooLate.
    """
    return _write(workshop, queries.to_invite(workshop), mails.invitation, words)


def remind(workshop: Workshop, words: Words) -> int:
    """Like `invite`, to those who have not answered; nobody is written to twice within 20 hours."""
    return _write(workshop, queries.to_remind(workshop), mails.reminder, words)


def _write(workshop: Workshop, whom, make: Callable[[Workshop, str, Words], Mail], words: Words) -> int:
    _must_invite(workshop)
    guests = db.session.scalars(
        whom.order_by(Guest.id).limit(BATCH).with_for_update(of=Guest, skip_locked=True)
    ).all()
    letters: dict[str, Mail] = {}
    moment = now()
    for guest in guests:
        if guest.language not in letters:
            letters[guest.language] = make(workshop, guest.language, words)
        guest.reminders += guest.invited_at is not None
        guest.invited_at = moment
        outbox.put(
            letters[guest.language], mails.recipient(guest), about=guest,
            idempotency=f"guest {moment:%Y%m%d%H%M%S%f}",
        )  # fmt: skip
    db.session.flush()
    return len(guests)


def _must_invite(workshop: Workshop) -> None:
    if workshop.state is State.DRAFT:
        raise NotPublishedYet
    if not queries.may_invite(workshop):
        raise TooLate


# What guests answer.


def admit(
    workshop: Workshop, *, guest_id: int | None, email: str, by: Account | None = None
) -> int | None:  # fmt: skip
    """Whose invitation a registration of `email` uses: the guest's id, None for none.

    An invitation is personal. On a private workshop the address must be a guest's, of several colleagues
    registered in one go each; an organiser (`by`) may register anybody. Locks nothing. Raises NotInvited.
    """
    guest = queries.by_email(workshop.id, email) if workshop.is_private or guest_id is not None else None
    if guest is None and workshop.is_private and by is None:
        raise NotInvited
    return guest.id if guest is not None else None


def accept(guest_id: int) -> bool:
    """She registered: note it. Twice is once; False when there is no such guest any more."""
    return _react(guest_id, Reaction.ACCEPTED, among=(Reaction.OPEN, Reaction.DECLINED))


def withdrawn(guest_id: int) -> bool:
    """Her registration was cancelled: the invitation is open again."""
    return _react(guest_id, Reaction.OPEN, among=(Reaction.ACCEPTED,))


def decline(guest: Guest) -> None:
    """She cannot come. Twice is once. Raises TooLate, IsRegistered (she cancels her registration instead)."""
    if not queries.holds(guest) or guest.workshop.cancellation is not None:
        raise TooLate
    if guest.reaction is Reaction.ACCEPTED:
        raise IsRegistered
    _react(guest.id, Reaction.DECLINED, among=(Reaction.OPEN,))


def reconsider(guest: Guest) -> None:
    """She takes her "no" back. Raises TooLate."""
    if not queries.holds(guest) or guest.workshop.cancellation is not None:
        raise TooLate
    _react(guest.id, Reaction.OPEN, among=(Reaction.DECLINED,))


def _react(guest_id: int, reaction: Reaction, *, among: tuple[Reaction, ...]) -> bool:
    moment = now() if reaction is not Reaction.OPEN else None
    mine = update(Guest).where(Guest.id == guest_id, Guest.reaction.in_(among))
    return rows_changed(mine.values(reaction=reaction, reacted_at=moment)) == 1


# Taking off the list.


def withdraw(guest: Guest) -> None:
    """Her link opens nothing any more; what was not sent yet is called back. Raises IsRegistered."""
    if guest.reaction is Reaction.ACCEPTED:
        raise IsRegistered
    if guest.withdrawn_at is None:
        guest.withdrawn_at = now()
        outbox.cancel(guest, "the invitation was withdrawn")
    db.session.flush()


def restore(guest: Guest) -> None:
    """Take a withdrawal back: the same link works again, and she can be written to anew."""
    guest.withdrawn_at = guest.invited_at = None
    db.session.flush()


def remove(guest: Guest) -> None:
    """Take her off the list for good, with her data. Raises IsRegistered."""
    if guest.reaction is Reaction.ACCEPTED:
        raise IsRegistered
    outbox.cancel(guest, "the guest was removed from the list")
    db.session.delete(guest)
    db.session.flush()
