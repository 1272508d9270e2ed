"""What the worker does for this package by itself."""

from sqlalchemy import select

from dissemination.districts.models import District
from dissemination.kernel.database import db, transaction
from dissemination.subscriptions import actions, digests, importing


def forget_requests() -> int:
    """Delete requests for subscription that are older than 30 days; how many."""
    with transaction():
        return actions.forget_old_requests()


def send_digests() -> int:
    """Make the monthly mail of every district whose day has come; how many persons get one."""
    persons = 0
    for district in db.session.scalars(select(District).order_by(District.id)).all():
        month = digests.month_due(district)
        if month is not None:
            with transaction():
                made = digests.make(district, month)
                persons += made.persons if made is not None else 0
    return persons


def work_on_imports() -> int:
    """Read and enter what people uploaded; how many imports went on."""
    return importing.work()


def forget_lines() -> int:
    """Delete the lines of imports that are older than three months; how many."""
    with transaction():
        return importing.forget_lines()


JOBS = [(86400, forget_requests), (900, send_digests), (2, work_on_imports), (86400, forget_lines)]
