"""The time. Everything that needs "now" asks here, so that it can be moved.

Tests move the process's clock; `at` moves ours alone, for loading the past: sample data, and imports of
past years through the same actions that write the present.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

ROME = ZoneInfo("Europe/Rome")
_moved: ContextVar[datetime | None] = ContextVar("moved_clock", default=None)


def now() -> datetime:
    """The present moment, timezone-aware, UTC."""
    return _moved.get() or datetime.now(UTC)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Let `now()` be `moment` (aware) inside the block, for this thread or task only.

    For loading the past, never for what users do. Raises ValueError for a naive moment.
    """
    if moment.tzinfo is None:
        raise ValueError(f"naive datetime {moment!r}: give a zone")
    token = _moved.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _moved.reset(token)


def local(moment: datetime, zone: ZoneInfo = ROME) -> datetime:
    """`moment` on the wall clock of `zone`."""
    return moment.astimezone(zone)


def today(zone: ZoneInfo = ROME) -> date:
    """The present date in `zone`."""
    return local(now(), zone).date()
