"""Deadlines as people write and read them: days of the district's wall clock, the last second included."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from dissemination.kernel.clock import local

LAST = time(23, 59, 59)
_WRITTEN = re.compile(
    r"(?:(?P<d>\d{1,2})[/.](?P<m>\d{1,2})[/.](?P<y>\d{4})|(?P<y2>\d{4})-(?P<m2>\d{1,2})-(?P<d2>\d{1,2}))"
    r"(?:[ T,]+(?:h\.? ?|ore )?(?P<H>\d{1,2})[:.](?P<M>\d{2})(?:[:.](?P<S>\d{2}))?)?"
)


def last_moment(day: date, zone: ZoneInfo, at: time = LAST) -> datetime:
    """The last moment of a deadline, UTC: 23:59:59 of that day on the wall clock of `zone` unless told."""
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def is_in_time(moment: datetime, closes_at: datetime) -> bool:
    """Whether `moment` is not after the deadline: its last second counts to its end."""
    return moment < closes_at + timedelta(seconds=1)


def days_left(closes_at: datetime, at: datetime, zone: ZoneInfo) -> int:
    """Days of the calendar from `at` until the deadline: 0 on its day, below 0 after it."""
    return (local(closes_at, zone).date() - local(at, zone).date()).days


def read_deadlines(text: str, zone: ZoneInfo) -> list[datetime]:
    """The deadlines that a person wrote, one a line: "30/09/2026", "30/09/2026 12:00"; in order, each once.

    Without an hour the whole day counts. Raises ValueError with what to correct.
    """
    found = set()
    for line in filter(None, (line.strip() for line in text.splitlines())):
        try:
            found.add(_one(line, zone))
        except ValueError:
            raise ValueError(
                _("“%(line)s” is not a deadline. Write 30/09/2026, or 30/09/2026 12:00.", line=line[:60])
            ) from None
    return sorted(found)


def _one(line: str, zone: ZoneInfo) -> datetime:
    parts = _WRITTEN.fullmatch(line)
    if parts is None:
        raise ValueError(line)
    named = parts.groupdict()
    year, month, day = (int(named[n] or named[f"{n}2"]) for n in ("y", "m", "d"))
    at = time(int(named["H"]), int(named["M"]), int(named["S"] or 0)) if named["H"] else LAST
    if not 1990 <= year <= 2200:
        raise ValueError(line)
    return last_moment(date(year, month, day), zone, at)


def written_deadlines(moments, zone: ZoneInfo) -> str:
    """The reverse of `read_deadlines`, to show in the form."""
    return "\n".join(written(moment, zone) for moment in moments)


def written(moment: datetime, zone: ZoneInfo) -> str:
    """ "30/09/2026", with its hour where it is not the end of the day."""
    there = local(moment, zone)
    return there.strftime("%d/%m/%Y" if there.time() == LAST else "%d/%m/%Y %H:%M")
