"""A month of workshops, day by day, for the calendar pages."""

from calendar import Calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from dissemination.districts.models import District
from dissemination.kernel.clock import today
from dissemination.kernel.database import db
from dissemination.workshops.models import LONGEST, Workshop
from dissemination.workshops.queries import is_shown


@dataclass(frozen=True)
class Entry:
    """A workshop on one of its days, with that day's first start and last end."""

    workshop: Workshop
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Day:
    """A day of the calendar; `inside`: it belongs to the month shown."""

    date: date
    inside: bool
    is_today: bool
    entries: list[Entry]


@dataclass(frozen=True)
class Month:
    """A month as weeks from Monday to Sunday."""

    first: date
    weeks: list[list[Day]]

    @property
    def before(self) -> date:
        """The first day of the month before."""
        return (self.first - timedelta(days=1)).replace(day=1)

    @property
    def after(self) -> date:
        """The first day of the month after."""
        return (self.first + timedelta(days=32)).replace(day=1)

    @property
    def busy(self) -> list[Day]:
        """The days of the month on which something takes place."""
        return [day for week in self.weeks for day in week if day.inside and day.entries]


def month(district: District, first: date, *, public: bool, sector_id: int | None = None) -> Month:
    """The month that begins on `first`; `public` hides drafts and private workshops. One query and one
    for the sessions, however much takes place."""
    first = first.replace(day=1)
    weeks = Calendar().monthdatescalendar(first.year, first.month)
    days = _by_day(_between(district, weeks[0][0], weeks[-1][-1], public=public, sector_id=sector_id))
    now = today(district.zone)
    return Month(
        first,
        [[Day(d, d.month == first.month, d == now, days.get(d, [])) for d in week] for week in weeks],
    )


def _between(district: District, first: date, last: date, *, public: bool, sector_id: int | None):
    start, end = (
        datetime(d.year, d.month, d.day, tzinfo=district.zone).astimezone(UTC)
        for d in (first, last + timedelta(days=1))
    )
    query = select(Workshop).where(
        Workshop.district_id == district.id,
        Workshop.starts_at > start - LONGEST,  # lets the index skip the years that are over
        Workshop.starts_at < end,
        Workshop.ends_at > start,
    )
    if public:
        query = query.where(is_shown())
    if sector_id is not None:
        query = query.where(Workshop.sector_id == sector_id)
    query = query.order_by(Workshop.starts_at, Workshop.id).options(
        joinedload(Workshop.cancellation), joinedload(Workshop.closing), joinedload(Workshop.sector),
        selectinload(Workshop.sessions),
    )  # fmt: skip
    return db.session.scalars(query)


def _by_day(workshops) -> dict[date, list[Entry]]:
    days: dict[date, list[Entry]] = {}
    for workshop in workshops:
        for day, (start, end) in workshop.days.items():
            days.setdefault(day, []).append(Entry(workshop, start, end))
    for entries in days.values():
        entries.sort(key=lambda e: (e.starts_at, e.workshop.id))
    return days
