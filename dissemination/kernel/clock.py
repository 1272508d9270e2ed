"""The time. Everything that needs "now" asks here, so that tests can move it."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

ROME = ZoneInfo("Europe/Rome")


def now() -> datetime:
    """The present moment, timezone-aware, UTC."""
    return datetime.now(UTC)


def local(moment: datetime, zone: ZoneInfo = ROME) -> datetime:
    """`moment` on the wall clock of `zone`."""
    return moment.astimezone(zone)


def today(zone: ZoneInfo = ROME) -> date:
    """The present date in `zone`."""
    return local(now(), zone).date()
