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


def take_over(publication: Publication, other: Publication) -> None:
    """What `other` is related to, and what is related to it, is said of `publication` from now on."""
    kind = Publication.__tablename__
    for link in list(other.links):
        if (link.subject_kind, link.subject_id) != (kind, publication.id):
            add(
                publication, link.relation, subject_kind=link.subject_kind, subject_id=link.subject_id,
                identifier=link.identifier,
            )  # fmt: skip
    naming = select(Link).where(Link.subject_kind == kind, Link.subject_id == other.id)
    for link in db.session.scalars(naming).all():
        if link.publication_id != publication.id:
            add(link.publication, link.relation, subject_kind=kind, subject_id=publication.id)
        remove(link)


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
