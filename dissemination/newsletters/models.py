"""Issues and their blocks."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, Column, ForeignKey, String, Table, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.districts.models import District
from dissemination.kernel.database import UtcDateTime, db, one_of
from dissemination.newsletters.drafts import IssueTemplate
from dissemination.plan.models import ActivityLine
from dissemination.subscriptions.models import Topic


class IssueState(StrEnum):
    """Where an issue stands, from its moments."""

    DRAFT = "draft"
    SENDING = "sending"
    FINISHED = "finished"


class BlockKind(StrEnum):
    """What a block of an issue shows."""

    HEADING = "heading"
    TEXT = "text"
    IMAGE = "image"
    BUTTON = "button"
    DIVIDER = "divider"
    COLUMNS = "columns"
    QUOTE = "quote"
    MJML = "mjml"
    WORKSHOP = "workshop"
    PUBLICATION = "publication"
    SOURCE = "source"  # rows of another source: `data["source"]` is its key (see sources.py)


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
    audience_rule: Mapped[dict] = mapped_column(JSON, default=dict)  # beyond the topics: see `readers`
    withheld_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # kept out of the public archive
    withheld_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    withheld_because: Mapped[str] = mapped_column(String(300), default="")
    template_id: Mapped[int | None] = mapped_column(ForeignKey("issue_templates.id"))  # None: the default
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("issues.id"))  # whose wrong dates it corrects
    district: Mapped[District] = relationship()
    line: Mapped[ActivityLine] = relationship()
    template: Mapped[IssueTemplate | None] = relationship()
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
    """A part of an issue: own words, or rows of a source (workshops …) shown as they stand.

    `data` holds what its kind needs beside words; `data["seen"]` the facts of its rows as they were when
    somebody last looked: {"7": {"starts_at": …}}.
    """

    __tablename__ = "blocks"
    id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issues.id"), index=True)
    position: Mapped[int]
    kind: Mapped[BlockKind] = mapped_column(one_of(BlockKind))
    text_it: Mapped[str] = mapped_column(Text, default="")
    text_en: Mapped[str] = mapped_column(Text, default="")
    source_id: Mapped[int | None]  # workshops.id or publications.id, by kind; several: data["ids"]
    version: Mapped[int] = mapped_column(default=1)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # kept, so that it can come back
    data: Mapped[dict] = mapped_column(JSON, default=dict)
    issue: Mapped[Issue] = relationship()

    @property
    def source_key(self) -> str | None:
        """The key of the source whose rows it shows; None for own words."""
        if self.kind is BlockKind.SOURCE:
            return self.data.get("source", "")
        return self.kind.value if self.kind in (BlockKind.WORKSHOP, BlockKind.PUBLICATION) else None

    @property
    def source_ids(self) -> list[int]:
        """The ids of the rows that it shows, in order."""
        if self.source_key is None:
            return []
        return [self.source_id] if self.source_id is not None else list((self.data or {}).get("ids", []))


class IssueTest(db.Model):  # type: ignore[name-defined]
    """An issue was sent to its editor alone, to look at. Never counted among its recipients."""

    __tablename__ = "issue_tests"
    id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issues.id"), index=True)
    address: Mapped[str] = mapped_column(String(254))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    issue: Mapped[Issue] = relationship()
