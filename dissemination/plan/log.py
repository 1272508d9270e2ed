"""The activity log and its evidence: what happened, when, for whom. Rows are added, never changed."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import JSON, ForeignKey, Index, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.kernel.database import UtcDateTime, db
from dissemination.kernel.files import StoredFile
from dissemination.people.models import Company


class Activity(db.Model):  # type: ignore[name-defined]
    """One fact of the log. A correction is a further row that names the one it reverses.

    `verb` is typed by the package that owns it (`class Did(StrEnum)`, "workshop.held"). A row with
    `not_counted` was seen and is shown, but no figure counts it; the text is a reason code.
    """

    __tablename__ = "activities"
    __table_args__ = (
        Index("ix_activities_figures", "district_id", "verb", "happened_on"),
        Index("ix_activities_subject", "subject_kind", "subject_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"))
    verb: Mapped[str] = mapped_column(String(60))
    subject_kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]
    title: Mapped[str] = mapped_column(String(300))  # what a reader sees; no personal data
    happened_on: Mapped[date]  # in the district's zone
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    activity_line_id: Mapped[int | None] = mapped_column(ForeignKey("activity_lines.id"))
    company_id: Mapped[int | None] = mapped_column(ForeignKey("companies.id"), index=True)
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"), index=True)
    amount: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))
    attributes: Mapped[dict] = mapped_column(JSON, default=dict)  # str -> str, for filters and splits
    not_counted: Mapped[str | None] = mapped_column(String(60))
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("activities.id"), unique=True)
    company: Mapped[Company | None] = relationship()


class Evidence(db.Model):  # type: ignore[name-defined]
    """A proof attached to a subject: a file, or a short statement, under a code of the checklist."""

    __tablename__ = "evidence"
    __table_args__ = (Index("ix_evidence_subject", "subject_kind", "subject_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"))
    subject_kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]
    code: Mapped[str] = mapped_column(String(40))
    file_id: Mapped[int | None] = mapped_column(ForeignKey("files.id"))
    note: Mapped[str] = mapped_column(String(500), default="")
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    added_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    file: Mapped[StoredFile | None] = relationship()
