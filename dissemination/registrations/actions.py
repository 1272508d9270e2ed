"""The verbs: register, cancel, promote, restore, revise, and what their neighbours do. One home for all.

Seats are counted by the database: the row of `rooms` is what concurrent registrations queue for, and one
conditional UPDATE hands a newcomer the number and, if one is free and nobody waits, the seat. Whoever
changes a standing holds that row. The rules of the waiting list are in `line`, double opt-in in `proofs`,
groups, offers, approvals, pools, substitutes and moves in modules of that name.
"""

from collections.abc import Mapping

from dissemination.guests import actions as guests
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.kernel.refusals import Refusal
from dissemination.people import actions as people
from dissemination.people.accounts import Account
from dissemination.people.models import Company, OrganisationType, Purpose
from dissemination.registrations import (
    entering,
    history,
    invitations,
    line,
    mails,
    proofs,
    queries,
    rooms,
    unasked,
)
from dissemination.registrations.approvals import approve, refuse
from dissemination.registrations.entering import MARK, Did, check_open
from dissemination.registrations.groups import register_group
from dissemination.registrations.line import promote
from dissemination.registrations.models import LIVING, Attends, By, Registration, Standing, What
from dissemination.registrations.moves import give_seat, move, switch
from dissemination.registrations.offers import accept_offer, refuse_offer
from dissemination.registrations.pools import keep_seats, release_pool
from dissemination.registrations.proofs import acted, acted_for, prove, prove_group, vouch
from dissemination.registrations.refusals import (
    AlreadyBegun,
    AlreadyRegistered,
    AskAgain,
    NoSeatFree,
    NotCancelled,
    WorkshopIsClosed,
)
from dissemination.registrations.substitutes import substitute
from dissemination.workshops.models import Workshop

__all__ = [
    "Did", "accept_offer", "acted", "acted_for", "approve", "cancel", "check_open", "give_seat", "keep_seats",
    "move", "promote", "prove", "prove_group", "refuse", "refuse_offer", "register", "register_group",
    "release_pool", "restore", "revise", "send_link", "substitute", "switch", "vouch",
]  # fmt: skip


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
    answers: Mapping | None = None,
    consents: Mapping[Purpose, str] | None = None,
    language: str = "it",
    form_mark: str | None = None,
    newsletter_issue_id: int | None = None,
    newsletter_block_id: int | None = None,
    attends: Attends | None = None,
    guest_id: int | None = None,
    proven: bool = False,
    by: Account | None = None,
    network: str | None = None,
) -> Registration:
    """Give the person a seat, or the next place on the waiting list, and write to her.

    The organisation is `company`, or found or added by `tax_id` (or `company_name`); neither: she comes
    as a private person. `answers` maps question ids (as str) to answers, `consents` purposes to the text
    as it was shown. A `form_mark` seen before gives the registration that it made. `attends` None: the
    workshop's first way. An address not seen before is only asked to confirm itself, unless the request
    came by a mailed link (`proven`) or from an organiser (`by`), who may also register somebody after the
    deadline and, until the books are closed, after the workshop; nobody is written to about a workshop that
    is over. `network` is the client's address, against floods of unknown people.
    Raises NotOpen, WorkshopIsOff, WorkshopIsClosed, AlreadyBegun, DeadlinePassed, AlreadyRegistered,
    NotThisWay, TooManyFromHere, and guests' NotInvited.
    """
    try:
        check_open(workshop, by=by)
        attends = rooms.way(workshop, attends)
        guest_id = guests.admit(workshop, guest_id=guest_id, email=email, by=by)
    except Refusal:
        twin = _sent_before(workshop, form_mark, email)
        if twin is None:
            raise
        return twin
    facts = {
        "tax_id": tax_id, "company_name": company_name, "province": province, "size": size,
        "sector_id": sector_id, "organisation_type": organisation_type,
    }  # fmt: skip
    company = entering.company_of(workshop, company, facts)
    contact = people.find_or_add_contact(
        district_id=workshop.district_id, email=email, given_name=given_name, family_name=family_name,
        company=company, language=language, job_title=job_title, fill=proven or by is not None,
    )  # fmt: skip
    if proven:
        people.prove(contact)
    due = unasked.proof_due(workshop, contact, by=by, proven=proven)
    may_ask = due is None or contact.email in unasked.count(
        workshop.district_id, [contact.email], network=network
    )
    place, standing = entering.take(workshop, attends, by=by)
    row = {
        "workshop_id": workshop.id, "contact_id": contact.id, "company_id": company.id if company else None,
        "attends": attends, "number": place.number, "standing": standing, "job_title": job_title,
        "answers": dict(answers or {}), "language": language, "newsletter_issue_id": newsletter_issue_id,
        "newsletter_block_id": newsletter_block_id,
        "guest_id": guest_id, "proof_due": due, "told_revision": workshop.revision,
    }  # fmt: skip
    registration = entering.add(row, form_mark=form_mark if form_mark and len(form_mark) <= MARK else None)
    if registration is None:
        twin = _sent_before(workshop, form_mark, email)
        if twin is not None:
            rooms.give_back(workshop, attends, place, standing)
            return twin
        registration = _add_without_mark(row, queries.of_contact(workshop, contact))
    overtaken = entering.settle(workshop, [registration], place, company)
    _finish(registration, contact, consents, by)
    if due is None:
        entering.welcome(registration, place.position - overtaken)
    elif may_ask:
        proofs.ask(registration)
    return registration


def _finish(registration: Registration, contact, consents, by: Account | None) -> None:
    entering.record(Did.REGISTERED, registration, by=by)
    entering.record_consents(contact, registration.workshop, consents)
    if by is not None:
        entering.note_made(registration, By.ORGANISER, by)
    if registration.guest_id is not None:
        guests.accept(registration.guest_id)


def _sent_before(workshop: Workshop, form_mark: str | None, email: str) -> Registration | None:
    twin = queries.by_mark(form_mark)
    if twin is None or twin.workshop_id != workshop.id or twin.contact.email != email.strip().lower():
        return None  # the page was sent again for somebody else: a new wish
    return twin


def _add_without_mark(row: dict, living: Registration | None) -> Registration:
    """The new row after all: the mark belonged to somebody else's form. Raises AlreadyRegistered."""
    registration = None if living else entering.add(row, form_mark=None)
    if registration is None:
        raise AlreadyRegistered(living)
    return registration


def cancel(
    registration: Registration, *, by: Account | None = None, who: By = By.PERSON, reason: str = ""
) -> Registration:
    """Give the place back; whoever is next and fits gets the seat, in this transaction. Twice is once.

    `by` is the organiser who did it; else `who`: the person, the colleague who booked, her calendar. Who has
    not proven her address is not written to. Raises AlreadyBegun (not for organisers), WorkshopIsClosed.
    """
    workshop = registration.workshop
    if by is None and who is By.PERSON:
        acted(registration)
    room = line.hold(registration)
    if registration.standing not in LIVING:
        return registration
    if workshop.closing is not None:
        raise WorkshopIsClosed
    if by is None and workshop.starts_at <= now():
        raise AlreadyBegun
    before = registration.standing
    line.vacate(registration, room)
    registration.standing = Standing.CANCELLED
    registration.cancelled_at, registration.cancelled_by = now(), by.id if by else None
    history.note(
        registration, What.CANCELLED, history.whose(by, who), account=by, reason=reason,
        details={"standing": [before.value, Standing.CANCELLED.value]},
    )  # fmt: skip
    entering.left(registration, by=by)
    if registration.proof_due is None:
        invitations.withdraw(registration)
    db.session.flush()
    promote(workshop, room.attends)
    return registration


def restore(registration: Registration, *, by: Account | None = None) -> Registration:
    """Undo a cancellation while a seat is free that nobody waits for; her calendars get the dates back.

    An organiser (`by`) also takes a refusal or an expired offer back, and puts her at the end of the waiting
    list when no seat is free. Raises NotCancelled, AskAgain (nobody let her in, or an organiser took the
    seat), NotInvited (any more), NoSeatFree, AlreadyRegistered, and what `check_open` does.
    """
    workshop = registration.workshop
    check_open(workshop, by=by)
    if by is None:
        acted(registration)
    room = line.hold(registration)
    _check_undo(registration, by)
    place = rooms.take_place(workshop, room.attends)
    if not place.is_seat and by is None:
        raise NoSeatFree
    before = registration.standing
    registration.number, registration.proof_due = place.number, None
    registration.standing = Standing.CONFIRMED if place.is_seat else Standing.WAITING
    registration.confirmed_at = now() if place.is_seat else None
    registration.cancelled_at = registration.cancelled_by = None
    details = {"standing": [before.value, registration.standing.value]}
    history.note(registration, What.RESTORED, history.whose(by), account=by, details=details)
    db.session.flush()
    overtaken = entering.settle(workshop, [registration], place, registration.company)
    entering.record(Did.REGISTERED, registration, by=by)
    if registration.guest_id is not None:
        guests.accept(registration.guest_id)
    entering.welcome(registration, place.position - overtaken, former=registration.invitations)
    return registration


def _check_undo(registration: Registration, by: Account | None) -> None:
    workshop = registration.workshop
    undone = (Standing.CANCELLED,) if by is None else (Standing.CANCELLED, Standing.REFUSED)
    if registration.standing not in undone:
        raise NotCancelled
    if by is None and queries.must_ask_again(registration):
        raise AskAgain
    if by is None and registration.guest_id is not None:
        guests.admit(workshop, guest_id=registration.guest_id, email=registration.contact.email)
    other = queries.of_contact(workshop, registration.contact)
    if other is not None:
        raise AlreadyRegistered(other)


def revise(
    registration: Registration, *, job_title: str, answers: Mapping, language: str,
    by: Account | None = None,
) -> None:  # fmt: skip
    """Change what the person said of herself for this workshop. Raises WorkshopIsClosed."""
    if registration.workshop.closing is not None:
        raise WorkshopIsClosed
    new = {
        "job_title": job_title, "language": language, "answers": {**registration.answers, **answers},
    }  # fmt: skip
    changed = {
        name: [getattr(registration, name), value]
        for name, value in new.items()
        if getattr(registration, name) != value
    }
    if not changed:
        return
    if "answers" in changed:
        changed["answers"] = _changed_answers(*changed["answers"])
    for name, value in new.items():
        setattr(registration, name, value)
    history.note(registration, What.REVISED, history.whose(by), account=by, details=changed)
    db.session.flush()


def _changed_answers(old: dict, new: dict) -> list[dict]:
    keys = [key for key in new if old.get(key) != new[key]]
    return [{key: old.get(key) for key in keys}, {key: new[key] for key in keys}]


def send_link(registration: Registration) -> None:
    """Write the person her personal link again; at most once a day, whoever asks. Who has not proven her
    address yet is asked for that again, as often as `unasked` allows."""
    if registration.proof_due is not None:
        proofs.ask_again(registration)
        return
    post = mails.my_link(registration, queries.position(registration))
    invitations.put(post, registration, f"link {now():%Y%m%d}")
