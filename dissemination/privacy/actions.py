"""The verbs of privacy: purge what is over, erase a person at her wish, keep for longer with a reason.

`run` and `purge_workshop` open their own transactions, one a step, because what they do may be long; all
else works inside the caller's.
"""

from collections import Counter
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from dissemination.delivery import suppressed
from dissemination.districts.models import District
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, insert_into, transaction
from dissemination.kernel.refusals import Refusal
from dissemination.people.accounts import Account
from dissemination.people.models import Contact
from dissemination.privacy import contacts, encounters, purge, sweeping, wiping
from dissemination.privacy.models import Erasure, ErasureRequest, RetentionChange
from dissemination.privacy.terms import MOST_MONTHS, months_later
from dissemination.registrations import actions as registrations
from dissemination.registrations.models import LIVING, By, Group, Registration
from dissemination.submissions import actions as submissions
from dissemination.subscriptions import actions as subscriptions
from dissemination.workshops.models import State, Workshop


class NotOver(Refusal):
    """The workshop is to come, or its books are open: its data are needed."""

    message = _l("Its data are still needed: the workshop is not over, or not closed.")


class NoReason(Refusal):
    """A reason is due."""

    status = 422
    field = "reason"
    message = _l("Give the reason: it is kept with the decision.")


class NamesPerson(Refusal):
    """What is kept for ever must not name who was erased."""

    status = 422
    field = "reason"
    message = _l("The reason is kept: write it without the person's name or address.")


class NotLonger(Refusal):
    """The new time is not longer than the one that holds, or too long."""

    status = 422
    field = "months"
    message = _l("Choose a longer time than now, at most 120 months after the workshop.")


class AlreadyErased(Refusal):
    """There is nobody left to erase."""

    message = _l("This person's data were erased before.")


# The nightly purge.


def run(district: District, *, at: datetime | None = None) -> Counter:
    """Purge all that is over in a district, step by step, and note the counts. Opens transactions.

    Twice is once; a run that was stopped is continued by the next.
    """
    moment = at or now()
    counts: Counter = Counter()
    for workshop_id, questions in purge.due_questions(district.id, moment).items():
        counts["answers"] += _repeat_number(lambda w=workshop_id, q=questions: purge.drop_some_answers(w, q))
    for workshop in purge.due_workshops(district.id, moment):
        counts += _repeat(lambda w=workshop: purge.purge_some(w))
    counts += _repeat(lambda: purge.settle_some(district.id))
    counts += _repeat(lambda: encounters.purge_some(district.id, moment))
    idle = purge.idle_ids(district.id, moment)
    for start in range(0, len(idle), purge.BATCH):
        with transaction():
            counts += purge.erase_idle(idle[start : start + purge.BATCH])
    with transaction():
        counts["mails"] += purge.forget_asked(district.id)
        counts["replies"] += purge.forget_strays(moment)
        if +counts:
            note(district.id, counts)
    return +counts


def _repeat(step) -> Counter:
    total: Counter = Counter()
    while True:
        with transaction():
            done = step()
        if not +done:
            return total
        total += done


def _repeat_number(step) -> int:
    total = 0
    while True:
        with transaction():
            done = step()
        if not done:
            return total
        total += done


def forecast(district: District, *, at: datetime | None = None) -> dict:
    """What `run` would begin with: workshops with the end of their time, questions, idle contacts, audits."""
    moment = at or now()
    return {
        "workshops": [
            {"slug": w.slug, "until": purge.until(w).isoformat()}
            for w in purge.due_workshops(district.id, moment)
        ],
        "questions": sum(map(len, purge.due_questions(district.id, moment).values())),
        "contacts": len(purge.idle_ids(district.id, moment)),
        "audits": len(encounters.due(district.id, moment)),
    }  # fmt: skip


def note(district_id: int, counts: Counter, *, by: Account | None = None, reason: str = "") -> Erasure:
    """Write down that something was erased: counts only."""
    row = Erasure(
        district_id=district_id, at=now(), by=by.id if by else None, reason=reason, counts=dict(+counts)
    )
    db.session.add(row)
    db.session.flush()
    return row


def sweep() -> bool:
    """Take the traces of what was erased out of the files; whether they are gone. Opens transactions.

    Does nothing while nothing was erased since the last time.
    """
    begun = now()
    waiting = select(Erasure.id).where(Erasure.swept_at.is_(None)).limit(1)
    if db.session.scalar(waiting) is None:
        db.session.rollback()
        return True
    sweeping.sweep_mails()
    sweeping.sweep_storage()
    if not sweeping.sweep_database():
        return False
    with transaction():
        db.session.execute(
            update(Erasure).where(Erasure.swept_at.is_(None), Erasure.at <= begun).values(swept_at=now())
        )
    return True


# One workshop.


def purge_workshop(workshop: Workshop, *, by: Account, reason: str) -> Counter:
    """Purge a workshop before its time. Opens transactions. Raises NotOver, NoReason."""
    if workshop.state not in (State.CLOSED, State.CANCELLED) or workshop.ends_at > now():
        raise NotOver
    if not reason.strip():
        raise NoReason
    counts = _repeat(lambda: purge.purge_some(workshop, account=by))
    counts += _repeat(lambda: purge.settle_some(workshop.district_id))
    with transaction():
        note(workshop.district_id, counts, by=by, reason=reason.strip())
    return +counts


def keep_longer(workshop: Workshop, *, months: int, reason: str, by: Account) -> RetentionChange:
    """Keep a workshop's personal data for `months` after its end. Raises NotLonger, NoReason."""
    if not reason.strip():
        raise NoReason
    if not workshop.retention_months < months <= MOST_MONTHS:
        raise NotLonger
    change = RetentionChange(
        workshop_id=workshop.id, at=now(), by=by.id, months_before=workshop.retention_months, months=months,
        reason=reason.strip(),
    )  # fmt: skip
    workshop.retention_months = months
    workshop.version += 1
    db.session.add(change)
    db.session.flush()
    return change


def kept_until(workshop: Workshop, months: int) -> datetime:
    """Until when the data would be kept."""
    return months_later(workshop.ends_at, months)


# One person.


def erase(contact: Contact, *, reason: str, by: Account | None) -> Counter:
    """Erase a person at her wish: at once and wherever she is named. Figures stay.

    Seats that she holds in coming workshops go to who waits; subscriptions end; an import will not bring
    her back. She is not written to any more. Raises NoReason, NamesPerson, AlreadyErased.
    """
    if contact.erased_at is not None:
        raise AlreadyErased
    reason = _checked(reason, contact)
    district_id, email = contact.district_id, contact.email
    counts = Counter(seats=_give_up_seats(contact, by))
    subscriptions.unsubscribe_everything(contact, source="erasure", proof="")
    hers = db.session.scalars(select(Registration).where(Registration.contact_id == contact.id)).all()
    booked = db.session.scalars(select(Group.workshop_id).where(Group.contact_id == contact.id)).all()
    known_as = wiping.names_of([contact]) | wiping.former_names(contact)
    names = sorted(known_as, key=len, reverse=True)
    letters = wiping.wipe_deliveries(
        *wiping.deliveries_about(Registration.__tablename__, [r.id for r in hers])
    )
    letters |= wiping.wipe_deliveries(*wiping.is_of(contact))
    sent = submissions.forget(contact)
    letters |= wiping.wipe_deliveries(*wiping.deliveries_about("submissions", sent))
    counts += wiping.strip([r for r in hers if r.purged_at is None], account=by)
    counts["letters"] += wiping.veil_letters(letters, names)
    counts += wiping.veil_others({r.workshop_id for r in hers} | {*booked}, names)
    counts += encounters.forget(contact, names)
    counts += contacts.erase([contact])
    suppressed.forget(district_id, email)
    note(district_id, counts, by=by, reason=reason)
    return +counts


def _checked(reason: str, contact: Contact) -> str:
    reason = reason.strip()
    if not reason:
        raise NoReason
    folded = reason.casefold()
    own = [contact.email, contact.family_name, contact.name]
    if any(text and len(text) > 2 and text.casefold() in folded for text in own):
        raise NamesPerson
    return reason[:300]


def _give_up_seats(contact: Contact, by: Account | None) -> int:
    """Cancel what is to come, as if she had done it, so that who waits gets the seats."""
    coming = db.session.scalars(
        select(Registration)
        .join(Registration.workshop)
        .where(
            Registration.contact_id == contact.id, Registration.standing.in_(LIVING),
            Workshop.starts_at > now(), Workshop.published_at.is_not(None),
        )
        .order_by(Registration.id)
    ).all()  # fmt: skip
    done = 0
    for registration in coming:
        if registration.workshop.state is State.PUBLISHED:
            registrations.cancel(registration, by=by, who=By.ORGANISER)
            done += 1
    return done


def ask(contact: Contact) -> None:
    """Note that a person asked, by her own link, to be erased. Twice is once."""
    insert = insert_into(ErasureRequest)
    values = {"district_id": contact.district_id, "contact_id": contact.id, "asked_at": now(), "answer": ""}
    db.session.execute(insert.values(**values).on_conflict_do_nothing())


def decline(request: ErasureRequest, *, answer: str, by: Account) -> None:
    """Say no to a request, with the reason that she was told (GDPR art. 12.4). Raises NoReason."""
    if not answer.strip():
        raise NoReason(field="answer")
    request.handled_at, request.handled_by, request.answer = now(), by.id, answer.strip()
    db.session.flush()
