"""Finding topics and subscribers. Every query names its district."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import joinedload

from dissemination.delivery.models import Suppression
from dissemination.kernel.database import db
from dissemination.people.models import Contact
from dissemination.subscriptions import hooks
from dissemination.subscriptions.models import Subscription, SubscriptionRequest, Topic, TopicKind

BATCH = 2000


def topics(district_id: int, *, closed: bool = False) -> list[Topic]:
    """The district's topics in their order; those no longer offered only when asked."""
    query = select(Topic).where(Topic.district_id == district_id)
    if not closed:
        query = query.where(Topic.closed_at.is_(None))
    query = query.options(joinedload(Topic.sector), joinedload(Topic.macro_area))
    return list(db.session.scalars(query.order_by(Topic.position, Topic.id)))


def by_kind(topics: Iterable[Topic]) -> dict[TopicKind, list[Topic]]:
    """The topics in groups, as the form shows them: by kind, in the order of the kinds."""
    found: dict[TopicKind, list[Topic]] = {}
    for kind in TopicKind:
        group = [t for t in topics if t.kind is kind]
        if group:
            found[kind] = group
    return found


def topic(district_id: int, topic_id: int) -> Topic:
    """The district's topic with that id. Raises NotFound (404)."""
    return db.one_or_404(select(Topic).where(Topic.district_id == district_id, Topic.id == topic_id))


def is_live() -> ColumnElement[bool]:
    """The condition that a subscription stands: confirmed and not ended."""
    return Subscription.confirmed_at.is_not(None) & Subscription.ended_at.is_(None)


def subscriber_counts(district_id: int) -> dict[int, int]:
    """How many people are subscribed to each topic of the district (topics without any left out)."""
    query = (
        select(Subscription.topic_id, func.count())
        .join(Topic, Topic.id == Subscription.topic_id)
        .where(Topic.district_id == district_id, is_live())
        .group_by(Subscription.topic_id)
    )
    return dict(db.session.execute(query).all())


def count_subscribers(district_id: int) -> int:
    """How many persons are subscribed to at least one topic of the district."""
    subscribed = exists().where(Subscription.contact_id == Contact.id, is_live())
    query = select(func.count()).select_from(Contact).where(Contact.district_id == district_id, subscribed)
    return db.session.scalar(query) or 0


def topic_is_used(topic: Topic) -> bool:
    """Whether a subscription, live or ended, or a row of a higher floor names `topic`: it must stay then."""
    subscribed = select(exists().where(Subscription.topic_id == topic.id))
    return bool(db.session.scalar(subscribed)) or any(names(topic) for names in hooks.topic_users)


def topic_ids_of(contact: Contact) -> set[int]:
    """The topics that `contact` is subscribed to."""
    return set(
        db.session.scalars(
            select(Subscription.topic_id).where(Subscription.contact_id == contact.id, is_live())
        )
    )


def subscriptions_of(contact: Contact) -> dict[int, Subscription]:
    """Every subscription that `contact` has or had, by topic id."""
    rows = db.session.scalars(select(Subscription).where(Subscription.contact_id == contact.id))
    return {row.topic_id: row for row in rows}


@dataclass(frozen=True)
class Audience:
    """Who would get an issue: persons by language, and how many are left out for which reason."""

    languages: dict[str, int]
    suppressed: int
    unconfirmed: int

    @property
    def count(self) -> int:
        """How many distinct persons would get it."""
        return sum(self.languages.values())


def _subscribed(district_id: int, topic_ids: Iterable[int]) -> ColumnElement[bool]:
    wanted = exists().where(
        Subscription.contact_id == Contact.id, Subscription.topic_id.in_(list(topic_ids)), is_live()
    )
    return (Contact.district_id == district_id) & wanted


def _suppressed() -> ColumnElement[bool]:
    return exists().where(
        Suppression.district_id == Contact.district_id, Suppression.address == func.lower(Contact.email)
    )


def audience(district_id: int, topic_ids: Iterable[int]) -> Audience:
    """The persons with a live subscription to at least one of the topics, each once, and who is left out."""
    ids = list(topic_ids)
    rows = db.session.execute(
        select(Contact.language, func.count())
        .where(_subscribed(district_id, ids), ~_suppressed())
        .group_by(Contact.language)
    )
    languages = dict(rows.all())
    suppressed = db.session.scalar(
        select(func.count()).select_from(Contact).where(_subscribed(district_id, ids), _suppressed())
    )
    waiting = db.session.scalars(
        select(SubscriptionRequest.topic_ids).where(
            SubscriptionRequest.district_id == district_id, SubscriptionRequest.confirmed_at.is_(None)
        )
    )
    unconfirmed = sum(1 for wanted in waiting if set(wanted) & set(ids))
    return Audience(languages=languages, suppressed=suppressed or 0, unconfirmed=unconfirmed)


def suppressed_subscribers(district_id: int, topic_ids: Iterable[int], *, limit: int = 50) -> list:
    """(contact, suppression) of subscribers whose address must not be written to."""
    query = (
        select(Contact, Suppression)
        .join(
            Suppression,
            (Suppression.district_id == Contact.district_id)
            & (Suppression.address == func.lower(Contact.email)),
        )
        .where(_subscribed(district_id, topic_ids))
        .order_by(Contact.name_folded, Contact.id)
        .limit(limit)
    )
    return list(db.session.execute(query))


def lock_subscriptions(topic_ids: Iterable[int]) -> None:
    """Hold the live subscriptions to these topics until the transaction ends.

    Who unsubscribes meanwhile waits for the deliveries to be written and then finds them to skip. SQLite
    has one writer at a time and needs no lock.
    """
    query = select(Subscription.id).where(Subscription.topic_id.in_(list(topic_ids)), is_live())
    db.session.execute(query.with_for_update(read=True)).all()


def recipients(district_id: int, topic_ids: Iterable[int], *, language: str | None) -> Iterator:
    """(id, email, given name, family name) of the audience, read in batches.

    `language` "en" means those who chose English, "it" all others, None everybody.
    """
    ids, last = list(topic_ids), 0
    query = select(Contact.id, Contact.email, Contact.given_name, Contact.family_name)
    query = query.where(_subscribed(district_id, ids), ~_suppressed()).order_by(Contact.id).limit(BATCH)
    if language is not None:
        query = query.where((Contact.language == "en") == (language == "en"))
    while rows := db.session.execute(query.where(Contact.id > last)).all():
        yield from rows
        last = rows[-1].id
