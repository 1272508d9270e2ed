"""Reading usage: of one publication, month by month, and of a district's publications in a time."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from dissemination.kernel.database import db
from dissemination.publications.models import Publication
from dissemination.usage.models import UsageMonth

FIGURES = ("views", "unique_views", "downloads", "unique_downloads")
MONTHS = 12  # that are shown


@dataclass(frozen=True)
class Total:
    """How often something was seen and taken. Unique: once per visitor and hour."""

    views: int = 0
    unique_views: int = 0
    downloads: int = 0
    unique_downloads: int = 0


_SUMS = [func.coalesce(func.sum(getattr(UsageMonth, name)), 0) for name in FIGURES]


def total_of(publication_id: int) -> tuple[Total, date | None]:
    """A publication's figures since it is counted, and the first month (None: never seen)."""
    query = select(*_SUMS, func.min(UsageMonth.month)).where(UsageMonth.publication_id == publication_id)
    *figures, since = db.session.execute(query).one()
    return Total(*map(int, figures)), since


def months_of(publication_id: int, *, limit: int = MONTHS) -> list[UsageMonth]:
    """A publication's last months with any use, the latest first."""
    query = select(UsageMonth).where(UsageMonth.publication_id == publication_id)
    return list(db.session.scalars(query.order_by(UsageMonth.month.desc()).limit(limit)))


def months(district_id: int, *, since: date, until: date) -> list[tuple[date, Total]]:
    """The district's months with any use in a time and what they come to, the latest first."""
    mine = UsageMonth.district_id == district_id, UsageMonth.month.between(since, until)
    query = select(UsageMonth.month, *_SUMS).where(*mine)
    query = query.group_by(UsageMonth.month).order_by(UsageMonth.month.desc())
    return [(month, Total(*map(int, figures))) for month, *figures in db.session.execute(query)]


def most_used(
    district_id: int, *, since: date, until: date, limit: int | None = 20
) -> list[tuple[Publication, Total]]:  # fmt: skip
    """The publications most downloaded, then most seen, in the months from `since` to `until`."""
    mine = UsageMonth.district_id == district_id, UsageMonth.month.between(since, until)
    query = select(UsageMonth.publication_id, *_SUMS).where(*mine).group_by(UsageMonth.publication_id)
    query = query.order_by(_SUMS[3].desc(), _SUMS[1].desc(), UsageMonth.publication_id).limit(limit)
    found = db.session.execute(query).all()
    works = select(Publication).where(
        Publication.district_id + 0 == district_id, Publication.id.in_([row[0] for row in found])
    )
    named = {p.id: p for p in db.session.scalars(works.options(selectinload(Publication.sector)))}
    return [(named[number], Total(*map(int, figures))) for number, *figures in found]


def rows_between(district_id: int, since: date, until: date) -> list[UsageMonth]:
    """Every publication's every month of a time: what a file of the register holds."""
    query = select(UsageMonth).where(
        UsageMonth.district_id == district_id, UsageMonth.month.between(since, until)
    )
    query = query.order_by(UsageMonth.month, UsageMonth.publication_id)
    return list(db.session.scalars(query.options(selectinload(UsageMonth.publication))))


def years(district_id: int) -> list[int]:
    """The years with any use, from the first to the last."""
    ends = select(func.min(UsageMonth.month), func.max(UsageMonth.month))
    first, last = db.session.execute(ends.where(UsageMonth.district_id == district_id)).one()
    return list(range(first.year, last.year + 1)) if first else []
