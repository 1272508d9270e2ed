"""Which companies to visit next: the registry's companies by what was done in them."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from sqlalchemy import or_, select
from sqlalchemy.orm import aliased, joinedload, selectinload

from dissemination.audits.models import Audit, State
from dissemination.audits.states import FROM_THE_VISIT, OPEN
from dissemination.kernel.paging import Page, page
from dissemination.kernel.text import like
from dissemination.people.models import Company, Membership, OrganisationType, SizeClass

YEAR = 365


class Visited(StrEnum):
    """When a company was last visited for an audit."""

    NEVER = "never"
    LONG_AGO = "long_ago"  # not within the last three years
    RECENTLY = "recently"
    OPEN = "open"  # one is going on


@dataclass(frozen=True)
class Wanted:
    """What narrows the list down; an empty value does not."""

    search: str = ""
    province: str = ""
    sector_id: int | None = None
    size: SizeClass | None = None
    member: bool | None = None
    visited: Visited | None = None


def companies(district_id: int, wanted: Wanted, *, on: date, after: str | None = None) -> Page:
    """One page of the district's companies by name, as `wanted`; `on` is today. No merged duplicates."""
    query = select(Company).where(
        Company.district_id == district_id, Company.merged_into_id.is_(None),
        Company.type == OrganisationType.COMPANY, *_facts(wanted, on),
    )  # fmt: skip
    for condition in _done(wanted.visited, on):
        query = query.where(condition)
    query = query.options(joinedload(Company.sector), selectinload(Company.memberships))
    return page(query, columns=(Company.name_folded, Company.id), after=after)


def _facts(wanted: Wanted, on: date):
    if wanted.search.strip():
        tax_id = "".join(wanted.search.split()).upper().removeprefix("IT")
        yield or_(
            Company.name_folded.like(like(wanted.search), escape="\\"),
            Company.tax_id.startswith(tax_id, autoescape=True),
        )
    if wanted.province:
        yield Company.province == wanted.province
    if wanted.sector_id:
        yield Company.sector_id == wanted.sector_id
    if wanted.size:
        yield Company.size == wanted.size
    if wanted.member is not None:
        member = select(1).where(
            Membership.company_id == Company.id, Membership.since <= on,
            or_(Membership.until.is_(None), Membership.until >= on),
        )  # fmt: skip
        yield member.exists() if wanted.member else ~member.exists()


def _done(visited: Visited | None, on: date):
    three_years_ago = on - timedelta(days=3 * YEAR)
    if visited is Visited.NEVER:
        yield ~_has(Audit.state.in_(FROM_THE_VISIT))
    elif visited is Visited.LONG_AGO:
        yield _has(Audit.state.in_(FROM_THE_VISIT))
        yield ~_has(Audit.visited_on >= three_years_ago)
    elif visited is Visited.RECENTLY:
        yield _has(Audit.visited_on >= three_years_ago)
    elif visited is Visited.OPEN:
        yield _has(Audit.state.in_(OPEN))


def _has(*conditions):
    """Whether the company, or one that was merged into it, has such an audit."""
    one = aliased(Company)
    family = select(one.id).where(or_(one.id == Company.id, one.merged_into_id == Company.id))
    mine = select(1).where(Audit.company_id.in_(family.correlate(Company)), *conditions)
    return mine.where(Audit.state != State.DECLINED).correlate(Company).exists()
