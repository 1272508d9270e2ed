"""Finding workshops: one by its slug, the coming ones, lists with filters."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, or_, select, update
from sqlalchemy.orm import aliased, joinedload, selectinload
from werkzeug.exceptions import NotFound

from dissemination.districts.models import District
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.kernel.paging import SIZE, Page, page
from dissemination.kernel.subjects import kind_of
from dissemination.plan.log import Activity
from dissemination.workshops import words
from dissemination.workshops.models import (
    LONGEST,
    Cancellation,
    Closing,
    Mode,
    Series,
    Speaker,
    State,
    Workshop,
    WorkshopSession,
)

LATELY = timedelta(days=92)


class When(StrEnum):
    """Which side of now a list looks at."""

    COMING = "coming"  # next date first
    PAST = "past"  # last date first
    ALL = "all"  # last date first


@dataclass(frozen=True)
class Filters:
    """What a list is narrowed by. `month` is any day of the month, in the district's zone."""

    when: When = When.COMING
    state: State | None = None
    sector_id: int | None = None
    mode: Mode | None = None
    text: str = ""
    month: date | None = None


def by_slug(district: District, slug: str, *, public: bool = False) -> Workshop:
    """The district's workshop with that slug; `public` hides drafts, not private ones. Raises NotFound."""
    query = select(Workshop).where(Workshop.district_id == district.id, Workshop.slug == slug)
    if public:
        query = query.where(Workshop.published_at.is_not(None))
    found = db.session.scalar(query.options(*_whole()))
    if found is None:
        raise NotFound
    return found


def by_id(workshop_id: int) -> Workshop | None:
    """The workshop with that id, of whatever district: for jobs and links upward, never for a URL."""
    return db.session.get(Workshop, workshop_id)


def by_mark(form_mark: str | None) -> Workshop | None:
    """The workshop that a form with that mark made, of whatever district."""
    return db.session.scalar(select(Workshop).where(Workshop.form_mark == form_mark)) if form_mark else None


def cancelled_rows(workshop: Workshop, verb: str) -> list[Activity]:
    """The rows of the log that say the workshop was called off and that no later row takes back."""
    back = aliased(Activity)
    query = select(Activity).where(
        Activity.subject_kind == kind_of(workshop),
        Activity.subject_id == workshop.id,
        Activity.verb == str(verb),
        Activity.reverses_id.is_(None),
        ~select(1).where(back.reverses_id == Activity.id).exists(),
    )
    return list(db.session.scalars(query.order_by(Activity.id)))


def hold(workshop: Workshop) -> None:
    """Keep the row until the transaction ends and read it again, so that of two at once one waits."""
    # Not refresh(): that repeats the outer joins of the first load, which PostgreSQL cannot lock.
    db.session.execute(select(Workshop.id).where(Workshop.id == workshop.id).with_for_update())
    db.session.expire(workshop)


def touch(ids: Select) -> None:
    """Say that something changed which the public pages of these workshops borrow (see `kept`)."""
    # Locked in one order, so that of two at once none waits for the other for ever.
    mine = select(Workshop.id).where(Workshop.id.in_(ids)).order_by(Workshop.id).with_for_update()
    found = list(db.session.scalars(mine))
    if found:
        bump = update(Workshop).where(Workshop.id.in_(found)).values(touched=Workshop.touched + 1)
        db.session.execute(bump.execution_options(synchronize_session=False))


def touch_series(workshop: Workshop) -> None:
    """Say that the list of a series' dates reads otherwise. Held last, after the workshop itself."""
    if workshop.series_id is not None:
        bump = update(Series).where(Series.id == workshop.series_id).values(touched=Series.touched + 1)
        db.session.execute(bump.execution_options(synchronize_session=False))


def upcoming(
    district_id: int,
    *,
    limit: int = 100,
    sector_ids: Iterable[int] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Workshop]:
    """Published workshops for everybody that have not ended and are not cancelled, next date first.

    With `sector_ids` those of these sectors, and those of none: they are for everybody.
    """
    query = _coming(_of(district_id)).where(is_in_state(State.PUBLISHED), ~Workshop.is_private)
    if sector_ids is not None:
        query = query.where(or_(Workshop.sector_id.is_(None), Workshop.sector_id.in_(list(sector_ids))))
    if since is not None:
        query = query.where(Workshop.starts_at >= since)
    if until is not None:
        query = query.where(Workshop.starts_at < until)
    query = query.order_by(Workshop.starts_at, Workshop.id).limit(limit)
    return list(db.session.scalars(query.options(*_row(), selectinload(Workshop.sessions))).unique())


def listed(
    district: District,
    filters: Filters,
    *,
    public: bool = False,
    after: str | None = None,
    size: int = SIZE,
) -> Page:
    """One page of the district's workshops, by key. `public` hides drafts and private ones."""
    query = _filtered(district, filters)
    if public:
        query = query.where(is_shown())
    descending = filters.when is not When.COMING and filters.month is None
    return page(
        query.options(*_row(), selectinload(Workshop.co_organisers)),
        columns=(Workshop.starts_at, Workshop.id),
        after=after,
        descending=descending,
        size=size,
    )


def feed(district: District, filters: Filters, *, lately: bool = False, limit: int = 200) -> list[Workshop]:
    """What a public feed shows: like `listed` in public, with sessions, next date first.

    `lately`: also what ended within LATELY, so that it does not leave the calendars of those who follow
    the moment it is over.
    """
    if lately:
        query = _filtered(district, replace(filters, when=When.ALL))
        query = query.where(Workshop.starts_at > now() - LATELY - LONGEST, Workshop.ends_at > now() - LATELY)
    else:
        query = _filtered(district, filters)
    query = query.where(is_shown())
    query = query.order_by(Workshop.starts_at, Workshop.id).limit(limit)
    sessions = selectinload(Workshop.sessions)
    return list(db.session.scalars(query.options(*_row(), sessions)).unique())


def newest(district: District, *, limit: int = 50) -> list[Workshop]:
    """The workshops published last, newest first: what an Atom reader wants."""
    query = _of(district.id).where(is_shown())
    query = query.order_by(Workshop.published_at.desc(), Workshop.id.desc()).limit(limit)
    return list(db.session.scalars(query.options(*_row())).unique())


def to_close(district: District, *, limit: int = 10) -> list[Workshop]:
    """Workshops of the last half-year that were held and wait for their closing, oldest first."""
    query = _of(district.id).where(is_in_state(State.HELD), Workshop.starts_at > now() - timedelta(days=183))
    query = query.order_by(Workshop.starts_at, Workshop.id).limit(limit)
    return list(db.session.scalars(query.options(*_row())).unique())


def is_shown() -> ColumnElement[bool]:
    """The condition for being in public lists, feeds and searches: published, not by invitation only."""
    return and_(Workshop.published_at.is_not(None), ~Workshop.is_private)


def is_in_state(state: State) -> ColumnElement[bool]:
    """The condition for `state`, saying the same as `Workshop.state`."""
    cancelled = select(1).where(Cancellation.workshop_id == Workshop.id).exists()
    closed = select(1).where(Closing.workshop_id == Workshop.id).exists()
    open_ = and_(~cancelled, ~closed)
    return {
        State.CANCELLED: cancelled,
        State.CLOSED: and_(closed, ~cancelled),
        State.DRAFT: and_(Workshop.published_at.is_(None), open_),
        State.HELD: and_(Workshop.published_at.is_not(None), Workshop.ends_at <= now(), open_),
        State.PUBLISHED: and_(Workshop.published_at.is_not(None), Workshop.ends_at > now(), open_),
    }[state]


def _of(district_id: int) -> Select:
    return select(Workshop).where(Workshop.district_id == district_id)


def _row():
    """What a row of a list shows, loaded with it."""
    return (
        joinedload(Workshop.cancellation),
        joinedload(Workshop.closing),
        joinedload(Workshop.sector),
        joinedload(Workshop.series),
    )


def _whole():
    """What a workshop's page shows."""
    speakers = selectinload(Workshop.sessions).selectinload(WorkshopSession.speakers)
    return (
        *_row(), speakers.joinedload(Speaker.profile), selectinload(Workshop.questions),
        selectinload(Workshop.co_organisers),
    )  # fmt: skip


def _coming(query: Select) -> Select:
    # The bound on starts_at lets the index skip the years that are over.
    return query.where(Workshop.starts_at > now() - LONGEST, Workshop.ends_at > now())


def _filtered(district: District, filters: Filters) -> Select:
    query = select(Workshop)
    if filters.month is not None:
        query = query.where(_in_month(district, filters.month))
    elif filters.when is When.COMING:
        query = _coming(query)
    elif filters.when is When.PAST:
        query = query.where(Workshop.starts_at <= now(), Workshop.ends_at <= now())
    if filters.state is not None:
        query = query.where(is_in_state(filters.state))
    if filters.sector_id is not None:
        query = query.where(Workshop.sector_id == filters.sector_id)
    if filters.mode is not None:
        query = query.where(_has_mode(filters.mode))
    return words.narrowed(query, district, filters.text, rare=_rare(district, filters.state))


def _rare(district: District, state: State | None) -> Select | None:
    """The ids of workshops that may be in `state`, where an index gives them at once."""
    if state is State.DRAFT:
        return select(Workshop.id).where(Workshop.district_id == district.id, Workshop.published_at.is_(None))
    if state is State.CANCELLED:
        mine = select(Cancellation.workshop_id).join(Cancellation.workshop)
        return mine.where(Workshop.district_id == district.id)
    return None


def _in_month(district: District, day: date) -> ColumnElement[bool]:
    first = day.replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    start, end = (
        datetime(d.year, d.month, 1, tzinfo=district.zone).astimezone(UTC) for d in (first, following)
    )
    return and_(Workshop.starts_at >= start, Workshop.starts_at < end)


def _has_mode(mode: Mode) -> ColumnElement[bool]:
    room, link = Workshop.venue != "", Workshop.online_url != ""
    if mode is Mode.ONLINE:
        return and_(~room, link)
    return and_(room, link if mode is Mode.MIXED else ~link)
