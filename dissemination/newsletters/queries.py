"""Finding issues, and what an issue may show. Every query names its district."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, exists, or_, select
from sqlalchemy.orm import joinedload, selectinload

from dissemination.delivery.models import Delivery, Fate
from dissemination.districts.models import District
from dissemination.kernel.clock import local
from dissemination.kernel.database import db
from dissemination.kernel.paging import Page, page
from dissemination.newsletters.models import Block, Issue, IssueTest, issue_topics
from dissemination.people.models import Company, Contact
from dissemination.publications.models import Publication
from dissemination.subscriptions.models import Topic
from dissemination.workshops.models import Workshop


def issue(district_id: int, issue_id: int) -> Issue:
    """The district's issue with that id, with its topics. Raises NotFound (404)."""
    query = select(Issue).where(Issue.district_id == district_id, Issue.id == issue_id)
    return db.one_or_404(query.options(selectinload(Issue.topics)))


def by_id(issue_id: int) -> Issue | None:
    """The issue with that id, of whatever district: for jobs and links upward, never for a URL."""
    return db.session.get(Issue, issue_id)


def by_slug(district_id: int, slug: str) -> Issue:
    """The district's sent issue at that address. Raises NotFound (404), also for drafts and for what is kept
    out of the archive."""
    return db.one_or_404(
        select(Issue).where(
            Issue.district_id == district_id, Issue.slug == slug, Issue.sent_at.is_not(None),
            Issue.withheld_at.is_(None),
        )
    )  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """What a visitor of the archive looks for."""

    year: int | None = None
    topic_id: int | None = None
    words: str = ""


def archive(district: District, wanted: Wanted, *, after: str | None = None, size: int = 25) -> Page:
    """One page of the archive, newest first: subjects and preheaders that hold all the words."""
    query = _archived(district.id)
    if wanted.year:
        start, end = (datetime(wanted.year + n, 1, 1, tzinfo=district.zone) for n in (0, 1))
        query = query.where(Issue.sent_at >= start, Issue.sent_at < end)
    if wanted.topic_id:
        named = exists().where(
            issue_topics.c.issue_id == Issue.id, issue_topics.c.topic_id == wanted.topic_id
        )
        query = query.where(named)
    for word in wanted.words.split()[:8]:
        query = query.where(_says(word))
    query = query.options(selectinload(Issue.topics))
    return page(query, columns=(Issue.sent_at, Issue.id), after=after, descending=True, size=size)


def _archived(district_id: int) -> Select:
    return select(Issue).where(
        Issue.district_id == district_id, Issue.sent_at.is_not(None), Issue.withheld_at.is_(None)
    )


def _says(word: str) -> ColumnElement[bool]:
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    columns = (Issue.subject_it, Issue.subject_en, Issue.preheader_it, Issue.preheader_en)
    return or_(*(column.ilike(f"%{escaped}%", escape="\\") for column in columns))


def archive_years(district: District) -> list[int]:
    """The years in which issues of the archive were sent, newest first."""
    moments = db.session.scalars(_archived(district.id).with_only_columns(Issue.sent_at))
    return sorted({local(moment, district.zone).year for moment in moments if moment}, reverse=True)


def archive_topics(district_id: int) -> list[Topic]:
    """The topics that issues of the archive went to, in their order."""
    sent_to = (
        select(issue_topics.c.topic_id).join(Issue, Issue.id == issue_topics.c.issue_id)
        .where(Issue.district_id == district_id, Issue.sent_at.is_not(None), Issue.withheld_at.is_(None))
    )  # fmt: skip
    return list(
        db.session.scalars(select(Topic).where(Topic.id.in_(sent_to)).order_by(Topic.position, Topic.id))
    )


def archived_slugs(district_id: int, *, limit: int = 50_000) -> list:
    """(slug, sent at) of every issue of the archive, newest first; at most what a sitemap may hold."""
    query = _archived(district_id).with_only_columns(Issue.slug, Issue.sent_at)
    return list(db.session.execute(query.order_by(Issue.sent_at.desc()).limit(limit)))


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


def is_issue(district_id: int, issue_id: int) -> bool:
    """Whether the district has an issue with that id."""
    query = select(exists().where(Issue.district_id == district_id, Issue.id == issue_id))
    return bool(db.session.scalar(query))


def sent_between(district_id: int, since: datetime, until: datetime) -> list[Issue]:
    """The district's issues whose sending began from `since` until `until` (not included), oldest first."""
    query = _sent(district_id).where(Issue.sent_at >= since, Issue.sent_at < until)
    return list(db.session.scalars(query.order_by(Issue.sent_at, Issue.id)))


def sent_by_id(district_id: int, ids: Iterable[int]) -> list[Issue]:
    """The district's issues with those ids whose sending began."""
    return list(db.session.scalars(_sent(district_id).where(Issue.id.in_(list(ids)))))


def _sent(district_id: int):
    query = select(Issue).where(Issue.district_id == district_id, Issue.sent_at.is_not(None))
    return query.options(selectinload(Issue.topics), joinedload(Issue.district))


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
    query = query.options(
        selectinload(Workshop.sessions), joinedload(Workshop.district), joinedload(Workshop.cancellation),
        joinedload(Workshop.closing),
    )  # fmt: skip
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


def every_fate(issue: Issue, *, fates: Iterable[Fate] = ()) -> Iterator[Delivery]:
    """The fates of an issue's recipients, in the order of sending, read in batches: for exports."""
    query = select(Delivery).where(Delivery.subject_kind == "issues", Delivery.subject_id == issue.id)
    if fates:
        query = query.where(Delivery.state.in_(list(fates)))
    last = 0
    while rows := db.session.scalars(query.where(Delivery.id > last).order_by(Delivery.id).limit(2000)).all():
        last = rows[-1].id
        yield from rows
        db.session.expunge_all()


def companies_of(contact_ids: Iterable[int]) -> dict[int, str]:
    """The names of the companies of contacts, by contact id."""
    query = select(Contact.id, Company.name).join(Company, Company.id == Contact.company_id)
    return dict(db.session.execute(query.where(Contact.id.in_(list(contact_ids)))).all())


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


def names_topic(topic: Topic) -> bool:
    """Whether an issue, sent or not, names `topic`."""
    return bool(db.session.scalar(select(exists().where(issue_topics.c.topic_id == topic.id))))
