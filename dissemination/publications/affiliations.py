"""Authors and the registry: which of its organisations, company or research body, an affiliation names."""

from collections.abc import Iterable

from sqlalchemy import select

from dissemination.bibliography.records import Person, clean_orcid, one_line
from dissemination.kernel import clock
from dissemination.kernel.database import db
from dissemination.kernel.text import fold
from dissemination.people.models import Company
from dissemination.publications.models import Author, Publication

OFFERED = 500


def named(district_id: int, names: Iterable[str]) -> dict[str, Company]:
    """Folded name -> the organisation of the registry that is called so; one query for all."""
    wanted = {fold(one_line(name)) for name in names if name.strip()}
    if not wanted:
        return {}
    query = select(Company).where(
        Company.district_id == district_id, Company.name_folded.in_(wanted), Company.merged_into_id.is_(None)
    )
    return {c.name_folded: c for c in db.session.scalars(query.order_by(Company.id.desc()))}


def linked(district_id: int, people: list[Person], former: Iterable[Author]) -> list[int | None]:
    """The organisation of each: as it was for an author who stays as she is, else by the name."""
    kept = {(a.family_name, a.given_name, a.affiliation): a.company_id for a in former if a.company_id}
    known = named(district_id, (p.affiliation for p in people))
    found = []
    for person in people:
        company = known.get(fold(one_line(person.affiliation)))
        before = kept.get((person.family_name, person.given_name, person.affiliation))
        found.append(before or (company.id if company else None))
    return found


def offered(district_id: int) -> list[str]:
    """Names of the registry to choose from; what is not among them can be typed."""
    query = select(Company.name).where(Company.district_id == district_id, Company.merged_into_id.is_(None))
    return list(db.session.scalars(query.order_by(Company.name_folded).limit(OFFERED)))


def companies_of(publication: Publication) -> dict[int, Company]:
    """The organisations of its authors, by id."""
    ids = {a.company_id for a in publication.authors if a.company_id}
    return {c.id: c for c in db.session.scalars(select(Company).where(Company.id.in_(ids)))} if ids else {}


def check(district_id: int, rows: dict[int, dict[str, str]]) -> dict[int, dict[str, str]]:
    """Author id -> which of "orcid", "organisation" is wrong. `rows` as for `describe`."""
    known = named(district_id, (row["organisation"] for row in rows.values()))
    wrong: dict[int, dict[str, str]] = {}
    for number, row in rows.items():
        if row["orcid"] and clean_orcid(row["orcid"]) is None:
            wrong.setdefault(number, {})["orcid"] = row["orcid"]
        if row["organisation"] and fold(one_line(row["organisation"])) not in known:
            wrong.setdefault(number, {})["organisation"] = row["organisation"]
    return wrong


def describe(publication: Publication, rows: dict[int, dict[str, str]]) -> None:
    """Give authors (by id) their "orcid", "affiliation" and "organisation": the name of one of the registry.

    An affiliation that is left empty is the organisation's name. `rows` were checked.
    """
    known = named(publication.district_id, (row["organisation"] for row in rows.values()))
    for author in publication.authors:
        row = rows.get(author.id)
        if row is None:
            continue
        company = known.get(fold(one_line(row["organisation"])))
        author.orcid = clean_orcid(row["orcid"]) or ""
        author.company_id = company.id if company else None
        author.affiliation = one_line(row["affiliation"])[:300] or (company.name if company else "")
    publication.changed_at = clock.now()
    db.session.flush()
