"""Subscribing and leaving: double opt-in, the preference page, one-click unsubscribe (RFC 8058).

`ask` looks at no contact and no subscription, so that neither its answer nor its duration tells whether an
address is known. Every change of a subscription writes a line of the consent ledger.
"""

import secrets
from collections.abc import Iterable
from datetime import timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from dissemination.delivery import outbox, suppressed
from dissemination.delivery.mail import Recipient
from dissemination.districts.models import District
from dissemination.kernel import links
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, insert_into
from dissemination.kernel.refusals import Refusal
from dissemination.people import actions as people
from dissemination.people.models import Contact, Purpose
from dissemination.registrations import unasked
from dissemination.subscriptions import hooks, mails, queries
from dissemination.subscriptions.models import DigestReader, Subscription, SubscriptionRequest, Topic

PAUSE = timedelta(minutes=10)  # at most one mail to an address in this time
LINK_DAYS = 7
KEPT = timedelta(days=30)  # then requests are forgotten, confirmed or not


class LinkExpired(Refusal):
    """The link in the mail is older than seven days, was replaced, or was never ours."""

    status = 410
    message = _l("This link no longer works: it is older than seven days or was replaced. Ask again.")


class AskedAgain(Refusal):
    """The address was entered again since the page was shown: something else would be confirmed."""

    status = 409
    message = _l("Meanwhile this address was entered again: this is what would be confirmed now.")


class NoTopic(Refusal):
    """Nothing was chosen."""

    status = 422
    field = "topics"
    message = _l("Choose at least one topic.")


def ask(
    district: District, *, email: str, topics: Iterable[Topic], consent_text: str, given_name: str = "",
    family_name: str = "", language: str = "it", company_name: str = "", company_tax_id: str = "",
    source: str = "subscription form", network: str | None = None,
) -> SubscriptionRequest:  # fmt: skip
    """Note what somebody asks for and mail the link that confirms it, at most once in ten minutes.

    `consent_text` is what was shown beside the box that was ticked. Asking again replaces what was asked
    and not confirmed. `network` is the asker's network address; how many mails strangers may cause is
    limited as for registrations (`unasked`). Raises NoTopic, TooManyFromHere.
    """
    chosen = [t.id for t in topics if t.district_id == district.id and t.closed_at is None]
    if not chosen:
        raise NoTopic
    moment = now()
    wanted = bool(unasked.count(district.id, [email.strip().lower()], network=network))
    request = _request_row(district, email.strip().lower())
    request.given_name, request.family_name = given_name, family_name
    request.company_name, request.company_tax_id = company_name, company_tax_id
    request.language, request.topic_ids, request.asked_at = language, chosen, moment
    request.consent_text, request.consent_version = consent_text, district.privacy_version
    was_confirmed, request.confirmed_at = request.confirmed_at is not None, None
    request.source = source
    if wanted and (request.mailed_at is None or request.mailed_at <= moment - PAUSE):
        if was_confirmed:
            request.mark = secrets.token_hex(8)
        request.mailed_at = moment
        db.session.flush()
        names = [t for t in queries.topics(district.id) if t.id in chosen]
        outbox.put(
            mails.confirmation(district, request, token=_token(request), topics=names),
            Recipient(address=request.email), about=request, idempotency=moment.isoformat(),
        )  # fmt: skip
    db.session.flush()
    return request


def _request_row(district: District, address: str) -> SubscriptionRequest:
    """The one row of an address, locked: of two who ask at once the second sees what the first did."""
    insert = insert_into(SubscriptionRequest)
    values = {"district_id": district.id, "email": address, "mark": secrets.token_hex(8), "asked_at": now(),
              "topic_ids": []}  # fmt: skip
    db.session.execute(insert.values(**values).on_conflict_do_nothing())
    query = select(SubscriptionRequest).where(
        SubscriptionRequest.district_id == district.id, SubscriptionRequest.email == address
    )
    return db.session.scalars(query.with_for_update().execution_options(populate_existing=True)).one()


def _token(request: SubscriptionRequest) -> str:
    return links.sign_for_a_while("subscription", [request.id, request.mark])


def requested(district: District, token: str, *, lock: bool = False) -> SubscriptionRequest:
    """The request that a confirmation link opens. Raises LinkExpired."""
    value = links.read_recent("subscription", token, max_age=LINK_DAYS * 86400)
    if not (isinstance(value, list) and len(value) == 2):
        raise LinkExpired
    query = select(SubscriptionRequest).where(
        SubscriptionRequest.id == value[0], SubscriptionRequest.district_id == district.id,
        SubscriptionRequest.mark == value[1],
    )  # fmt: skip
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = db.session.scalar(query)
    if found is None:
        raise LinkExpired
    return found


def confirm(district: District, token: str, *, seen: str | None = None) -> Contact:
    """Make the subscriptions that were asked for live; the contact, added when new.

    `seen` is `asked_at` (ISO 8601) of what the page showed: whoever enters the same address again changes
    what waits, and nobody confirms what she has not seen. Confirming twice is confirming once. Raises
    LinkExpired, AskedAgain.
    """
    request = requested(district, token, lock=True)
    if request.confirmed_at is not None and request.contact_id is not None:
        return db.session.get_one(Contact, request.contact_id)
    if seen not in (None, request.asked_at.isoformat()):
        raise AskedAgain
    company = None
    if request.company_tax_id:
        company = people.find_or_add_company(
            district_id=district.id, tax_id=request.company_tax_id, name=request.company_name
        )
    contact = people.find_or_add_contact(
        district_id=district.id, email=request.email, given_name=request.given_name,
        family_name=request.family_name, company=company, language=request.language,
    )  # fmt: skip
    people.prove(contact)
    suppressed.lift_departure(district.id, contact.email)
    set_topics(
        contact, queries.topic_ids_of(contact) | set(request.topic_ids), language=request.language,
        text=request.consent_text, version=request.consent_version, source=request.source,
        proof=f"signed link mailed to the address on {request.mailed_at:%Y-%m-%d %H:%M} UTC and confirmed",
        asked_at=request.asked_at,
    )  # fmt: skip
    request.confirmed_at, request.contact_id = now(), contact.id
    request.given_name = request.family_name = request.company_name = request.company_tax_id = ""
    db.session.flush()
    return contact


def set_topics(
    contact: Contact, topic_ids: Iterable[int], *, text: str, version: str, source: str, proof: str,
    language: str | None = None, asked_at=None,
) -> bool:  # fmt: skip
    """Make `topic_ids` the topics of `contact`: join what is new, leave the rest. Whether anything changed.

    Takes effect at once: issues that wait to be sent only for topics left are skipped. `text` and
    `version` are what was shown, `source` and `proof` go to the consent ledger.
    """
    _lock(contact)
    offered = {t.id: t for t in queries.topics(contact.district_id)}
    rows = queries.subscriptions_of(contact)
    before = {i for i, row in rows.items() if row.confirmed_at and not row.ended_at}
    after = {i for i in set(topic_ids) if i in offered or i in before}
    moment = now()
    for topic_id in after - before:
        row = rows.get(topic_id)
        if row is None:
            row = Subscription(contact_id=contact.id, topic_id=topic_id)
            db.session.add(row)
        row.asked_at, row.confirmed_at, row.ended_at = asked_at or moment, moment, None
    for topic_id in before - after:
        rows[topic_id].ended_at = moment
    if language is not None:
        contact.language = language
    db.session.flush()
    if after != before:
        _note(contact, after, text=text, version=version, source=source, proof=proof)
    if before - after:
        _tell(contact, after)
    return after != before


def unsubscribe_everything(
    contact: Contact, *, source: str = "one-click unsubscribe", proof: str = ""
) -> bool:
    """End every subscription of `contact`, also for what is queued already. Idempotent."""
    district = db.session.get_one(District, contact.district_id)
    changed = set_topics(
        contact, (), text="Unsubscribe from all newsletters", version=district.privacy_version,
        source=source, proof=proof or "signed link of the subscriber",
    )  # fmt: skip
    _tell(contact, set())
    return changed


def _lock(contact: Contact) -> None:
    query = select(Contact.id).where(Contact.id == contact.id).with_for_update()
    db.session.execute(query)


def _note(contact: Contact, topic_ids: set[int], *, text: str, version: str, source: str, proof: str) -> None:
    names = [t.name_it for t in queries.topics(contact.district_id, closed=True) if t.id in topic_ids]
    people.record_consent(
        contact, purpose=Purpose.NEWSLETTER, given=bool(topic_ids),
        text="\n".join(filter(None, [text, " · ".join(names)])), version=version, source=source, proof=proof,
    )  # fmt: skip


def _tell(contact: Contact, topic_ids: set[int]) -> None:
    for told in hooks.left:
        told(contact, topic_ids)
    latest = select(DigestReader).where(DigestReader.contact_id == contact.id)
    for row in db.session.scalars(latest.order_by(DigestReader.digest_id.desc()).limit(2)):
        if not set(row.topic_ids) & topic_ids:
            outbox.skip_queued(
                contact_id=contact.id, about_kind="digests", about_id=row.digest_id, reason="unsubscribed"
            )


def subscriber(token: str) -> Contact | None:
    """The contact that a preference or unsubscribe link names, None for a forged, unknown or erased one."""
    contact_id = links.read("subscriber", token)
    found = db.session.get(Contact, contact_id) if isinstance(contact_id, int) else None
    return found if found is not None and found.erased_at is None else None


def forget_old_requests() -> int:
    """Delete requests that nobody confirmed in 30 days, and confirmed ones as old; how many."""
    old = select(SubscriptionRequest).where(SubscriptionRequest.asked_at < now() - KEPT)
    rows = list(db.session.scalars(old))
    for row in rows:
        db.session.delete(row)
    return len(rows)
