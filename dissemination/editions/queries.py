"""Reading versions and approvals. The plan that is given says whose they are."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from dissemination.editions import content
from dissemination.editions.models import PlanApproval, PlanVersion
from dissemination.kernel.database import db
from dissemination.kernel.paging import Page, page
from dissemination.plan.models import Plan


def latest(plan: Plan) -> PlanVersion | None:
    """The last version of a plan that was kept; None before its first save."""
    query = select(PlanVersion).where(PlanVersion.plan_id == plan.id)
    return db.session.scalar(query.order_by(PlanVersion.number.desc()).limit(1))


def version(plan: Plan, number: int) -> PlanVersion | None:
    """The version of a plan with that number, or None."""
    if number >= 2**31:
        return None
    query = select(PlanVersion).where(PlanVersion.plan_id == plan.id, PlanVersion.number == number)
    return db.session.scalar(query.options(joinedload(PlanVersion.account)))


def before(plan: Plan, number: int) -> PlanVersion | None:
    """The version that was kept before `number`."""
    query = select(PlanVersion).where(PlanVersion.plan_id == plan.id, PlanVersion.number < number)
    return db.session.scalar(query.order_by(PlanVersion.number.desc()).limit(1))


def versions(plan: Plan, after: str | None = None) -> Page:
    """A page of versions, the newest first, with who saved them; their content is not read."""
    query = select(PlanVersion).where(PlanVersion.plan_id == plan.id)
    query = query.options(joinedload(PlanVersion.account))
    return page(query, columns=[PlanVersion.number, PlanVersion.id], after=after, descending=True)


def approvals(plan: Plan) -> list[PlanApproval]:
    """Every approval of a plan, the newest first, ended ones too."""
    query = select(PlanApproval).where(PlanApproval.plan_id == plan.id).order_by(PlanApproval.id.desc())
    return list(
        db.session.scalars(
            query.options(
                joinedload(PlanApproval.version), joinedload(PlanApproval.account),
                joinedload(PlanApproval.ender),
            )
        )
    )  # fmt: skip


def approval(plan: Plan) -> PlanApproval | None:
    """The approval that stands, or None."""
    query = select(PlanApproval).where(PlanApproval.plan_id == plan.id, PlanApproval.ended_at.is_(None))
    return db.session.scalar(
        query.options(joinedload(PlanApproval.version), joinedload(PlanApproval.account))
    )


def approved(plan: Plan) -> PlanVersion | None:
    """The version that is approved, or None."""
    standing = approval(plan)
    return standing.version if standing else None


def is_changed_since_approval(plan: Plan) -> bool:
    """Whether the plan says something else than the version approved; True when none is.

    What was spent, committed or done meanwhile is no change of the plan.
    """
    standing = approved(plan)
    if standing is None:
        return True
    return content.planned(standing.content) != content.planned(content.snapshot(plan))
