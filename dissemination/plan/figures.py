"""The figure of an indicator for a period, counted from the log.

Totals that `kept.py` keeps up are read instead of counted. A distinct count is made anew at every level
(R1): half-years do not add up to the plan. A figure says how many rows it counted and how many it saw
and did not count; `rows.py` lists them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import String, cast, func, literal, select

from dissemination.districts.models import District, Sector
from dissemination.kernel.clock import today
from dissemination.kernel.database import db
from dissemination.plan import periods, queries, rules
from dissemination.plan.counting import Scope
from dissemination.plan.kept import Kept
from dissemination.plan.models import ActivityLine, BudgetLine, Indicator, Plan
from dissemination.plan.periods import Period
from dissemination.plan.rules import DISTINCT, Measure, Rule
from dissemination.plan.tallies import Live, Tally, exact, part_of, parts_of, source, value_of

HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Figure:
    """An indicator in a period. `numerator` and `denominator` stand behind a percentage or a mean."""

    code: str
    period: str
    unit: str
    actual: Decimal | None
    target: Decimal | None
    counted: int
    not_counted: int
    numerator: Decimal | None = None
    denominator: Decimal | None = None

    @property
    def share(self) -> Decimal | None:
        """`actual` / target in percent, when there is a target."""
        return percent(self.actual, self.target)

    def as_json(self) -> dict:
        """The shape that `figures.json` and `flask figures --json` promise."""
        return {
            "actual": plain(self.actual), "target": plain(self.target), "unit": self.unit,
            "counted": self.counted, "not_counted": self.not_counted,
        }  # fmt: skip


@dataclass(frozen=True)
class SplitLine:
    """One class of a split: its raw attribute value ("" when the row has none) and its figure."""

    value: str
    actual: Decimal | None
    numerator: Decimal | None = None
    denominator: Decimal | None = None


@dataclass(frozen=True)
class Split:
    """A figure by one attribute. With `overlaps` the lines may add up to more than the figure (R1)."""

    attribute: str
    lines: list[SplitLine]
    overlaps: bool


def plain(value: Decimal | None) -> int | float | None:
    """A decimal for JSON: whole numbers as integers."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(round(value, 2))


def percent(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    """`part` of `whole` in percent with one decimal; None of nothing."""
    if part is None or not whole:
        return None
    return (HUNDRED * part / whole).quantize(Decimal("0.1"), ROUND_HALF_UP)


def district_today(plan: Plan) -> date:
    """Today in the plan's district."""
    district = db.session.get(District, plan.district_id)
    return today(district.zone) if district else today()


def scope_of(plan: Plan, period: Period, *, exclusions: bool = True) -> Scope:
    """Where and when to count for a plan's indicators."""
    found = tuple(queries.exclusions(plan.district_id)) if exclusions else ()
    return Scope(plan.district_id, found, period.start, period.end, district_today(plan))


def figure(indicator: Indicator, period: Period | str, *, exclusions: bool = True) -> Figure:
    """The figure of one indicator. `exclusions=False` asks what it would be under no exclusion (R2).

    Raises UnknownPeriod, RuleError.
    """
    period = _period(indicator.plan, period)
    scope = scope_of(indicator.plan, period, exclusions=exclusions)
    kept = Kept(indicator.plan, [indicator], scope) if exclusions else Kept(indicator.plan, [], scope)
    return _figure(indicator, period, scope, kept, Live(scope.district_id))


def figures(
    indicators: Iterable[Indicator], wanted: Iterable[Period], *, live: bool = False
) -> dict[tuple[str, str], Figure]:
    """The figures of indicators of one plan for some periods: {(code, period code): figure}.

    Totals that are kept up are read; the rest, or everything with `live`, is counted from the log.
    """
    indicators, wanted = list(indicators), list(wanted)
    if not indicators or not wanted:
        return {}
    plan = indicators[0].plan
    scope = scope_of(plan, wanted[0])
    kept, log = Kept(plan, [] if live else indicators, scope), Live(plan.district_id)
    return {
        (i.code, p.code): _figure(i, p, replace(scope, start=p.start, end=p.end), kept, log)
        for i in indicators
        for p in wanted
    }


def disagreements(plan: Plan, wanted: Iterable[Period] = ()) -> list[tuple[str, str]]:
    """(code, period) where kept totals and a count over the log differ: none. Of all periods by default."""
    wanted = list(wanted) or periods.every(plan)
    chosen = readable(plan.indicators)
    kept, live = figures(chosen, wanted), figures(chosen, wanted, live=True)
    return [key for key in live if kept[key] != live[key]]


def readable(indicators: Iterable[Indicator]) -> list[Indicator]:
    """The indicators whose rule can be read; the others are shown as orphans, not counted."""
    return [i for i in indicators if not rules.problems_of(i.rule)]


def figures_for(plan: Plan, period: Period | str, *, public: bool = False) -> dict[str, dict]:
    """{"DV-01": {"actual", "target", "unit", "counted", "not_counted"}, …} in the plan's order."""
    period = _period(plan, period)
    wanted = [i for i in readable(plan.indicators) if i.public or not public]
    found = figures(wanted, [period])
    return {i.code: found[i.code, period.code].as_json() for i in wanted}


def _period(plan: Plan, period: Period | str) -> Period:
    return periods.read(period, plan) if isinstance(period, str) else period


def _figure(indicator: Indicator, period: Period, scope: Scope, kept: Kept, live: Live) -> Figure:
    rule = rules.read(indicator.rule)
    target = next((t.value for t in indicator.targets if t.period == period.code), None)
    head: dict[str, Any] = {
        "code": indicator.code,
        "period": period.code,
        "unit": indicator.unit,
        "target": target,
    }
    if rule.measure is Measure.BUDGET:
        budget, spent, n = money(indicator.plan, period)
        return Figure(actual=percent(spent, budget), counted=n, not_counted=0, numerator=spent,
                      denominator=budget, **head)  # fmt: skip
    parts = parts_of(indicator.plan, rule)
    if None in parts.values():  # an indicator that it refers to was removed
        return Figure(actual=None, counted=0, not_counted=0, **head)
    found = {
        name: kept.tally(indicator, name, part, period) or live.tally(part, scope)
        for name, part in parts.items()
        if part is not None
    }
    first = found["" if "" in found else "numerator"]
    return Figure(counted=first.counted, not_counted=first.not_counted, **_worth(rule, found), **head)


def _worth(rule: Rule, found: dict[str, Tally]) -> dict:
    """`actual`, and the numerator and denominator behind it."""
    if rule.measure is Measure.RATIO:
        over, under = found["numerator"].value, found["denominator"].value
        return {"actual": percent(over, under), "numerator": over, "denominator": under}
    own = found[""]
    if rule.measure is Measure.EVIDENCE:
        counted = Decimal(own.counted)
        return {"actual": percent(counted, own.value), "numerator": counted, "denominator": own.value}
    if rule.measure is Measure.MEAN:
        return {"actual": own.value, "denominator": Decimal(own.counted)}
    if "share_of" in found:
        return {"actual": own.value, "numerator": own.value, "denominator": found["share_of"].value}
    return {"actual": own.value}


def money(plan: Plan, period: Period) -> tuple[Decimal, Decimal, int]:
    """Budget and spent in EUR of the years that a period touches, and the number of budget lines."""
    row = db.session.execute(
        select(func.sum(BudgetLine.budget_cents), func.sum(BudgetLine.spent_cents), func.count())
        .join(ActivityLine, ActivityLine.id == BudgetLine.activity_line_id)
        .where(ActivityLine.plan_id == plan.id)
        .where(BudgetLine.year.between(period.start.year, period.end.year))
    ).one()
    return Decimal(row[0] or 0) / 100, Decimal(row[1] or 0) / 100, row[2]


def splits(indicator: Indicator, period: Period) -> list[Split]:
    """The figure by each attribute of the rule's split list."""
    rule = rules.read(indicator.rule)
    scope = scope_of(indicator.plan, period)
    return [_split(indicator.plan, rule, scope, period, name) for name in rule.split]


def _split(plan: Plan, rule: Rule, scope: Scope, period: Period, name: str) -> Split:
    if rule.measure is Measure.BUDGET:
        return Split(name, _split_money(plan, period), overlaps=False)
    if rule.measure is not Measure.RATIO:
        values = _by_class(replace(rule, split=(name,)), scope)
        if rule.measure is Measure.EVIDENCE:
            lines = [SplitLine(k, percent(Decimal(n), v), Decimal(n), v) for k, (v, n) in values.items()]
        else:
            lines = [SplitLine(k, v) for k, (v, _n) in values.items()]
        return Split(name, lines, overlaps=rule.measure in DISTINCT and rule.measure is not Measure.MEMBERS)
    over, under = part_of(plan, rule.numerator, (name,)), part_of(plan, rule.denominator, (name,))
    if over is None or under is None:
        return Split(name, [], overlaps=False)
    top, bottom = _by_class(over, scope), _by_class(under, scope)
    none = (Decimal(0), 0)
    return Split(
        name,
        [
            SplitLine(k, percent(top.get(k, none)[0], bottom.get(k, none)[0]),
                      top.get(k, none)[0], bottom.get(k, none)[0])
            for k in sorted({*top, *bottom})
        ],
        overlaps=over.measure in DISTINCT,
    )  # fmt: skip


def _by_class(rule: Rule, scope: Scope) -> dict[str, tuple[Decimal | None, int]]:
    """{attribute value: (figure, rows counted)} of a rule with one split attribute."""
    rows = source(rule, scope)
    members = rule.measure is Measure.MEMBERS
    column = _member_attribute(rows, rule.split[0]) if members else rows.c.by_0
    column = func.coalesce(cast(column, String), "")
    value, counted = value_of(rule, rows), func.count().filter(rows.c.reason.is_(None))
    query = select(column.label("class"), value, counted).select_from(rows).group_by("class")
    found = sorted(db.session.execute(query).all(), key=lambda row: row[0])
    return {k: (exact(rule, v, n), n) for k, v, n in found if n or rule.measure is Measure.EVIDENCE}


def _member_attribute(rows, name: str):
    if name == "sector":
        return select(Sector.code).where(Sector.id == rows.c.sector_id).correlate(rows).scalar_subquery()
    if name == "size":
        return rows.c["size"]
    return rows.c.province if name == "province" else literal("")


def _split_money(plan: Plan, period: Period) -> list[SplitLine]:
    query = (
        select(ActivityLine.code, func.sum(BudgetLine.spent_cents), func.sum(BudgetLine.budget_cents))
        .join(BudgetLine, BudgetLine.activity_line_id == ActivityLine.id)
        .where(ActivityLine.plan_id == plan.id)
        .where(BudgetLine.year.between(period.start.year, period.end.year))
        .group_by(ActivityLine.code)
        .order_by(ActivityLine.code)
    )
    lines = []
    for code, spent, budget in db.session.execute(query):
        over, under = Decimal(spent) / 100, Decimal(budget) / 100
        lines.append(SplitLine(code, percent(over, under), over, under))
    return lines
