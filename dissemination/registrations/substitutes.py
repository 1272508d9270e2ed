"""A colleague comes instead: the place goes to her without passing through the list."""

from dissemination.guests import actions as guests
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.people import actions as people
from dissemination.people.accounts import Account
from dissemination.people.models import Contact
from dissemination.registrations import (
    entering,
    history,
    invitations,
    line,
    mails_of_seats,
    proofs,
    queries,
    rooms,
    unasked,
)
from dissemination.registrations.models import LIVING, By, Registration, SeatPool, Standing, What
from dissemination.registrations.refusals import (
    AlreadyBegun,
    AlreadyRegistered,
    NotLiving,
    NotTheSameCompany,
    SamePerson,
    WrittenTooOften,
)


def substitute(
    registration: Registration, *, email: str, given_name: str, family_name: str, job_title: str = "",
    by: Account | None = None, who: By = By.PERSON,
) -> Registration:  # fmt: skip
    """Give her place (seat, offer, request or place in the list) to a colleague; the new registration.

    The old calendar gets a CANCEL, the new one a REQUEST. A person (or the booker: `who` COLLEAGUE) passes
    it on inside her company only, of a private workshop to a guest only; an organiser (`by`) to anybody.
    Raises SamePerson, NotTheSameCompany, AlreadyRegistered, NotLiving, WrittenTooOften, AlreadyBegun (not
    for organisers), WorkshopIsOff, WorkshopIsClosed, and guests' NotInvited.
    """
    workshop = registration.workshop
    guest_id = guests.admit(workshop, guest_id=None, email=email, by=by)
    contact = _contact(registration, email, given_name, family_name, by=by, who=who)
    if by is None and not unasked.may_tell(contact):
        raise WrittenTooOften(contact.email)
    room = line.hold(registration)
    _check(registration, contact, by)
    company_id = registration.company_id
    if by is not None and contact.company_id is not None:
        company_id = contact.company_id
    pool_id = _pool_of(registration, company_id)
    former, standing, number = registration.contact.name, registration.standing, registration.number
    offer_until, due = registration.offer_until, registration.proof_due
    registration.number = _next_number(registration)
    _end(registration, contact.name, by=by, who=who)
    row: dict = {
        "workshop_id": workshop.id, "contact_id": contact.id, "company_id": company_id,
        "group_id": registration.group_id, "pool_id": pool_id, "replaces_id": registration.id,
        "guest_id": guest_id,
        "attends": room.attends, "number": number, "standing": standing, "offer_until": offer_until,
        "proof_due": due if by is None and registration.group_id else None, "job_title": job_title,
        "answers": {},
        "language": registration.language, "told_revision": workshop.revision,
    }  # fmt: skip
    successor = entering.add(row, form_mark=None)
    if successor is None:
        raise AlreadyRegistered(queries.of_contact(workshop, contact))
    if guest_id is not None:
        guests.accept(guest_id)
    details = {"person": [former, contact.name], "standing": ["", standing.value]}
    history.note(successor, What.SUBSTITUTED, history.whose(by, who), account=by, details=details)
    entering.record(entering.Did.REGISTERED, successor, by=by)
    _write(registration, successor, former, was_proven=due is None)
    db.session.flush()
    return successor


def _contact(registration: Registration, email, given_name, family_name, *, by, who: By) -> Contact:
    if by is None and registration.company_id is None:
        raise NotTheSameCompany
    if by is None and who is By.PERSON:
        proofs.acted(registration)
    if email.strip().lower() == registration.contact.email:
        raise SamePerson
    return people.find_or_add_contact(
        district_id=registration.workshop.district_id, email=email, given_name=given_name,
        family_name=family_name, company=registration.company, language=registration.language,
        fill=by is not None,
    )  # fmt: skip


def _check(registration: Registration, contact: Contact, by: Account | None) -> None:
    workshop = registration.workshop
    if registration.standing not in LIVING:
        raise NotLiving
    entering.check_lasts(workshop)
    if by is None and workshop.starts_at <= now():
        raise AlreadyBegun
    if by is None and contact.company_id not in (None, registration.company_id):
        raise NotTheSameCompany
    other = queries.of_contact(workshop, contact)
    if other is not None:
        raise AlreadyRegistered(other)


def _next_number(registration: Registration) -> int:
    """A number for the one who leaves: the place in the order stays with the seat."""
    place = rooms.take_numbers(registration.workshop, registration.attends)
    return place.number


def _pool_of(registration: Registration, company_id: int | None) -> int | None:
    """The pool whose seat is used further; a seat given to another company leaves its pool for good."""
    if registration.pool_id is None or company_id == registration.company_id:
        return registration.pool_id
    pool = db.session.get_one(SeatPool, registration.pool_id, populate_existing=True)
    pool.used, pool.seats = pool.used - 1, pool.seats - 1
    return None


def _end(registration: Registration, successor: str, *, by: Account | None, who: By) -> None:
    details = {
        "person": [registration.contact.name, successor],
        "standing": [registration.standing.value, Standing.CANCELLED.value],
    }
    history.note(registration, What.SUBSTITUTED, history.whose(by, who), account=by, details=details)
    registration.standing, registration.pool_id = Standing.CANCELLED, None
    registration.cancelled_at, registration.cancelled_by = now(), by.id if by else None
    registration.offer_until = registration.proof_due = None
    entering.left(registration)
    db.session.flush()


def _write(registration: Registration, successor: Registration, former: str, *, was_proven: bool) -> None:
    if was_proven:
        invitations.withdraw(registration)
    if successor.proof_due is not None:
        return
    if successor.standing is Standing.CONFIRMED:
        invitations.invite(successor, lambda r, i: mails_of_seats.substituted(r, i, former))
    elif successor.workshop.starts_at > now():
        invitations.put(mails_of_seats.substituted(successor, None, former), successor)
