"""Telling the people of companies whose improvement areas fit a call: once per call and person, only those
who consented. The mail holds nothing of the audit."""

from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from dissemination.applications import mails, queries
from dissemination.applications.matching import Market, Suggestion
from dissemination.applications.models import CallAlert
from dissemination.applications.refusals import NobodyChosen, NotOpen
from dissemination.applications.texts import CONSENT, CONSENT_VERSION
from dissemination.audits.models import Audit, ImprovementArea, Outcome
from dissemination.audits.states import FROM_THE_VISIT
from dissemination.bibliography.records import one_line
from dissemination.calls.models import Call
from dissemination.calls.standing import Standing, standing
from dissemination.delivery import outbox
from dissemination.delivery.models import Suppression
from dissemination.districts.models import District
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.people import actions as people
from dissemination.people.accounts import Account
from dissemination.people.models import Company, Consent, Contact, Purpose
from dissemination.people.queries import survivors

MOST_AREAS = 5000


@dataclass(frozen=True)
class Fit:
    """An improvement area that a call fits, and why."""

    area: ImprovementArea
    company: Company
    suggestion: Suggestion


@dataclass(frozen=True)
class Reader:
    """A person who may be told of a call, and the area for which."""

    contact: Contact
    fit: Fit


@dataclass
class Preview:
    """Who would be written to, and who not and why."""

    readers: list[Reader] = field(default_factory=list)
    without_consent: list[Reader] = field(default_factory=list)
    refused: set[int] = field(default_factory=set)  # ids of those of them who said no
    told: list[Reader] = field(default_factory=list)
    suppressed: list[Reader] = field(default_factory=list)


def open_areas(district_id: int) -> list[ImprovementArea]:
    """The areas of visited audits that nothing came of yet, with their companies: one query."""
    query = select(ImprovementArea).join(ImprovementArea.audit).where(
        Audit.district_id == district_id, Audit.state.in_(FROM_THE_VISIT),
        ImprovementArea.outcome.in_((Outcome.OPEN, Outcome.STARTED)),
    )  # fmt: skip
    company = joinedload(ImprovementArea.audit).joinedload(Audit.company)
    query = query.options(company.joinedload(Company.sector)).order_by(ImprovementArea.id)
    return list(db.session.scalars(query.limit(MOST_AREAS)).unique())


def fits(call: Call) -> list[Fit]:
    """The improvement areas that the call fits, the best first: by points, company and area.

    One of which an application to this call is on its way is left out.
    """
    going = queries.areas_going(call)
    areas = [area for area in open_areas(call.district_id) if area.id not in going]
    market = Market(call.district)
    today = survivors(area.audit.company for area in areas)
    found = []
    for area in areas:
        company = today[area.audit.company_id]
        suggestion = market.for_call(call, area, company)
        if suggestion is not None:
            found.append(Fit(area, company, suggestion))
    return sorted(found, key=lambda f: (-f.suggestion.points, f.company.name_folded, f.area.id))


def last_words(contact_ids: Collection[int]) -> dict[int, bool]:
    """{contact id: yes or no}, the last word on opportunities of those of the contacts who were asked."""
    latest = (
        select(func.max(Consent.id))
        .where(Consent.contact_id.in_(list(contact_ids)), Consent.purpose == Purpose.OPPORTUNITIES)
        .group_by(Consent.contact_id)
    )
    query = select(Consent.contact_id, Consent.given).where(Consent.id.in_(latest))
    return dict(db.session.execute(query).all())


def consenting(contact_ids: Collection[int]) -> set[int]:
    """Those of the contacts whose last word on opportunities is yes."""
    return {contact_id for contact_id, given in last_words(contact_ids).items() if given}


def preview(call: Call, found: list[Fit] | None = None) -> Preview:
    """Who would be told of the call now, each person once, for the area that fits best."""
    best: dict[int, Fit] = {}
    for fit in fits(call) if found is None else found:
        best.setdefault(fit.company.id, fit)
    contacts = _contacts(call.district_id, best)
    ids = [contact.id for contact in contacts]
    said, told, closed = last_words(ids), _told(call), _suppressed(call.district_id, contacts)
    result = Preview(refused={contact_id for contact_id, given in said.items() if not given})
    for contact in contacts:
        reader = Reader(contact, best[contact.company_id or 0])
        if contact.id in told:
            result.told.append(reader)
        elif not said.get(contact.id):
            result.without_consent.append(reader)
        elif contact.email.lower() in closed:
            result.suppressed.append(reader)
        else:
            result.readers.append(reader)
    return result


def _contacts(district_id: int, companies: Collection[int]) -> list[Contact]:
    query = select(Contact).where(
        Contact.district_id == district_id, Contact.company_id.in_(list(companies)),
        Contact.erased_at.is_(None),
    )  # fmt: skip
    query = query.options(joinedload(Contact.company)).order_by(Contact.name_folded, Contact.id)
    return list(db.session.scalars(query))


def _told(call: Call) -> set[int]:
    return set(db.session.scalars(select(CallAlert.contact_id).where(CallAlert.call_id == call.id)))


def _suppressed(district_id: int, contacts: Collection[Contact]) -> set[str]:
    addresses = [contact.email.lower() for contact in contacts]
    query = select(Suppression.address).where(
        Suppression.district_id == district_id, Suppression.address.in_(addresses)
    )
    return set(db.session.scalars(query))


def tell(call: Call, contact_ids: Collection[int], *, by: Account | None) -> int:
    """Write to those of the contacts who may be told of the call now; how many.

    Asked again in this transaction: who withdrew, or was told meanwhile, is left out. Raises NotOpen,
    NobodyChosen.
    """
    # Of two who press at once the second finds them told.
    db.session.refresh(call, with_for_update={"of": Call})
    if standing(call, now()) not in (Standing.OPEN, Standing.UPCOMING):
        raise NotOpen
    wanted = set(contact_ids)
    readers = [reader for reader in preview(call).readers if reader.contact.id in wanted]
    if not readers:
        raise NobodyChosen
    told = {"call_id": call.id, "at": now(), "by": by.id if by else None}
    db.session.add_all(CallAlert(contact_id=r.contact.id, area_id=r.fit.area.id, **told) for r in readers)
    db.session.flush()
    count = 0
    for language in ("it", "en"):
        group = [r.contact for r in readers if (r.contact.language == "en") == (language == "en")]
        if group:
            mail = mails.alert(call, language)
            count += outbox.put_many(mail, [mails.reader(contact) for contact in group], about=call)
    return count


def consent_text(district: District) -> str:
    """The words that somebody says yes or no to."""
    return str(CONSENT) % {"body": district.managing_body}


def record(contact: Contact, district: District, *, given: bool, source: str, proof: str) -> None:
    """Note in the ledger what a person said; with a no what waits for her is called back."""
    people.record_consent(
        contact, purpose=Purpose.OPPORTUNITIES, given=given, text=consent_text(district),
        version=CONSENT_VERSION, source=source, proof=one_line(proof)[:300],
    )  # fmt: skip
    if not given:
        outbox.skip_queued(about_kind=Call.__tablename__, contact_id=contact.id, reason="unsubscribed")
