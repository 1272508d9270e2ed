"""What the worker does for usage: count each hour that is over, and each month into the log."""

from sqlalchemy import select

from dissemination.districts.models import District
from dissemination.kernel.database import db, transaction
from dissemination.usage import actions


def count_hours() -> int:
    """Count the hits of the hours that are over; how many."""
    with transaction():
        return actions.fold()


def log_months() -> int:
    """Write downloads of months that are over into the log of each district; how many rows."""
    done = 0
    for district in db.session.scalars(select(District).order_by(District.id)).all():
        while True:
            with transaction():
                rows = actions.log_months(district)
            done += rows
            if rows == 0:
                break
    return done


JOBS = [(120, count_hours), (1800, log_months)]
