"""Rows that the tests of newsletters need, and what they look at."""

import re
from datetime import UTC, date, datetime
from itertools import count

from sqlalchemy import select

from dissemination.delivery import expansion
from dissemination.delivery.models import Delivery, Fate, Letter, Sending
from dissemination.kernel.database import db, transaction
from dissemination.newsletters import actions
from dissemination.newsletters.models import BlockKind
from dissemination.people.models import Consent
from dissemination.publications.models import Author, Kind, Publication
from dissemination.subscriptions.models import Subscription, Topic
from tests import factories

_numbers = count(1)


def topic(district, name="Tessile", **values) -> Topic:
    """A topic of the district."""
    values.setdefault("name_en", "")
    row = Topic(district_id=district.id, code=f"t{next(_numbers)}", name_it=name,
                position=next(_numbers), **values)  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row


def subscriber(district, *topics, email=None, **values):
    """A contact with live subscriptions to `topics`."""
    contact = factories.contact(district, email, **values)
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    for t in topics:
        db.session.add(
            Subscription(contact_id=contact.id, topic_id=t.id, asked_at=moment, confirmed_at=moment)
        )
    db.session.flush()
    return contact


def publication(district, title="Atlante dei filati", **values) -> Publication:
    """A public publication by Anna Bianchi."""
    values = {"published_at": datetime(2026, 2, 1, tzinfo=UTC), "title_en": "Atlas of yarns", **values}
    row = Publication(
        district_id=district.id, slug=f"atlante-{next(_numbers)}", kind=Kind.REPORT, title_it=title,
        issued=date(2026, 2, 1), activity_line_id=factories.line(district).id,
        created_at=datetime(2026, 1, 1, tzinfo=UTC), changed_at=datetime(2026, 2, 1, tzinfo=UTC), **values,
    )  # fmt: skip
    row.authors.append(Author(given_name="Anna", family_name="Bianchi"))
    db.session.add(row)
    db.session.flush()
    return row


def issue(district, *topics, by=None, text="Buongiorno a **tutti**.", **values):
    """A draft with one text, ready to be sent."""
    values = {"subject_it": "Novità di marzo", "preheader_it": "Workshop e pubblicazioni", **values}
    row = actions.compose(
        district, by=by, topics=topics, activity_line_id=factories.line(district).id, **values
    )
    if text:
        actions.add_block(row, kind=BlockKind.TEXT, text_it=text)
    return row


def send(row, *, by):
    """Send a draft as its editor sees it now; how many persons."""
    draft = actions.prepare(row)
    with transaction():
        count = actions.send(row, draft, version=draft.version, by=by)
    write_rows()
    return count


def write_rows():
    """Let the worker write the rows of every audience that was put, also in quiet hours."""
    waiting = select(Sending.id).where(Sending.expanded_at.is_(None), Sending.cancelled_at.is_(None))
    while ids := db.session.scalars(waiting).all():
        for sending_id in ids:
            expansion.advance(sending_id)


def settle(row, fate=Fate.ACCEPTED, **only):
    """Give the deliveries of an issue a final fate, as the worker would."""
    for delivery in deliveries(row.id):
        if all(getattr(delivery, k) == v for k, v in only.items()):
            delivery.state, delivery.finished_at = fate, datetime(2026, 3, 1, tzinfo=UTC)
    db.session.flush()


def deliveries(subject_id, kind="issues") -> list[Delivery]:
    """The deliveries about a row."""
    query = select(Delivery).where(Delivery.subject_kind == kind, Delivery.subject_id == subject_id)
    return list(db.session.scalars(query.order_by(Delivery.id)))


def mails_to(address) -> list[tuple[str, dict]]:
    """(template, shared data) of every mail put for an address."""
    query = select(Letter).join(Delivery, Delivery.letter_id == Letter.id).where(Delivery.address == address)
    return [(row.template, row.source["shared"]) for row in db.session.scalars(query.order_by(Delivery.id))]


def consents() -> list[tuple]:
    """The ledger: (address, given, source)."""
    rows = db.session.scalars(select(Consent).order_by(Consent.id))
    return [(c.contact.email, c.given, c.source) for c in rows]


def live() -> set[tuple[str, str]]:
    """(address, topic) of all live subscriptions."""
    rows = db.session.scalars(select(Subscription).where(Subscription.ended_at.is_(None)))
    return {(s.contact.email, s.topic.name_it) for s in rows if s.confirmed_at}


def path(url: str) -> str:
    """The path of an absolute address of ours."""
    return re.sub(r"^https?://[^/]+", "", url)
