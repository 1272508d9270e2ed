"""What a publication is related to: said and taken back."""

from sqlalchemy import select

from dissemination.kernel import clock
from dissemination.kernel.database import db
from dissemination.publications.models import Link, Publication, Relation


def add(
    publication: Publication, relation: Relation, *, subject_kind: str = "", subject_id: int | None = None,
    identifier: str = "",
) -> Link:  # fmt: skip
    """Relate it to a subject of the district (the caller has checked that), or to a DOI or address.

    The same said twice is kept once.
    """
    facts = {
        "relation": relation, "subject_kind": subject_kind, "subject_id": subject_id,
        "identifier": identifier,
    }  # fmt: skip
    for known in publication.links:
        if all(getattr(known, name) == value for name, value in facts.items()):
            return known
    row = Link(publication=publication, **facts)
    db.session.add(row)
    _changed(publication)
    return row


def remove(link: Link) -> None:
    """Relate it no longer."""
    publication = link.publication
    db.session.delete(link)
    _changed(publication)
    db.session.expire(publication, ["links"])


def by_id(publication: Publication, link_id: int) -> Link:
    """The publication's link with that id, or 404."""
    return db.one_or_404(select(Link).where(Link.publication_id == publication.id, Link.id == link_id))


def _changed(publication: Publication) -> None:
    publication.changed_at = clock.now()
    db.session.flush()
