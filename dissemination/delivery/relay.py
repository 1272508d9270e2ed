"""The circuit breaker: when the mail server is down, everything waits and nobody is blamed.

A failure to connect (or to be let in) pauses all sending for a growing time; the messages keep their
place and their attempts. What went wrong is kept in one row, for the desk.
"""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from dissemination.delivery.models import Relay
from dissemination.kernel.database import db, is_sqlite

FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=10)
FRESH = timedelta(minutes=1)  # how often it is written down that all is well


def is_paused(at: datetime) -> bool:
    """Whether sending waits at that moment because the server was down before."""
    until = db.session.scalar(select(Relay.paused_until).where(Relay.id == 1))
    return until is not None and until > at


def pause(error: str, *, at: datetime) -> None:
    """Note that the server is down; the pause doubles each time up to ten minutes."""
    _ensure_row()
    failures = (db.session.scalar(select(Relay.failures).where(Relay.id == 1)) or 0) + 1
    until = at + min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(failures - 1, 10))
    _write(failures=failures, last_error=error[:1000], last_error_at=at, paused_until=until)


def all_is_well(at: datetime) -> None:
    """Note that the server took a message."""
    known = db.session.execute(select(Relay.failures, Relay.last_ok_at).where(Relay.id == 1)).one_or_none()
    if known is not None and not known.failures and known.last_ok_at and known.last_ok_at >= at - FRESH:
        return
    _ensure_row()
    _write(failures=0, last_error="", paused_until=None, last_ok_at=at)


def _ensure_row() -> None:
    """Make row 1 if there is none; another worker may be making it at the same moment."""
    insert = (sqlite if is_sqlite() else postgresql).insert(Relay)
    db.session.execute(insert.values(id=1, failures=0, last_error="").on_conflict_do_nothing())


def _write(**values) -> None:
    db.session.execute(
        update(Relay).where(Relay.id == 1).values(**values),
        execution_options={"synchronize_session": False},
    )
