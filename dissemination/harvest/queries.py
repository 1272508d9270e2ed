"""Publications as records: what was ever public, in the order in which the public saw them change."""

from datetime import datetime

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import selectinload

from dissemination.districts.models import District
from dissemination.harvest import sets
from dissemination.harvest.tokens import Place
from dissemination.kernel.database import db
from dissemination.publications.models import Publication, PublicationFile

SIZE = 100
"""Records in one answer."""


def page(place: Place, *, whole: bool, size: int = SIZE) -> tuple[list[Publication], bool]:
    """The next records of a list, oldest change first, and whether more follow.

    `whole` brings what their metadata need. By key: as fast at the end of the list as at its beginning.
    Raises NoRecordsMatch for a set that there is not.
    """
    begin, end = place.span
    query = _exposed()
    if begin is not None:
        query = query.where(Publication.changed_at >= begin)
    if end is not None:
        query = query.where(Publication.changed_at < end)
    if place.set is not None:
        query = query.where(sets.condition(place.set))
    if place.after is not None:
        query = query.where(tuple_(Publication.changed_at, Publication.id) > place.after)
    query = query.order_by(Publication.changed_at, Publication.id).limit(size + 1)
    rows = list(db.session.scalars(query.options(*(_described() if whole else _headed()))))
    return rows[:size], len(rows) > size


def record(district_slug: str, slug: str) -> Publication | None:
    """The record of that address, withdrawn ones too; None for drafts and where there is nothing."""
    query = _exposed().join(Publication.district)
    query = query.where(District.slug == district_slug, Publication.slug == slug)
    return db.session.scalar(query.options(*_described()))


def earliest() -> datetime | None:
    """The oldest datestamp, of which no record's is older; None without records."""
    query = select(Publication.changed_at).where(Publication.first_published_at.is_not(None))
    return db.session.scalar(query.order_by(Publication.changed_at).limit(1))


def districts() -> list[District]:
    """All districts, in the order of their addresses."""
    return list(db.session.scalars(select(District).order_by(District.slug)))


def _exposed() -> Select:
    """Drafts that were never public do not exist; withdrawn publications stay, as deleted records."""
    return select(Publication).where(Publication.first_published_at.is_not(None))


def _headed():
    return (selectinload(Publication.district),)


def _described():
    return (
        *_headed(),
        selectinload(Publication.authors),
        selectinload(Publication.links),
        selectinload(Publication.files).joinedload(PublicationFile.file),
    )
