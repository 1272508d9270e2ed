"""Approving a version of the plan, and taking an approval back. Never commits."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from dissemination.editions import keeping, queries
from dissemination.editions.models import PlanApproval
from dissemination.kernel import clock
from dissemination.kernel.database import db
from dissemination.kernel.languages import date_time
from dissemination.kernel.refusals import Refusal
from dissemination.people.accounts import Account
from dissemination.plan.models import Plan


class ChangedSince(Refusal):
    """The plan was saved again after the page with the button was opened."""

    message = _l(
        "The plan was changed after you opened this page. Look at what changed, then approve it as it is now."
    )


class AlreadyApproved(Refusal):
    """The plan as it stands is approved."""


class NothingToWithdraw(Refusal):
    """No version is approved."""

    message = _l("No version of this plan is approved.")


class ReasonMissing(Refusal):
    """An approval is taken back with a reason."""

    status = 422
    field = "reason"
    message = _l("Write why: the reason stays beside the approval.")


def approve(plan: Plan, *, mark: str, words: str, by: Account) -> PlanApproval:
    """Approve the plan as it stands. `mark` is of the content that the manager had before her.

    The approval of an earlier version ends with it. Raises ChangedSince, AlreadyApproved.
    """
    db.session.execute(select(Plan.id).where(Plan.id == plan.id).with_for_update())
    db.session.expire_all()
    version = keeping.keep(plan, "found", by)
    if version.sha256 != mark:
        raise ChangedSince
    standing = queries.approval(plan)
    if standing is not None and standing.version_id == version.id:
        raise AlreadyApproved(
            _("This version was already approved by %(who)s on %(when)s.",
              who=standing.account.name if standing.account else "–", when=date_time(standing.at))
        )  # fmt: skip
    if standing is not None:
        standing.ended_at, standing.ended_by = clock.now(), by.id
        db.session.flush()
    row = PlanApproval(
        plan_id=plan.id, version_id=version.id, at=clock.now(), by=by.id, words=words.strip()[:500]
    )
    try:
        with db.session.begin_nested():
            db.session.add(row)
            db.session.flush()
    except IntegrityError:
        raise ChangedSince from None
    return row


def withdraw(plan: Plan, *, reason: str, by: Account) -> None:
    """Take the approval that stands back, with the reason. Raises ReasonMissing, NothingToWithdraw."""
    if not reason.strip():
        raise ReasonMissing
    standing = queries.approval(plan)
    if standing is None:
        raise NothingToWithdraw
    standing.ended_at, standing.ended_by = clock.now(), by.id
    standing.ended_because = reason.strip()[:500]
    db.session.flush()
