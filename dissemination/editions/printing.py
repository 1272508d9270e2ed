"""Which version of a plan is printed, and what is said of its approval."""

from flask_babel import force_locale
from flask_babel import gettext as _

from dissemination.editions import content, queries
from dissemination.editions.document import Edition
from dissemination.editions.models import PlanVersion
from dissemination.kernel.languages import date_time
from dissemination.plan.models import Plan


def edition(plan: Plan, language: str, version: PlanVersion | None = None) -> Edition:
    """`version` as it is printed; None: the plan as it stands, under the number of its last version."""
    shown = version or queries.latest(plan)
    approval = next(
        (a for a in queries.approvals(plan) if shown and a.version_id == shown.id and not a.ended_because),
        None,
    )
    now = shown.content if shown is not None else content.snapshot(plan)
    words = ""
    if approval is not None:
        with force_locale(language):
            who = approval.account.name if approval.account else "–"
            words = _("Approved by %(who)s on %(when)s.", who=who, when=date_time(approval.at))
            words = f"{words} {approval.words}".strip()
    return Edition(now, shown.number if shown else 0, shown.at if shown else plan.created_at, words)
