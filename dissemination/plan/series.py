"""An indicator over time: each half-year, quarter, month or year, and from the plan's first day to its end.

What is added up (R5) runs on as a sum. Companies and persons are counted anew from the plan's first day
(R1): a company that comes in two half-years is one company of the plan. Rates, means and members are
levels: their cumulative value is that of the plan so far.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import and_, func, select

from dissemination.kernel.database import db
from dissemination.people.models import Company, OrganisationType
from dissemination.plan import counting, keeping, periods, rules
from dissemination.plan.counting import Scope
from dissemination.plan.figures import Figure, district_today, figures, money, percent, scope_of, worth
from dissemination.plan.kept import Kept
from dissemination.plan.log import KeptKey, KeptPart
from dissemination.plan.models import Indicator, Plan
from dissemination.plan.periods import Grain, Period
from dissemination.plan.rules import BY_COMPANY, DISTINCT, Measure, Rule
from dissemination.plan.tallies import Tally, exact, parts_of, source, tally, value_of

CENT = Decimal("0.01")


class Kind(StrEnum):
    """How an indicator runs on in time."""

    ADDS = "adds"  # increments add up to the whole
    DISTINCT = "distinct"  # it grows, but by those not seen before
    LEVEL = "level"  # a rate, a mean, a stock


@dataclass(frozen=True)
class Point:
    """One period of a series. Values of periods that have not begun are None.

    `increment` is the period's own figure, `cumulative` that from the plan's first day to the period's
    end; so are the targets. `target_cumulative` between two dates with a target lies on an even pace.
    """

    period: Period
    increment: Decimal | None
    cumulative: Decimal | None
    target: Decimal | None
    target_cumulative: Decimal | None


MEASURES = {
    Measure.COUNT: Kind.ADDS, Measure.SUM: Kind.ADDS, Measure.NEW_COMPANIES: Kind.ADDS,
    Measure.COMPANIES: Kind.DISTINCT, Measure.PERSONS: Kind.DISTINCT,
}  # fmt: skip


def kind_of(indicator: Indicator) -> Kind:
    """How an indicator runs on. Raises RuleError."""
    rule = rules.read(indicator.rule)
    return Kind.LEVEL if rule.members_only else MEASURES.get(rule.measure, Kind.LEVEL)


def series(indicator: Indicator, grain: Grain | str) -> list[Point]:
    """An indicator over its plan, one point per period. Raises RuleError."""
    return many([indicator], grain)[indicator.code]


def many(
    indicators: list[Indicator], grain: Grain | str, *, cumulative: bool = True,
    known: dict[tuple[str, str], Figure] | None = None,
) -> dict[str, list[Point]]:  # fmt: skip
    """Several indicators of one plan over time, by code. `known`: figures that are at hand already."""
    if not indicators:
        return {}
    plan = indicators[0].plan
    wanted, today = periods.cut(plan, Grain(grain)), district_today(plan)
    begun = [p for p in wanted if p.start <= today]
    if known is None:
        known = figures(indicators, begun)
    found = {}
    for i in indicators:
        own = [known[i.code, p.code].actual for p in begun]
        runs = running(i, begun, own) if cumulative else [None] * len(begun)
        ahead = [None] * (len(wanted) - len(begun))
        goals, goals_so_far = targets(i, wanted)
        found[i.code] = [
            Point(*values)
            for values in zip(wanted, own + ahead, runs + ahead, goals, goals_so_far, strict=True)
        ]
    return found


def running(
    indicator: Indicator, wanted: list[Period], own: list[Decimal | None] | None = None
) -> list[Decimal | None]:
    """The figure from the plan's first day to the end of each of `wanted` (in order).

    `own` are the periods' own figures: where they add up, nothing more is counted.
    """
    plan, rule = indicator.plan, rules.read(indicator.rule)
    ends = [min(p.end, plan.ends_on) for p in wanted]
    if own is not None and _adds_up(plan, rule, wanted):
        return _sums(own)
    whole = periods.read(periods.PLAN, plan)
    by_key = _firsts_kept(indicator, rule, wanted, scope_of(plan, whole))
    if by_key is not None:
        return by_key
    return course(indicator, whole, ends, wanted if wanted and _within(plan, wanted) else [])


def course(
    indicator: Indicator, span: Period, ends: list[date], windows: Sequence[Period] = ()
) -> list[Decimal | None]:
    """The figure from the first day of `span` to each of `ends` (within it).

    It is counted from the log, or read from the totals of `windows`: the periods that end on `ends`.
    """
    plan, rule = indicator.plan, rules.read(indicator.rule)
    if rule.measure is Measure.BUDGET:
        spans = [Period(span.start, end, "") for end in ends]
        return [percent(spent, budget) for budget, spent, _n in (money(plan, s) for s in spans)]
    parts = parts_of(plan, rule)
    if None in parts.values():
        return [None] * len(ends)
    scope = scope_of(plan, span)
    kept = Kept(plan, [indicator] if windows else [], scope)
    counted = {
        name: _kept(kept, indicator, name, part, windows) or _tallies(part, scope, ends)
        for name, part in parts.items()
        if part is not None
    }
    return [
        worth(rule, {name: found[n] for name, found in counted.items()})["actual"] for n in range(len(ends))
    ]


def _kept(kept: Kept, indicator: Indicator, name: str, part: Rule, windows: Sequence[Period]) -> list[Tally]:
    """What a part comes to from the first window to each one's end; [] where that is not kept."""
    found = []
    for n in range(1, len(windows) + 1):
        tally = kept.over(indicator, name, part, list(windows[:n]))
        if tally is None:
            return []
        found.append(tally)
    return found


def _sums(own: list[Decimal | None]) -> list[Decimal | None]:
    total = Decimal(0)
    found: list[Decimal | None] = []
    for value in own:
        total += value or 0
        found.append(total)
    return found


def _adds_up(plan: Plan, rule: Rule, wanted: list[Period]) -> bool:
    """Whether the figures of periods, beginning with the plan's first, add up to the plan's."""
    return (
        bool(wanted)
        and _within(plan, wanted)
        and MEASURES.get(rule.measure) is Kind.ADDS
        and not rule.members_only
    )


def _within(plan: Plan, wanted: list[Period]) -> bool:
    """Whether periods begin with the plan and end no later: then all their days are the plan's."""
    return wanted[0].start == plan.starts_on and wanted[-1].end <= plan.ends_on


def _tallies(rule: Rule, scope: Scope, ends: list[date]) -> list[Tally]:
    """What a rule without parts comes to from the scope's first day to each of `ends`: one query."""
    if rule.members_only or rule.measure is Measure.MEMBERS:  # they look at each last day anew
        return [tally(rule, replace(scope, end=end)) for end in ends]
    rows = source(replace(rule, split=()), scope)
    if rule.measure in DISTINCT:
        key = rows.c.contact_id if rule.measure is Measure.PERSONS else rows.c.root_id
        query = select(func.min(rows.c.happened_on)).where(rows.c.reason.is_(None)).group_by(key)
        firsts = sorted(db.session.scalars(query))
        return [Tally(Decimal(bisect_right(firsts, end)), 0, 0) for end in ends]
    query = select(
        rows.c.happened_on, func.count().filter(rows.c.reason.is_(None)), value_of(rule, rows)
    ).group_by(rows.c.happened_on)  # fmt: skip
    days = sorted((day, n, Decimal(str(v or 0))) for day, n, v in db.session.execute(query))
    found = []
    for end in ends:
        n = sum(n for day, n, _v in days if day <= end)
        value = sum((v for day, _n, v in days if day <= end), Decimal(0))
        found.append(Tally(exact(rule, value, n), n, 0))
    return found


def _firsts_kept(
    indicator: Indicator, rule: Rule, wanted: list[Period], scope: Scope
) -> list[Decimal | None] | None:
    """Distinct companies or persons by half-year from the kept keys; None where these do not say."""
    halves = bool(wanted) and wanted[0].code[4:6] == "-H" and _within(indicator.plan, wanted)
    plain = rule.measure in (Measure.COMPANIES, Measure.PERSONS) and not (
        rule.members_only or rule.followed_by
    )
    if not halves or not plain:
        return None
    part = db.session.scalar(
        select(KeptPart).where(KeptPart.indicator_id == indicator.id, KeptPart.part == "")
    )
    own = keeping.keepable(indicator.plan, indicator).get("")
    if part is None or own is None or part.fingerprint != keeping.fingerprint(indicator.plan, own, scope):
        return None
    codes = [p.code for p in wanted]
    keys = (KeptKey.part_id == part.id, KeptKey.rows > 0, KeptKey.period.in_(codes))
    if rule.measure in BY_COMPANY:
        tree, root = counting.roots(scope.district_id), Company.__table__.alias()
        good = and_(root.c.type == OrganisationType.COMPANY, root.c.tax_id != "")
        query = select(func.min(KeptKey.period)).join(tree, tree.c.id == KeptKey.key)
        query = query.join(root, root.c.id == tree.c.root_id).where(*keys, good).group_by(root.c.id)
    else:
        query = select(func.min(KeptKey.period)).where(*keys).group_by(KeptKey.key)
    firsts = sorted(db.session.scalars(query))
    return [Decimal(bisect_right(firsts, code)) for code in codes]


def targets(indicator: Indicator, wanted: list[Period]) -> tuple[list[Decimal | None], list[Decimal | None]]:
    """The targets of periods as written, and the target from the plan's first day to each one's end.

    Half-years' targets add up where figures do, spread evenly over their months. Distinct counts go at
    an even pace to the plan's target. Levels have the target of the half-year, or else the plan's.
    """
    written = {t.period: t.value for t in indicator.targets}
    own = [written.get(p.code) for p in wanted]
    kind, plan = kind_of(indicator), indicator.plan
    whole = written.get(periods.PLAN)
    if kind is Kind.LEVEL:
        return own, [written.get(periods.half_year_of(min(p.end, plan.ends_on)), whole) for p in wanted]
    months = periods.cut(plan, Grain.MONTH)
    halves = {m.code: written.get(periods.half_year_of(m.start)) for m in months}
    if kind is Kind.ADDS and any(value is not None for value in halves.values()):
        sizes = [periods.half_year_of(m.start) for m in months]
        pace = [(halves[m.code] or Decimal(0)) / sizes.count(h) for m, h in zip(months, sizes, strict=True)]
    elif whole is not None:
        pace = [whole / len(months)] * len(months)
    else:
        return own, [None] * len(wanted)
    digits = CENT if indicator.unit == "EUR" else Decimal(1)  # nobody promises a third of a workshop
    paces = list(zip(months, pace, strict=True))
    so_far: list[Decimal | None] = [
        sum((p for m, p in paces if m.end <= w.end), Decimal(0)).quantize(digits) for w in wanted
    ]
    return own, so_far
