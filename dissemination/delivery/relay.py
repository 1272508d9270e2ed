"""The circuit breaker: when the mail server is down, everything waits and nobody is blamed.

A failure to connect (or to be let in) pauses that server for a growing time, and all sending when there is
no other; the messages keep their place and their attempts. What went wrong is kept in its row, for the desk.
"""

from datetime import datetime, timedelta

from sqlalchemy import select, update

from dissemination.delivery.models import Relay
from dissemination.kernel.database import db, insert_into

FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=10)
FRESH = timedelta(minutes=1)  # how often it is written down that all is well


def paused(at: datetime) -> set[str]:
    """The names of the servers that are left alone at that moment because they were down before."""
    return set(db.session.scalars(select(Relay.name).where(Relay.paused_until > at)))


def pause(name: str, error: str, *, at: datetime) -> None:
    """Note that a server is down; the pause doubles each time up to ten minutes."""
    _ensure_row(name)
    failures = (db.session.scalar(select(Relay.failures).where(Relay.name == name)) or 0) + 1
    until = at + min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(failures - 1, 10))
    _write(name, failures=failures, last_error=error[:1000], last_error_at=at, paused_until=until)


def all_is_well(name: str, at: datetime) -> None:
    """Note that the server took a message."""
    known = db.session.execute(
        select(Relay.failures, Relay.last_ok_at).where(Relay.name == name)
    ).one_or_none()
    if known is not None and not known.failures and known.last_ok_at and known.last_ok_at >= at - FRESH:
        return
    _ensure_row(name)
    _write(name, failures=0, last_error="", paused_until=None, last_ok_at=at)


def _ensure_row(name: str) -> None:
    """Make the row of a server if there is none; another worker may be making it at the same moment."""
    insert = insert_into(Relay)
    db.session.execute(insert.values(name=name, failures=0, last_error="").on_conflict_do_nothing())


def _write(name: str, **values) -> None:
    db.session.execute(
        update(Relay).where(Relay.name == name).values(**values),
        execution_options={"synchronize_session": False},
    )
