"""How neighbours on this floor name publications (see `kernel.subjects`), and find those of a workshop."""

from collections.abc import Collection

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from dissemination.kernel import subjects
from dissemination.kernel.database import db
from dissemination.kernel.languages import translated
from dissemination.kernel.subjects import Namer, Shown
from dissemination.publications.models import Link, Publication
from dissemination.publications.texts import KINDS

OFFERED = 200


def _shown(row: Publication) -> Shown:
    url = url_for("publications.show", district=row.district, slug=row.slug)
    is_public = row.published_at is not None
    return Shown(translated(row, "title"), url if is_public else None, row.issued, str(KINDS[row.kind]))


def named(district_id: int, ids: Collection[int]) -> dict[int, Shown]:
    """The district's publications with these ids."""
    query = select(Publication).where(Publication.district_id == district_id, Publication.id.in_(ids))
    return {row.id: _shown(row) for row in db.session.scalars(query)}


def offered(district_id: int) -> list[tuple[int, str]]:
    """The newest public publications."""
    query = select(Publication).where(
        Publication.district_id == district_id, Publication.published_at.is_not(None)
    )
    rows = db.session.scalars(query.order_by(Publication.issued.desc(), Publication.id.desc()).limit(OFFERED))
    return [(row.id, f"{translated(row, 'title')} ({row.issued.year})") for row in rows]


def related(kind: str, subject_id: int) -> list[Shown]:
    """The public publications that say of themselves that they belong to that subject, newest first."""
    query = (
        select(Publication)
        .join(Link, Link.publication_id == Publication.id)
        .where(
            Link.subject_kind == kind, Link.subject_id == subject_id, Publication.published_at.is_not(None)
        )
        .options(joinedload(Publication.district))
        .order_by(Publication.issued.desc(), Publication.id.desc())
    )
    return [_shown(row) for row in db.session.scalars(query).unique()]


subjects.register_names(Publication.__tablename__, Namer(named, offered, related))
