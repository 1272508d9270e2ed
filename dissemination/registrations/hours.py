"""Until when an offer of a freed seat runs: office hours of the district, on its wall clock.

Office hours are `office_from` to `office_until` on Monday to Friday, without the public holidays of
Italy. An offer ends two hours before the workshop at the latest. Less than an hour to decide would be
no offer: then the seat is given at once.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache

from dissemination.districts.models import District
from dissemination.kernel.clock import local
from dissemination.workshops.models import Workshop

BEFORE_START = timedelta(hours=2)
SHORTEST = timedelta(hours=1)


@cache
def _italian_holidays():
    import holidays  # only whoever offers seats pays for loading it

    return holidays.country_holidays("IT")


def is_working_day(day: date) -> bool:
    """Monday to Friday and no public holiday in Italy."""
    return day.weekday() < 5 and day not in _italian_holidays()


def after(start: datetime, hours: int, district: District) -> datetime:
    """The moment at which `hours` office hours have passed since `start` (aware, any zone)."""
    left = timedelta(hours=hours)
    day = local(start, district.zone).date()
    while True:
        opens, closes = _office(day, district)
        begins = max(start, opens)
        if is_working_day(day) and begins < closes:
            if left <= closes - begins:
                return begins + left
            left -= closes - begins
        day += timedelta(days=1)


def _office(day: date, district: District) -> tuple[datetime, datetime]:
    """Opening and closing of `day` in UTC: a day of a clock change has its real hours."""
    opens = datetime.combine(day, time(district.office_from), tzinfo=district.zone)
    if district.office_until == 24:
        closes = datetime.combine(day + timedelta(days=1), time(0), tzinfo=district.zone)
    else:
        closes = datetime.combine(day, time(district.office_until), tzinfo=district.zone)
    return _utc(opens), _utc(max(closes, opens + timedelta(hours=1)))


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def offer_until(workshop: Workshop, moment: datetime) -> datetime | None:
    """When an offer made at `moment` ends; None: no offers here, or too near the start to wait for one."""
    if not workshop.offer_hours:
        return None
    latest = workshop.starts_at - BEFORE_START
    if latest - moment < SHORTEST:
        return None
    return min(after(moment, workshop.offer_hours, workshop.district), latest)
