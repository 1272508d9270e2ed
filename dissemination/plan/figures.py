"""The figure of an indicator for a period, counted from the log.

Totals that `kept.py` keeps up are read instead of counted. A distinct count is made anew at every level
(R1): half-years do not add up to the plan. A figure says how many rows it counted and how many it saw
and did not count; `rows.py` lists them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import func, select

from dissemination.districts.models import District
from dissemination.kernel.clock import today
from dissemination.kernel.database import db
from dissemination.plan import periods, queries, rulebooks, rules
from dissemination.plan.counting import Scope
from dissemination.plan.kept import Kept
from dissemination.plan.models import ActivityLine, BudgetLine, Indicator, Plan, Rulebook
from dissemination.plan.periods import Period
from dissemination.plan.rules import Measure, Rule
from dissemination.plan.tallies import Live, Tally, parts_of

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


def scope_of(
    plan: Plan, period: Period, *, exclusions: bool = True, rulebook: Rulebook | None = None
) -> Scope:
    """Where and when to count for a plan's indicators; under `rulebook` only its exclusions, at any time."""
    if rulebook is not None:
        found = rulebooks.exclusions_of(rulebook, period)
    else:
        found = tuple(queries.exclusions(plan.district_id)) if exclusions else ()
    return Scope(plan.district_id, found, period.start, period.end, district_today(plan))


def figure(indicator: Indicator, period: Period | str, *, exclusions: bool = True) -> Figure:
    """The figure of one indicator. `exclusions=False` asks what it would be under no exclusion (R2).

    Raises UnknownPeriod, RuleError.
    """
    period = _period(indicator.plan, period)
    scope = scope_of(indicator.plan, period, exclusions=exclusions)
    kept = Kept(indicator.plan, [indicator], scope) if exclusions else Kept(indicator.plan, [], scope)
    return _figure(indicator, period, scope, _Source(indicator.plan, kept, Live(scope.district_id)))


def figures(
    indicators: Iterable[Indicator],
    wanted: Iterable[Period],
    *,
    live: bool = False,
    exclusions: bool = True,
    rulebook: Rulebook | None = None,
) -> dict[tuple[str, str], Figure]:
    """The figures of indicators of one plan for some periods: {(code, period code): figure}.

    Totals that are kept up are read; the rest, or everything with `live`, is counted from the log. Under
    a `rulebook` (or without `exclusions`) everything is counted: its rules and exclusions are not those in
    force.
    """
    indicators, wanted = list(indicators), list(wanted)
    if not indicators or not wanted:
        return {}
    plan = indicators[0].plan
    other = live or rulebook is not None or not exclusions
    scopes = {p.code: scope_of(plan, p, exclusions=exclusions, rulebook=rulebook) for p in wanted}
    kept = Kept(plan, [] if other else indicators, scopes[wanted[0].code])
    source = _Source(rulebooks.read_by(plan, rulebook), kept, Live(plan.district_id))
    return {(i.code, p.code): _figure(i, p, scopes[p.code], source) for i in indicators for p in wanted}


def proposed(indicator: Indicator, rule: Any, period: Period) -> Figure:
    """The figure that `rule` (as JSON) would give, counted from the log. Raises RuleError."""
    plan = indicator.plan
    scope = scope_of(plan, period)
    source = _Source(
        rulebooks.with_rule(plan, indicator.code, rule), Kept(plan, [], scope), Live(plan.district_id)
    )
    return _figure(indicator, period, scope, source)


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


@dataclass(frozen=True)
class _Source:
    """Where figures come from: the rules of a plan (or of a rulebook), kept totals, and the log."""

    book: Any  # a Plan, or the plan as a rulebook reads it
    kept: Kept
    live: Live

    def rule(self, indicator: Indicator) -> Rule:
        """The rule of an indicator here."""
        return rules.read(next(i.rule for i in self.book.indicators if i.code == indicator.code))


def _figure(indicator: Indicator, period: Period, scope: Scope, source: _Source) -> Figure:
    rule = source.rule(indicator)
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
    parts = parts_of(source.book, rule)
    if None in parts.values():  # an indicator that it refers to was removed
        return Figure(actual=None, counted=0, not_counted=0, **head)
    found = {
        name: source.kept.tally(indicator, name, part, period) or source.live.tally(part, scope)
        for name, part in parts.items()
        if part is not None
    }
    first = found["" if "" in found else "numerator"]
    return Figure(counted=first.counted, not_counted=first.not_counted, **worth(rule, found), **head)


def worth(rule: Rule, found: dict[str, Tally]) -> dict:
    """`actual`, and the numerator and denominator behind it, of the tallies of a rule's parts."""
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
