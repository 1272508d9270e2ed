"""What a district decides about sending, and what was decided about one issue: rows with a who and a when."""

from datetime import datetime, time
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, String, Text, Time, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.kernel.database import UtcDateTime, db, one_of
from dissemination.newsletters.models import Issue
from dissemination.people.accounts import Account

APPROVAL_ABOVE = 500  # persons
QUIET_FROM, QUIET_UNTIL = time(21, 0), time(7, 30)


class NewsletterSettings(db.Model):  # type: ignore[name-defined]
    """How a district sends. A district without a row has the defaults."""

    __tablename__ = "newsletter_settings"
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"), primary_key=True)
    approval_above: Mapped[int | None] = mapped_column(default=APPROVAL_ABOVE)  # None: nobody has to approve
    quiet_from: Mapped[time | None] = mapped_column(Time, default=QUIET_FROM)  # on the district's wall clock
    quiet_until: Mapped[time | None] = mapped_column(Time, default=QUIET_UNTIL)
    quiet_days: Mapped[bool] = mapped_column(default=True)  # nothing on Sundays and public holidays
    per_second: Mapped[int | None]  # messages; None: as fast as it goes
    domain_rates: Mapped[dict] = mapped_column(JSON, default=dict, server_default="{}")  # per second
    counts_clicks: Mapped[bool] = mapped_column(default=False)  # sums per link, never of a person
    version: Mapped[int] = mapped_column(default=1)


class Dispatch(db.Model):  # type: ignore[name-defined]
    """Somebody decided that an issue goes out at a moment. Nothing leaves before it; until then it can be
    undone, and an undone one leaves no trace among recipients."""

    __tablename__ = "dispatches"
    __table_args__ = (
        Index(
            "uq_dispatches_open", "issue_id", unique=True,
            sqlite_where=text("undone_at IS NULL AND held_at IS NULL AND begun_at IS NULL"),
            postgresql_where=text("undone_at IS NULL AND held_at IS NULL AND begun_at IS NULL"),
        ),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issues.id", ondelete="CASCADE"), index=True)
    version: Mapped[int]  # of the issue, as it was looked at
    persons: Mapped[int]  # counted then
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    scheduled: Mapped[bool] = mapped_column(default=False)  # a moment was asked for, not "now"
    anyhow: Mapped[bool] = mapped_column(default=False)  # also in quiet hours and on quiet days
    per_second: Mapped[int | None]
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    held_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # it could not go: a draft again
    held_because: Mapped[str] = mapped_column(Text, default="")
    begun_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    issue: Mapped[Issue] = relationship()
    decided_by: Mapped[Account | None] = relationship(foreign_keys=[by])


class Approval(db.Model):  # type: ignore[name-defined]
    """A second person was asked to look at an issue at one version, and what she said."""

    __tablename__ = "issue_approvals"
    __table_args__ = (
        Index(
            "uq_issue_approvals_open", "issue_id", "version", unique=True,
            sqlite_where=text("decided_at IS NULL"), postgresql_where=text("decided_at IS NULL"),
        ),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issues.id", ondelete="CASCADE"), index=True)
    version: Mapped[int]
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    granted: Mapped[bool | None]
    words: Mapped[str] = mapped_column(String(500), default="")
    issue: Mapped[Issue] = relationship()
    asker: Mapped[Account | None] = relationship(foreign_keys=[asked_by])
    decider: Mapped[Account | None] = relationship(foreign_keys=[decided_by])


class What(StrEnum):
    """What happened to an issue on its way out."""

    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"
    SCHEDULED = "scheduled"
    UNDONE = "undone"
    HELD = "held"
    BEGUN = "begun"
    PAUSED = "paused"
    RESUMED = "resumed"
    PACED = "paced"
    STOPPED = "stopped"
    RETRIED = "retried"
    FINISHED = "finished"
    REHEARSED = "rehearsed"
    WITHHELD = "withheld"
    SHOWN = "shown"


class IssueEvent(db.Model):  # type: ignore[name-defined]
    """A line of an issue's history: who did what when. `words` are a person's, or numbers."""

    __tablename__ = "issue_events"
    id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issues.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))  # None: the worker
    what: Mapped[What] = mapped_column(one_of(What))
    words: Mapped[str] = mapped_column(String(500), default="")
    account: Mapped[Account | None] = relationship()


class Rehearsal(db.Model):  # type: ignore[name-defined]
    """An issue went through the whole machine to its real audience, into the built-in sink: nothing left.

    `report` is kept, the rows of the recipients are not.
    """

    __tablename__ = "issue_rehearsals"
    id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issues.id", ondelete="CASCADE"), index=True)
    version: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    persons: Mapped[int]
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    report: Mapped[dict] = mapped_column(JSON, default=dict)
    issue: Mapped[Issue] = relationship()


class IssueLink(db.Model):  # type: ignore[name-defined]
    """A link of an issue and how often it was opened, machines included. Nothing is kept of who opened it."""

    __tablename__ = "issue_links"
    __table_args__ = (UniqueConstraint("issue_id", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issues.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    block_id: Mapped[int | None]
    url: Mapped[str] = mapped_column(String(2000))
    opened: Mapped[int] = mapped_column(default=0)
