"""What hangs loose in a plan: lines without an indicator, indicators that nothing feeds."""

from dataclasses import dataclass

from sqlalchemy import exists, select

from dissemination.kernel.database import db
from dissemination.people.models import Company, Membership
from dissemination.plan import queries, rules
from dissemination.plan.models import ActivityLine, Indicator, Plan
from dissemination.plan.rules import Measure, RuleError


@dataclass(frozen=True)
class Orphans:
    """Rows of a plan that need somebody's attention."""

    lines: list[ActivityLine]  # no indicator measures them
    indicators: list[Indicator]  # none of their verbs ever occurred
    broken: list[Indicator]  # their rule cannot be read, or refers to an indicator that is not there

    def __bool__(self) -> bool:
        return bool(self.lines or self.indicators or self.broken)


def orphans(plan: Plan) -> Orphans:
    """The orphans of a plan."""
    measured = {i.activity_line_id for i in plan.indicators}
    occurred = queries.verbs_that_occurred(plan.district_id)
    codes = {i.code: i for i in plan.indicators}
    unfed, broken = [], []
    for indicator in plan.indicators:
        try:
            rule = rules.read(indicator.rule)
        except RuleError:
            broken.append(indicator)
            continue
        if not rules.codes_of(rule) <= codes.keys():
            broken.append(indicator)
        elif not _fed(plan, rule, occurred):
            unfed.append(indicator)
    return Orphans([line for line in plan.lines if line.id not in measured], unfed, broken)


def _fed(plan: Plan, rule: rules.Rule, occurred: set[str]) -> bool:
    if rule.measure is Measure.MEMBERS:
        company = select(Membership.id).join(Company).where(Company.district_id == plan.district_id)
        return bool(db.session.scalar(select(exists(company))))
    if rule.measure is Measure.BUDGET:
        return any(line.budget for line in plan.lines)
    return bool(rules.verbs_of(rule) & occurred)
