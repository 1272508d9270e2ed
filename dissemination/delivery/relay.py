"""The circuit breaker: when the mail server is down, everything waits and nobody is blamed.

A failure to connect (or to be let in) pauses all sending for a growing time; the messages keep their
place and their attempts. What went wrong is kept in one row, for the desk.
"""

from datetime import datetime, timedelta

from dissemination.delivery.models import Relay
from dissemination.kernel.database import db

FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=10)
FRESH = timedelta(minutes=1)  # how often it is written down that all is well


def is_paused(at: datetime) -> bool:
    """Whether sending waits at that moment because the server was down before."""
    row = db.session.get(Relay, 1)
    return row is not None and row.paused_until is not None and row.paused_until > at


def pause(error: str, *, at: datetime) -> Relay:
    """Note that the server is down; the pause doubles each time up to ten minutes."""
    row = _row()
    row.failures += 1
    row.last_error, row.last_error_at = error[:1000], at
    row.paused_until = at + min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(row.failures - 1, 10))
    return row


def all_is_well(at: datetime) -> None:
    """Note that the server took a message."""
    row = _row()
    if row.failures or row.last_ok_at is None or row.last_ok_at < at - FRESH:
        row.failures, row.last_error, row.paused_until, row.last_ok_at = 0, "", None, at


def _row() -> Relay:
    row = db.session.get(Relay, 1)
    if row is None:
        row = Relay(id=1, failures=0, last_error="")
        db.session.add(row)
    return row
