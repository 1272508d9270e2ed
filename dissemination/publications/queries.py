"""Reading publications: one, a list with search and filters, and which of many are known already."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Row, select
from sqlalchemy.orm import selectinload

from dissemination.bibliography.records import keys_of_record
from dissemination.districts.models import District
from dissemination.kernel import paging
from dissemination.kernel.database import db
from dissemination.kernel.files import StoredFile
from dissemination.kernel.text import like
from dissemination.publications.models import Import, Kind, Publication, PublicationFile, State
from dissemination.publications.states import in_state

COUNTED_AT_MOST = 500
"""Facets show how many only up to so many results: beyond, counting would cost more than the page."""


@dataclass(frozen=True)
class Filter:
    """What a list is narrowed to. `text` finds publications that hold each of its words."""

    text: str = ""
    kind: Kind | None = None
    year: int | None = None
    sector_id: int | None = None
    state: State | None = None  # for the desk


def by_slug(district: District, slug: str, *, public: bool = False) -> Publication:
    """The publication at that address; 404 when there is none, and for drafts when `public`."""
    query = select(Publication).where(Publication.district_id == district.id, Publication.slug == slug)
    if public:
        query = query.where(Publication.published_at.is_not(None))
    return db.one_or_404(query.options(*_shown(), selectinload(Publication.files)))


def by_id(district_id: int, publication_id: int) -> Publication | None:
    """The district's publication with that id."""
    return db.session.scalar(
        select(Publication).where(Publication.district_id == district_id, Publication.id == publication_id)
    )


def public_ones(district_id: int, ids: list[int]) -> list[Publication]:
    """Those of `ids` that the public sees, in no order."""
    query = _narrowed(select(Publication), district_id, Filter(), public=True).options(*_shown())
    return list(db.session.scalars(query.where(Publication.id.in_(ids)))) if ids else []


def listed(
    district_id: int, *, wanted: Filter | None = None, public: bool = False, after: str | None = None,
    size: int = paging.SIZE,
) -> paging.Page:  # fmt: skip
    """One page of the district's publications, newest date of issue first."""
    query = _narrowed(select(Publication), district_id, wanted or Filter(), public).options(*_shown())
    columns = (Publication.issued, Publication.id)
    return paging.page(query, columns=columns, after=after, descending=True, size=size)


def published_since(district_id: int, since: date | None = None, *, limit: int = 100) -> list[Publication]:
    """Public publications issued on or after `since`, newest first: what a newsletter offers."""
    query = _narrowed(select(Publication), district_id, Filter(), public=True).options(*_shown())
    if since is not None:
        query = query.where(Publication.issued >= since)
    query = query.order_by(Publication.issued.desc(), Publication.id.desc()).limit(limit)
    return list(db.session.scalars(query))


def facets(district_id: int, *, wanted: Filter, public: bool = False) -> dict[str, dict]:
    """How many results have each kind, year and sector: `{"kind": {Kind: n}, "year": …, "sector": …}`.

    Empty when there are more than COUNTED_AT_MOST.
    """
    columns = (Publication.kind, Publication.issued, Publication.sector_id)
    rows = db.session.execute(
        _narrowed(select(*columns), district_id, wanted, public).limit(COUNTED_AT_MOST + 1)
    ).all()
    counts: dict[str, dict] = {"kind": {}, "year": {}, "sector": {}}
    if len(rows) > COUNTED_AT_MOST:
        return counts
    for kind, issued, sector in rows:
        for facet, value in (("kind", kind), ("year", issued.year), ("sector", sector)):
            counts[facet][value] = counts[facet].get(value, 0) + 1
    return counts


def years(district_id: int, *, public: bool = False) -> list[int]:
    """The years from the newest to the oldest publication, to choose from."""
    issued = _narrowed(select(Publication.issued), district_id, Filter(), public).limit(1)
    # Two looks into the index: asked for both at once, SQLite reads the whole of it.
    first = db.session.scalar(issued.order_by(Publication.issued.asc()))
    last = db.session.scalar(issued.order_by(Publication.issued.desc()))
    return list(range(last.year, first.year - 1, -1)) if first and last else []


def known(district_id: int) -> dict[str, Row]:
    """Key (see `records.keys_of`) -> (id, slug, title …) of the publication that already has it."""
    found: dict[str, Row] = {}
    names = ("id", "slug", "kind", "doi", "isbn", "title_it", "title_en", "issued", "published_at")
    query = select(*(getattr(Publication, name) for name in names))
    query = query.where(Publication.district_id == district_id).order_by(Publication.id)
    for row in db.session.execute(query):
        for key in keys_of_record(row):
            found.setdefault(key, row)
    return found


def slugs(district_id: int) -> set[str]:
    """All addresses taken in the district."""
    return set(db.session.scalars(select(Publication.slug).where(Publication.district_id == district_id)))


def file_of(publication: Publication, file_id: int) -> PublicationFile:
    """The publication's file with that id, or 404."""
    return db.one_or_404(
        select(PublicationFile).where(
            PublicationFile.publication_id == publication.id, PublicationFile.id == file_id
        )
    )


def import_of(district: District, import_id: int) -> Import:
    """An uploaded bibliography of the district, or 404."""
    return db.one_or_404(select(Import).where(Import.district_id == district.id, Import.id == import_id))


def stored(publication: Publication) -> list[StoredFile]:
    """The files of `publication`, in the order in which they were added."""
    return [f.file for f in publication.files]


def _shown():
    return (
        selectinload(Publication.authors),
        selectinload(Publication.sector),
        selectinload(Publication.withdrawals),
    )


def _narrowed(query, district_id: int, wanted: Filter, public: bool):
    query = query.where(Publication.district_id == district_id)
    if public:
        query = query.where(Publication.published_at.is_not(None))
    if wanted.kind is not None:
        query = query.where(Publication.kind == wanted.kind)
    if wanted.year is not None and 1 <= wanted.year < 9999:
        query = query.where(
            Publication.issued >= date(wanted.year, 1, 1), Publication.issued < date(wanted.year + 1, 1, 1)
        )
    if wanted.sector_id is not None:
        query = query.where(Publication.sector_id == wanted.sector_id)
    if wanted.state is not None:
        query = query.where(in_state(wanted.state))
    for word in wanted.text.split()[:10]:
        query = query.where(Publication.search_text.like(like(word), escape="\\"))
    return query
