"""Finding topics, subscribers and issues, and what an issue may show. Every query names its district."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import joinedload, selectinload

from dissemination.delivery.models import Delivery, Fate, Suppression
from dissemination.kernel.database import db
from dissemination.kernel.paging import Page, page
from dissemination.newsletters.models import (
    Block,
    Issue,
    IssueTest,
    Subscription,
    SubscriptionRequest,
    Topic,
    issue_topics,
)
from dissemination.people.models import Contact
from dissemination.publications.models import Publication
from dissemination.workshops.models import Workshop

BATCH = 2000


def topics(district_id: int, *, closed: bool = False) -> list[Topic]:
    """The district's topics in their order; those no longer offered only when asked."""
    query = select(Topic).where(Topic.district_id == district_id)
    if not closed:
        query = query.where(Topic.closed_at.is_(None))
    return list(db.session.scalars(query.order_by(Topic.position, Topic.id)))


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
    """Whether a subscription, live or ended, or an issue names `topic`: then its row must stay."""
    return bool(
        db.session.scalar(
            select(
                exists().where(Subscription.topic_id == topic.id)
                | exists().where(issue_topics.c.topic_id == topic.id)
            )
        )
    )


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


def issue(district_id: int, issue_id: int) -> Issue:
    """The district's issue with that id, with its topics. Raises NotFound (404)."""
    query = select(Issue).where(Issue.district_id == district_id, Issue.id == issue_id)
    return db.one_or_404(query.options(selectinload(Issue.topics)))


def by_id(issue_id: int) -> Issue | None:
    """The issue with that id, of whatever district: for jobs and links upward, never for a URL."""
    return db.session.get(Issue, issue_id)


def by_slug(district_id: int, slug: str) -> Issue:
    """The district's sent issue at that address. Raises NotFound (404), also for drafts."""
    return db.one_or_404(
        select(Issue).where(Issue.district_id == district_id, Issue.slug == slug, Issue.sent_at.is_not(None))
    )


def slug_is_taken(district_id: int, slug: str) -> bool:
    """Whether an issue of the district has that slug."""
    return bool(
        db.session.scalar(select(exists().where(Issue.district_id == district_id, Issue.slug == slug)))
    )


def drafts(district_id: int, *, limit: int = 100) -> list[Issue]:
    """Issues that are not sent yet, newest first."""
    query = select(Issue).where(Issue.district_id == district_id, Issue.sent_at.is_(None))
    query = query.options(selectinload(Issue.topics)).order_by(Issue.id.desc()).limit(limit)
    return list(db.session.scalars(query))


def sent(district_id: int, *, after: str | None = None) -> Page:
    """One page of the issues whose sending began, newest first."""
    query = select(Issue).where(Issue.district_id == district_id, Issue.sent_at.is_not(None))
    query = query.options(selectinload(Issue.topics))
    return page(query, columns=(Issue.sent_at, Issue.id), after=after, descending=True, size=25)


def unfinished() -> list[int]:
    """The ids of issues, of all districts, whose sending began and is not finished."""
    query = select(Issue.id).where(Issue.sent_at.is_not(None), Issue.finished_at.is_(None))
    return list(db.session.scalars(query.order_by(Issue.id)))


def block(issue: Issue, block_id: int) -> Block:
    """A block of `issue`, also one that was taken out. Raises NotFound (404)."""
    return db.one_or_404(select(Block).where(Block.issue_id == issue.id, Block.id == block_id))


def tests_of(issue: Issue) -> list[IssueTest]:
    """The last test sends of `issue`, newest first."""
    query = select(IssueTest).where(IssueTest.issue_id == issue.id).order_by(IssueTest.id.desc())
    return list(db.session.scalars(query.limit(5)))


def test_by_id(test_id: int) -> IssueTest | None:
    """A test send, of whatever district: for links upward, never for a URL."""
    return db.session.get(IssueTest, test_id)


def workshops_by_id(district_id: int, ids: Iterable[int]) -> dict[int, Workshop]:
    """The district's workshops with those ids, as they stand now."""
    query = select(Workshop).where(Workshop.district_id == district_id, Workshop.id.in_(set(ids)))
    query = query.options(selectinload(Workshop.sessions), joinedload(Workshop.district))
    return {row.id: row for row in db.session.scalars(query).unique()}


def publications_by_id(district_id: int, ids: Iterable[int]) -> dict[int, Publication]:
    """The district's publications with those ids, with their authors."""
    query = select(Publication).where(Publication.district_id == district_id, Publication.id.in_(set(ids)))
    return {row.id: row for row in db.session.scalars(query.options(selectinload(Publication.authors)))}


def recent_publications(district_id: int, *, limit: int = 20) -> list[Publication]:
    """The publications that became public last, newest first."""
    query = select(Publication).where(
        Publication.district_id == district_id, Publication.published_at.is_not(None)
    )
    query = query.options(selectinload(Publication.authors))
    query = query.order_by(Publication.published_at.desc(), Publication.id.desc()).limit(limit)
    return list(db.session.scalars(query))


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


def report(issue: Issue, *, fates: Iterable[Fate] = (), after: str | None = None) -> Page:
    """One page of the fates of an issue's recipients, in the order of sending; narrowed to `fates`."""
    query = select(Delivery).where(Delivery.subject_kind == "issues", Delivery.subject_id == issue.id)
    if fates:
        query = query.where(Delivery.state.in_(list(fates)))
    return page(query, columns=(Delivery.id,), after=after)


def waiting_issue_topics(contact: Contact) -> dict[int, set[int]]:
    """For each issue that waits to be sent to `contact`: the topics it went to."""
    query = (
        select(issue_topics.c.issue_id, issue_topics.c.topic_id)
        .join(Delivery, Delivery.subject_id == issue_topics.c.issue_id)
        .where(
            Delivery.subject_kind == "issues", Delivery.contact_id == contact.id,
            Delivery.state.in_((Fate.QUEUED, Fate.DEFERRED)),
        )
    )  # fmt: skip
    found: dict[int, set[int]] = {}
    for issue_id, topic_id in db.session.execute(query):
        found.setdefault(issue_id, set()).add(topic_id)
    return found
