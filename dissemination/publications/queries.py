"""Reading publications: one, a list with search and filters, and which of many are known already."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Row, select
from sqlalchemy.orm import selectinload

from dissemination.bibliography.kinds import Access
from dissemination.bibliography.records import keys_of_record
from dissemination.districts.models import District
from dissemination.kernel import paging
from dissemination.kernel.clock import today
from dissemination.kernel.database import db
from dissemination.kernel.files import StoredFile
from dissemination.publications import searching
from dissemination.publications.index import key_of
from dissemination.publications.models import Import, Kind, Publication, PublicationFile, State
from dissemination.publications.states import in_state

CURRENT = Publication.superseded_at.is_(None)
"""Lists for the public show the newest version; its page leads to the former ones."""
COUNTED_AT_MOST = 500
"""Facets show how many only up to so many results: beyond, counting would cost more than the page."""


@dataclass(frozen=True)
class Filter:
    """What a list is narrowed to. `text` finds publications that have each of its words (see `searching`)."""

    text: str = ""
    kind: Kind | None = None
    year: int | None = None
    sector_id: int | None = None
    access: Access | None = None
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
    query = select(Publication).where(
        Publication.district_id == district_id, Publication.published_at.is_not(None), Publication.id.in_(ids)
    )
    return list(db.session.scalars(query.options(*_shown()))) if ids else []


def listed(
    district_id: int, *, wanted: Filter | None = None, public: bool = False, after: str | None = None,
    size: int = paging.SIZE,
) -> paging.Page:  # fmt: skip
    """One page of the district's publications, newest date of issue first."""
    wanted = wanted or Filter()
    columns = (Publication.issued, Publication.id)
    if not wanted.text.strip():
        query = _narrowed(select(Publication), district_id, wanted, public).options(*_shown())
        return paging.page(query, columns=columns, after=after, descending=True, size=size)
    start = paging.start_of(after, columns)
    before = key_of(*start) if start else None
    found = _found(district_id, wanted, public, before=before, limit=size + 1)
    query = _with_ids(select(Publication), district_id, found[:size])
    rows = {row.id: row for row in db.session.scalars(query.options(*_shown()))}
    shown = [rows[number] for number in found[:size] if number in rows]
    return paging.Page(shown, paging.token_after(shown[-1], columns) if len(found) > size else None)


def _found(
    district_id: int, wanted: Filter, public: bool, *, before: int | None = None, limit: int
) -> list[int]:
    """The ids of publications that the words of `wanted` find, newest first."""
    narrow = searching.Narrow(
        district_id, public, kind=wanted.kind.value if wanted.kind else "", year=wanted.year,
        sector_id=wanted.sector_id,
    )  # fmt: skip
    conditions = [] if wanted.access is None else [_with_access(wanted.access, district_id)]
    conditions += [CURRENT] if public else []
    conditions += [] if wanted.state is None else [in_state(wanted.state)]
    return searching.ids(wanted.text, narrow, conditions=conditions, before=before, limit=limit)


def published_since(district_id: int, since: date | None = None, *, limit: int = 100) -> list[Publication]:
    """Public publications issued on or after `since`, newest first: what a newsletter offers."""
    query = _narrowed(select(Publication), district_id, Filter(), public=True).options(*_shown())
    if since is not None:
        query = query.where(Publication.issued >= since)
    query = query.order_by(Publication.issued.desc(), Publication.id.desc()).limit(limit)
    return list(db.session.scalars(query))


def facets(district_id: int, *, wanted: Filter, public: bool = False) -> dict[str, dict]:
    """How many results there are of each: `{"kind": {Kind: n}, "year": …, "sector": …, "access": …}`.

    Empty when there are more than COUNTED_AT_MOST. An embargo that has ended counts as open.
    """
    names = ("kind", "issued", "sector_id", "access", "embargo_until")
    columns = [getattr(Publication, name) for name in names]
    most = COUNTED_AT_MOST + 1
    if wanted.text.strip():
        found = _found(district_id, wanted, public, limit=most)
        query = _with_ids(select(*columns), district_id, found)
    else:
        query = _narrowed(select(*columns), district_id, wanted, public).limit(most)
    rows = db.session.execute(query).all()
    counts: dict[str, dict] = {"kind": {}, "year": {}, "sector": {}, "access": {}}
    if len(rows) > COUNTED_AT_MOST:
        return counts
    today = _today(district_id)
    for kind, issued, sector, access, until in rows:
        if access is Access.EMBARGOED and until is not None and until < today:
            access = Access.OPEN
        for facet, value in (("kind", kind), ("year", issued.year), ("sector", sector), ("access", access)):
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


def _with_ids(query, district_id: int, ids: list[int]):
    """`+ 0` keeps planners from walking the whole list in its order when the ids are known."""
    return query.where(Publication.district_id + 0 == district_id, Publication.id.in_(ids))


def _narrowed(query, district_id: int, wanted: Filter, public: bool):
    query = query.where(Publication.district_id == district_id)
    if public:
        query = query.where(Publication.published_at.is_not(None), CURRENT)
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
    if wanted.access is not None:
        query = query.where(_with_access(wanted.access, district_id))
    return query


def _with_access(access: Access, district_id: int):
    """The works that have this access today; an embargo that has ended is open (see `access.effective`)."""
    lasts = Publication.embargo_until.is_(None) | (Publication.embargo_until >= _today(district_id))
    if access is Access.OPEN:
        return (Publication.access == Access.OPEN) | ((Publication.access == Access.EMBARGOED) & ~lasts)
    if access is Access.EMBARGOED:
        return (Publication.access == Access.EMBARGOED) & lasts
    return Publication.access == access


def _today(district_id: int) -> date:
    return today(db.session.get_one(District, district_id).zone)
