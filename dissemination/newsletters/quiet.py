"""When an issue may leave: quiet hours, Sundays and public holidays, and times that a clock change touches.

Plain moments and times; no database.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from dissemination.kernel.clock import local


@dataclass(frozen=True)
class Quiet:
    """When a district sends no newsletter, on its own wall clock. `hours` may run over midnight."""

    zone: ZoneInfo
    hours: tuple[time, time] | None = None  # from, until
    days: bool = False  # nothing on Sundays and on public holidays of Italy


@cache
def _holidays():
    import holidays  # only whoever sends pays for loading it

    return holidays.country_holidays("IT")


def is_quiet_day(day: date) -> bool:
    """Whether `day` is a Sunday or a public holiday in Italy."""
    return day.weekday() == 6 or day in _holidays()


def is_quiet(moment: datetime, quiet: Quiet) -> bool:
    """Whether nothing leaves at `moment` (aware)."""
    there = local(moment, quiet.zone)
    if quiet.days and is_quiet_day(there.date()):
        return True
    if quiet.hours is None:
        return False
    start, end = quiet.hours
    clock = there.time().replace(tzinfo=None)
    return start <= clock < end if start < end else clock >= start or clock < end


def first_allowed(moment: datetime, quiet: Quiet) -> datetime:
    """`moment`, or the first one after it at which something may leave. UTC, whole minutes when it moves."""
    if not is_quiet(moment, quiet):
        return moment
    day = local(moment, quiet.zone).date()
    for n in range(30):  # no year has as many holidays in a row
        for clock in (time(0), quiet.hours[1] if quiet.hours else time(0)):
            found = real(day + timedelta(days=n), clock, quiet.zone).moment
            if found > moment and not is_quiet(found, quiet):
                return found
    raise ValueError(f"no moment within 30 days of {moment} is allowed")


@dataclass(frozen=True)
class Real:
    """A time of a wall clock as a moment. `odd` is "gap" when clocks jump over it (then `moment` is the
    missing hour later), "twice" when it comes twice (then `moment` is the first), else ""."""

    moment: datetime
    odd: str = ""


def real(day: date, clock: time, zone: ZoneInfo) -> Real:
    """`day` at `clock` in `zone`, as UTC (PEP 495 folds)."""
    first = datetime.combine(day, clock, tzinfo=zone)
    second = first.replace(fold=1)
    moment = first.astimezone(UTC)
    if first.utcoffset() == second.utcoffset():
        return Real(moment)
    exists = moment.astimezone(zone).replace(tzinfo=None) == datetime.combine(day, clock)
    return Real(moment, "twice" if exists else "gap")
