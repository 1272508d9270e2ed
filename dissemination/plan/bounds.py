"""What a plan's days hold: before they change, whatever would lie outside has to be moved or removed."""

from datetime import date

from flask_babel import gettext as _

from dissemination.kernel.refusals import Refusal
from dissemination.plan import periods
from dissemination.plan.models import Plan

NAMED = 10  # further ones are not named


class LeavesOut(Refusal):
    """Operations, money or targets of the plan would lie outside its new days."""

    field = "ends_on"
    status = 422

    def __init__(self, names: list[str]):
        what = ", ".join(names[:NAMED]) + (" …" if len(names) > NAMED else "")
        super().__init__(_("This would lie outside the plan: %(what)s. Move or remove it first.", what=what))


def must_hold_everything(plan: Plan, starts_on: date, ends_on: date) -> None:
    """Raises LeavesOut when the days from `starts_on` to `ends_on` do not hold all that the plan has."""
    names = [
        o.title_it for line in plan.lines for o in line.operations
        if o.starts_on < starts_on or o.ends_on > ends_on
    ]  # fmt: skip
    names += [
        f"{line.code}) {b.year}" for line in plan.lines for b in line.budget
        if not starts_on.year <= b.year <= ends_on.year
        and (b.budget_cents or b.committed_cents or b.spent_cents or b.cofinanced_cents)
    ]  # fmt: skip
    for indicator in plan.indicators:
        names += [
            f"{indicator.code} {t.period}" for t in indicator.targets
            if (p := periods.read(t.period, plan)).code != periods.PLAN
            and (p.end < starts_on or p.start > ends_on)
        ]  # fmt: skip
    if names:
        raise LeavesOut(names)
