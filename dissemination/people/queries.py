"""Finding companies, contacts and consents. Every query names its district."""

from collections.abc import Iterable
from datetime import date
from functools import reduce
from operator import add

from sqlalchemy import bindparam, case, desc, exists, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from dissemination.kernel.database import db
from dissemination.kernel.paging import Page, page
from dissemination.kernel.text import fold, like
from dissemination.people.models import Company, Consent, Contact, Membership, Purpose, SizeClass
from dissemination.people.names import likeness, words


def surviving_id(company_id: int) -> int:
    """The id that stands for `company_id` today: its own, or the one it was merged into."""
    merged = db.session.scalar(select(Company.merged_into_id).where(Company.id == company_id))
    return merged or company_id


def surviving_ids(company_ids) -> dict[int, int]:
    """`{id: surviving id}` for many companies with one query."""
    ids = set(company_ids)
    rows = db.session.execute(select(Company.id, Company.merged_into_id).where(Company.id.in_(ids)))
    return {**{i: i for i in ids}, **{i: merged or i for i, merged in rows}}


def survivors(companies: Iterable[Company]) -> dict[int, Company]:
    """`{id: the company that stands for it today}`; one query when some of them were merged."""
    mine = {c.id: c for c in companies}
    gone = {c.merged_into_id for c in mine.values() if c.merged_into_id}
    if not gone:
        return mine
    query = select(Company).where(Company.id.in_(gone)).options(joinedload(Company.sector))
    into = {c.id: c for c in db.session.scalars(query)}
    return {i: into[c.merged_into_id] if c.merged_into_id else c for i, c in mine.items()}


def company(district_id: int, company_id: int) -> Company | None:
    """The district's company with that id, also a merged duplicate."""
    return db.session.scalar(
        select(Company).where(Company.district_id == district_id, Company.id == company_id)
    )


def _survivor(found: Company | None) -> Company | None:
    if found is not None and found.merged_into_id is not None:
        return db.session.get(Company, found.merged_into_id)
    return found


_BY_TAX_ID = select(Company).where(
    Company.district_id == bindparam("district"), Company.tax_id == bindparam("tax_id")
)
_BY_EMAIL = select(Contact).where(
    Contact.district_id == bindparam("district"), Contact.email == bindparam("email")
)


def company_by_tax_id(district_id: int, tax_id: str | None) -> Company | None:
    """The district's company with that partita IVA; the survivor when the row was merged."""
    if not tax_id:
        return None
    return _survivor(db.session.scalar(_BY_TAX_ID, {"district": district_id, "tax_id": tax_id}))


def company_without_tax_id(district_id: int, name: str) -> Company | None:
    """The district's organisation of exactly that (folded) name that has no tax id."""
    return db.session.scalar(
        select(Company).where(
            Company.district_id == district_id, Company.tax_id.is_(None),
            Company.merged_into_id.is_(None), Company.name_folded == fold(name),
        )
    )  # fmt: skip


def similar_companies(district_id: int, name: str, *, but: int | None = None, most: int = 5) -> list[Company]:
    """ "Did you mean": up to `most` companies whose name is like `name`, the likest first.

    Legal forms are left aside. The database picks 200 candidates that share the start or end of a
    word; `names.likeness` ranks them. `but` leaves one company out (the one being edited).
    """
    parts = {piece for word in words(name) for piece in (word[:3], word[-3:]) if len(piece) >= 2}
    if not parts:
        return []
    shares = [Company.name_folded.like(like(part), escape="\\") for part in sorted(parts)]
    shared = reduce(add, (case((share, 1), else_=0) for share in shares))
    query = (
        select(Company)
        .where(Company.district_id == district_id, Company.merged_into_id.is_(None), or_(*shares))
        .order_by(desc(shared), Company.id)
        .limit(200)
    )
    ranked = [(likeness(name, c.name), c) for c in db.session.scalars(query) if c.id != but]
    ranked = sorted((pair for pair in ranked if pair[0]), key=lambda pair: (-pair[0], pair[1].name_folded))
    return [c for _score, c in ranked[:most]]


def _is_member_on(day: date):
    return exists().where(
        Membership.company_id == Company.id, Membership.since <= day,
        or_(Membership.until.is_(None), Membership.until >= day),
    )  # fmt: skip


def is_member(company: Company, on: date) -> bool:
    """Whether `company` was a member (*impresa aderente*) on that day; first and last day included."""
    return any(m.since <= on and (m.until is None or m.until >= on) for m in company.memberships)


def member_ids(district_id: int, on: date):
    """A select of the ids of the companies that were members on that day."""
    return select(Company.id).where(
        Company.district_id == district_id, Company.merged_into_id.is_(None), _is_member_on(on)
    )


def companies(
    district_id: int, *, search: str = "", sector_id: int | None = None, province: str = "",
    size: SizeClass | None = None, member: bool | None = None, on: date, after: str | None = None,
) -> Page:  # fmt: skip
    """One page of the district's companies by name; `search` looks into names and tax ids.

    `member` asks for members (or others) on the day `on`. Merged duplicates are left out.
    """
    query = select(Company).where(Company.district_id == district_id, Company.merged_into_id.is_(None))
    if search.strip():
        tax_id = "".join(search.split()).upper().removeprefix("IT")
        query = query.where(
            or_(
                Company.name_folded.like(like(search), escape="\\"),
                Company.tax_id.startswith(tax_id, autoescape=True),
            )
        )
    if sector_id:
        query = query.where(Company.sector_id == sector_id)
    if province:
        query = query.where(Company.province == province)
    if size:
        query = query.where(Company.size == size)
    if member is not None:
        query = query.where(_is_member_on(on) if member else ~_is_member_on(on))
    query = query.options(joinedload(Company.sector), selectinload(Company.memberships))
    return page(query, columns=(Company.name_folded, Company.id), after=after)


def provinces(district_id: int) -> list[str]:
    """The provinces that the district's companies are in."""
    return list(
        db.session.scalars(
            select(Company.province).where(Company.district_id == district_id, Company.province != "")
            .distinct().order_by(Company.province)
        )
    )  # fmt: skip


def contact(district_id: int, contact_id: int) -> Contact | None:
    """The district's contact with that id."""
    return db.session.scalar(
        select(Contact).where(Contact.district_id == district_id, Contact.id == contact_id)
    )


def contact_by_email(district_id: int, email: str) -> Contact | None:
    """The district's contact with that address, whatever its case."""
    return db.session.scalar(_BY_EMAIL, {"district": district_id, "email": email.strip().lower()})


def contacts(
    district_id: int, *, search: str = "", company_id: int | None = None, after: str | None = None
) -> Page:
    """One page of the district's contacts by family name; `search` looks into names and addresses."""
    query = select(Contact).where(Contact.district_id == district_id, Contact.erased_at.is_(None))
    if search.strip():
        pattern = like(search)
        query = query.where(
            or_(Contact.name_folded.like(pattern, escape="\\"), Contact.email.like(pattern, escape="\\"))
        )
    if company_id:
        query = query.where(Contact.company_id == company_id)
    query = query.options(joinedload(Contact.company))
    return page(query, columns=(Contact.name_folded, Contact.id), after=after)


def contacts_of(company: Company) -> list[Contact]:
    """The people of a company by family name (at most 200)."""
    return list(
        db.session.scalars(
            select(Contact).where(Contact.company_id == company.id)
            .order_by(Contact.name_folded, Contact.id).limit(200)
        )
    )  # fmt: skip


def count_contacts(company: Company) -> int:
    """How many people the registry knows at a company."""
    return db.session.scalar(select(func.count()).where(Contact.company_id == company.id)) or 0


def consents(contact: Contact) -> list[Consent]:
    """The consent ledger of a contact, newest first."""
    return list(
        db.session.scalars(
            select(Consent).where(Consent.contact_id == contact.id).order_by(Consent.id.desc())
        )
    )


def current_consent(contact: Contact, purpose: Purpose) -> Consent | None:
    """The latest line of the ledger for a purpose: what holds now, None when nothing was ever said."""
    return db.session.scalar(
        select(Consent).where(Consent.contact_id == contact.id, Consent.purpose == purpose)
        .order_by(Consent.id.desc()).limit(1)
    )  # fmt: skip
