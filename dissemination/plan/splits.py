"""A figure by the classes of an attribute: sector, size, province, macro-area, new or returning.

Classes of rows that are added up come to the figure. Classes of companies and persons are counted anew in
each class (R1): one that is in two of them counts in both, and the split says so.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy import String, cast, func, literal, select

from dissemination.districts.models import Sector
from dissemination.kernel.database import db
from dissemination.plan import rulebooks, rules
from dissemination.plan.counting import Scope
from dissemination.plan.figures import percent, scope_of
from dissemination.plan.models import ActivityLine, BudgetLine, Indicator, Plan, Rulebook
from dissemination.plan.periods import Period
from dissemination.plan.rules import DISTINCT, Measure, Rule
from dissemination.plan.tallies import exact, part_of, source, value_of

NOTHING = (Decimal(0), 0)


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


def splits(indicator: Indicator, period: Period, *, rulebook: Rulebook | None = None) -> list[Split]:
    """The figure by each attribute of the rule's split list. Raises RuleError."""
    book = rulebooks.read_by(indicator.plan, rulebook)
    rule = rules.read(next(i.rule for i in book.indicators if i.code == indicator.code))
    scope = scope_of(indicator.plan, period, rulebook=rulebook)
    return [_split(book, indicator.plan, rule, scope, period, name) for name in rule.split]


def by_attribute(indicator: Indicator, period: Period, rule: Rule, name: str) -> Split:
    """The figure of `rule` by an attribute that it is perhaps not split by."""
    plan = indicator.plan
    return _split(plan, plan, rule, scope_of(plan, period), period, name)


def proposed(indicator: Indicator, rule: Rule, period: Period) -> list[Split]:
    """The splits that another rule for the indicator would give."""
    plan = indicator.plan
    return [_split(plan, plan, rule, scope_of(plan, period), period, name) for name in rule.split]


def overlaps(rule: Rule) -> bool:
    """Whether the classes of a rule's splits may share companies or persons."""
    return rule.measure in DISTINCT and rule.measure is not Measure.MEMBERS


def _split(book, plan: Plan, rule: Rule, scope: Scope, period: Period, name: str) -> Split:
    if rule.measure is Measure.BUDGET:
        return Split(name, _money(plan, period), overlaps=False)
    if rule.measure is Measure.RATIO:
        return _ratio(book, rule, scope, name)
    values = _by_class(replace(rule, split=(name,), share_of=None), scope)
    if rule.measure is Measure.EVIDENCE:
        lines = [SplitLine(k, percent(Decimal(n), v), Decimal(n), v) for k, (v, n) in values.items()]
    elif rule.measure is Measure.MEAN:
        lines = [SplitLine(k, v, denominator=Decimal(n)) for k, (v, n) in values.items()]
    elif rule.share_of is not None:
        lines = _shares(values, part_of(book, rule.share_of, (name,)), scope)
    else:
        lines = [SplitLine(k, v) for k, (v, _n) in values.items()]
    return Split(name, lines, overlaps(rule))


def _shares(values: dict, whole: Rule | None, scope: Scope) -> list[SplitLine]:
    """Classes of a count that is also shown as a share of another rule's."""
    if whole is None:
        return [SplitLine(k, v) for k, (v, _n) in values.items()]
    under = _by_class(whole, scope)
    return [
        SplitLine(k, values.get(k, NOTHING)[0], values.get(k, NOTHING)[0], under.get(k, NOTHING)[0])
        for k in sorted({*values, *under})
    ]


def _ratio(book, rule: Rule, scope: Scope, name: str) -> Split:
    over, under = part_of(book, rule.numerator, (name,)), part_of(book, rule.denominator, (name,))
    if over is None or under is None:
        return Split(name, [], overlaps=False)
    top, bottom = _by_class(over, scope), _by_class(under, scope)
    lines = [
        SplitLine(k, percent(top.get(k, NOTHING)[0], bottom.get(k, NOTHING)[0]),
                  top.get(k, NOTHING)[0], bottom.get(k, NOTHING)[0])
        for k in sorted({*top, *bottom})
    ]  # fmt: skip
    return Split(name, lines, overlaps=over.measure in DISTINCT)


def _by_class(rule: Rule, scope: Scope) -> dict[str, tuple[Decimal | None, int]]:
    """{attribute value: (figure, rows counted)} of a rule with one split attribute."""
    rows = source(rule, scope)
    column = class_column(rule, rows, rule.split[0])
    value, counted = value_of(rule, rows), func.count().filter(rows.c.reason.is_(None))
    query = select(column.label("class"), value, counted).select_from(rows).group_by("class")
    found = sorted(db.session.execute(query).all(), key=lambda row: row[0])
    evidence = rule.measure is Measure.EVIDENCE  # there the value is the rows looked at
    return {k: (exact(rule, v, n), n) for k, v, n in found if n or (evidence and v)}


def class_column(rule: Rule, rows, name: str):
    """The class of each of a rule's rows by an attribute; the rule must be split by it first."""
    column = _member_attribute(rows, name) if rule.measure is Measure.MEMBERS else rows.c.by_0
    return func.coalesce(cast(column, String), "")


def _member_attribute(rows, name: str):
    if name == "sector":
        return select(Sector.code).where(Sector.id == rows.c.sector_id).correlate(rows).scalar_subquery()
    if name == "size":
        return rows.c["size"]
    return rows.c.province if name == "province" else literal("")


def _money(plan: Plan, period: Period) -> list[SplitLine]:
    query = (
        select(ActivityLine.code, func.sum(BudgetLine.spent_cents), func.sum(BudgetLine.budget_cents))
        .join(BudgetLine, BudgetLine.activity_line_id == ActivityLine.id)
        .where(ActivityLine.plan_id == plan.id)
        .where(BudgetLine.year.between(period.start.year, period.end.year))
        .group_by(ActivityLine.code)
    )
    lines = []
    for code, spent, budget in sorted(db.session.execute(query).all()):
        over, under = Decimal(spent) / 100, Decimal(budget) / 100
        lines.append(SplitLine(code, percent(over, under), over, under))
    return lines
