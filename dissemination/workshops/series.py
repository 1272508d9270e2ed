"""The verbs of a series: the same workshop on several dates, each with its own page and calendar object."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from dissemination.kernel.clock import local, now
from dissemination.kernel.database import db
from dissemination.people.accounts import Account
from dissemination.workshops import actions, queries, shape
from dissemination.workshops.desk_forms import MOST
from dissemination.workshops.models import Series, State, Workshop
from dissemination.workshops.refusals import DateTaken, InAnotherSeries, NoDates, NoTitle, RowChangedMeanwhile

OFFERED = 200  # workshops offered to be taken into a series


# Finding.


def listed(district_id: int) -> list[Series]:
    """All series of the district with their workshops, the newest first."""
    query = select(Series).where(Series.district_id == district_id).order_by(Series.id.desc())
    return list(db.session.scalars(query.options(_workshops())))


def by_id(district_id: int, series_id: int) -> Series | None:
    """The district's series with that id, its workshops loaded, or None."""
    query = select(Series).where(Series.district_id == district_id, Series.id == series_id)
    return db.session.scalar(query.options(_workshops()))


def alone(district_id: int) -> list[Workshop]:
    """Workshops in no series, the latest date first: what can be taken into one."""
    query = select(Workshop).where(Workshop.district_id == district_id, Workshop.series_id.is_(None))
    query = query.order_by(Workshop.starts_at.desc(), Workshop.id.desc()).limit(OFFERED)
    return list(db.session.scalars(query))


def other_dates(workshop: Workshop) -> list[Workshop]:
    """The other dates of the workshop's series that everybody may register for, next date first."""
    if workshop.series_id is None:
        return []
    query = select(Workshop).where(
        Workshop.series_id == workshop.series_id,
        Workshop.id != workshop.id,
        queries.is_shown(),
        queries.is_in_state(State.PUBLISHED),
    )
    return list(db.session.scalars(query.order_by(Workshop.starts_at, Workshop.id)))


def _workshops():
    shown = (Workshop.cancellation, Workshop.closing, Workshop.sector)
    return selectinload(Series.workshops).options(*[joinedload(one) for one in shown])


# Verbs.


def repeat(
    workshop: Workshop, days: Sequence[date], *, by: Account | None, form_mark: str | None = None
) -> list[Workshop]:
    """A draft on each of `days`, like `workshop`, at the same hours; all of them one series with it.

    A `form_mark` seen before gives the workshops that it made. Raises NoDates, DateTaken,
    HourDoesNotExist, NoPlanLine and what `actions.add` raises.
    """
    made = _made_before(workshop, form_mark)
    if made:
        return made
    if not days:
        raise NoDates
    series = _series_of(workshop, by)
    zone = workshop.district.zone
    taken = {local(w.starts_at, zone).date() for w in series.workshops}
    template = shape.of(workshop)
    for number, day in enumerate(sorted(set(days))):
        if day in taken:
            raise DateTaken(day)
        copy = actions.add(
            workshop.district, by=by, form_mark=form_mark and f"{form_mark}-{number}",
            **shape.on(template, day, workshop.district),
        )  # fmt: skip
        copy.series_id = series.id
        made.append(copy)
    db.session.flush()
    _touch(series)
    return made


def join(workshop: Workshop, series: Series) -> None:
    """Take an existing workshop into a series. Twice is once. Raises InAnotherSeries."""
    queries.hold(workshop)
    if workshop.series_id not in (None, series.id):
        raise InAnotherSeries
    workshop.series_id = series.id
    db.session.flush()
    _touch(series)


def leave(workshop: Workshop) -> None:
    """Take a workshop out of its series; a series without workshops is gone."""
    queries.hold(workshop)
    series = workshop.series
    if series is None:
        return
    queries.touch_series(workshop)
    workshop.series_id = None
    queries.touch(select(Workshop.id).where(Workshop.id == workshop.id))
    db.session.flush()
    left = db.session.scalar(select(Workshop.id).where(Workshop.series_id == series.id).limit(1))
    if left is None:
        db.session.delete(series)
        db.session.flush()
    else:
        _touch(series)


def rename(series: Series, *, title_it: str, title_en: str, version: int) -> Series:
    """Change the titles of a series. Raises RowChangedMeanwhile, NoTitle."""
    db.session.refresh(series, with_for_update=True)
    if series.version != version:
        raise RowChangedMeanwhile
    if not title_it.strip():
        raise NoTitle
    series.title_it, series.title_en = title_it.strip(), title_en.strip()
    series.version += 1
    db.session.flush()
    _touch(series)
    return series


def _series_of(workshop: Workshop, by: Account | None) -> Series:
    queries.hold(workshop)
    if workshop.series is None:
        series = Series(
            district_id=workshop.district_id, title_it=workshop.title_it, title_en=workshop.title_en,
            created_at=now(), created_by=by.id if by else None,
        )  # fmt: skip
        db.session.add(series)
        db.session.flush()
        workshop.series_id = series.id
        db.session.flush()
        db.session.expire(workshop, ["series"])
    return workshop.series  # type: ignore[return-value]


def _made_before(workshop: Workshop, form_mark: str | None) -> list[Workshop]:
    if not form_mark:
        return []
    marks = [f"{form_mark}-{number}" for number in range(MOST)]
    query = select(Workshop).where(
        Workshop.district_id == workshop.district_id, Workshop.form_mark.in_(marks)
    )
    return list(db.session.scalars(query.order_by(Workshop.starts_at)))


def _touch(series: Series) -> None:
    series.touched += 1
    db.session.flush()
    db.session.expire(series, ["workshops"])
