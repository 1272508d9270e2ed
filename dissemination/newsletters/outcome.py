"""What an issue brought: registrations per block, openings of links, who left and who came.

Everything is counted from what is kept anyway; nothing follows a person. What cannot be known without doing
so is an estimate, and its name says of what: who got this issue and left before the next one.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, func, or_, select

from dissemination.delivery.models import Delivery, Fate, SuppressionEvent
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.newsletters import clicks
from dissemination.newsletters.dispatches import IssueLink
from dissemination.newsletters.models import Issue, issue_topics
from dissemination.people.models import Consent, Contact, Purpose
from dissemination.registrations.models import Registration, Standing
from dissemination.subscriptions.models import Subscription
from dissemination.workshops.models import Workshop


@dataclass(frozen=True)
class Brought:
    """Registrations that came with a link of the issue: by block (None: the link named none)."""

    by_block: dict[int | None, int]
    by_workshop: list[tuple[Workshop, int]]
    seats: int  # of them, how many hold a seat

    @property
    def total(self) -> int:
        """All of them, also those who cancelled since."""
        return sum(self.by_block.values())


def registrations(issue: Issue) -> Brought:
    """The registrations that came with `?n=` of `issue`, in its own district."""
    mine = (Registration.newsletter_issue_id == issue.id, Workshop.district_id == issue.district_id)
    joined = select(Registration.newsletter_block_id, func.count()).join(Workshop).where(*mine)
    by_block = dict(db.session.execute(joined.group_by(Registration.newsletter_block_id)).all())
    seats = db.session.scalar(
        select(func.count()).select_from(Registration).join(Workshop)
        .where(*mine, Registration.standing == Standing.CONFIRMED)
    )  # fmt: skip
    rows = db.session.execute(
        select(Registration.workshop_id, func.count()).join(Workshop).where(*mine)
        .group_by(Registration.workshop_id)
    ).all()  # fmt: skip
    counts = dict(rows)
    shown = select(Workshop).where(Workshop.id.in_(counts)).order_by(Workshop.starts_at)
    workshops = db.session.scalars(shown)
    return Brought(by_block, [(w, counts[w.id]) for w in workshops], seats or 0)


def openings(issue: Issue) -> tuple[list[IssueLink], Counter]:
    """The counted links of `issue`, and their sums by block."""
    links = list(clicks.sums(issue))
    by_block: Counter = Counter()
    for link in links:
        by_block[link.block_id] += link.opened
    return links, by_block


def until(issue: Issue) -> datetime:
    """When the next issue to one of its topics began; in a moment, when there is none yet."""
    topics = select(issue_topics.c.topic_id).where(issue_topics.c.issue_id == issue.id)
    shares = exists().where(issue_topics.c.issue_id == Issue.id, issue_topics.c.topic_id.in_(topics))
    following = select(func.min(Issue.sent_at)).where(
        Issue.district_id == issue.district_id, Issue.sent_at > issue.sent_at, shares
    )
    return db.session.scalar(following) or now() + timedelta(seconds=1)


def _got(issue: Issue) -> ColumnElement[bool]:
    return exists().where(
        Delivery.subject_kind == "issues", Delivery.subject_id == issue.id,
        Delivery.state == Fate.ACCEPTED, Delivery.contact_id == Contact.id,
    )  # fmt: skip


def left(issue: Issue) -> int:
    """How many persons got it and left all topics before the next issue."""
    query = (
        select(func.count(func.distinct(Consent.contact_id)))
        .join(Contact, Contact.id == Consent.contact_id)
        .where(
            Contact.district_id == issue.district_id, Consent.purpose == Purpose.NEWSLETTER,
            Consent.given.is_(False), Consent.at >= issue.sent_at, Consent.at < until(issue),
            _got(issue),
        )
    )  # fmt: skip
    return db.session.scalar(query) or 0


def complaints(issue: Issue) -> int:
    """How many readers told their mail program that this issue was unwanted (RFC 5965 reports)."""
    query = (
        select(func.count(func.distinct(SuppressionEvent.address)))
        .join(Delivery, Delivery.id == SuppressionEvent.delivery_id)
        .where(
            Delivery.subject_kind == "issues", Delivery.subject_id == issue.id,
            or_(SuppressionEvent.what == "complaint", SuppressionEvent.kind == "complaint"),
        )
    )  # fmt: skip
    return db.session.scalar(query) or 0


def gained(issue: Issue) -> int:
    """How many persons joined one of its topics after it began to leave and before the next issue."""
    topics = select(issue_topics.c.topic_id).where(issue_topics.c.issue_id == issue.id)
    query = select(func.count(func.distinct(Subscription.contact_id))).where(
        Subscription.topic_id.in_(topics), Subscription.confirmed_at >= issue.sent_at,
        Subscription.confirmed_at < until(issue),
    )  # fmt: skip
    return db.session.scalar(query) or 0
