"""When things happen in the sample: relative to the day of loading, so that it is always alive."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ROME = ZoneInfo("Europe/Rome")
HOLIDAYS = {
    (1, 1), (1, 6), (4, 25), (5, 1), (6, 2), (8, 15), (11, 1), (12, 8), (12, 25), (12, 26),
}  # fmt: skip
COMING = (10, 24, 45, 66)  # days from today
DAY = timedelta(days=1)


def at(day: date, hour: str = "09:00") -> datetime:
    """`hour` ("14:30") on `day` in Tuscany, aware."""
    return datetime.combine(day, time.fromisoformat(hour), ROME)


def plan_years(today: date) -> tuple[int, int, int]:
    """The three years of the plan: last year, this one, the next."""
    return today.year - 1, today.year, today.year + 1


def is_working_day(day: date) -> bool:
    """Monday to Friday, and no national holiday."""
    return day.weekday() < 5 and (day.month, day.day) not in HOLIDAYS


def nobody_meets(day: date) -> bool:
    """August and the Christmas holidays, besides weekends."""
    holidays = day.month == 8 or (day.month, day.day) >= (12, 22) or (day.month, day.day) <= (1, 7)
    return holidays or not is_working_day(day)


def past_dates(today: date, count: int) -> list[date]:
    """`count` dates of past workshops since the plan began, the last one in the week before today's."""
    first = date(plan_years(today)[0], 1, 1) + timedelta(days=45)
    last_week = today - timedelta(days=today.weekday() + 4)  # Thursday
    while not is_working_day(last_week):
        last_week -= DAY
    last = today - timedelta(days=32)
    dates = [spread(first, last, n, count - 1) for n in range(count - 1)]
    return [*(_earlier(day) for day in dates), last_week]


def spread(first: date, last: date, n: int, count: int) -> date:
    """The n-th of `count` dates at equal distance from `first` to `last`."""
    return first + (last - first) * n / max(1, count - 1)


def _earlier(day: date) -> date:
    while nobody_meets(day):
        day -= DAY
    return day


def coming_dates(today: date) -> list[date]:
    """The dates of the coming workshops, all within ten weeks."""
    dates = []
    for days in COMING:
        day = today + timedelta(days=days)
        while not is_working_day(day):
            day += DAY
        dates.append(day)
    return dates
