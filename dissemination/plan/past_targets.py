"""Targets of periods that are over: they may be corrected, and it is said in words what that means."""

from decimal import Decimal

from flask_babel import gettext as _

from dissemination.kernel.languages import short_date
from dissemination.plan import periods, signed
from dissemination.plan.figures import district_today
from dissemination.plan.models import Plan
from dissemination.plan.texts import period_name


def over(plan: Plan) -> list[str]:
    """The codes of the plan's half-years, and of the plan, that are over today."""
    today = district_today(plan)
    wanted = [*periods.half_years(plan), periods.read(periods.PLAN, plan)]
    return [p.code for p in wanted if p.end < today]


def changed(plan: Plan, values: dict[int, dict]) -> list[str]:
    """The periods that are over and would get another target by `values` (as `actions.save_targets`)."""
    found = []
    for code in over(plan):
        before = {i.id: _value(i, code) for i in plan.indicators}
        after = {i.id: values[i.id]["targets"].get(code, before[i.id]) for i in plan.indicators}
        if before != after:
            found.append(code)
    return found


def _value(indicator, code: str) -> Decimal | None:
    return next((t.value for t in indicator.targets if t.period == code), None)


def words(plan: Plan, codes: list[str]) -> list[str]:
    """What it means that the targets of these periods were changed, a sentence for each."""
    reported = signed.reported(plan)
    return [_words(code, reported.get(code)) for code in codes]


def _words(code: str, found: signed.Reported | None) -> str:
    period = period_name(code)
    if found is None:
        return _("%(period)s is over: a target set now promises nothing any more, and who reads the plan's"
                 " versions sees that it came afterwards.", period=period)  # fmt: skip
    return _(
        "%(period)s was signed off on %(day)s: the report keeps the target that was reported, and the new one"
        " stands beside it as an adjustment.",
        period=period, day=short_date(found.at),
    )  # fmt: skip
