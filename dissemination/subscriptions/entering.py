"""Entering an import that was decided on: contacts, subscriptions, consents and suppressions, set by set.

Each step is one statement over the lines, so that 100,000 lines take seconds. Whoever was suppressed, or
left, since the lines were read is taken out first.
"""

from sqlalchemy import Integer, String, cast, exists, func, insert, literal, null, select, update

from dissemination.delivery.models import Suppression
from dissemination.districts.models import District
from dissemination.kernel.clock import now
from dissemination.kernel.database import UtcDateTime, db, insert_into
from dissemination.people.models import Consent, Contact, Purpose
from dissemination.subscriptions import formats, queries, suppression
from dissemination.subscriptions.models import ImportLine, SubscriberImport, Subscription, Topic, Verdict
from dissemination.subscriptions.subscribing import unsubscribe_everything

KINDS = {
    formats.UNSUBSCRIBED: suppression.UNSUBSCRIBED, formats.CLEANED: suppression.BOUNCE,
    formats.BLOCKED: suppression.IMPORTED, formats.COMPLAINED: suppression.IMPORTED,
}  # fmt: skip


def refusers(district_id: int) -> list[str]:
    """The addresses whose last word in the ledger about newsletters was no."""
    last = (
        select(func.max(Consent.id)).where(
            Consent.district_id == district_id, Consent.purpose == Purpose.NEWSLETTER
        ).group_by(Consent.contact_id)
    )  # fmt: skip
    query = select(Contact.email).join(Consent, Consent.contact_id == Contact.id)
    return list(db.session.scalars(query.where(Consent.id.in_(last), ~Consent.given)))


def enter(row: SubscriberImport) -> None:
    """Write what the lines say. Needs a transaction: all or nothing."""
    _take_out(row)
    _suppress(row)
    _add_contacts(row)
    _add_consents(row)
    _add_subscriptions(row)


def _mine(row: SubscriberImport, verdict: Verdict):
    return ImportLine.import_id == row.id, ImportLine.verdict == verdict


def _take_out(row: SubscriberImport) -> None:
    """Lines whose address was suppressed, or whose person left, since they were read."""
    hit = exists().where(Suppression.district_id == row.district_id, Suppression.address == ImportLine.email)
    person = (Contact.district_id == row.district_id) & (Contact.email == ImportLine.email)
    hers = exists().where(person, Subscription.contact_id == Contact.id)
    gone = hers.where(Subscription.ended_at.is_not(None)) & ~hers.where(Subscription.ended_at.is_(None))
    for condition, verdict in ((hit, Verdict.SUPPRESSED), (gone, Verdict.LEFT)):
        db.session.execute(
            update(ImportLine)
            .where(*_mine(row, Verdict.SUBSCRIBE), condition)
            .values(verdict=verdict, message="")
            .execution_options(synchronize_session=False)
        )  # fmt: skip


def _suppress(row: SubscriberImport) -> None:
    """Refused addresses go on the list; who is subscribed here with one is unsubscribed."""
    lines = db.session.execute(
        select(ImportLine.email, ImportLine.refusal, ImportLine.file, ImportLine.line)
        .where(*_mine(row, Verdict.SUPPRESS))
    ).all()  # fmt: skip
    names = [one["name"] for one in row.files]
    found = {
        r.email: (KINDS[r.refusal], f"{r.refusal}, {names[r.file][:120]}, line {r.line} (import {row.id})")
        for r in lines
    }
    suppression.add_many(row.district_id, found, source=f"import {row.id}: {row.name}", by=row.account)
    for contact in _subscribed(row):
        unsubscribe_everything(contact, source=f"import: {row.format}", proof=_origin(row)[:300])


def _subscribed(row: SubscriberImport) -> list[Contact]:
    live = exists().where(Subscription.contact_id == Contact.id, queries.is_live())
    named = select(ImportLine.email).where(*_mine(row, Verdict.SUPPRESS))
    query = select(Contact).where(Contact.district_id == row.district_id, Contact.email.in_(named), live)
    return list(db.session.scalars(query))


def _once(model):
    return insert_into(model.__table__).on_conflict_do_nothing()


def _add_contacts(row: SubscriberImport) -> None:
    columns = {
        "district_id": literal(row.district_id, Integer), "given_name": ImportLine.given_name,
        "family_name": ImportLine.family_name, "name_folded": ImportLine.name_folded,
        "email": ImportLine.email, "phone": literal("", String), "job_title": literal("", String),
        "language": ImportLine.language, "created_at": literal(now(), UtcDateTime),
        "version": literal(1, Integer),
    }  # fmt: skip
    lines = select(*columns.values()).where(*_mine(row, Verdict.SUBSCRIBE)).order_by(ImportLine.id)
    # The WHERE keeps SQLite from reading ON CONFLICT as a join's ON.
    db.session.execute(_once(Contact).from_select(list(columns), lines))


def _people(row: SubscriberImport):
    return (Contact.district_id == row.district_id) & (Contact.email == ImportLine.email)


def _add_subscriptions(row: SubscriberImport) -> None:
    """Those that are live or were left stay as they are."""
    moment = now()
    columns = {
        "contact_id": Contact.id, "topic_id": Topic.id,
        "asked_at": func.coalesce(ImportLine.joined_at, literal(moment, UtcDateTime)),
        "confirmed_at": literal(moment, UtcDateTime), "ended_at": null(),
    }  # fmt: skip
    lines = (
        select(*columns.values()).join(Contact, _people(row))
        .join(Topic, Topic.id.in_(row.topic_ids))
        .where(*_mine(row, Verdict.SUBSCRIBE), Topic.district_id == row.district_id)
    )  # fmt: skip
    db.session.execute(_once(Subscription).from_select(list(columns), lines))


def _origin(row: SubscriberImport) -> str:
    who = (row.account.name or row.account.email) if row.account else "the command line"
    return f"import {row.id} by {who[:40]}: {row.name[:60]}, SHA-256 {row.sha256}"


def _add_consents(row: SubscriberImport) -> None:
    """A line of the ledger for each person that is subscribed."""
    district = db.session.get_one(District, row.district_id)
    names = [t.name_it for t in queries.topics(row.district_id, closed=True) if t.id in row.topic_ids]
    place = literal(_origin(row), String) + ", line " + cast(ImportLine.line, String)
    columns = {
        "district_id": literal(row.district_id, Integer), "contact_id": Contact.id,
        "purpose": literal(Purpose.NEWSLETTER, Consent.purpose.type), "given": literal(True),
        "text": literal("\n".join([row.basis, " · ".join(names)]), String),
        "version": literal(district.privacy_version, String),
        "source": literal(f"import: {row.format}", String),
        "proof": func.substr(place + " · " + ImportLine.message, 1, 300),
        "at": literal(now(), UtcDateTime),
    }  # fmt: skip
    lines = select(*columns.values()).join(Contact, _people(row)).where(*_mine(row, Verdict.SUBSCRIBE))
    db.session.execute(insert(Consent).from_select(list(columns), lines))
