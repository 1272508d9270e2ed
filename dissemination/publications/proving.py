"""What proves a publication, for the district-wide list of missing evidence."""

from collections.abc import Sequence

from flask import url_for
from sqlalchemy import select

from dissemination.kernel.database import db
from dissemination.plan.holders import Holder
from dissemination.publications.logged import Did
from dissemination.publications.models import Publication, PublicationFile


def held(ids: Sequence[int]) -> dict[int, set[str]]:
    """Its public page while it is public; a file of its own, an address or a DOI."""
    found: dict[int, set[str]] = {publication_id: set() for publication_id in ids}
    query = select(Publication.id, Publication.published_at, Publication.url, Publication.doi)
    for publication_id, published_at, url, doi in db.session.execute(query.where(Publication.id.in_(ids))):
        found[publication_id] |= {"public_page"} if published_at is not None else set()
        found[publication_id] |= {"file_or_link"} if url or doi else set()
    files = select(PublicationFile.publication_id).where(PublicationFile.publication_id.in_(ids)).distinct()
    for publication_id in db.session.scalars(files):
        found[publication_id].add("file_or_link")
    return found


def where(ids: Sequence[int]) -> dict[int, str]:
    """The desk page of each publication."""
    query = select(Publication).where(Publication.id.in_(ids))
    return {
        p.id: url_for("publications_desk.show", district=p.district, slug=p.slug)
        for p in db.session.scalars(query)
    }


def who(ids: Sequence[int]) -> dict[int, int | None]:
    """Who published each, else who entered it."""
    query = select(Publication.id, Publication.published_by, Publication.created_by)
    rows = db.session.execute(query.where(Publication.id.in_(ids)))
    return {publication_id: publisher or writer for publication_id, publisher, writer in rows}


HOLDER = Holder(
    verb=Did.PUBLISHED.value, kind=Publication.__tablename__, held=held, where=where, who=who,
    computed=frozenset({"public_page"}),
)  # fmt: skip
