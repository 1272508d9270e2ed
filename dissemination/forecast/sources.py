"""What a forecast reads: workshops held and on the calendar, and an indicator's course by half-year.

Other packages say what else is on the calendar by `register`: a source gives the units that are scheduled
for a verb ("audit.visited"), as workshops do here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, or_, select

from dissemination.districts.models import District
from dissemination.kernel import clock
from dissemination.kernel.database import db
from dissemination.plan.log import Activity
from dissemination.registrations.models import Registration, Standing
from dissemination.workshops.models import Cancellation, Closing, Workshop

SOON = timedelta(days=14)  # bookings say something about a workshop this near
WEIGHTS = (0.3, 2.0)
Source = Callable[[District, date, date], float]
_sources: dict[str, Source] = {}


@dataclass(frozen=True)
class Ahead:
    """Workshops on the calendar: how many, and how many workshops of the usual size that makes."""

    number: int
    weight: float


def register(verb: str, source: Source) -> None:
    """Say how many units of `verb` are on a calendar: source(district, after, until). Called at import."""
    _sources[verb] = source


def registered(district: District, verbs: frozenset[str], after: date, until: date) -> float:
    """The units that registered sources have on their calendars for any of `verbs`."""
    return sum(source(district, after, until) for verb, source in _sources.items() if verb in verbs)


def held_by_month(district: District, ends: list[date]) -> list[int]:
    """The workshops held in each of the months that end on `ends` (whole months, in order)."""
    if not ends:
        return []
    query = (
        select(Activity.happened_on)
        .where(Activity.district_id == district.id, Activity.verb == "workshop.held")
        .where(Activity.happened_on.between(ends[0].replace(day=1), ends[-1]), Activity.reverses_id.is_(None))
        .where(Activity.not_counted.is_(None))
    )
    days = list(db.session.scalars(query))
    return [sum(1 for d in days if end.replace(day=1) <= d <= end) for end in ends]


def ahead(district: District, after: date, until: date, *, as_of: datetime | None = None) -> Ahead:
    """Published workshops after a day and up to another, that were not called off by `as_of` (default now).

    Now, those that are over and not closed yet are still ahead: nothing of them is counted.
    """
    moment = as_of or clock.now()
    called_off = select(Cancellation.workshop_id).where(Cancellation.at <= moment)
    query = select(Workshop.id, Workshop.starts_at).where(
        Workshop.district_id == district.id, Workshop.published_at <= moment, Workshop.id.not_in(called_off),
        Workshop.starts_at < _night_after(district, until),
    )  # fmt: skip
    late = Workshop.starts_at >= _night_after(district, after)
    if as_of is None:
        late = or_(late, Workshop.id.not_in(select(Closing.workshop_id)))
        half = datetime.combine(after, time(), tzinfo=district.zone) - timedelta(days=184)
        query = query.where(Workshop.starts_at >= half)
    found = db.session.execute(query.where(late)).all()
    if as_of is not None or not found:
        return Ahead(len(found), float(len(found)))
    usual = _usual_bookings(district)
    booked = _bookings([w.id for w in found])
    weights = [_weight(w, booked.get(w.id, 0), usual, moment) for w in found]
    return Ahead(len(found), sum(weights))


def _night_after(district: District, day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=district.zone)


def _weight(workshop, booked: int, usual: float, moment: datetime) -> float:
    """How a near workshop's bookings compare with the usual ones; a far one counts as usual."""
    if not usual or workshop.starts_at - moment > SOON:
        return 1.0
    low, high = WEIGHTS
    return min(max(booked / usual, low), high)


def _bookings(ids: list[int]) -> dict[int, int]:
    query = (
        select(Registration.workshop_id, func.count())
        .where(Registration.workshop_id.in_(ids), Registration.standing == Standing.CONFIRMED)
        .group_by(Registration.workshop_id)
    )
    return {row[0]: row[1] for row in db.session.execute(query)}


def _usual_bookings(district: District) -> float:
    """The mean number of seats held at the workshops closed in the past year."""
    recent = (
        select(Workshop.id)
        .join(Closing, Closing.workshop_id == Workshop.id)
        .where(Workshop.district_id == district.id, Closing.at >= clock.now() - timedelta(days=365))
    )
    counts = list(_bookings(list(db.session.scalars(recent))).values())
    return sum(counts) / len(counts) if counts else 0.0
