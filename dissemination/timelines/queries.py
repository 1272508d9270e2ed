"""Reading links to companies' pages and the corrections that came in by them."""

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from dissemination.districts.models import District
from dissemination.kernel import links, paging
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.people.models import Company
from dissemination.timelines.models import DAYS, CompanyCorrection, CompanyLink, EffectWindow

PURPOSE = "company page"


def token_for(link: CompanyLink) -> str:
    """What the mailed link holds."""
    return links.sign(PURPOSE, [link.id, link.contact_id])


def link_by_token(district: District, token: str) -> CompanyLink | None:
    """The link, if it still opens the page.

    It does not when it was forged, is of another district, has expired or was revoked, or when the person
    left the company or was erased.
    """
    told = links.read(PURPOSE, token)
    if not (isinstance(told, list) and len(told) == 2 and all(type(part) is int for part in told)):
        return None
    found = link_by_id(district.id, told[0])
    return found if found is not None and found.contact_id == told[1] and is_open(found) else None


def is_open(link: CompanyLink) -> bool:
    """Whether the link opens the page now."""
    company, contact = standing_company(link.company), link.contact
    return (
        link.revoked_at is None and link.expires_at > now()
        and contact.erased_at is None and contact.company_id == company.id
    )  # fmt: skip


def standing_company(company: Company) -> Company:
    """The company that stands for it today."""
    return db.session.get_one(Company, company.merged_into_id) if company.merged_into_id else company


def link_by_id(district_id: int, link_id: int) -> CompanyLink | None:
    """The district's link with that id."""
    query = select(CompanyLink).where(CompanyLink.district_id == district_id, CompanyLink.id == link_id)
    return db.session.scalar(query.options(joinedload(CompanyLink.company), joinedload(CompanyLink.contact)))


def links_of(district_id: int, company_ids) -> list[CompanyLink]:
    """The links to a company's page that were not revoked, the newest first (at most 50)."""
    query = select(CompanyLink).where(
        CompanyLink.district_id == district_id, CompanyLink.company_id.in_(list(company_ids)),
        CompanyLink.revoked_at.is_(None),
    ).options(joinedload(CompanyLink.company), joinedload(CompanyLink.contact))  # fmt: skip
    return list(db.session.scalars(query.order_by(CompanyLink.id.desc()).limit(50)))


def correction(district_id: int, correction_id: int) -> CompanyCorrection | None:
    """The district's correction with that id."""
    query = select(CompanyCorrection).where(
        CompanyCorrection.district_id == district_id, CompanyCorrection.id == correction_id
    )
    return db.session.scalar(query)


def corrections(district_id: int, *, after: str | None = None) -> paging.Page:
    """One page of corrections, the newest first."""
    query = select(CompanyCorrection).where(CompanyCorrection.district_id == district_id)
    query = query.options(joinedload(CompanyCorrection.company), joinedload(CompanyCorrection.contact))
    return paging.page(query, columns=(CompanyCorrection.id,), after=after, descending=True)


def open_corrections(district_id: int, company_ids=None) -> list[CompanyCorrection]:
    """Corrections that wait for an answer, the oldest first (at most 50); of one company's ids."""
    query = select(CompanyCorrection).where(
        CompanyCorrection.district_id == district_id, CompanyCorrection.decided_at.is_(None)
    )
    if company_ids is not None:
        query = query.where(CompanyCorrection.company_id.in_(list(company_ids)))
    return list(db.session.scalars(query.order_by(CompanyCorrection.id).limit(50)))


def count_open_corrections(district_id: int) -> int:
    """How many corrections wait for an answer."""
    query = select(func.count()).where(
        CompanyCorrection.district_id == district_id, CompanyCorrection.decided_at.is_(None)
    )
    return db.session.scalar(query) or 0


def window_days(district_id: int) -> int:
    """How many days after a workshop are looked at."""
    row = db.session.get(EffectWindow, district_id)
    return row.days if row is not None else DAYS
