"""Topics and who asked for them; issues and their blocks."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, Column, ForeignKey, Index, String, Table, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.districts.models import District, Sector
from dissemination.kernel.database import UtcDateTime, db, one_of
from dissemination.people.models import Contact
from dissemination.plan.models import ActivityLine


class Topic(db.Model):  # type: ignore[name-defined]
    """Something a person can ask to be told about, usually a sector."""

    __tablename__ = "topics"
    __table_args__ = (UniqueConstraint("district_id", "code"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"))
    code: Mapped[str] = mapped_column(String(40))
    name_it: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120), default="")
    sector_id: Mapped[int | None] = mapped_column(ForeignKey("sectors.id"))
    position: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # not offered any more, history kept
    sector: Mapped[Sector | None] = relationship()


class SubscriptionRequest(db.Model):  # type: ignore[name-defined]
    """What somebody asked for in the public form and has not yet confirmed (double opt-in).

    One row per address. Nothing here touches a contact: whoever fills in a public form may not own the
    address. `mark` is in the signed link and changes when a confirmed request is followed by a new one.
    """

    __tablename__ = "subscription_requests"
    __table_args__ = (UniqueConstraint("district_id", "email"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"))
    email: Mapped[str] = mapped_column(String(254))  # lower case
    given_name: Mapped[str] = mapped_column(String(100), default="")
    family_name: Mapped[str] = mapped_column(String(100), default="")
    language: Mapped[str] = mapped_column(String(2), default="it")
    company_name: Mapped[str] = mapped_column(String(200), default="")
    company_tax_id: Mapped[str] = mapped_column(String(16), default="")
    topic_ids: Mapped[list] = mapped_column(JSON, default=list)
    consent_text: Mapped[str] = mapped_column(Text, default="")  # as shown
    consent_version: Mapped[str] = mapped_column(String(20), default="")
    mark: Mapped[str] = mapped_column(String(32))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    mailed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"))  # once confirmed


class Subscription(db.Model):  # type: ignore[name-defined]
    """A person's wish for a topic. It is live when `confirmed_at` is set and `ended_at` is not."""

    __tablename__ = "subscriptions"
    __table_args__ = (
        UniqueConstraint("contact_id", "topic_id"),
        Index("ix_subscriptions_topic_id_contact_id", "topic_id", "contact_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"))
    topic_id: Mapped[int] = mapped_column(ForeignKey("topics.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    contact: Mapped[Contact] = relationship()
    topic: Mapped[Topic] = relationship()


class IssueState(StrEnum):
    """Where an issue stands, from its moments."""

    DRAFT = "draft"
    SENDING = "sending"
    FINISHED = "finished"


class BlockKind(StrEnum):
    """What a block of an issue shows."""

    HEADING = "heading"
    TEXT = "text"
    WORKSHOP = "workshop"
    PUBLICATION = "publication"


issue_topics = Table(
    "issue_topics",
    db.metadata,
    Column("issue_id", ForeignKey("issues.id"), primary_key=True),
    Column("topic_id", ForeignKey("topics.id"), primary_key=True),
)


class Issue(db.Model):  # type: ignore[name-defined]
    """One newsletter issue. `frozen` keeps per language what was really sent (HTML and text)."""

    __tablename__ = "issues"
    __table_args__ = (UniqueConstraint("district_id", "slug"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"), index=True)
    slug: Mapped[str] = mapped_column(String(100))
    subject_it: Mapped[str] = mapped_column(String(200))
    subject_en: Mapped[str] = mapped_column(String(200), default="")  # empty: Italian for everybody
    preheader_it: Mapped[str] = mapped_column(String(200), default="")
    preheader_en: Mapped[str] = mapped_column(String(200), default="")
    activity_line_id: Mapped[int] = mapped_column(ForeignKey("activity_lines.id"))
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # sending began
    sent_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    audience: Mapped[dict] = mapped_column(JSON, default=dict)  # topics and counts, as of sent_at
    stopped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # what was queued was called back
    stopped_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    frozen: Mapped[dict] = mapped_column(JSON, default=dict)  # {"it": {"html", "text", "sha256"}, …}
    district: Mapped[District] = relationship()
    line: Mapped[ActivityLine] = relationship()
    topics: Mapped[list[Topic]] = relationship(secondary=issue_topics, order_by="Topic.position")
    blocks: Mapped[list["Block"]] = relationship(
        order_by="Block.position", viewonly=True,
        primaryjoin="and_(Block.issue_id == Issue.id, Block.removed_at.is_(None))",
    )  # fmt: skip

    @property
    def state(self) -> IssueState:
        """The issue's state."""
        if self.finished_at is not None:
            return IssueState.FINISHED
        return IssueState.SENDING if self.sent_at is not None else IssueState.DRAFT


class Block(db.Model):  # type: ignore[name-defined]
    """A part of an issue: own words, or a workshop or publication shown as it stands."""

    __tablename__ = "blocks"
    id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issues.id"), index=True)
    position: Mapped[int]
    kind: Mapped[BlockKind] = mapped_column(one_of(BlockKind))
    text_it: Mapped[str] = mapped_column(Text, default="")
    text_en: Mapped[str] = mapped_column(Text, default="")
    source_id: Mapped[int | None]  # workshops.id or publications.id, by kind
    version: Mapped[int] = mapped_column(default=1)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # kept, so that it can come back
    issue: Mapped[Issue] = relationship()


class IssueTest(db.Model):  # type: ignore[name-defined]
    """An issue was sent to its editor alone, to look at. Never counted among its recipients."""

    __tablename__ = "issue_tests"
    id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issues.id"), index=True)
    address: Mapped[str] = mapped_column(String(254))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    issue: Mapped[Issue] = relationship()
