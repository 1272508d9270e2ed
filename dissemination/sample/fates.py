"""What became of the sample's mails. None of the past was ever sent, and each row says so.

A mail of the past is `skipped` with the reason NEVER_SENT. A newsletter's books can only be closed on
final fates, so its deliveries are recorded as `accepted` (a few as `refused`) with NEVER_SENT as reason
and as last reply: the desk shows plainly that this is sample data, and DV-07 counts it like everything
else invented here.
"""

from datetime import datetime, timedelta
from random import Random

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from dissemination.delivery.models import Delivery, Fate, Suppression
from dissemination.delivery.texts import REASONS
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.newsletters.models import Issue

NEVER_SENT = "sample data, never sent"
REASONS[NEVER_SENT] = _l("Sample data: it was never sent.")
REFUSED = 0.01  # of a newsletter's recipients; their address is suppressed, as after a real refusal


def record_issue(issue: Issue, chance: Random) -> None:
    """Give every delivery of `issue` its invented fate, as if it had been sent now."""
    query = select(Delivery).where(
        Delivery.subject_kind == "issues", Delivery.subject_id == issue.id, Delivery.state == Fate.QUEUED
    )
    moment = now()
    for n, delivery in enumerate(db.session.scalars(query.order_by(Delivery.id)).all()):
        delivery.state, delivery.reason, delivery.last_reply = Fate.ACCEPTED, NEVER_SENT, NEVER_SENT
        delivery.finished_at = moment + timedelta(seconds=n // 20)
        if chance.random() < REFUSED:
            delivery.state = Fate.REFUSED
            db.session.add(Suppression(
                district_id=delivery.district_id, address=delivery.address.lower(), reason=NEVER_SENT,
                at=moment,
            ))  # fmt: skip
    db.session.flush()


def skip_past(*, before: datetime) -> None:
    """Skip every mail of the sample that still waits and was written before that moment."""
    db.session.execute(
        update(Delivery)
        .where(Delivery.state == Fate.QUEUED, Delivery.created_at < before)
        .values(state=Fate.SKIPPED, reason=NEVER_SENT, finished_at=Delivery.created_at)
        .execution_options(synchronize_session=False)
    )
