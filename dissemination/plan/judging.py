"""One row of the log under every indicator of a plan: who counts it, who sees it and does not, and why."""

from dataclasses import dataclass, replace

from sqlalchemy import select

from dissemination.kernel.database import db
from dissemination.plan import periods, rules
from dissemination.plan.figures import readable, scope_of
from dissemination.plan.log import Activity
from dissemination.plan.models import Indicator, Plan
from dissemination.plan.tallies import looked_at, parts_of, source


@dataclass(frozen=True)
class Judged:
    """What an indicator makes of a row; `reason` None: it counts. `part` as in `tallies.parts_of`."""

    indicator: Indicator
    part: str
    reason: str | None


def judged(plan: Plan, row: Activity) -> list[Judged]:
    """The indicators whose business the row is, in the plan's order; judged in the row's own half-year."""
    if not plan.starts_on <= row.happened_on <= plan.ends_on:
        return []
    scope = scope_of(plan, periods.read(periods.half_year_of(row.happened_on), plan))
    scope = replace(scope, only=(row.id,))
    found = []
    for indicator in readable(plan.indicators):
        for name, part in parts_of(plan, rules.read(indicator.rule)).items():
            if part is None or row.verb not in looked_at(part):
                continue
            seen = source(part, scope)
            for (reason,) in db.session.execute(select(seen.c.reason).where(seen.c.id == row.id)):
                found.append(Judged(indicator, name, reason))
    return found
