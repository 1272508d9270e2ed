"""What publications are related to, as programs are told: DataCite's relation types and addresses."""

from collections import defaultdict
from collections.abc import Collection

from flask import url_for
from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from dissemination.kernel import subjects
from dissemination.kernel.database import db
from dissemination.publications.downloads import absolute
from dissemination.publications.models import Publication

NEWER, OLDER = "IsPreviousVersionOf", "IsNewVersionOf"


def page_of(publication: Publication) -> str:
    """The absolute address of the publication's page."""
    return absolute(url_for("publications.show", district=publication.district, slug=publication.slug))


def relations(publications: Collection[Publication]) -> dict[int, list[tuple[str, str]]]:
    """Id -> (relationType, DOI or absolute address) of each, as far as the public may see it.

    As many queries for a hundred as for one: what they name is asked for at once, by district and kind.
    """
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for relation, publication_id, other in _versions(publications):
        found[publication_id].append((relation, page_of(other)))
    names = _named(publications)
    for publication in publications:
        for link in publication.links:
            if link.subject_id is None:
                found[publication.id].append((link.relation.value, link.identifier))
            elif address := names.get((publication.district_id, link.subject_kind, link.subject_id)):
                found[publication.id].append((link.relation.value, address))
    return found


def _versions(publications: Collection[Publication]):
    """(relation, id, the other one) of each version before and after that is public."""
    ids = {p.id: p.previous_id for p in publications}
    before = [p for p in ids.values() if p is not None]
    either = or_(Publication.id.in_(before), Publication.previous_id.in_(ids))
    query = select(Publication).where(Publication.published_at.is_not(None), either)
    others = db.session.scalars(
        query.options(joinedload(Publication.district)).order_by(Publication.id)
    ).all()
    for publication_id, previous_id in ids.items():
        for other in others:
            if other.id == previous_id:
                yield OLDER, publication_id, other
            if other.previous_id == publication_id:
                yield NEWER, publication_id, other


def _named(publications: Collection[Publication]) -> dict[tuple[int, str, int], str]:
    """(district, kind, id) -> absolute address of what is public."""
    wanted: dict[tuple[int, str], set[int]] = defaultdict(set)
    for publication in publications:
        for link in publication.links:
            if link.subject_id is not None:
                wanted[publication.district_id, link.subject_kind].add(link.subject_id)
    return {
        (district_id, kind, number): absolute(shown.url)
        for (district_id, kind), ids in wanted.items()
        for number, shown in subjects.named(kind, district_id, ids).items()
        if shown.url
    }
