"""Why somebody got a newsletter: which topic, and when and how the consent was given and confirmed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import select

from dissemination.delivery.models import Delivery, Fate, Letter
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.people.models import Consent, Contact, Purpose
from dissemination.subscriptions import hooks, queries
from dissemination.subscriptions.hooks import Newsletter
from dissemination.subscriptions.models import Digest, Topic

YEAR = timedelta(days=366)
MOST = 200  # newsletters on the page


@dataclass(frozen=True)
class Received:
    """A newsletter that went to somebody: when, because of which topics, on which consent."""

    at: datetime
    newsletters: list[Newsletter]  # one; of a monthly mail those in it
    monthly: bool
    topics: list[Topic]
    consent: Consent | None


def received(contact: Contact) -> list[Received]:
    """The newsletters of the last twelve months, newest first. A fixed number of queries."""
    query = (
        select(
            Delivery.subject_kind, Delivery.subject_id, Delivery.letter_id, Delivery.created_at,
            Delivery.finished_at,
        )
        .where(
            Delivery.contact_id == contact.id, Delivery.subject_kind.in_(("issues", "digests")),
            Delivery.state.in_((Fate.ACCEPTED, Fate.UNCERTAIN)), Delivery.created_at >= now() - YEAR,
        )
        .order_by(Delivery.id.desc()).limit(MOST)
    )  # fmt: skip
    rows = db.session.execute(query).all()
    digests = _digests(r.subject_id for r in rows if r.subject_kind == "digests")
    ids = {r.subject_id for r in rows if r.subject_kind == "issues"} | {
        i for d in digests.values() for i in d
    }
    newsletters = hooks.newsletters_by_id(contact.district_id, ids)
    told = _told(r.letter_id for r in rows if r.subject_kind == "digests")
    topics = {t.id: t for t in queries.topics(contact.district_id, closed=True)}
    mine = queries.subscriptions_of(contact)
    ledger = _ledger(contact)
    found = []
    for row in rows:
        monthly = row.subject_kind == "digests"
        inside = digests.get(row.subject_id, []) if monthly else [row.subject_id]
        shown = [newsletters[i] for i in inside if i in newsletters]
        if monthly:
            shown = [n for n in shown if told[row.letter_id] & {_place(u) for u in n.urls.values()}]
        named = {t for n in shown for t in n.topic_ids} & set(mine)
        if shown:
            found.append(
                Received(
                    row.finished_at or row.created_at, shown, monthly,
                    [topics[t] for t in sorted(named) if t in topics],
                    next((c for c in ledger if c.given and c.at <= row.created_at), None),
                )
            )  # fmt: skip
    return found


def _digests(ids) -> dict[int, list[int]]:
    rows = db.session.execute(select(Digest.id, Digest.issues).where(Digest.id.in_(list(ids))))
    return dict(rows.all())


def _told(letter_ids) -> dict[int, set[str]]:
    """The places of the newsletters that each monthly mail named: readers of one month get different ones."""
    query = select(Letter.id, Letter.source).where(Letter.id.in_(list(letter_ids)))
    return {
        letter_id: {_place(one["url"]) for one in source["shared"].get("issues", [])}
        for letter_id, source in db.session.execute(query)
    }


def _place(url: str) -> str:
    return urlsplit(url).path


def _ledger(contact: Contact) -> list[Consent]:
    """The lines about newsletters, newest first."""
    query = select(Consent).where(Consent.contact_id == contact.id, Consent.purpose == Purpose.NEWSLETTER)
    return list(db.session.scalars(query.order_by(Consent.at.desc(), Consent.id.desc())))
