"""Counting a rule that has no parts, from the log, each time it is asked for."""

from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from sqlalchemy import func, or_, select

from dissemination.kernel.database import db
from dissemination.plan import counting, queries, rules
from dissemination.plan.counting import Scope
from dissemination.plan.models import Plan
from dissemination.plan.rules import DISTINCT, PERCENT, Measure, Rule


@dataclass(frozen=True)
class Tally:
    """What a rule without parts comes to."""

    value: Decimal | None
    counted: int
    not_counted: int


def tally(rule: Rule, scope: Scope) -> Tally:
    """Count a rule that has no parts. The value of `evidence` is the number of rows it looks at."""
    rows = source(rule, scope)
    row = db.session.execute(
        select(
            value_of(rule, rows),
            func.count().filter(rows.c.reason.is_(None)),
            func.count().filter(rows.c.reason.is_not(None)),
        ).select_from(rows)
    ).one()
    return Tally(exact(rule, row[0], row[1]), row[1], row[2])


class Live:
    """Counts from the log for many figures: nothing twice, and nothing that cannot be there."""

    def __init__(self, district_id: int):
        self._occurred = queries.verbs_that_occurred(district_id)
        self._done: dict[tuple, Tally] = {}

    def tally(self, rule: Rule, scope: Scope) -> Tally:
        """As `tally`."""
        key = (rule, scope.start, scope.end)
        if key not in self._done:
            nothing = rule.measure is not Measure.MEMBERS and not looked_at(rule) & self._occurred
            self._done[key] = Tally(exact(rule, 0, 0), 0, 0) if nothing else tally(rule, scope)
        return self._done[key]


def looked_at(rule: Rule) -> set[str]:
    """The verbs whose rows a rule counts or shows as seen."""
    return {*rule.verbs, *[verb for verb, _ in rule.seen]}


def source(rule: Rule, scope: Scope):
    """The rows of a rule with their reasons, as a subquery: of the log, or memberships."""
    if rule.measure is Measure.MEMBERS:
        return counting.memberships(scope)
    return counting.seen_rows(rule, scope)


def value_of(rule: Rule, rows):
    """The SQL of a rule's value over the rows of `source`."""
    counts = rows.c.reason.is_(None)
    if rule.measure in (Measure.SUM, Measure.MEAN):
        return func.sum(rows.c.amount).filter(counts)
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


def exact(rule: Rule, value, counted: int) -> Decimal | None:
    """What the database gave, as a decimal with the digits that the measure has; a mean of `counted`."""
    if rule.measure is Measure.MEAN:
        return _cents(Decimal(str(value)) / counted) if counted else None
    if rule.measure is Measure.SUM:
        return _cents(Decimal(str(value or 0)))
    return None if value is None else Decimal(str(value))


def _cents(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def part_of(plan: Plan, part: Rule | str | None) -> Rule | None:
    """A part of a rule, read through an indicator's code. None when the plan has no such indicator."""
    if isinstance(part, str):
        named = next((i for i in plan.indicators if i.code == part), None)
        if named is None or rules.problems_of(named.rule):
            return None
        part = rules.read(named.rule)
        if part.measure in PERCENT:
            return None
    return replace(part, split=()) if part is not None else None


def parts_of(plan: Plan, rule: Rule) -> dict[str, Rule | None]:
    """The rules without parts that a figure is made of, by name; "" is the rule itself."""
    if rule.measure is Measure.RATIO:
        return {name: part_of(plan, getattr(rule, name)) for name in ("numerator", "denominator")}
    if rule.measure is Measure.BUDGET:
        return {}
    own: dict[str, Rule | None] = {"": replace(rule, split=(), share_of=None)}
    return own if rule.share_of is None else own | {"share_of": part_of(plan, rule.share_of)}
