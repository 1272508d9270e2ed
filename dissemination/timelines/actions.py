"""The verbs of companies' own pages: opened, renewed, revoked; corrections asked for and answered."""

from datetime import timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select, update

from dissemination.delivery import outbox
from dissemination.districts.models import District
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, rows_changed
from dissemination.kernel.refusals import Refusal
from dissemination.people import actions as people
from dissemination.people import queries as registry
from dissemination.people.accounts import Account
from dissemination.people.models import Company, Contact
from dissemination.plan import queries as plans
from dissemination.research import meetings
from dissemination.research.models import Laboratory, Meeting
from dissemination.timelines import mails, queries
from dissemination.timelines.forms import column_of, values_of
from dissemination.timelines.models import CompanyCorrection, CompanyLink, EffectWindow
from dissemination.timelines.texts import FIELDS

DAYS = 60
"""How long a link opens the page after it was mailed."""
MOST_A_DAY = 20
"""Corrections, and meetings, that one person asks for."""


class NotProven(Refusal):
    """A page about a company is mailed only to an address that somebody has shown to be hers."""

    status = 422
    field = "contact_id"
    message = _l("This address was never proven: the person has to act by a mailed link first.")


class NotOfCompany(Refusal):
    """The page is for people of the company."""

    status = 422
    field = "contact_id"
    message = _l("This person does not belong to the company.")


class NothingChanged(Refusal):
    """A correction corrects something."""

    status = 422
    message = _l("Nothing is different from what the district holds. Change a field, or write what is wrong.")


class AskedTooOften(Refusal):
    """Each makes a mail to the district: a link is no way to fill its mailbox."""

    status = 429
    message = _l("You have asked very often today. Please write to the district, or come back tomorrow.")


class AlreadyDecided(Refusal):
    """Somebody was faster."""

    message = _l("This correction is answered already.")


class ChangedSince(Refusal):
    """What was to be corrected is not what it was."""

    message = _l(
        "The registry has changed since the company asked: look at its page, correct it by hand, and "
        "answer here that you did."
    )


# Links.


def open_to(company: Company, contact: Contact, *, by: Account) -> CompanyLink:
    """Mail one person of the company the link to its page. Raises NotProven, NotOfCompany."""
    if contact.company_id != company.id or contact.erased_at is not None:
        raise NotOfCompany
    if contact.proven_at is None:
        raise NotProven
    row = _known(company, contact)
    if row is None:
        row = CompanyLink(
            district_id=company.district_id, company=company, contact=contact, made_at=now(), made_by=by.id
        )
        db.session.add(row)
    return _send(row, company)


def _known(company: Company, contact: Contact) -> CompanyLink | None:
    query = select(CompanyLink).where(
        CompanyLink.company_id == company.id, CompanyLink.contact_id == contact.id,
        CompanyLink.revoked_at.is_(None),
    )  # fmt: skip
    return db.session.scalars(query.order_by(CompanyLink.id.desc())).first()


def _send(row: CompanyLink, company: Company) -> CompanyLink:
    row.mailed_at, row.expires_at = now(), now() + timedelta(days=DAYS)
    db.session.flush()
    db.session.refresh(row)
    outbox.put(*mails.link(row, company.name), about=row, idempotency=f"{now():%Y%m%d%H%M%S%f}")
    return row


def renew(district: District, *, email: str) -> CompanyLink | None:
    """Mail the link anew to somebody to whom the desk opened the page once; None, and no mail, to others."""
    contact = registry.contact_by_email(district.id, email)
    if contact is None or contact.erased_at is not None or contact.company_id is None:
        return None
    query = select(CompanyLink).where(
        CompanyLink.district_id == district.id, CompanyLink.contact_id == contact.id,
        CompanyLink.revoked_at.is_(None),
    )  # fmt: skip
    for row in db.session.scalars(query.order_by(CompanyLink.id.desc())):
        company = queries.standing_company(row.company)
        if company.id == contact.company_id:
            return _send(row, company)
    return None


def revoke(link: CompanyLink, *, by: Account) -> None:
    """The link opens nothing any more. Twice is once."""
    if link.revoked_at is None:
        link.revoked_at, link.revoked_by = now(), by.id
        db.session.flush()


# Corrections.


def ask_correction(link: CompanyLink, *, wanted: dict[str, str], words: str) -> CompanyCorrection:
    """Note what the company says is wrong, with what was there before.

    Raises NothingChanged, AskedTooOften.
    """
    company = queries.standing_company(link.company)
    held = values_of(company)
    facts = {n: [held[n], wanted[n].strip()] for n in FIELDS if n in wanted and wanted[n].strip() != held[n]}
    if not facts and not words.strip():
        raise NothingChanged
    _not_too_often(link, CompanyCorrection.asked_at, CompanyCorrection.contact_id)
    row = CompanyCorrection(
        district_id=link.district_id, company=company, contact_id=link.contact_id, asked_at=now(),
        facts=facts, words=words.strip(),
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    db.session.refresh(row)
    outbox.put(*mails.told(row), about=row)
    return row


def _not_too_often(link: CompanyLink, asked_at, contact_id) -> None:
    query = select(func.count()).where(contact_id == link.contact_id, asked_at > now() - timedelta(days=1))
    if (db.session.scalar(query) or 0) >= MOST_A_DAY:
        raise AskedTooOften


def accept(correction: CompanyCorrection, *, answer: str, by: Account) -> None:
    """Write the correction into the registry. Raises AlreadyDecided, ChangedSince, CompanyExists."""
    _decide(correction, accepted=True, answer=answer, by=by)
    company = queries.standing_company(correction.company)
    held = values_of(company)
    if any(held[name] != before for name, (before, _after) in correction.facts.items()):
        raise ChangedSince
    changes = {name: column_of(name, after) for name, (_before, after) in correction.facts.items()}
    name = changes.pop("name", company.name)
    if correction.facts:
        people.revise_company(company, version=company.version, tax_id=company.tax_id, name=name, **changes)
    _tell(correction)


def decline(correction: CompanyCorrection, *, answer: str, by: Account) -> None:
    """Leave the registry as it is, and say why. Raises AlreadyDecided."""
    _decide(correction, accepted=False, answer=answer, by=by)
    _tell(correction)


def _decide(correction: CompanyCorrection, *, accepted: bool, answer: str, by: Account) -> None:
    query = update(CompanyCorrection).where(
        CompanyCorrection.id == correction.id, CompanyCorrection.decided_at.is_(None)
    )
    values = {"decided_at": now(), "decided_by": by.id, "accepted": accepted, "answer": answer.strip()[:1000]}
    if rows_changed(query.values(**values)) != 1:
        raise AlreadyDecided
    db.session.refresh(correction)


def _tell(correction: CompanyCorrection) -> None:
    contact = correction.contact
    if contact is not None and contact.erased_at is None:
        outbox.put(*mails.decided(correction, contact), about=correction)


def wish(link: CompanyLink, *, laboratory: Laboratory, words: str) -> Meeting:
    """The company asks to meet a laboratory; the district is told. Raises meetings.NoLine, AskedTooOften."""
    _not_too_often(link, Meeting.asked_at, Meeting.contact_id)
    district = link.district
    lines = {x.code: x.id for x in plans.lines(district.id)}
    return meetings.ask(
        district, company=queries.standing_company(link.company), laboratory=laboratory, wish=words,
        activity_line_id=lines.get("c") or next(iter(lines.values()), None), by=None, contact=link.contact,
    )  # fmt: skip


def set_window(district: District, *, days: int, by: Account) -> None:
    """How many days after a workshop the report looks for audits and applications."""
    row = db.session.get(EffectWindow, district.id)
    if row is None:
        row = EffectWindow(district_id=district.id)
    row.days, row.set_at, row.set_by = days, now(), by.id
    db.session.add(row)
    db.session.flush()


def forget(contact: Contact) -> list[int]:
    """Take the links of a person away and her words out of corrections; the ids of her corrections."""
    mine = CompanyCorrection.contact_id == contact.id
    ids = list(db.session.scalars(select(CompanyCorrection.id).where(mine)))
    rows_changed(update(CompanyCorrection).where(mine).values(words="", answer=""))
    moment = now()
    rows_changed(
        update(CompanyLink).where(CompanyLink.contact_id == contact.id, CompanyLink.revoked_at.is_(None))
        .values(revoked_at=moment)
    )  # fmt: skip
    return ids
