"""What the worker does for the log: seal new rows, verify when asked and each night."""

from sqlalchemy import func, select

from dissemination.districts.models import District
from dissemination.kernel.database import db, transaction
from dissemination.plan.log import Activity
from dissemination.seals.models import LogTip
from dissemination.seals.sealing import BATCH, seal


def seal_new() -> int:
    """Seal new rows of each district, some at a time so that nobody waits for long; how many."""
    newest = dict(db.session.execute(
        select(District.id, select(func.max(Activity.id)).where(Activity.district_id == District.id)
               .scalar_subquery())
    ).all())  # fmt: skip
    tips = {t.district_id: (t.activity_id, t.position) for t in db.session.scalars(select(LogTip))}
    done = 0
    for district_id, last in newest.items():
        sealed, position = tips.get(district_id, (0, 0))
        while last and last > sealed:
            with transaction():
                head = seal(district_id, limit=BATCH)
            if head.position == position:
                break
            done += head.position - position
            sealed, position = head.activity_id, head.position
    return done


JOBS = [(30, seal_new)]
