"""The activity log and its evidence: what happened, when, for whom. Rows are added, never changed."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, Numeric, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.kernel.database import UtcDateTime, db
from dissemination.kernel.files import StoredFile
from dissemination.people.models import Company
from dissemination.plan import guards


class Activity(db.Model):  # type: ignore[name-defined]
    """One fact of the log. A correction is a further row that names the one it reverses.

    `verb` is typed by the package that owns it (`class Did(StrEnum)`, "workshop.held"). A row with
    `not_counted` was seen and is shown, but no figure counts it; the text is a reason code.
    """

    __tablename__ = "activities"
    __table_args__ = (
        Index("ix_activities_figures", "district_id", "verb", "happened_on"),
        Index("ix_activities_company", "company_id", "verb", "happened_on"),
        # Partial: for rows that reverse nothing SQLite would take it for a way in, and read them all.
        Index(
            "uq_activities_reverses_id", "reverses_id", unique=True,
            sqlite_where=text("reverses_id IS NOT NULL"), postgresql_where=text("reverses_id IS NOT NULL"),
        ),
        Index("ix_activities_subject", "subject_kind", "subject_id"),
    )  # fmt: skip
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
    company_id: Mapped[int | None] = mapped_column(ForeignKey("companies.id"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"), index=True)
    amount: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))
    attributes: Mapped[dict] = mapped_column(JSON, default=dict)  # str -> str, for filters and splits
    not_counted: Mapped[str | None] = mapped_column(String(60))
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("activities.id"))
    reason: Mapped[str] = mapped_column(String(300), default="", server_default="")  # of a reversal; no names
    # What proves the row, see `digests.py`. No digest: not written by us; no salt: parted from its person.
    digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    person: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    salt: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    company: Mapped[Company | None] = relationship()


guards.guard(Activity.__table__)


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
    sha256: Mapped[str] = mapped_column(String(64), default="")  # of the file as it was attached
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when the disk was last asked
    condition: Mapped[str] = mapped_column(String(10), default="")  # "" | ok | lost | changed
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    added_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    # It was wrong: kept, with who and why, but proves nothing any more.
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    removed_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    removed_because: Mapped[str] = mapped_column(String(500), default="")
    file: Mapped[StoredFile | None] = relationship()


class KeptPart(db.Model):  # type: ignore[name-defined]
    """A part of an indicator's rule whose totals are kept up as rows are logged (see `keeping.py`).

    `fingerprint` is of everything that the count depends on; when it is not today's, nobody reads the
    totals until they are counted anew.
    """

    __tablename__ = "kept_parts"
    __table_args__ = (UniqueConstraint("indicator_id", "part"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    indicator_id: Mapped[int] = mapped_column(ForeignKey("indicators.id", ondelete="CASCADE"))
    part: Mapped[str] = mapped_column(String(20))  # "", "numerator", "denominator", "share_of"
    fingerprint: Mapped[str] = mapped_column(String(64), default="")


class KeptTotal(db.Model):  # type: ignore[name-defined]
    """What the rows of a part come to in a month, quarter, half-year or year, or in the plan."""

    __tablename__ = "kept_totals"
    part_id: Mapped[int] = mapped_column(ForeignKey("kept_parts.id", ondelete="CASCADE"), primary_key=True)
    period: Mapped[str] = mapped_column(String(10), primary_key=True)
    counted: Mapped[int] = mapped_column(default=0)
    not_counted: Mapped[int] = mapped_column(default=0)
    looked_at: Mapped[int] = mapped_column(default=0)  # rows that had to have their evidence
    amount: Mapped[Decimal] = mapped_column(Numeric(20, 2), default=Decimal(0))


class KeptKey(db.Model):  # type: ignore[name-defined]
    """How many rows of a part name one company or person in a period (0: none named)."""

    __tablename__ = "kept_keys"
    part_id: Mapped[int] = mapped_column(ForeignKey("kept_parts.id", ondelete="CASCADE"), primary_key=True)
    period: Mapped[str] = mapped_column(String(10), primary_key=True)
    key: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rows: Mapped[int] = mapped_column(default=0)


class KeptClass(db.Model):  # type: ignore[name-defined]
    """A total by one class of the rule's split, for half-years, years and the plan."""

    __tablename__ = "kept_classes"
    part_id: Mapped[int] = mapped_column(ForeignKey("kept_parts.id", ondelete="CASCADE"), primary_key=True)
    period: Mapped[str] = mapped_column(String(10), primary_key=True)
    attribute: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[str] = mapped_column(String(300), primary_key=True)
    counted: Mapped[int] = mapped_column(default=0)
    not_counted: Mapped[int] = mapped_column(default=0)
    looked_at: Mapped[int] = mapped_column(default=0)  # rows that had to have their evidence
    amount: Mapped[Decimal] = mapped_column(Numeric(20, 2), default=Decimal(0))


class KeptClassKey(db.Model):  # type: ignore[name-defined]
    """How many rows of a class name one company or person."""

    __tablename__ = "kept_class_keys"
    part_id: Mapped[int] = mapped_column(ForeignKey("kept_parts.id", ondelete="CASCADE"), primary_key=True)
    period: Mapped[str] = mapped_column(String(10), primary_key=True)
    attribute: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[str] = mapped_column(String(300), primary_key=True)
    key: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rows: Mapped[int] = mapped_column(default=0)
