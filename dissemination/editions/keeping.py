"""Keeping a version at every save. Saves by one person within ten minutes are one version."""

from datetime import timedelta

from sqlalchemy import select

from dissemination.editions import content, queries
from dissemination.editions.models import PlanApproval, PlanVersion
from dissemination.kernel import clock
from dissemination.kernel.database import db
from dissemination.people.accounts import Account
from dissemination.plan import saved
from dissemination.plan.models import Plan

TOGETHER = timedelta(minutes=10)


def keep(plan: Plan, what: str, by: Account | None) -> PlanVersion:
    """Keep `plan` as it stands; the last version when nothing is different from it.

    A version that was approved, or that is older than ten minutes, or somebody else's, is never touched.
    """
    db.session.flush()
    now = content.snapshot(plan)
    mark, last = content.mark_of(now), queries.latest(plan)
    if last is not None and last.sha256 == mark:
        return last
    who = by.id if by else None
    if last is not None and _goes_on(last, who):
        last.content, last.sha256 = now, mark
        words = [*last.what.split(","), what]
        last.what = ",".join(dict.fromkeys(words))[:200]
        db.session.flush()
        return last
    row = PlanVersion(
        plan_id=plan.id, number=last.number + 1 if last else 1, at=clock.now(), by=who, what=what,
        content=now, sha256=mark,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row


def _goes_on(last: PlanVersion, who: int | None) -> bool:
    if last.by != who or clock.now() - last.at > TOGETHER:
        return False
    approved = select(PlanApproval.id).where(PlanApproval.version_id == last.id).limit(1)
    return db.session.scalar(approved) is None


def _note(plan: Plan, what: str, by: Account | None) -> None:
    keep(plan, what, by)


saved.register(_note)
