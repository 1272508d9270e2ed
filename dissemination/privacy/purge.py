"""The purge: whose time is over, and forgetting them in small steps.

Each step is one transaction of its caller over a few rows and says whether more is left, so that a crash
in between loses nothing and the next run goes on. Figures do not move: presences, companies and the lines
of the activity log stay.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import joinedload

from dissemination.delivery.models import Delivery
from dissemination.guests.models import Guest
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.people.models import Contact
from dissemination.privacy import contacts, wiping
from dissemination.privacy.terms import IDLE_MONTHS, months_later
from dissemination.registrations.models import Registration, Reply
from dissemination.workshops.models import Question, Workshop

BATCH = 100  # registrations or contacts in one transaction
REQUESTS = timedelta(days=30)  # then the mail that asked to confirm a subscription is forgotten
_SLACK = timedelta(days=4)  # months differ in length: what SQL finds too early, Python leaves


# Whose time is over.


def until(workshop: Workshop) -> datetime:
    """The moment from which the workshop's personal data are not kept any more."""
    return months_later(workshop.ends_at, workshop.retention_months)


def _over(column, moment: datetime, month_counts: Iterable[int]):
    """The condition "ends_at + months <= moment" (some days early), for the values that occur."""
    ends = [and_(column == m, Workshop.ends_at <= months_later(moment, -m) + _SLACK) for m in month_counts]
    return or_(*ends) if ends else column.is_(None) & column.is_not(None)


def due_workshops(district_id: int, moment: datetime) -> list[Workshop]:
    """Workshops whose time is over and that still hold persons, oldest first."""
    mine = Workshop.district_id == district_id
    months = list(db.session.scalars(select(Workshop.retention_months).where(mine).distinct()))
    named = select(1).where(Registration.workshop_id == Workshop.id, Registration.purged_at.is_(None))
    listed = select(1).where(Guest.workshop_id == Workshop.id, Guest.purged_at.is_(None))
    query = select(Workshop).where(
        mine, _over(Workshop.retention_months, moment, months), or_(named.exists(), listed.exists())
    )
    found = db.session.scalars(query.order_by(Workshop.starts_at, Workshop.id))
    return [w for w in found if until(w) <= moment]


def due_questions(district_id: int, moment: datetime) -> dict[int, set[int]]:
    """Questions whose own time is over, by workshop id; some may have no answer left."""
    mine = Workshop.district_id == district_id, Question.retention_months.is_not(None)
    months = [
        m for m in db.session.scalars(
            select(Question.retention_months).join(Question.workshop).where(*mine).distinct()
        ) if m is not None
    ]  # fmt: skip
    named = select(1).where(Registration.workshop_id == Workshop.id, Registration.purged_at.is_(None))
    query = select(Question).join(Question.workshop).options(joinedload(Question.workshop))
    found: dict[int, set[int]] = defaultdict(set)
    over = _over(Question.retention_months, moment, months)
    for question in db.session.scalars(query.where(*mine, over, named.exists())):
        if months_later(question.workshop.ends_at, question.retention_months or 0) <= moment:
            found[question.workshop_id].add(question.id)
    return dict(found)


# Steps. Each needs a transaction.


def purge_some(workshop: Workshop, *, account=None) -> Counter:
    """Strip the next registrations (or guests) of a workshop; empty counts when nobody is left."""
    rows = db.session.scalars(
        select(Registration)
        .where(Registration.workshop_id == workshop.id, Registration.purged_at.is_(None))
        .options(joinedload(Registration.contact))
        .order_by(Registration.contact_id, Registration.id)
        .limit(BATCH)
        .with_for_update(of=Registration)
    ).all()
    if rows:
        return _strip(workshop, rows, account)
    guests = db.session.scalars(
        select(Guest).where(Guest.workshop_id == workshop.id, Guest.purged_at.is_(None)).limit(BATCH)
    ).all()
    if not guests:
        return Counter()
    about = wiping.deliveries_about(Guest.__tablename__, [g.id for g in guests])
    wiping.wipe_deliveries(*about)
    return Counter(guests=wiping.strip_guests(guests))


def _strip(workshop: Workshop, rows: Sequence[Registration], account) -> Counter:
    people = [r.contact for r in rows]
    names = sorted(wiping.names_of(people), key=len, reverse=True)
    ids = [r.id for r in rows]
    counts: Counter = Counter()
    wiping.wipe_deliveries(*wiping.deliveries_about(Registration.__tablename__, ids))
    mails = Delivery.contact_id.in_({p.id for p in people}), _about_parts(workshop, ids)
    wiping.wipe_deliveries(*mails)
    counts += wiping.strip(rows, account=account)
    counts += wiping.veil_others([workshop.id], names)
    return counts


def _about_parts(workshop: Workshop, registration_ids: list[int]):
    """Deliveries about what hangs on the workshop: its mail rules, feedback, certificates, guests."""
    return or_(*(
        and_(Delivery.subject_kind == kind, Delivery.subject_id.in_(ids))
        for kind, ids in wiping.parts_of(workshop.id, registration_ids)
    ))  # fmt: skip


def drop_some_answers(workshop_id: int, question_ids: set[int]) -> int:
    """Delete the answers to questions whose time is over, of some registrations; 0 when none is left."""
    answered = [Registration.answers[str(i)].as_string().is_not(None) for i in sorted(question_ids)]
    rows = db.session.scalars(
        select(Registration)
        .where(
            Registration.workshop_id == workshop_id, Registration.purged_at.is_(None), or_(*answered)
        )
        .order_by(Registration.id).limit(BATCH)
    ).all()  # fmt: skip
    return wiping.drop_answers(rows, question_ids)


def settle_some(district_id: int) -> Counter:
    """Decide about the next contacts whose registrations were purged: gone, or unlinked from them."""
    found = db.session.scalars(
        select(Contact)
        .where(Contact.district_id == district_id, Contact.erased_at.is_(None), contacts.was_purged())
        .order_by(Contact.id).limit(BATCH)
    ).all()  # fmt: skip
    held = contacts.reasons(found)
    counts: Counter = Counter()
    for contact in found:
        if held.get(contact.id):
            counts["unlinked"] += contacts.unlink(contact) is not None
    counts += contacts.erase([c for c in found if not held.get(c.id)])
    return counts


def idle_ids(district_id: int, moment: datetime) -> list[int]:
    """Contacts for whom nothing speaks and with whom nothing happened for `IDLE_MONTHS`."""
    old = months_later(moment, -IDLE_MONTHS)
    query = select(Contact).where(
        Contact.district_id == district_id, Contact.erased_at.is_(None), Contact.created_at <= old
    )
    gone: list[int] = []
    found = db.session.scalars(query.order_by(Contact.id)).all()
    for start in range(0, len(found), 500):
        batch = found[start : start + 500]
        held, last = contacts.reasons(batch), contacts.last_traces([c.id for c in batch])
        gone += [c.id for c in batch if not held.get(c.id) and last.get(c.id, c.created_at) <= old]
    return gone


def erase_idle(ids: list[int]) -> Counter:
    """Empty contacts that `idle_ids` named, unless something came up meanwhile."""
    found = db.session.scalars(select(Contact).where(Contact.id.in_(ids), Contact.erased_at.is_(None))).all()
    held = contacts.reasons(found)
    return contacts.erase([c for c in found if not held.get(c.id)])


def forget_strays(moment: datetime) -> int:
    """Wipe answers of calendars that belong to no registration, half a year later; how many."""
    return wiping.wipe_replies(Reply.invitation_id.is_(None), Reply.received_at <= months_later(moment, -6))


def forget_asked(district_id: int) -> int:
    """Wipe the mails that asked strangers to confirm a subscription, a month later; how many letters."""
    letters = wiping.wipe_deliveries(
        Delivery.district_id == district_id, Delivery.subject_kind == "subscription_requests",
        Delivery.created_at < now() - REQUESTS,
    )  # fmt: skip
    return len(letters)
