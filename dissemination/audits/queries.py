"""Finding audits. Every query names its district; merged companies are one."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from dissemination.audits.models import (
    Audit,
    AuditStep,
    ImprovementArea,
    Outcome,
    State,
    VisitAppointment,
)
from dissemination.audits.states import FROM_THE_VISIT, OPEN
from dissemination.calls.models import Call, Service
from dissemination.kernel import clock
from dissemination.kernel.database import db
from dissemination.kernel.paging import Page, page
from dissemination.kernel.rights import Role
from dissemination.people.accounts import Account, Appointment
from dissemination.people.models import Company, OrganisationType
from dissemination.plan import queries as plans
from dissemination.plan.models import ActivityLine, LineKind
from dissemination.research.models import Laboratory


def by_id(district_id: int, audit_id: int) -> Audit | None:
    """The district's audit with that id."""
    query = select(Audit).where(Audit.district_id == district_id, Audit.id == audit_id)
    return db.session.scalar(query.options(joinedload(Audit.company), joinedload(Audit.auditor)))


def area(district_id: int, area_id: int) -> ImprovementArea | None:
    """The district's improvement area with that id."""
    query = select(ImprovementArea).join(ImprovementArea.audit)
    return db.session.scalar(query.where(Audit.district_id == district_id, ImprovementArea.id == area_id))


def standing_company(audit: Audit) -> Company:
    """The company that stands for the audited one today."""
    company = audit.company
    return db.session.get_one(Company, company.merged_into_id) if company.merged_into_id else company


def family(district_id: int, company_ids: Collection[int]) -> dict[int, int]:
    """{company id: the id that stands for it} of these companies and all that were merged with them."""
    mine = select(func.coalesce(Company.merged_into_id, Company.id)).where(
        Company.district_id == district_id, Company.id.in_(list(company_ids))
    )
    query = select(Company.id, func.coalesce(Company.merged_into_id, Company.id)).where(
        Company.district_id == district_id, or_(Company.id.in_(mine), Company.merged_into_id.in_(mine))
    )
    return dict(db.session.execute(query).all())


def hold_companies(district_id: int, company_ids: Collection[int]) -> None:
    """Let others who plan or bring audits of these companies wait until this transaction ends."""
    query = select(Company.id).where(Company.district_id == district_id, Company.id.in_(list(company_ids)))
    db.session.execute(query.order_by(Company.id).with_for_update(key_share=True))


def of_company(district_id: int, company_id: int) -> list[Audit]:
    """All audits of a company, those of merged duplicates too, the newest first."""
    query = select(Audit).where(
        Audit.district_id == district_id, Audit.company_id.in_(family(district_id, [company_id]))
    )
    loaded = query.options(selectinload(Audit.areas), selectinload(Audit.steps), joinedload(Audit.auditor))
    return list(db.session.scalars(loaded.order_by(Audit.id.desc())).unique())


def open_areas(district_id: int, *, company_id: int | None = None, most: int = 200) -> list[ImprovementArea]:
    """Improvement areas of visited audits that nothing came of yet: by priority, then the newest audit.

    At most `most`; `company_id` narrows them to one company (with its merged duplicates).
    """
    query = select(ImprovementArea).join(ImprovementArea.audit).where(
        Audit.district_id == district_id, Audit.state.in_(FROM_THE_VISIT),
        ImprovementArea.outcome == Outcome.OPEN,
    )  # fmt: skip
    if company_id is not None:
        query = query.where(Audit.company_id.in_(family(district_id, [company_id])))
    query = query.options(
        joinedload(ImprovementArea.audit).joinedload(Audit.company).joinedload(Company.sector)
    )
    query = query.order_by(
        ImprovementArea.priority, ImprovementArea.audit_id.desc(), ImprovementArea.position
    )
    return list(db.session.scalars(query.limit(most)).unique())


def visited_before(audit: Audit) -> bool:
    """Whether the company had been visited for an earlier audit."""
    if audit.visited_on is None:
        return False
    mine = family(audit.district_id, [audit.company_id])
    earlier = select(Audit.id).where(
        Audit.district_id == audit.district_id, Audit.company_id.in_(mine),
        Audit.visited_on < audit.visited_on, Audit.state.in_(FROM_THE_VISIT), Audit.id != audit.id,
    )  # fmt: skip
    return db.session.scalar(earlier.limit(1)) is not None


def in_this_plan(district_id: int, company_ids: Collection[int], on: date) -> list[Audit]:
    """Audits of these companies in the plan that holds `on`: visited in its time, or still to be visited."""
    plan = plans.current_plan(district_id, on)
    mine = family(district_id, company_ids)
    query = select(Audit).where(
        Audit.district_id == district_id, Audit.company_id.in_(mine), Audit.state != State.DECLINED
    )
    if plan is not None:
        inside = Audit.visited_on.between(plan.starts_on, plan.ends_on)
        query = query.where(or_(inside, Audit.visited_on.is_(None)))
    return list(db.session.scalars(query.options(joinedload(Audit.company)).order_by(Audit.id)))


def lines(district_id: int) -> list[ActivityLine]:
    """The lines that an audit can hang on, those of relations between companies and research first."""
    return sorted(plans.lines(district_id), key=lambda line: line.kind is not LineKind.RELATIONS)


def appointment(audit: Audit) -> VisitAppointment | None:
    """The appointment that stands: the last one that was not called off."""
    query = select(VisitAppointment).where(
        VisitAppointment.audit_id == audit.id, VisitAppointment.cancelled_at.is_(None)
    )
    query = query.options(joinedload(VisitAppointment.contact)).order_by(VisitAppointment.id.desc())
    return db.session.scalars(query.limit(1)).first()


def upcoming(district_id: int, since: datetime, *, most: int = 10) -> list[VisitAppointment]:
    """The next appointments that stand, the soonest first."""
    query = (
        select(VisitAppointment).join(VisitAppointment.audit)
        .where(
            Audit.district_id == district_id, VisitAppointment.cancelled_at.is_(None),
            VisitAppointment.ends_at > since,
        )
        .options(
            joinedload(VisitAppointment.audit).joinedload(Audit.company), joinedload(VisitAppointment.contact)
        )
        .order_by(VisitAppointment.starts_at, VisitAppointment.id)
    )  # fmt: skip
    return list(db.session.scalars(query.limit(most)))


def audits(
    district_id: int, *, state: State | None = None, auditor_id: int | None = None, after: str | None = None
) -> Page:
    """One page of the district's audits, the newest first."""
    query = select(Audit).where(Audit.district_id == district_id)
    if state is not None:
        query = query.where(Audit.state == state)
    if auditor_id is not None:
        query = query.where(Audit.auditor_id == auditor_id)
    query = query.options(
        joinedload(Audit.company).joinedload(Company.sector),
        joinedload(Audit.auditor),
        selectinload(Audit.areas),
    )
    return page(query, columns=(Audit.id,), after=after, descending=True)


def by_state(district_id: int) -> dict[State, int]:
    """How many audits stand where; states that none has are left out."""
    query = select(Audit.state, func.count()).where(Audit.district_id == district_id).group_by(Audit.state)
    return dict(db.session.execute(query).all())


@dataclass(frozen=True)
class Past:
    """What was done in a company: the day of its last visit, its audit that is still open."""

    last: date | None = None
    open_id: int | None = None
    open_state: State | None = None


def pasts(district_id: int, company_ids: Collection[int]) -> dict[int, Past]:
    """What was done in each of these (standing) companies; those where nothing was are left out."""
    roots = family(district_id, company_ids)
    query = select(Audit.company_id, Audit.id, Audit.state, Audit.visited_on).where(
        Audit.district_id == district_id, Audit.company_id.in_(roots), Audit.state != State.DECLINED
    )
    found: dict[int, Past] = {}
    for company_id, audit_id, state, visited_on in db.session.execute(query.order_by(Audit.id)):
        root = roots[company_id]
        known = found.get(root, Past())
        days = [day for day in (known.last, visited_on) if day is not None]
        is_open = state in OPEN
        found[root] = Past(
            max(days, default=None), audit_id if is_open else known.open_id,
            state if is_open else known.open_state,
        )  # fmt: skip
    return found


def line_of(audit: Audit) -> ActivityLine:
    """The line of the plan that the audit hangs on."""
    return db.session.get_one(ActivityLine, audit.activity_line_id)


def auditors(district_id: int, *, also: Account | None = None) -> list[Account]:
    """Who may visit companies for the district, by name: its organisers and managers; `also` too."""
    query = (
        select(Account).join(Appointment, Appointment.account_id == Account.id)
        .where(
            Appointment.district_id == district_id, Appointment.role.in_((Role.ORGANISER, Role.MANAGER)),
            Account.active.is_(True),
        )
        .order_by(Account.name, Account.id).distinct()
    )  # fmt: skip
    found = list(db.session.scalars(query))
    return found if also is None or also in found else [*found, also]


def services(district_id: int, area: ImprovementArea | None = None) -> list[Service]:
    """The catalogue by code, with what an area names already."""
    named = Service.id == (area.service_id if area else None)
    query = select(Service).where(
        Service.district_id == district_id,
        or_(Service.valid_until.is_(None), Service.valid_until >= clock.today(), named),
    )
    return list(db.session.scalars(query.order_by(Service.code)))


def calls(district_id: int, area: ImprovementArea | None = None) -> list[Call]:
    """The calls that were not withdrawn, the newest first, with the one that an area names already."""
    named = Call.id == (area.call_id if area else None)
    query = select(Call).where(Call.district_id == district_id, or_(Call.withdrawn_at.is_(None), named))
    return list(db.session.scalars(query.order_by(Call.id.desc()).limit(200)))


def laboratories(district_id: int, area: ImprovementArea | None = None) -> list[Laboratory]:
    """The laboratories that are offered, by name, with the one that an area names already."""
    named = Laboratory.id == (area.laboratory_id if area else None)
    query = select(Laboratory).where(
        Laboratory.district_id == district_id, or_(Laboratory.retired_at.is_(None), named)
    )
    query = query.options(joinedload(Laboratory.organisation))
    return list(db.session.scalars(query.order_by(Laboratory.name_folded, Laboratory.id)))


def companies(district_id: int, ids: Collection[int]) -> list[Company]:
    """The district's companies with these ids, merged ones as the company that stands for them."""
    roots = set(family(district_id, ids).values())
    query = select(Company).where(
        Company.district_id == district_id, Company.id.in_(roots), Company.type == OrganisationType.COMPANY
    )
    query = query.options(joinedload(Company.sector), selectinload(Company.memberships))
    return list(db.session.scalars(query))


def steps(audit: Audit) -> list[tuple[AuditStep, str]]:
    """The audit's steps with the name of who entered each, the oldest first."""
    query = select(AuditStep, Account.name).outerjoin(Account, Account.id == AuditStep.by)
    query = query.where(AuditStep.audit_id == audit.id).order_by(AuditStep.id)
    return [(step, name or "") for step, name in db.session.execute(query)]
