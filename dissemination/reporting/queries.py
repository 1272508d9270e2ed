"""Reading periods and what was signed. Every query names its district or a plan of it."""

import zlib
from collections import defaultdict
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import defer, selectinload, undefer

from dissemination.kernel.clock import today
from dissemination.kernel.database import db
from dissemination.plan import periods
from dissemination.plan import queries as plans
from dissemination.plan.models import Plan
from dissemination.plan.periods import Period
from dissemination.plan.signed import Reported
from dissemination.reporting import signatures
from dissemination.reporting.frozen import Frozen, FrozenFigure, FrozenFile, Head, decimal, sha256
from dissemination.reporting.models import PeriodReview, ReportingPeriod, SignedFigure, SignOff


def _with_history(query):
    return query.options(
        selectinload(ReportingPeriod.reviews),
        selectinload(ReportingPeriod.sign_offs).selectinload(SignOff.transmissions),
    )


def period(district_id: int, period_id: int) -> ReportingPeriod | None:
    """A period of the district, or None."""
    query = select(ReportingPeriod).where(
        ReportingPeriod.id == period_id, ReportingPeriod.district_id == district_id
    )
    return db.session.scalar(_with_history(query))


def periods_of(district_id: int) -> list[ReportingPeriod]:
    """All periods of a district, the latest first."""
    query = select(ReportingPeriod).where(ReportingPeriod.district_id == district_id)
    query = query.order_by(ReportingPeriod.starts_on.desc(), ReportingPeriod.id.desc())
    return list(db.session.scalars(_with_history(query)))


def by_code(plan: Plan, code: str) -> ReportingPeriod | None:
    """The period of that code in a plan, or None."""
    query = select(ReportingPeriod).where(ReportingPeriod.plan_id == plan.id, ReportingPeriod.code == code)
    return db.session.scalar(_with_history(query))


def signed(plan: Plan, code: str) -> SignOff | None:
    """The sign-off in force of a period, or None."""
    found = by_code(plan, code)
    return found.sign_off if found else None


def sign_off(found: ReportingPeriod, number: int | None) -> SignOff | None:
    """The sign-off of that number, reopened or not; without a number the one in force."""
    if number is None:
        return found.sign_off
    return next((s for s in found.sign_offs if s.number == number), None)


def last_sign_off(district_id: int) -> SignOff | None:
    """The sign-off in force of the latest period, or None."""
    return last_sign_offs([district_id]).get(district_id)


def last_sign_offs(district_ids: list[int]) -> dict[int, SignOff]:
    """For each district the sign-off in force of its latest period. Two queries."""
    query = (
        select(ReportingPeriod.district_id, SignOff)
        .join(SignOff, SignOff.period_id == ReportingPeriod.id)
        .where(ReportingPeriod.district_id.in_(district_ids), SignOff.reopened_at.is_(None))
        .options(selectinload(SignOff.transmissions), selectinload(SignOff.period))
        .order_by(ReportingPeriod.ends_on, ReportingPeriod.id)
    )
    return {row[0]: row[1] for row in db.session.execute(query)}


def in_force(district_id: int) -> list[SignOff]:
    """All sign-offs in force of a district, of whichever plan, the latest period first."""
    query = (
        select(SignOff)
        .join(SignOff.period)
        .where(ReportingPeriod.district_id == district_id, SignOff.reopened_at.is_(None))
        .options(selectinload(SignOff.period), selectinload(SignOff.transmissions))
        .order_by(ReportingPeriod.ends_on.desc(), ReportingPeriod.id.desc())
    )
    return list(db.session.scalars(query))


def reopened(district_id: int) -> list[SignOff]:
    """The last sign-off of each period that was reopened and not signed again, the latest period first."""
    found = [p for p in periods_of(district_id) if p.sign_offs and p.sign_off is None]
    return [p.sign_offs[-1] for p in found]


def reported_many(plan_ids: list[int], code: str) -> dict[int, Reported]:
    """What several plans reported for the period of one code, by plan. Four queries."""
    query = (
        select(SignOff)
        .join(SignOff.period)
        .where(
            ReportingPeriod.plan_id.in_(plan_ids), ReportingPeriod.code == code, SignOff.reopened_at.is_(None)
        )
        .options(selectinload(SignOff.period), selectinload(SignOff.figures), defer(SignOff.content))
    )
    return {s.period.plan_id: as_reported(s) for s in db.session.scalars(query)}


def sign_offs_in_force(plan: Plan, *, before: date | None = None, figures: bool = False) -> list[SignOff]:
    """The sign-offs in force of a plan, earliest period first; only of periods that end before a day.

    `figures` reads theirs in the same few queries, without rows.
    """
    query = (
        select(SignOff)
        .join(SignOff.period)
        .where(ReportingPeriod.plan_id == plan.id, SignOff.reopened_at.is_(None))
        .options(selectinload(SignOff.period), selectinload(SignOff.transmissions))
        .order_by(ReportingPeriod.starts_on, ReportingPeriod.id)
    )
    if figures:
        query = query.options(selectinload(SignOff.figures), defer(SignOff.content))
    if before is not None:
        query = query.where(ReportingPeriod.ends_on < before)
    return list(db.session.scalars(query))


def signed_figures(found: SignOff) -> list[FrozenFigure]:
    """The figures of a sign-off with their rows, in the plan's order."""
    query = (
        select(SignedFigure)
        .where(SignedFigure.sign_off_id == found.id)
        .options(undefer(SignedFigure.rows))
        .order_by(SignedFigure.position)
    )
    return [FrozenFigure.read(f.content, f.rows) for f in db.session.scalars(query)]


def frozen(found: SignOff) -> Frozen:
    """What was signed, as values."""
    return Frozen(
        head=Head(found.position, found.chain),
        content=found.content,
        figures=signed_figures(found),
        files=[FrozenFile.read(f.content) for f in found.files],
    )


def is_intact(found: SignOff, values: Frozen) -> bool:
    """Whether what is stored is still what was signed; False when somebody edited the tables."""
    return values.digest() == found.sha256 and signatures.mark_of(found) == found.mark


def hash_of_rows(found: SignedFigure) -> str:
    """The hash of the rows of a signed figure as they are stored."""
    return sha256(zlib.decompress(found.rows).decode())


def calendar_period(found: ReportingPeriod) -> Period:
    """The stretch of days that a period counts."""
    return Period(found.starts_on, found.ends_on, found.code)


def reported(plan: Plan) -> dict[str, Reported]:
    """Every period in force of a plan as it was signed: what `plan.signed` is asked."""
    found = {}
    for s in sign_offs_in_force(plan, figures=True):
        found[s.period.code] = as_reported(s)
    return found


def as_reported(found: SignOff) -> Reported:
    """A sign-off as the plan's pages show it: each indicator's target and actual."""
    values = {f.code: (decimal(f.content["target"]), decimal(f.content["actual"])) for f in found.figures}
    return Reported(found.period.code, found.at, values, found.period_id)


def proposals(plan: Plan) -> list[Period]:
    """The periods of a plan that can still be opened: half-years nobody reports yet, then the whole plan."""
    return _proposals(plan, _taken(plan.district_id))


def _taken(district_id: int) -> dict[int, list]:
    """What is reported already: (code, first day, last day) of each period, by plan."""
    query = select(
        ReportingPeriod.plan_id, ReportingPeriod.code, ReportingPeriod.starts_on, ReportingPeriod.ends_on
    ).where(ReportingPeriod.district_id == district_id)
    found: dict[int, list] = defaultdict(list)
    for plan_id, *facts in db.session.execute(query):
        found[plan_id].append(facts)
    return found


def _proposals(plan: Plan, taken: dict[int, list]) -> list[Period]:
    own = taken.get(plan.id, [])
    halves = [
        half
        for half in periods.half_years(plan)
        if not any(code != periods.PLAN and _overlap(half, start, end) for code, start, end in own)
    ]
    final = [] if any(code == periods.PLAN for code, *_days in own) else [periods.read(periods.PLAN, plan)]
    return halves + final


def _overlap(one: Period, start: date, end: date) -> bool:
    return one.start <= end and start <= one.end


def offered(district_id: int) -> list[tuple[str, Plan, Period]]:
    """What can still be opened: of the plan in force, then of plans before it, the latest first.

    Each with a value for a form: the period's code, with the plan's id where it is not the one in force.
    """
    plan, taken = plans.current_plan(district_id), _taken(district_id)
    if plan is None:
        return []
    before = [p for p in plans.plans(district_id) if p.starts_on < plan.starts_on]
    before.sort(key=lambda p: p.starts_on, reverse=True)
    return [(p.code, plan, p) for p in _proposals(plan, taken)] + [
        (f"{p.code}@{old.id}", old, p) for old in before for p in _proposals(old, taken)
    ]


def to_report(district) -> list[Period]:
    """What is over and not signed off: opened periods, and the last half-year if nobody opened it. Of a
    plan that ended, while no half-year of the next is over, its final report too."""
    day = today(district.zone)
    query = select(ReportingPeriod).where(
        ReportingPeriod.district_id == district.id, ReportingPeriod.ends_on < day
    )
    opened = list(db.session.scalars(_with_history(query.order_by(ReportingPeriod.starts_on))))
    late = [calendar_period(p) for p in opened if p.sign_off is None]
    plan = _ending(district.id, day)
    if plan is None:
        return late
    ended = [half for half in periods.half_years(plan) if half.end < day]
    final = [periods.read(periods.PLAN, plan)] if plan.ends_on < day else []
    return late + [p for p in proposals(plan) if p in (ended[-1:] + final)]


def _ending(district_id: int, day: date) -> Plan | None:
    """The latest plan of which a half-year is over."""
    found = [p for p in plans.plans(district_id) if periods.half_years(p)[0].end < day]
    return max(found, key=lambda p: p.starts_on, default=None)


def open_review(period_id: int) -> PeriodReview | None:
    """The review that goes on, or None."""
    return db.session.scalar(
        select(PeriodReview).where(PeriodReview.period_id == period_id, PeriodReview.ended_at.is_(None))
    )
