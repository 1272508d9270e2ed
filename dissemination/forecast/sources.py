"""What a forecast reads: workshops held and ahead, other packages' calendars, operations of the plan.

Other packages say what they have on a calendar by `register`: which verb logs one of its units in the end
("newsletter.sent"), what such a unit brings, and how many are ahead.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased

from dissemination.districts.models import District
from dissemination.kernel import clock
from dissemination.kernel.database import db
from dissemination.plan import rules
from dissemination.plan.contract import WORKSHOP
from dissemination.plan.log import Activity
from dissemination.plan.models import Indicator, Operation, Plan
from dissemination.plan.rules import Measure, Rule
from dissemination.registrations.models import Registration, Standing
from dissemination.workshops.models import Cancellation, Closing, Workshop

SOON = timedelta(days=14)  # bookings say something about a workshop this near
WEIGHTS = (0.3, 2.0)


@dataclass(frozen=True)
class Ahead:
    """Units on a calendar: how many, and how many of the usual size that makes."""

    number: int
    weight: float


@dataclass(frozen=True)
class Calendar:
    """A calendar of units: `unit` is the verb that logs one, `verbs` all that it brings, `unit` among them.

    `ahead` takes a district, a day after which and one up to which to look, and the moment as of which
    (None: now).
    """

    unit: str
    verbs: frozenset[str]
    ahead: Callable[[District, date, date, datetime | None], Ahead]


_calendars: dict[str, Calendar] = {}


def register(calendar: Calendar) -> None:
    """Say what a package has on its calendar. Called at start."""
    _calendars[calendar.unit] = calendar


def feeding(verbs: frozenset[str]) -> Calendar | None:
    """The calendar whose units bring any of `verbs`; that of workshops before others."""
    return next((c for c in _calendars.values() if c.verbs & verbs), None)


def planned(plan: Plan, unit: str, after: date, until: date) -> float:
    """How many units the plan's operations foresee between two days."""
    return _foreseen(plan, lambda operation: _unit_of(operation.indicator) == unit, after, until)


def foreseen(plan: Plan, indicator: Indicator, after: date, until: date) -> float:
    """How much of an indicator that counts no units the plan's operations foresee between two days."""
    if _unit_of(indicator):
        return 0.0
    return _foreseen(plan, lambda operation: operation.indicator_id == indicator.id, after, until)


def _foreseen(plan: Plan, chosen: Callable[[Operation], bool], after: date, until: date) -> float:
    """What operations that are not done foresee, at an even pace over their days."""
    found = 0.0
    for operation in (o for line in plan.lines for o in line.operations):
        if operation.done_on is None and operation.planned and chosen(operation):
            first = max(operation.starts_on, after + timedelta(days=1))
            days = (min(operation.ends_on, until) - first).days + 1
            found += operation.planned * max(days, 0) / ((operation.ends_on - operation.starts_on).days + 1)
    return found


def _unit_of(indicator: Indicator | None) -> str:
    """The verb of which an indicator counts each row; "" when it counts something else."""
    if indicator is None or rules.problems_of(indicator.rule):
        return ""
    return unit_of(rules.read(indicator.rule))


def unit_of(rule: Rule) -> str:
    """The verb of which a rule counts each row; "" when it counts something else, or several."""
    return rule.verbs[0] if rule.measure is Measure.COUNT and len(rule.verbs) == 1 else ""


def operated(plan: Plan, verbs: frozenset[str]) -> str:
    """A verb among `verbs` of which the plan's operations foresee a number; "" when there is none."""
    units = {_unit_of(operation.indicator) for line in plan.lines for operation in line.operations}
    return min(verbs & units, default="")


def held_by_month(district: District, ends: list[date], unit: str) -> list[int]:
    """The units logged in each of the months that end on `ends` (whole months, in order)."""
    if not ends:
        return []
    back = aliased(Activity)
    query = (
        select(Activity.happened_on)
        .where(Activity.district_id == district.id, Activity.verb == unit)
        .where(Activity.happened_on.between(ends[0].replace(day=1), ends[-1]), Activity.reverses_id.is_(None))
        .where(Activity.not_counted.is_(None), ~select(1).where(back.reverses_id == Activity.id).exists())
    )
    days = list(db.session.scalars(query))
    return [sum(1 for d in days if end.replace(day=1) <= d <= end) for end in ends]


def ahead(district: District, after: date, until: date, as_of: datetime | None = None) -> Ahead:
    """Published workshops after a day and up to another, that were not called off by `as_of` (default now).

    Now, those that are over and not closed yet are still ahead: nothing of them is counted.
    """
    moment = as_of or clock.now()
    called_off = select(Cancellation.workshop_id).where(Cancellation.at <= moment)
    query = select(Workshop.id, Workshop.starts_at).where(
        Workshop.district_id == district.id, Workshop.published_at <= moment, Workshop.id.not_in(called_off),
        Workshop.starts_at < night_after(district, until),
    )  # fmt: skip
    late = Workshop.starts_at >= night_after(district, after)
    if as_of is None:
        late = or_(late, Workshop.id.not_in(select(Closing.workshop_id)))
        half = datetime.combine(after, time(), tzinfo=district.zone) - timedelta(days=184)
        query = query.where(Workshop.starts_at >= half)
    found = db.session.execute(query.where(late)).all()
    if as_of is not None or not found:
        return Ahead(len(found), float(len(found)))
    usual = _usual_bookings(district)
    booked = _bookings([w.id for w in found])
    weights = [_weight(w, booked.get(w.id, 0), usual, moment) for w in found]
    return Ahead(len(found), sum(weights))


def night_after(district: District, day: date) -> datetime:
    """The moment in which a district's day is over."""
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=district.zone)


def _weight(workshop, booked: int, usual: float, moment: datetime) -> float:
    """How a near workshop's bookings compare with the usual ones; a far one counts as usual."""
    if not usual or workshop.starts_at - moment > SOON:
        return 1.0
    low, high = WEIGHTS
    return min(max(booked / usual, low), high)


def _bookings(ids: list[int]) -> dict[int, int]:
    query = (
        select(Registration.workshop_id, func.count())
        .where(Registration.workshop_id.in_(ids), Registration.standing == Standing.CONFIRMED)
        .group_by(Registration.workshop_id)
    )
    return {row[0]: row[1] for row in db.session.execute(query)}


def _usual_bookings(district: District) -> float:
    """The mean number of seats held at the workshops closed in the past year."""
    recent = (
        select(Workshop.id)
        .join(Closing, Closing.workshop_id == Workshop.id)
        .where(Workshop.district_id == district.id, Closing.at >= clock.now() - timedelta(days=365))
    )
    counts = list(_bookings(list(db.session.scalars(recent))).values())
    return sum(counts) / len(counts) if counts else 0.0


register(Calendar("workshop.held", frozenset(WORKSHOP), ahead))
