"""Persons and companies that the desk leaves out, with who, when and why; and the frequency guard."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from dissemination.districts.models import District
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.kernel.paging import Page, page
from dissemination.kernel.refusals import Refusal
from dissemination.people import queries as people
from dissemination.people.accounts import Account
from dissemination.people.actions import ChangedMeanwhile
from dissemination.people.models import Company, Contact
from dissemination.subscriptions.models import AudienceSettings, Exclusion


class NobodyFound(Refusal):
    """Neither a contact's address nor a company's tax id."""

    status = 422
    field = "whom"
    message = _l("Nobody in the registry has this e-mail address, and no company this partita IVA.")


class ExcludedAlready(Refusal):
    """The exclusion stands."""

    field = "whom"
    message = _l("This exclusion stands already.")


def rows(district_id: int, *, ended: bool = False, after: str | None = None) -> Page:
    """One page of the exclusions that stand (or of those that ended), newest first."""
    query = select(Exclusion).where(Exclusion.district_id == district_id)
    query = query.where(Exclusion.ended_at.is_not(None) if ended else Exclusion.ended_at.is_(None))
    query = query.options(
        joinedload(Exclusion.contact), joinedload(Exclusion.company), joinedload(Exclusion.account)
    )
    return page(query, columns=(Exclusion.id,), after=after, descending=True)


def of_contact(contact: Contact) -> list[Exclusion]:
    """The exclusions that stand for a person or her company."""
    query = select(Exclusion).where(
        Exclusion.district_id == contact.district_id, Exclusion.ended_at.is_(None),
        (Exclusion.contact_id == contact.id) | (Exclusion.company_id == (contact.company_id or 0)),
    )  # fmt: skip
    return list(db.session.scalars(query.options(joinedload(Exclusion.account))))


def one(district_id: int, exclusion_id: int) -> Exclusion:
    """The district's exclusion with that id. Raises NotFound (404)."""
    return db.one_or_404(
        select(Exclusion).where(Exclusion.district_id == district_id, Exclusion.id == exclusion_id)
    )


def find(district: District, whom: str) -> Contact | Company:
    """The contact with this address or the company with this partita IVA. Raises NobodyFound."""
    found: Contact | Company | None = (
        people.contact_by_email(district.id, whom)
        if "@" in whom
        else people.company_by_tax_id(district.id, "".join(whom.split()).upper().removeprefix("IT"))
    )
    if found is None:
        raise NobodyFound
    return found


def exclude(
    district: District, whom: Contact | Company, *, reason: str, by: Account, issue_id: int | None = None
) -> Exclusion:
    """Leave a person or a company out: of one issue, or of all. Raises ExcludedAlready."""
    key = {"contact_id": whom.id} if isinstance(whom, Contact) else {"company_id": whom.id}
    there = select(Exclusion.id).where(
        Exclusion.district_id == district.id, Exclusion.ended_at.is_(None),
        Exclusion.issue_id.is_(None) if issue_id is None else Exclusion.issue_id == issue_id,
    ).filter_by(**key)  # fmt: skip
    if db.session.scalar(there.limit(1)):
        raise ExcludedAlready
    row = Exclusion(
        district_id=district.id, issue_id=issue_id, reason=reason, at=now(), by=by.id, **key
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row


def end(exclusion: Exclusion, *, by: Account) -> None:
    """Write to them again; the row stays with who ended it and when."""
    if exclusion.ended_at is None:
        exclusion.ended_at, exclusion.ended_by = now(), by.id
    db.session.flush()


def set_guard(district: District, *, most: int | None, days: int | None, version: int, by: Account) -> None:
    """Set the frequency guard; without a number there is none. Raises ChangedMeanwhile."""
    row = db.session.get(AudienceSettings, district.id, with_for_update=True)
    if row is None:
        row = AudienceSettings(district_id=district.id, version=0)
        db.session.add(row)
    if row.version != version:
        raise ChangedMeanwhile
    row.most, row.days, row.version, row.set_at, row.set_by = most, days, version + 1, now(), by.id
    db.session.flush()


def settings(district_id: int) -> AudienceSettings | None:
    """The guard's row, None when it was never set."""
    return db.session.get(AudienceSettings, district_id)
