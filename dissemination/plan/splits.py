"""A figure by the classes of an attribute: sector, size, province, macro-area, new or returning.

Classes of rows that are added up come to the figure. Classes of companies and persons are counted anew in
each class (R1): one that is in two of them counts in both, and the split says so.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy import String, cast, func, literal, select

from dissemination.districts.models import Sector
from dissemination.kernel.database import db
from dissemination.plan import periods, rulebooks, rules
from dissemination.plan.counting import Scope
from dissemination.plan.figures import percent, readable, scope_of
from dissemination.plan.keeping import LONGEST, SPLIT_GRAINS
from dissemination.plan.kept import Kept
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


def splits(
    indicator: Indicator, period: Period, *, rulebook: Rulebook | None = None, live: bool = False
) -> list[Split]:
    """The figure by each attribute of the rule's split list. Raises RuleError.

    Totals that are kept up are read; the rest, or everything with `live`, is counted from the log.
    """
    book = rulebooks.read_by(indicator.plan, rulebook)
    rule = rules.read(next(i.rule for i in book.indicators if i.code == indicator.code))
    scope = scope_of(indicator.plan, period, rulebook=rulebook)
    classes = _Classes(indicator, period, scope, live=live or rulebook is not None)
    return [_split(book, rule, name, classes) for name in rule.split]


def by_attribute(indicator: Indicator, period: Period, rule: Rule, name: str) -> Split:
    """The figure of `rule` by an attribute that it is perhaps not split by."""
    classes = _Classes(indicator, period, scope_of(indicator.plan, period))
    return _split(indicator.plan, rule, name, classes)


def proposed(indicator: Indicator, rule: Rule, period: Period) -> list[Split]:
    """The splits that another rule for the indicator would give."""
    classes = _Classes(indicator, period, scope_of(indicator.plan, period), live=True)
    return [_split(indicator.plan, rule, name, classes) for name in rule.split]


def disagreements(plan: Plan, wanted: Iterable[Period] = ()) -> list[tuple[str, str, str]]:
    """(code, period, attribute) where kept classes and a count over the log differ: none."""
    wanted = list(wanted) or [p for p in periods.every(plan) if periods.grain_of(p.code) in SPLIT_GRAINS]
    return [
        (indicator.code, period.code, kept.attribute)
        for indicator in readable(plan.indicators)
        for period in wanted
        for kept, counted in zip(splits(indicator, period), splits(indicator, period, live=True), strict=True)
        if kept != counted
    ]


def overlaps(rule: Rule) -> bool:
    """Whether the classes of a rule's splits may share companies or persons."""
    return rule.measure in DISTINCT and rule.measure is not Measure.MEMBERS


class _Classes:
    """What the parts of an indicator's rule come to by class: kept totals, or else a count of the log."""

    def __init__(self, indicator: Indicator, period: Period, scope: Scope, *, live: bool = False):
        self.indicator, self.period, self.scope = indicator, period, scope
        self._kept = None if live else Kept(indicator.plan, [indicator], scope)

    def of(self, part: str, rule: Rule, name: str) -> dict[str, tuple[Decimal | None, int]]:
        """{attribute value: (figure, rows counted)} of a part by an attribute."""
        found = self._kept.split(self.indicator, part, rule, self.period, name) if self._kept else None
        if found is None:
            return _by_class(replace(rule, split=(name,), share_of=None), self.scope)
        return _those_with_rows(rule, {k: (t.value, t.counted) for k, t in found.items()})


def _split(book, rule: Rule, name: str, classes: _Classes) -> Split:
    if rule.measure is Measure.BUDGET:
        return Split(name, _money(classes.indicator.plan, classes.period), overlaps=False)
    if rule.measure is Measure.RATIO:
        return _ratio(book, rule, name, classes)
    values = classes.of("", rule, name)
    if rule.measure is Measure.EVIDENCE:
        lines = [SplitLine(k, percent(Decimal(n), v), Decimal(n), v) for k, (v, n) in values.items()]
    elif rule.measure is Measure.MEAN:
        lines = [SplitLine(k, v, denominator=Decimal(n)) for k, (v, n) in values.items()]
    elif rule.share_of is not None:
        lines = _shares(values, part_of(book, rule.share_of), name, classes)
    else:
        lines = [SplitLine(k, v) for k, (v, _n) in values.items()]
    return Split(name, lines, overlaps(rule))


def _shares(values: dict, whole: Rule | None, name: str, classes: _Classes) -> list[SplitLine]:
    """Classes of a count that is also shown as a share of another rule's."""
    if whole is None:
        return [SplitLine(k, v) for k, (v, _n) in values.items()]
    under = classes.of("share_of", whole, name)
    return [
        SplitLine(k, values.get(k, NOTHING)[0], values.get(k, NOTHING)[0], under.get(k, NOTHING)[0])
        for k in sorted({*values, *under})
    ]


def _ratio(book, rule: Rule, name: str, classes: _Classes) -> Split:
    over, under = part_of(book, rule.numerator), part_of(book, rule.denominator)
    if over is None or under is None:
        return Split(name, [], overlaps=False)
    top, bottom = classes.of("numerator", over, name), classes.of("denominator", under, name)
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
    return _those_with_rows(rule, {k: (exact(rule, v, n), n) for k, v, n in found})


def _those_with_rows(rule: Rule, found: dict) -> dict[str, tuple[Decimal | None, int]]:
    evidence = rule.measure is Measure.EVIDENCE  # there the value is the rows looked at
    return {k: (value, n) for k, (value, n) in found.items() if n or (evidence and value)}


def class_column(rule: Rule, rows, name: str):
    """The class of each of a rule's rows by an attribute; the rule must be split by it first."""
    column = _member_attribute(rows, name) if rule.measure is Measure.MEMBERS else rows.c.by_0
    return func.substr(func.coalesce(cast(column, String), ""), 1, LONGEST)


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
