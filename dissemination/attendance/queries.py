"""Who was there, and which evidence a workshop has."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased, joinedload

from dissemination.attendance import times
from dissemination.attendance.models import Move, Presence, Reopening, Scan, Stay
from dissemination.attendance.times import Span
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.kernel.subjects import kind_of
from dissemination.kernel.text import like
from dissemination.people.models import Company, Contact
from dissemination.plan import holders
from dissemination.plan import queries as plan
from dissemination.plan.log import Activity
from dissemination.plan.models import EvidenceRequirement
from dissemination.registrations.models import Registration, Standing
from dissemination.workshops.actions import Did
from dissemination.workshops.models import Workshop

PRESENT = "attendance.present"
ABSENT = "attendance.absent"
JOIN_BEFORE = timedelta(minutes=30)


@dataclass(frozen=True)
class Proof:
    """A line of the checklist and whether it is fulfilled."""

    requirement: EvidenceRequirement
    there: bool


def people(workshop: Workshop, text: str = "") -> list[Registration]:
    """Who holds a seat, by family name, narrowed by `text`; contact, company and its sector loaded."""
    query = (
        select(Registration)
        .join(Registration.contact)
        .outerjoin(Registration.company)
        .where(Registration.workshop_id == workshop.id, Registration.standing == Standing.CONFIRMED)
        .options(
            joinedload(Registration.contact),
            joinedload(Registration.company).joinedload(Company.sector),
        )
        .order_by(Contact.name_folded, Registration.id)
    )
    if text.strip():
        pattern = like(text)
        query = query.where(
            or_(
                Contact.name_folded.like(pattern, escape="\\"),
                Contact.email.like(pattern, escape="\\"),
                Company.name_folded.like(pattern, escape="\\"),
            )
        )
    return list(db.session.scalars(query))


def present_ids(workshop: Workshop) -> set[int]:
    """The ids of the confirmed registrations that were ticked as present."""
    query = (
        select(Presence.registration_id)
        .join(Presence.registration)
        .where(Registration.workshop_id == workshop.id, Registration.standing == Standing.CONFIRMED)
    )
    return set(db.session.scalars(query))


def presences(workshop: Workshop) -> dict[int, Presence]:
    """The presence of each confirmed registration that has one: registration id -> presence."""
    query = (
        select(Presence)
        .join(Presence.registration)
        .where(Registration.workshop_id == workshop.id, Registration.standing == Standing.CONFIRMED)
    )
    return {p.registration_id: p for p in db.session.scalars(query)}


def without_seat(workshop: Workshop) -> list[Registration]:
    """Who was seen at the door but holds no seat: somebody has to say whether she is let in."""
    query = (
        select(Registration)
        .join(Presence, Presence.registration_id == Registration.id)
        .where(Registration.workshop_id == workshop.id, Registration.standing != Standing.CONFIRMED)
        .options(joinedload(Registration.contact))
        .order_by(Registration.id)
    )
    return list(db.session.scalars(query))


def late(workshop: Workshop) -> list[Scan]:
    """The acts that came in after the closing, by time: kept, and counted when it is opened again."""
    if workshop.closing is None:
        return []
    query = (
        select(Scan)
        .join(Registration, Registration.id == Scan.registration_id)
        .where(Registration.workshop_id == workshop.id, Scan.received_at > workshop.closing.at)
        .options(joinedload(Scan.registration).joinedload(Registration.contact))
        .order_by(Scan.at, Scan.scan_id)
    )
    return list(db.session.scalars(query))


@dataclass(frozen=True)
class Opening:
    """When one may join online: now, or from `opens_at` to `closes_at`; None when it is all over."""

    is_open: bool
    opens_at: datetime | None = None
    closes_at: datetime | None = None


def opening(workshop: Workshop) -> Opening:
    """Whether the online link is open: from half an hour before the start of a date until its end."""
    moment = now()
    for day in times.days(workshop):
        if moment <= day.end:
            opens = day.start - JOIN_BEFORE
            return Opening(opens <= moment, opens, day.end)
    return Opening(False)


def count_present(workshop: Workshop) -> int:
    """How many persons were ticked as present."""
    query = (
        select(func.count())
        .select_from(Presence)
        .join(Presence.registration)
        .where(Registration.workshop_id == workshop.id, Registration.standing == Standing.CONFIRMED)
    )
    return db.session.scalar(query) or 0


def minutes_planned(workshop: Workshop) -> int:
    """How long the programme is: sessions of each date together, parallel tracks counted once."""
    return times.minutes(_planned(workshop))


def _planned(workshop: Workshop) -> timedelta:
    return sum((times.length(day.sessions) for day in times.days(workshop)), timedelta())


def minutes_present(workshop: Workshop, *, registration_id: int | None = None) -> dict[int, int]:
    """Minutes of the programme that each person present was there, in the room or online: id -> minutes.

    Only of one registration when `registration_id` is given. Overlapping stays count once; a stay without
    an end lasts until the end of its date; who was ticked by hand for a date and has no stay on it was
    there all of it.
    """
    return {i: times.minutes(length) for i, length in _time_present(workshop, registration_id).items()}


def shares(workshop: Workshop) -> dict[int, float]:
    """The percentage (0 to 100) of the programme that each person present was there: id -> percent."""
    planned = _planned(workshop)
    return {
        i: 100 * length / planned if planned else 0.0 for i, length in _time_present(workshop, None).items()
    }


def share(registration: Registration) -> float:
    """The percentage (0 to 100) of the programme that the person was there; 0 when she was not present."""
    workshop = registration.workshop
    planned = _planned(workshop)
    here = _time_present(workshop, registration.id).get(registration.id, timedelta())
    return 100 * here / planned if planned else 0.0


def _time_present(workshop: Workshop, only: int | None) -> dict[int, timedelta]:
    days = times.days(workshop)
    there = present_ids(workshop)
    if only is not None:
        there &= {only}
    found = stays(workshop, only=only)
    vouched = ticked(workshop, only=only)
    return {i: _time(days, found.get(i, []), vouched.get(i)) for i in sorted(there)}


def _time(days: list[times.Day], stays: list[Stay], vouched: list[datetime] | None) -> timedelta:
    if not stays and vouched is None:
        return sum((times.length(day.sessions) for day in days), timedelta())
    total = timedelta()
    for day in days:
        spans = [Span(s.came_at, s.left_at or max(day.end, s.came_at)) for s in stays if day.holds(s.came_at)]
        if not spans and any(day.holds(at) for at in vouched or ()):
            spans = list(day.sessions)
        total += times.length(times.shared(spans, day.sessions))
    return total


def present_by_day(workshop: Workshop, days: list[times.Day]) -> list[set[int]]:
    """Who was present on each of `days`: ids of registrations. Who was only ticked before: on all."""
    found, vouched = stays(workshop), ticked(workshop)
    moments = {i: [s.came_at for s in found.get(i, ())] + vouched.get(i, []) for i in present_ids(workshop)}
    return [{i for i, at in moments.items() if not at or any(day.holds(m) for m in at)} for day in days]


def stays(workshop: Workshop, *, only: int | None = None) -> dict[int, list[Stay]]:
    """The stays of each person, in order: registration id -> stays. One query."""
    query = (
        select(Stay)
        .join(Registration, Registration.id == Stay.registration_id)
        .where(Registration.workshop_id == workshop.id)
        .order_by(Stay.came_at, Stay.id)
    )
    if only is not None:
        query = query.where(Stay.registration_id == only)
    found = defaultdict(list)
    for stay in db.session.scalars(query):
        found[stay.registration_id].append(stay)
    return dict(found)


def ticked(workshop: Workshop, *, only: int | None = None) -> dict[int, list[datetime]]:
    """For whom somebody vouched by hand: registration id -> a moment of each date. One query."""
    undo = aliased(Scan)
    query = (
        select(Scan.registration_id, Scan.at)
        .join(Registration, Registration.id == Scan.registration_id)
        .where(
            Registration.workshop_id == workshop.id, Scan.whole, Scan.move == Move.IN,
            ~select(1)
            .where(undo.undoes == Scan.scan_id, undo.registration_id == Scan.registration_id)
            .exists(),
        )
    )  # fmt: skip
    if only is not None:
        query = query.where(Scan.registration_id == only)
    found = defaultdict(list)
    for registration_id, at in db.session.execute(query):
        found[registration_id].append(at)
    return dict(found)


def day_of(workshop: Workshop) -> date:
    """The date under which the workshop is counted."""
    return workshop.counted_on


def evidence_held(workshop: Workshop, *, times: bool) -> set[str]:
    """The codes of the checklist that are fulfilled; `times`: the real start and end are known."""
    have = holders.attached(kind_of(workshop), [workshop.id])[workshop.id]
    have |= {name for name in ("abstract_it", "abstract_en") if getattr(workshop, name).strip()}
    if times:
        have.add("times")
    if count_present(workshop):
        have.add("presence")
    return have


def checklist(workshop: Workshop, *, times: bool) -> list[Proof]:
    """Every line of the evidence checklist on the workshop's day, in the plan's order."""
    have = evidence_held(workshop, times=times)
    lines = plan.evidence_checklist(workshop.district_id, Did.HELD, day_of(workshop))
    return [Proof(line, line.code in have) for line in lines]


def reopenings(workshop: Workshop) -> list[Reopening]:
    """The closings that were taken back, oldest first."""
    query = select(Reopening).where(Reopening.workshop_id == workshop.id).order_by(Reopening.id)
    return list(db.session.scalars(query))


def standing_rows(workshop: Workshop) -> list[Activity]:
    """The rows that the closing wrote and that no later row takes back."""
    back = aliased(Activity)
    reversed_ = select(1).where(back.reverses_id == Activity.id).exists()
    query = select(Activity).where(
        Activity.subject_kind == kind_of(workshop),
        Activity.subject_id == workshop.id,
        Activity.verb.in_([Did.HELD.value, PRESENT, ABSENT]),
        Activity.reverses_id.is_(None),
        ~reversed_,
    )
    return list(db.session.scalars(query.order_by(Activity.id)))


def returning_companies(district_id: int, company_ids: set[int], on: date) -> set[int]:
    """Those of `company_ids` that the log saw present up to that day; merged companies are one."""
    if not company_ids:
        return set()
    family = dict(
        db.session.execute(
            select(Company.id, func.coalesce(Company.merged_into_id, Company.id)).where(
                or_(Company.id.in_(company_ids), Company.merged_into_id.in_(company_ids))
            )
        ).all()
    )
    back = aliased(Activity)
    before = select(1).where(
        Activity.company_id == Company.id,
        Activity.district_id == district_id,
        Activity.verb == PRESENT,
        Activity.happened_on <= on,
        Activity.reverses_id.is_(None),
        ~select(1).where(back.reverses_id == Activity.id).exists(),
    )
    # One row of each company is enough: as quick in a long log as in a short one.
    seen = db.session.scalars(select(Company.id).where(Company.id.in_(family), before.exists()))
    known = {family[company_id] for company_id in seen if company_id is not None}
    return {company_id for company_id in company_ids if family[company_id] in known}
