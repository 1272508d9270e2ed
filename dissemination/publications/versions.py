"""The versions of one work: a line of publications, each with the one before in `previous_id`."""

from sqlalchemy import select

from dissemination.kernel.database import db
from dissemination.publications.models import Publication

MOST = 50
"""Versions that are looked at; more of one work nobody makes."""


def line(publication: Publication, *, public: bool) -> list[Publication]:
    """All versions of the work, newest first, itself among them; one query for each other one."""
    found, ids = [publication], {publication.id}
    first = publication
    while first.previous_id is not None and first.previous_id not in ids and len(found) < MOST:
        first = db.session.get_one(Publication, first.previous_id)
        found.append(first)
        ids.add(first.id)
    last = [publication.id]
    while last and len(found) < MOST:
        query = select(Publication).where(Publication.previous_id.in_(last)).order_by(Publication.id)
        newer = [p for p in db.session.scalars(query) if p.id not in ids]
        found = [*reversed(newer), *found]
        last = [p.id for p in newer]
        ids.update(last)
    return [p for p in found if p.published_at is not None or not public]


def newest(publication: Publication) -> Publication | None:
    """The newest public version when it is another one than this."""
    if publication.superseded_at is None:
        return None
    found = line(publication, public=True)
    return found[0] if found and found[0].id != publication.id else None
