"""Who was there, and which evidence a workshop has."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased, joinedload

from dissemination.attendance.models import Presence, Reopening
from dissemination.kernel.database import db
from dissemination.kernel.subjects import kind_of
from dissemination.kernel.text import like
from dissemination.people.models import Company, Contact
from dissemination.plan import queries as plan
from dissemination.plan.log import Activity
from dissemination.plan.models import EvidenceRequirement
from dissemination.registrations.models import Registration, Standing
from dissemination.workshops.actions import Did
from dissemination.workshops.models import Workshop

PRESENT = "attendance.present"
ABSENT = "attendance.absent"


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


def count_present(workshop: Workshop) -> int:
    """How many persons were ticked as present."""
    query = (
        select(func.count())
        .select_from(Presence)
        .join(Presence.registration)
        .where(Registration.workshop_id == workshop.id, Registration.standing == Standing.CONFIRMED)
    )
    return db.session.scalar(query) or 0


def day_of(workshop: Workshop) -> date:
    """The date under which the workshop is counted: its last one, in the district's zone."""
    return max(workshop.days)


def evidence_held(workshop: Workshop, *, times: bool) -> set[str]:
    """The codes of the checklist that are fulfilled; `times`: the real start and end are known."""
    have = {proof.code for proof in plan.evidence_of(workshop)}
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
