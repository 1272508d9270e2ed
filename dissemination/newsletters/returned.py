"""Issues that came back: whoever's mail bounced was not reached, also when the books are closed already."""

from sqlalchemy import select
from sqlalchemy.orm import aliased

from dissemination.delivery.models import Delivery
from dissemination.kernel.clock import today
from dissemination.kernel.database import db
from dissemination.newsletters.models import Issue
from dissemination.newsletters.sending import Did
from dissemination.plan import activity
from dissemination.plan.log import Activity


def came_back(delivery: Delivery) -> None:
    """Correct the log for one recipient of an issue: seen, and not counted, because it came back.

    The issue's row is locked, so a bounce that comes in while the books are being closed waits for them.
    """
    locked = select(Issue).where(Issue.id == delivery.subject_id).with_for_update()
    issue = db.session.scalars(locked.execution_options(populate_existing=True)).one_or_none()
    if issue is None or issue.finished_at is None or delivery.contact_id is None:
        return
    row = _standing(issue, delivery.contact_id)
    if row is None:
        return
    activity.reverse(row, by=None, happened_on=today(issue.district.zone), reason="bounced")
    activity.record(
        Did.BOUNCED, issue, district_id=row.district_id, title=row.title, by=None,
        happened_on=row.happened_on,
        activity_line_id=row.activity_line_id, company_id=row.company_id, contact_id=row.contact_id,
        attributes=row.attributes,
    )  # fmt: skip


def _standing(issue: Issue, contact_id: int) -> Activity | None:
    """The row that counts a person as reached by `issue`, when nothing took it back."""
    back = aliased(Activity)
    query = select(Activity).where(
        Activity.subject_kind == "issues", Activity.subject_id == issue.id, Activity.verb == Did.REACHED,
        Activity.contact_id == contact_id, Activity.reverses_id.is_(None),
        ~select(1).where(back.reverses_id == Activity.id).exists(),
    )  # fmt: skip
    return db.session.scalars(query.order_by(Activity.id.desc()).limit(1)).first()
