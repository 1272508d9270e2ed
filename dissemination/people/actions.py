"""The verbs of companies and contacts: add, revise, merge; memberships and the consent ledger.

Nothing here is overwritten by strangers: what a public form brings only fills what is empty.
"""

from datetime import date
from itertools import pairwise

from flask_babel import lazy_gettext as _l
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError, InvalidRequestError
from werkzeug.exceptions import NotFound

from dissemination.kernel.clock import now
from dissemination.kernel.database import db, insert_once
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.text import fold
from dissemination.people import queries
from dissemination.people.models import Company, Consent, Contact, Membership, OrganisationType, Purpose


class CompanyExists(Refusal):
    """The tax id (or, without one, the name) is already in the registry."""

    message = _l("This partita IVA is already in the registry. Open that company instead of adding it again.")
    field = "tax_id"

    def __init__(self, company: Company, message=None, field=None):
        self.company = company
        super().__init__(message, field=field)


class ContactExists(Refusal):
    """The e-mail address is already in the registry."""

    message = _l("This e-mail address already belongs to another contact of the district.")
    field = "email"


class ChangedMeanwhile(Refusal):
    """Somebody else saved since the form was opened."""

    message = _l(
        "Somebody else changed this while you were writing. Nothing was overwritten: "
        "open the page again in another window and compare."
    )


class CannotMerge(Refusal):
    """The two rows cannot become one."""

    message = _l("A company can only be merged with another company of the same district.")


class MembershipOverlaps(Refusal):
    """Two periods of membership overlap, or end before they start."""

    message = _l("This period overlaps another one, or ends before it starts.")
    field = "since"


def _company_of(district_id: int, tax_id: str | None, name: str) -> Company | None:
    if tax_id:
        return queries.company_by_tax_id(district_id, tax_id)
    return queries.company_without_tax_id(district_id, name)


def find_or_add_company(
    *, district_id: int, tax_id: str | None, name: str, type: OrganisationType = OrganisationType.COMPANY,
    **facts,
) -> Company:  # fmt: skip
    """The district's company with this partita IVA (11 checked digits), added when it is not there.

    An existing company is returned as it is: `name` and `facts` (columns of Company: size, province,
    sector_id, ateco …) are used for a new row only. Without a tax id the folded name decides among
    the rows that have none. A merged duplicate gives its survivor.
    """
    found = _company_of(district_id, tax_id, name)
    if found is None:
        added = _insert_company(district_id=district_id, tax_id=tax_id, name=name, type=type, **facts)
        found = added or _there(_company_of(district_id, tax_id, name))
    return found


def _there(row):
    """`row`, which a unique constraint has just shown to be there."""
    if row is None:
        raise RuntimeError("a row that a constraint knows cannot be read")
    return row


def _insert_company(*, tax_id, name, **facts) -> Company | None:
    return insert_once(
        Company, tax_id=tax_id or None, name=name.strip(), name_folded=fold(name)[:200], created_at=now(),
        **{column: value for column, value in facts.items() if value is not None},
    )  # fmt: skip


def add_company(*, district_id: int, tax_id: str | None, name: str, **facts) -> Company:
    """Add a company by hand. Raises CompanyExists with the company that is there."""
    existing = _company_of(district_id, tax_id, name)
    added = existing or _insert_company(district_id=district_id, tax_id=tax_id, name=name, **facts)
    if existing is not None or added is None:
        raise _exists(existing or _there(_company_of(district_id, tax_id, name)), tax_id)
    return added


def _exists(company: Company, tax_id: str | None) -> CompanyExists:
    if tax_id:
        return CompanyExists(company)
    message = _l("An organisation of this name without partita IVA is already in the registry.")
    return CompanyExists(company, message, field="name")


def check_version(row, version: int) -> None:
    """Raise ChangedMeanwhile when `row` was saved since `version` was read; else move it on."""
    if row.version != version:
        raise ChangedMeanwhile
    row.version += 1


def hold_version(row, version: int) -> None:
    """Like `check_version`, with the row held until the transaction ends: of two who read the same version
    and act at once the second is told. Raises ChangedMeanwhile, NotFound where somebody removed it."""
    hold(row)
    check_version(row, version)


def hold(row) -> None:
    """Read the row again and let others wait for it. Raises NotFound where somebody removed it meanwhile."""
    db.session.flush()
    try:
        db.session.refresh(row, with_for_update={"of": type(row)})
    except InvalidRequestError:
        raise NotFound from None


def revise_company(company: Company, *, version: int, tax_id: str | None, name: str, **facts) -> Company:
    """Change a company's facts. Raises ChangedMeanwhile, CompanyExists."""
    existing = _company_of(company.district_id, tax_id, name)
    if existing is not None and existing.id != company.id:
        raise _exists(existing, tax_id)
    facts |= {"tax_id": tax_id or None, "name": name, "name_folded": fold(name)[:200]}
    try:
        _revise(company, version, facts)
    except IntegrityError:  # another request, or a merged duplicate, holds that tax id
        raise _exists(company, tax_id) from None
    return company


def _revise(row, version: int, facts: dict) -> None:
    with db.session.begin_nested():
        check_version(row, version)
        for column, value in facts.items():
            setattr(row, column, value)


def _check_periods(periods) -> None:
    ordered = sorted(periods)
    for since, until in ordered:
        if until is not None and until < since:
            raise MembershipOverlaps
    for (_since, until), (following, _end) in pairwise(ordered):
        if until is None or following <= until:
            raise MembershipOverlaps


def _far(until: date | None) -> date:
    return until or date.max


def fill_company(company: Company, **facts) -> dict:
    """Fill what is empty of size, province, sector_id …; replace nothing. What was filled, by column."""
    filled = {name: value for name, value in facts.items() if value and not getattr(company, name)}
    for name, value in filled.items():
        setattr(company, name, value)
    company.version += bool(filled)
    return filled


def add_membership(company: Company, *, since: date, until: date | None = None) -> Membership:
    """Enter a period of membership, both days included. Raises MembershipOverlaps."""
    _check_periods([*((m.since, _far(m.until)) for m in company.memberships), (since, _far(until))])
    membership = Membership(since=since, until=until)
    company.memberships.append(membership)
    db.session.flush()
    return membership


def revise_membership(membership: Membership, *, since: date, until: date | None) -> Membership:
    """Correct a period of membership. Raises MembershipOverlaps."""
    others = [m for m in membership.company.memberships if m.id != membership.id]
    _check_periods([*((m.since, _far(m.until)) for m in others), (since, _far(until))])
    membership.since, membership.until = since, until
    db.session.flush()
    return membership


def remove_membership(membership: Membership) -> None:
    """Take out a period that was entered by mistake."""
    membership.company.memberships.remove(membership)
    db.session.flush()


def _join_memberships(survivor: Company, duplicate: Company) -> None:
    """Give `survivor` the union of both companies' periods."""
    periods = sorted(
        (m.since, _far(m.until)) for company in (survivor, duplicate) for m in company.memberships
    )
    union: list[tuple[date, date]] = []
    for since, until in periods:
        if union and since <= union[-1][1]:
            union[-1] = (union[-1][0], max(union[-1][1], until))
        else:
            union.append((since, until))
    duplicate.memberships.clear()
    survivor.memberships.clear()
    db.session.flush()
    survivor.memberships.extend(
        Membership(since=since, until=None if until == date.max else until) for since, until in union
    )


FILLED_BY_MERGE = ("size", "ateco", "sector_id", "province", "municipality", "address", "website")


def merge_companies(survivor: Company, duplicate: Company, *, by) -> Company:
    """Make `duplicate` a mere pointer to `survivor`, which gets its contacts and memberships.

    Empty facts of the survivor are filled; it also takes the tax id when it has none. The duplicate
    keeps its row, its id and (else) its tax id, so that the log stays as it was written and later
    registrations under that tax id find the survivor (`queries.surviving_id`). `by` is an Account.
    Raises CannotMerge.
    """
    if (
        survivor.id == duplicate.id or survivor.district_id != duplicate.district_id
        or survivor.merged_into_id or duplicate.merged_into_id
    ):  # fmt: skip
        raise CannotMerge
    duplicate.merged_into_id, duplicate.merged_at = survivor.id, now()
    duplicate.merged_by_id = by.id if by is not None else None
    tax_id = duplicate.tax_id
    if survivor.tax_id is None and tax_id is not None:
        duplicate.tax_id = None
        db.session.flush()  # the tax id must be free before it moves
        survivor.tax_id = tax_id
    for column in FILLED_BY_MERGE:
        if not getattr(survivor, column):
            setattr(survivor, column, getattr(duplicate, column))
    survivor.in_managing_body = survivor.in_managing_body or duplicate.in_managing_body
    _join_memberships(survivor, duplicate)
    db.session.execute(
        update(Contact).where(Contact.company_id == duplicate.id).values(company_id=survivor.id)
    )
    db.session.execute(
        update(Company).where(Company.merged_into_id == duplicate.id).values(merged_into_id=survivor.id)
    )
    survivor.version += 1
    duplicate.version += 1
    db.session.flush()
    return survivor


def _folded(given_name: str, family_name: str) -> str:
    return fold(f"{family_name} {given_name}")[:201]


def find_or_add_contact(
    *, district_id: int, email: str, given_name: str, family_name: str, company: Company | None = None,
    language: str = "it", job_title: str = "", phone: str = "", fill: bool = True,
) -> Contact:  # fmt: skip
    """The district's contact with this address, added when it is not there.

    Whoever fills in a public form may not be the owner of the address: for an existing contact only
    empty fields are filled, nothing is replaced; without `fill` not even that.
    """
    found = queries.contact_by_email(district_id, email)
    if found is None:
        added = _insert_contact(
            district_id=district_id, email=email, given_name=given_name, family_name=family_name,
            company=company, language=language, job_title=job_title, phone=phone, proven_at=None,
            erased_at=None,
        )  # fmt: skip
        if added is not None:
            return added
        found = _there(queries.contact_by_email(district_id, email))
    if fill:
        fill_contact(
            found, given_name=given_name, family_name=family_name, company=company, job_title=job_title,
            phone=phone,
        )  # fmt: skip
    return found


def fill_contact(
    contact: Contact, *, given_name: str = "", family_name: str = "", company: Company | None = None,
    job_title: str = "", phone: str = "",
) -> None:  # fmt: skip
    """Fill what is empty; replace nothing."""
    if company is not None and contact.company_id is None:
        contact.company_id = company.id
    if not contact.name:
        contact.given_name, contact.family_name = given_name.strip(), family_name.strip()
        contact.name_folded = _folded(given_name, family_name)
    contact.job_title = contact.job_title or job_title
    contact.phone = contact.phone or phone


def prove(contact: Contact) -> bool:
    """Somebody acted by a link that only this mailbox received: the address is hers. False: known before."""
    if contact.proven_at is not None:
        return False
    contact.proven_at = now()
    return True


def _insert_contact(*, email, given_name, family_name, company=None, **facts) -> Contact | None:
    return insert_once(
        Contact, email=email.strip().lower(), given_name=given_name.strip(),
        family_name=family_name.strip(), name_folded=_folded(given_name, family_name),
        company_id=company.id if company else None, created_at=now(), **facts,
    )  # fmt: skip


def add_contact(*, district_id: int, email: str, given_name: str, family_name: str, **facts) -> Contact:
    """Add a contact by hand. `facts`: company, language, job_title, phone. Raises ContactExists."""
    added = _insert_contact(
        district_id=district_id, email=email, given_name=given_name, family_name=family_name, **facts
    )
    if added is None:
        raise ContactExists
    return added


def revise_contact(
    contact: Contact, *, version: int, email: str, given_name: str, family_name: str,
    company: Company | None, **facts,
) -> Contact:  # fmt: skip
    """Change a contact by hand. Raises ChangedMeanwhile, ContactExists."""
    other = queries.contact_by_email(contact.district_id, email)
    if other is not None and other.id != contact.id:
        raise ContactExists
    facts |= {
        "email": email.strip().lower(), "given_name": given_name, "family_name": family_name,
        "name_folded": _folded(given_name, family_name), "company_id": company.id if company else None,
    }  # fmt: skip
    try:
        _revise(contact, version, facts)
    except IntegrityError:  # another request was faster with that address
        raise ContactExists from None
    return contact


def record_consent(
    contact: Contact, *, purpose: Purpose, given: bool, text: str, version: str, source: str, proof: str = ""
) -> Consent:
    """Add a line to the consent ledger (never changed afterwards): the text as shown, its version, the
    answer, where it was given ("registration form") and how it was proven ("link in mail")."""
    return insert_once(
        Consent, district_id=contact.district_id, contact_id=contact.id, purpose=purpose, given=given,
        text=text, version=version, source=source, proof=proof, at=now(),
    )  # fmt: skip
