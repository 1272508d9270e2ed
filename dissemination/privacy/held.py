"""Personal data still held: by workshop, and contacts for whom nothing speaks any more."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Text, and_, cast, exists, func, or_, select
from sqlalchemy.orm import joinedload

from dissemination.districts.models import District
from dissemination.guests.models import Guest
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.kernel.languages import translated
from dissemination.kernel.paging import Page, page
from dissemination.people.accounts import Account
from dissemination.people.models import Contact
from dissemination.plan.log import Activity, Evidence
from dissemination.privacy import contacts, encounters
from dissemination.privacy.models import Erasure, ErasureRequest, RetentionChange
from dissemination.privacy.terms import IDLE_MONTHS, months_later
from dissemination.registrations.models import AnswerFile, Registration
from dissemination.subscriptions.models import Subscription
from dissemination.workshops.models import Workshop

NAMED = Registration.purged_at.is_(None)


@dataclass(frozen=True)
class Held:
    """What is held of one past workshop, and until when."""

    workshop: Workshop
    until: datetime
    registrations: int
    answers: int
    files: int
    guests: int

    @property
    def is_due(self) -> bool:
        """Whether the next purge takes it."""
        return self.until <= now()


def _holds_persons():
    named = exists().where(Registration.workshop_id == Workshop.id, NAMED)
    listed = exists().where(Guest.workshop_id == Workshop.id, Guest.purged_at.is_(None))
    return or_(named, listed)


def workshops(district: District, *, after: str | None = None) -> tuple[list[Held], str | None]:
    """One page of past workshops that hold persons, the oldest first; the same queries for any number."""
    query = (
        select(Workshop)
        .where(Workshop.district_id == district.id, Workshop.ends_at <= now(), _holds_persons())
        .options(joinedload(Workshop.cancellation), joinedload(Workshop.closing))
    )
    found = page(query, columns=[Workshop.starts_at, Workshop.id], after=after)
    ids = [w.id for w in found.rows]
    registrations = _counts(Registration, ids, NAMED)
    answered = _counts(Registration, ids, NAMED, cast(Registration.answers, Text).not_in(("{}", "null")))
    files = _counts(AnswerFile, ids, AnswerFile.registration_id.is_not(None))
    guests = _counts(Guest, ids, Guest.purged_at.is_(None))
    rows = [
        Held(
            w, months_later(w.ends_at, w.retention_months), registrations.get(w.id, 0), answered.get(w.id, 0),
            files.get(w.id, 0), guests.get(w.id, 0),
        )
        for w in found.rows
    ]  # fmt: skip
    return rows, found.next


def of_workshop(workshop: Workshop) -> Held:
    """What is held of one workshop."""
    ids = [workshop.id]
    answered = cast(Registration.answers, Text).not_in(("{}", "null"))
    counts = (
        _counts(Registration, ids, NAMED), _counts(Registration, ids, NAMED, answered),
        _counts(AnswerFile, ids, AnswerFile.registration_id.is_not(None)),
        _counts(Guest, ids, Guest.purged_at.is_(None)),
    )  # fmt: skip
    until = months_later(workshop.ends_at, workshop.retention_months)
    return Held(workshop, until, *(c.get(workshop.id, 0) for c in counts))


def _counts(model, workshop_ids: list[int], *conditions) -> dict[int, int]:
    query = (
        select(model.workshop_id, func.count())
        .where(model.workshop_id.in_(workshop_ids), *conditions)
        .group_by(model.workshop_id)
    )
    return dict(db.session.execute(query).all())


def summary(district: District) -> dict:
    """Totals: contacts, readers, registrations with a person, guests, also of workshops to come."""
    mine = Contact.district_id == district.id, Contact.erased_at.is_(None)
    live = Subscription.confirmed_at.is_not(None), Subscription.ended_at.is_(None)
    named = select(func.count(), func.min(Workshop.ends_at)).select_from(Registration).join(Workshop)
    registrations, oldest = db.session.execute(named.where(Workshop.district_id == district.id, NAMED)).one()
    return {
        "contacts": _one(select(func.count()).where(*mine)),
        "readers": _one(
            select(func.count(Subscription.contact_id.distinct()))
            .join(Subscription.contact).where(*mine, *live)
        ),
        "registrations": registrations, "oldest": oldest,
        "guests": _one(
            select(func.count()).select_from(Guest).join(Workshop, Workshop.id == Guest.workshop_id)
            .where(Workshop.district_id == district.id, Guest.purged_at.is_(None))
        ),
        "oldest_contact": _one(select(func.min(Contact.created_at)).where(*mine)),
        "lonely": _one(select(func.count()).where(*_lonely(district))),
        "evidence": _one(select(func.count()).where(*_proofs(district))),
        "unswept": _one(
            select(func.count()).where(Erasure.district_id == district.id, Erasure.swept_at.is_(None))
        ),
    }  # fmt: skip


def _one(query):
    return db.session.scalar(query)


def _lonely(district: District) -> tuple:
    """Contacts whom no registration, list, subscription, audit, meeting or account keeps: for 24 months."""
    live = Subscription.confirmed_at.is_not(None), Subscription.ended_at.is_(None)
    return (
        Contact.district_id == district.id, Contact.erased_at.is_(None),
        ~exists().where(Registration.contact_id == Contact.id, NAMED),
        ~exists().where(Guest.contact_id == Contact.id, Guest.purged_at.is_(None)),
        ~exists().where(and_(Subscription.contact_id == Contact.id, *live)),
        ~exists().where(and_(func.lower(Account.email) == Contact.email, Account.active)),
        *encounters.nobody_speaks(district.id),
    )  # fmt: skip


@dataclass(frozen=True)
class Lonely:
    """A contact for whom only the desk's interest speaks, and until when it does."""

    contact: Contact
    last: datetime
    until: datetime


def lonely(district: District, *, after: str | None = None) -> tuple[list[Lonely], str | None]:
    """One page of contacts without a reason but the desk's, the oldest first."""
    query = select(Contact).where(*_lonely(district)).options(joinedload(Contact.company))
    found = page(query, columns=[Contact.created_at, Contact.id], after=after)
    last = contacts.last_traces([c.id for c in found.rows])
    rows = []
    for contact in found.rows:
        moment = max(contact.created_at, last.get(contact.id, contact.created_at))
        rows.append(Lonely(contact, moment, months_later(moment, IDLE_MONTHS)))
    return rows, found.next


def _proofs(district: District) -> tuple:
    return (
        Evidence.district_id == district.id, Evidence.code.in_(("attendance_sheet", "visit_sheet")),
        Evidence.file_id.is_not(None),
    )  # fmt: skip


@dataclass(frozen=True)
class Proven:
    """What an attendance sheet proves: a workshop of ours, or an activity of past years."""

    title: str
    on: date


def evidence(district: District, *, after: str | None = None) -> tuple[Page, dict[tuple[str, int], Proven]]:
    """One page of attendance sheets, the oldest first, and what they prove by kind and id."""
    query = select(Evidence).where(*_proofs(district)).options(joinedload(Evidence.file))
    found = page(query, columns=[Evidence.id], after=after)
    ids = [e.subject_id for e in found.rows]
    logged = select(Activity.subject_kind, Activity.subject_id, Activity.title, Activity.happened_on).where(
        Activity.district_id == district.id, Activity.subject_id.in_(ids)
    )
    proven = {(kind, n): Proven(title, day) for kind, n, title, day in db.session.execute(logged.distinct())}
    workshops = select(Workshop).where(Workshop.district_id == district.id, Workshop.id.in_(ids))
    return found, proven | {
        (Workshop.__tablename__, w.id): Proven(translated(w, "title"), w.counted_on)
        for w in db.session.scalars(workshops)
    }


def requests(district: District) -> list[ErasureRequest]:
    """Who asked to be erased and has no answer, longest waiting first."""
    query = (
        select(ErasureRequest)
        .where(ErasureRequest.district_id == district.id, ErasureRequest.handled_at.is_(None))
        .options(joinedload(ErasureRequest.contact))
        .order_by(ErasureRequest.asked_at, ErasureRequest.id)
    )
    return list(db.session.scalars(query))


def request_of(district: District, request_id: int) -> ErasureRequest | None:
    """The open request with that id."""
    return db.session.scalar(
        select(ErasureRequest).where(
            ErasureRequest.id == request_id, ErasureRequest.district_id == district.id,
            ErasureRequest.handled_at.is_(None),
        )
    )  # fmt: skip


def open_request(contact: Contact) -> ErasureRequest | None:
    """Her request that waits for an answer."""
    return db.session.scalar(
        select(ErasureRequest).where(
            ErasureRequest.contact_id == contact.id, ErasureRequest.handled_at.is_(None)
        )
    )


def erasures(district: District, *, most: int = 30) -> list[Erasure]:
    """What was erased last: dates, counts and reasons."""
    query = select(Erasure).where(Erasure.district_id == district.id).order_by(Erasure.id.desc())
    return list(db.session.scalars(query.limit(most)))


def changes(workshop: Workshop) -> list[RetentionChange]:
    """When and why the workshop's data were kept for longer."""
    query = select(RetentionChange).where(RetentionChange.workshop_id == workshop.id)
    return list(db.session.scalars(query.order_by(RetentionChange.id)))
