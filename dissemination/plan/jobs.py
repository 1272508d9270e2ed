"""What the worker does for the plan: count anew the totals that a changed rule made out of date."""

from sqlalchemy import select

from dissemination.kernel.database import db, transaction
from dissemination.plan import keeping
from dissemination.plan.models import Plan


def keep_totals() -> int:
    """Recount each part that is out of date, each in a transaction of its own; returns how many."""
    done = 0
    for plan in list(db.session.scalars(select(Plan).order_by(Plan.id))):
        for indicator_id, part in keeping.stale(plan):
            with transaction():
                keeping.recount(plan, indicator_id, part)
            done += 1
    return done


JOBS = [(60, keep_totals)]
