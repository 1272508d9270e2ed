"""Finding services, calls and deadlines. Every query names its district."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import joinedload, selectinload

from dissemination.calls.models import Call, CutOff, Service
from dissemination.districts.models import District
from dissemination.kernel import paging
from dissemination.kernel.database import db

SECOND = timedelta(seconds=1)


def services(district_id: int, *, on: date | None = None) -> list[Service]:
    """The catalogue by code; with `on` only what is valid on that day."""
    query = select(Service).where(Service.district_id == district_id)
    if on is not None:
        query = query.where(
            or_(Service.valid_from.is_(None), Service.valid_from <= on),
            or_(Service.valid_until.is_(None), Service.valid_until >= on),
        )
    return sorted(db.session.scalars(query), key=lambda service: in_order(service.code))


def in_order(code: str) -> list[tuple[int, int | str]]:
    """A code as it is sorted: B.1.2 before B.1.10."""
    return [(0, int(part)) if part.isdigit() else (1, part) for part in code.split(".")]


def service(district_id: int, service_id: int) -> Service | None:
    """The district's service with that id."""
    return db.session.scalar(
        select(Service).where(Service.district_id == district_id, Service.id == service_id)
    )


def is_valid(service: Service, on: date) -> bool:
    """Whether the catalogue offers it on that day; first and last day included."""
    after = service.valid_from is None or service.valid_from <= on
    return after and (service.valid_until is None or on <= service.valid_until)


def _shown():
    return selectinload(Call.cutoffs), selectinload(Call.services)


def by_slug(district: District, slug: str, *, public: bool = False) -> Call:
    """The call at that address; 404 when there is none, and for drafts when `public`."""
    query = select(Call).where(Call.district_id == district.id, Call.slug == slug)
    if public:
        query = query.where(Call.published_at.is_not(None))
    return db.one_or_404(query.options(*_shown()))


def by_id(district_id: int, call_id: int) -> Call | None:
    """The district's call with that id."""
    query = select(Call).where(Call.district_id == district_id, Call.id == call_id)
    return db.session.scalar(query.options(*_shown()))


def listed(district_id: int, *, after: str | None = None) -> paging.Page:
    """One page of all calls for the desk, newest first."""
    query = select(Call).where(Call.district_id == district_id).options(*_shown())
    return paging.page(query, columns=(Call.id,), after=after, descending=True)


def _not_over(at: datetime) -> ColumnElement[bool]:
    """A call that has a deadline to come, or none at all."""
    mine = select(CutOff.id).where(CutOff.call_id == Call.id)
    return or_(~mine.exists(), mine.where(CutOff.closes_at > at - SECOND).exists())


def _public(district_id: int):
    return select(Call).where(
        Call.district_id == district_id, Call.published_at.is_not(None), Call.withdrawn_at.is_(None)
    )


def coming(district_id: int, at: datetime, *, drafts: bool = False) -> list[Call]:
    """The calls that are open or open soon, the next deadline first; published ones unless `drafts`."""
    query = select(Call).where(Call.district_id == district_id, Call.withdrawn_at.is_(None), _not_over(at))
    if not drafts:
        query = query.where(Call.published_at.is_not(None))
    found = db.session.scalars(query.options(*_shown())).all()
    return sorted(found, key=lambda call: (_next(call, at), call.id))


def _next(call: Call, at: datetime) -> datetime:
    ahead = [c.closes_at for c in call.cutoffs if c.closes_at > at - SECOND]
    return min(ahead, default=datetime.max.replace(tzinfo=at.tzinfo))


def closed(district_id: int, at: datetime, *, after: str | None = None) -> paging.Page:
    """One page of the published calls whose deadlines are all over, newest first."""
    query = _public(district_id).where(~_not_over(at)).options(*_shown())
    return paging.page(query, columns=(Call.id,), after=after, descending=True)


def published(district_id: int, *, most: int = 50) -> list[Call]:
    """The calls that were published last, the withdrawn ones too: what feeds show."""
    query = select(Call).where(Call.district_id == district_id, Call.published_at.is_not(None))
    query = query.options(*_shown(), joinedload(Call.district))
    return list(db.session.scalars(query.order_by(Call.published_at.desc(), Call.id.desc()).limit(most)))


def offered(district_id: int) -> list[Call]:
    """All calls that were not withdrawn, newest first: what an application may name."""
    query = select(Call).where(Call.district_id == district_id, Call.withdrawn_at.is_(None))
    return list(db.session.scalars(query.options(*_shown()).order_by(Call.id.desc()).limit(500)))


def cutoffs_between(district_id: int, start: datetime, end: datetime) -> Sequence[CutOff]:
    """The deadlines of calls that stand, from `start` until `end` (not included), in order."""
    query = (
        select(CutOff)
        .join(Call, Call.id == CutOff.call_id)
        .where(Call.district_id == district_id, Call.withdrawn_at.is_(None))
        .where(CutOff.closes_at >= start, CutOff.closes_at < end)
        .options(joinedload(CutOff.call))
        .order_by(CutOff.closes_at, CutOff.id)
    )
    return db.session.scalars(query).all()
