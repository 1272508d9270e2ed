"""Which indicators an activity will feed, and by which data they are split: asked before it happens.

An activity that is still being planned has logged nothing. Its verbs are known, though, and so is its
line: read against the plan's rules they say what will count it, and what must be asked of whom for the
figures to be split as promised.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from dissemination.plan import queries, rules
from dissemination.plan.models import ActivityLine, Indicator, Plan
from dissemination.plan.rules import Rule
from dissemination.plan.tallies import parts_of

WORKSHOP = ("workshop.held", "attendance.present", "feedback.given")  # what a workshop logs in the end


@dataclass(frozen=True)
class Fed:
    """An indicator that counts one of the verbs, and the attributes that it is split by."""

    indicator: Indicator
    splits: tuple[str, ...]
    verbs: tuple[str, ...]  # those of the verbs asked about that it counts


class Contract:
    """What a district's plans count: asked for many activities, each plan is read once."""

    def __init__(self, district_id: int):
        self._district_id = district_id
        self._plans = queries.plans(district_id)
        self._lines: dict[int, ActivityLine] = {
            line.id: line for plan in self._plans for line in plan.lines
        }  # fmt: skip

    def fed_by(
        self,
        on: date,
        activity_line_id: int | None,
        *,
        verbs: Collection[str] = WORKSHOP,
        attributes: Mapping[str, str] | None = None,
    ) -> list[Fed]:
        """As the function of that name."""
        plan = next((p for p in self._plans if p.starts_on <= on <= p.ends_on), None)
        if plan is None:
            return []
        line = self._lines.get(activity_line_id or 0)
        wanted = frozenset(str(verb) for verb in verbs)
        found = []
        for indicator in plan.indicators:
            counted = _counted(plan, indicator, line, wanted, attributes or {})
            if counted:
                splits = rules.read(indicator.rule).split
                found.append(Fed(indicator, splits, tuple(sorted(counted))))
        return found


def fed_by(
    district_id: int,
    on: date,
    activity_line_id: int | None,
    *,
    verbs: Collection[str] = WORKSHOP,
    attributes: Mapping[str, str] | None = None,
) -> list[Fed]:
    """The indicators that `verbs` logged on that day and line feed, in the plan's order.

    `attributes` are those already known of the activity (`mode` …): a rule that wants others is left out.
    A day outside every plan feeds nothing; nor does a rule that cannot be read. The exclusions of the
    call are not looked at: they judge rows, and there is none yet.
    """
    return Contract(district_id).fed_by(on, activity_line_id, verbs=verbs, attributes=attributes)


def splits_of(fed: Collection[Fed], *, verb: str) -> set[str]:
    """Every attribute that the indicators counting `verb` are split by."""
    return {name for one in fed if verb in one.verbs for name in one.splits}


def _counted(plan: Plan, indicator: Indicator, line, verbs, attributes) -> set[str]:
    if rules.problems_of(indicator.rule):
        return set()
    parts = parts_of(plan, rules.read(indicator.rule)).values()
    if None in parts:  # it refers to an indicator that is not there, and counts nothing
        return set()
    mine = (p for p in parts if p is not None and _is_its_business(p, line, attributes))
    return {verb for part in mine for verb in part.verbs if verb in verbs}


def _is_its_business(rule: Rule, line: ActivityLine | None, attributes: Mapping[str, str]) -> bool:
    if rule.lines and (line is None or line.kind.value not in rule.lines):
        return False
    known = ((name, values) for name, values in rule.where if name in attributes)
    return all(attributes[name] in values for name, values in known)
