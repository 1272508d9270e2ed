"""The figure of an indicator for a period, counted from the log each time it is asked for.

A distinct count is made anew at every level (R1): half-years do not add up to the plan. A figure says
how many rows it counted and how many it saw and did not count; `rows.py` lists them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from sqlalchemy import String, cast, func, literal, or_, select

from dissemination.districts.models import District, Sector
from dissemination.kernel.clock import today
from dissemination.kernel.database import db
from dissemination.plan import counting, periods, queries, rules
from dissemination.plan.counting import Scope
from dissemination.plan.models import ActivityLine, BudgetLine, Indicator, Plan
from dissemination.plan.periods import Period
from dissemination.plan.rules import DISTINCT, PERCENT, Measure, Rule

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
class Tally:
    """What a rule without parts comes to."""

    value: Decimal | None
    counted: int
    not_counted: int


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
    return _figure(indicator, period, scope_of(indicator.plan, period, exclusions=exclusions))


def figures(indicators: Iterable[Indicator], wanted: Iterable[Period]) -> dict[tuple[str, str], Figure]:
    """The figures of indicators of one plan for some periods: {(code, period code): figure}."""
    indicators, wanted = list(indicators), list(wanted)
    if not indicators or not wanted:
        return {}
    scope = scope_of(indicators[0].plan, wanted[0])
    return {
        (i.code, p.code): _figure(i, p, replace(scope, start=p.start, end=p.end))
        for i in indicators
        for p in wanted
    }


def readable(indicators: Iterable[Indicator]) -> list[Indicator]:
    """The indicators whose rule can be read; the others are shown as orphans, not counted."""
    return [i for i in indicators if not rules.problems_of(i.rule)]


def figures_for(plan: Plan, period: Period | str, *, public: bool = False) -> dict[str, dict]:
    """{"DV-01": {"actual", "target", "unit", "counted", "not_counted"}, …} in the plan's order."""
    period = _period(plan, period)
    wanted = [i for i in readable(plan.indicators) if i.public or not public]
    found = figures(wanted, [period])
    return {i.code: found[i.code, period.code].as_json() for i in wanted}


def part_of(plan: Plan, part: Rule | str | None, split: tuple[str, ...] = ()) -> Rule | None:
    """A part of a rule, read through an indicator's code. None when the plan has no such indicator."""
    if isinstance(part, str):
        named = next((i for i in plan.indicators if i.code == part), None)
        if named is None or rules.problems_of(named.rule):
            return None
        part = rules.read(named.rule)
        if part.measure in PERCENT:
            return None
    return replace(part, split=split) if part is not None else None


def _period(plan: Plan, period: Period | str) -> Period:
    return periods.read(period, plan) if isinstance(period, str) else period


def _figure(indicator: Indicator, period: Period, scope: Scope) -> Figure:
    rule = rules.read(indicator.rule)
    target = next((t.value for t in indicator.targets if t.period == period.code), None)
    head = {"code": indicator.code, "period": period.code, "unit": indicator.unit, "target": target}
    if rule.measure is Measure.RATIO:
        return _ratio(indicator.plan, rule, scope, head)
    if rule.measure is Measure.BUDGET:
        budget, spent, n = money(indicator.plan, period)
        return Figure(actual=percent(spent, budget), counted=n, not_counted=0, numerator=spent,
                      denominator=budget, **head)  # fmt: skip
    found = tally(replace(rule, split=()), scope)
    more: dict = {}
    if rule.measure is Measure.EVIDENCE:
        whole = found.value
        found = replace(found, value=percent(Decimal(found.counted), whole))
        more = {"numerator": Decimal(found.counted), "denominator": whole}
    elif rule.measure is Measure.MEAN:
        more = {"denominator": Decimal(found.counted)}
    elif rule.share_of is not None:
        whole_rule = part_of(indicator.plan, rule.share_of)
        whole = tally(whole_rule, scope).value if whole_rule else None
        more = {"numerator": found.value, "denominator": whole}
    return Figure(actual=found.value, counted=found.counted, not_counted=found.not_counted, **head, **more)


def _ratio(plan: Plan, rule: Rule, scope: Scope, head: dict) -> Figure:
    over, under = part_of(plan, rule.numerator), part_of(plan, rule.denominator)
    if over is None or under is None:  # an indicator it refers to was removed
        return Figure(actual=None, counted=0, not_counted=0, **head)
    top, bottom = tally(over, scope), tally(under, scope)
    return Figure(
        actual=percent(top.value, bottom.value), counted=top.counted, not_counted=top.not_counted,
        numerator=top.value, denominator=bottom.value, **head,
    )  # fmt: skip


def tally(rule: Rule, scope: Scope) -> Tally:
    """Count a rule that has no parts. The value of `evidence` is the number of rows it looks at."""
    rows = source(rule, scope)
    row = db.session.execute(
        select(
            _value(rule, rows),
            func.count().filter(rows.c.reason.is_(None)),
            func.count().filter(rows.c.reason.is_not(None)),
        ).select_from(rows)
    ).one()
    return Tally(_decimal(rule, row[0]), row[1], row[2])


def source(rule: Rule, scope: Scope):
    """The rows of a rule with their reasons, as a subquery: of the log, or memberships."""
    if rule.measure is Measure.MEMBERS:
        return counting.memberships(scope)
    return counting.seen_rows(rule, scope)


def _value(rule: Rule, rows):
    counts = rows.c.reason.is_(None)
    if rule.measure is Measure.SUM:
        return func.sum(rows.c.amount).filter(counts)
    if rule.measure is Measure.MEAN:
        return func.avg(rows.c.amount).filter(counts)
    if rule.measure is Measure.PERSONS:
        return func.count(rows.c.contact_id.distinct()).filter(counts)
    if rule.measure is Measure.EVIDENCE:
        neither = or_(
            rows.c.reason.in_(("reversal", "reversed")), rows.c.reason.startswith(counting.EXCLUSION)
        )  # fmt: skip
        return func.count().filter(or_(counts, ~neither))
    if rule.measure in DISTINCT:
        return func.count(rows.c.root_id.distinct()).filter(counts)
    return func.count().filter(counts)


def _decimal(rule: Rule, value) -> Decimal | None:
    if value is None:
        return Decimal(0) if rule.measure is Measure.SUM else None
    exact = Decimal(str(value))
    if rule.measure in (Measure.MEAN, Measure.SUM):
        return exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
    return exact


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
    value, counted = _value(rule, rows), func.count().filter(rows.c.reason.is_(None))
    query = select(column.label("class"), value, counted).select_from(rows).group_by("class")
    found = sorted(db.session.execute(query).all(), key=lambda row: row[0])
    return {k: (_decimal(rule, v), n) for k, v, n in found if n or rule.measure is Measure.EVIDENCE}


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
