"""What a rule would count on the real log, before it is saved; and what is odd about it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select

from dissemination.kernel.database import db
from dissemination.plan import figures, queries, readings, rows, rules, splits, texts
from dissemination.plan.counting import attribute, is_excluded
from dissemination.plan.figures import Figure
from dissemination.plan.log import Activity
from dissemination.plan.models import Exclusion, Indicator, Plan
from dissemination.plan.periods import Period
from dissemination.plan.rules import Measure, Rule
from dissemination.plan.splits import Split
from dissemination.plan.tallies import looked_at, parts_of

SHOWN = 5


@dataclass(frozen=True)
class Proposed:
    """An indicator with another rule: what `rows` needs to know of it."""

    plan: Plan
    plan_id: int
    code: str
    rule: Any


@dataclass(frozen=True)
class Trial:
    """What a rule comes to in a period: figure, reasons of rows not counted, first rows, splits, warnings."""

    figure: Figure
    reasons: list[tuple[str, int]]
    counted: list
    left_out: list
    splits: list[Split]
    warnings: list[str]


def result(indicator: Indicator, data: Any, period: Period) -> Trial:
    """Count with `data` (a rule as JSON) instead of the indicator's rule. Raises RuleError."""
    plan, rule = indicator.plan, rules.read(data)
    stand_in: Any = Proposed(plan, plan.id, indicator.code, data)
    figure = figures.proposed(indicator, data, period)
    found = splits.proposed(indicator, rule, period)
    return Trial(
        figure=figure, reasons=rows.reasons(stand_in, period),
        counted=rows.listed(stand_in, period, counted=True, size=SHOWN).rows,
        left_out=rows.listed(stand_in, period, counted=False, size=SHOWN).rows, splits=found,
        warnings=_warnings(plan, rule, period, figure, found),
    )  # fmt: skip


def _warnings(plan: Plan, rule: Rule, period: Period, figure: Figure, found: list[Split]) -> list[str]:
    if rule.measure in (Measure.BUDGET, Measure.MEMBERS):
        return _overlaps(figure, found)
    parts = [p for p in parts_of(plan, rule).values() if p is not None and p.verbs]
    return [
        *_unknown(plan, parts),
        *_nothing_or_everything(plan, period, figure, parts),
        *_filters(plan, period, parts),
        *_overlaps(figure, found),
        *_empty_splits(found),
    ]


def _unknown(plan: Plan, parts: list[Rule]) -> list[str]:
    occurred = queries.verbs_that_occurred(plan.district_id)
    verbs = sorted({verb for part in parts for verb in looked_at(part)} - occurred)
    said = []
    for verb in verbs:
        if verb in readings.VERBS:
            said.append(_("The log has no row of this kind yet: %(what)s.", what=readings.verb_name(verb)))
        else:
            said.append(_("No part of the software writes rows of the kind “%(verb)s”.", verb=verb))
    return said


def _nothing_or_everything(plan: Plan, period: Period, figure: Figure, parts: list[Rule]) -> list[str]:
    if not figure.counted:
        if figure.not_counted:
            return [_("The rule counts nothing: every row that it sees is left out.")]
        return [_("The rule matches nothing in this period.")]
    query = select(func.count()).where(
        Activity.district_id == plan.district_id, Activity.happened_on.between(period.start, period.end)
    )
    total = db.session.scalar(query) or 0
    if parts and figure.counted + figure.not_counted >= total:
        return [
            _(
                "The rule matches every row of the log in this period: %(n)s.",
                n=texts.shown(Decimal(total), ""),
            )
        ]
    return []


def _filters(plan: Plan, period: Period, parts: list[Rule]) -> list[str]:
    """Values that are filtered by and that no row has."""
    said = []
    for part in parts:
        for name, values in part.where:
            query = (
                select(attribute(name))
                .where(Activity.district_id == plan.district_id, Activity.verb.in_(part.verbs))
                .where(Activity.happened_on.between(period.start, period.end))
                .distinct()
            )
            there = set(db.session.scalars(query))
            said += [
                _("No row has “%(name)s” = %(value)s.", name=texts.attribute_name(name).lower(),
                  value=texts.class_name(name, value))
                for value in values if value not in there
            ]  # fmt: skip
    return said


def _overlaps(figure: Figure, found: list[Split]) -> list[str]:
    said = []
    for split in found:
        total = sum((line.actual or Decimal(0) for line in split.lines), Decimal(0))
        if split.overlaps and figure.unit != "%" and figure.actual is not None and total > figure.actual:
            said.append(
                _("The classes of “%(name)s” overlap: they come to %(sum)s, the figure to %(figure)s. "
                  "A company in two classes counts in both.",
                  name=texts.attribute_name(split.attribute).lower(),
                  sum=texts.shown(total, ""), figure=texts.shown(figure.actual, ""))
            )  # fmt: skip
    return said


def _empty_splits(found: list[Split]) -> list[str]:
    return [
        _("No row counted says its “%(name)s”: the split shows one class only.",
          name=texts.attribute_name(split.attribute).lower())
        for split in found if [line.value for line in split.lines] == [""]
    ]  # fmt: skip


def oddity(plan: Plan, exclusion: Exclusion) -> str:
    """What is odd about an exclusion on the plan's days: it leaves out nothing, or everything; or ""."""
    rows = [
        Activity.district_id == plan.district_id,
        Activity.happened_on.between(plan.starts_on, plan.ends_on),
    ]
    if exclusion.verbs:
        rows.append(Activity.verb.in_(exclusion.verbs))
    counted = select(func.count(), func.count().filter(is_excluded(exclusion))).where(*rows)
    total, left_out = db.session.execute(counted).one()
    if not left_out:
        return _("The exclusion leaves out no row of the log in this plan: look at its attribute and dates.")
    if left_out == total:
        number = texts.shown(Decimal(total), "")
        return _("The exclusion leaves out every row of its kinds in this plan: %(n)s.", n=number)
    return ""
