"""Imports of past activities: a spreadsheet, how its columns are read, its lines and what becomes of them."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, Numeric, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.kernel.database import UtcDateTime, db, one_of
from dissemination.people.accounts import Account


class State(StrEnum):
    """Where an import stands."""

    OPENING = "opening"  # the worker looks for sheets and columns
    MAPPING = "mapping"  # somebody says what the columns are
    JUDGING = "judging"  # the worker looks at each line
    JUDGED = "judged"  # somebody decides
    ENTERING = "entering"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"
    DROPPED = "dropped"
    FAILED = "failed"


WORKING = (State.OPENING, State.JUDGING, State.ENTERING, State.UNDOING)


class Verdict(StrEnum):
    """What becomes of a line."""

    NEW = "new"
    SAME = "same"
    WRONG = "wrong"


class PastImport(db.Model):  # type: ignore[name-defined]
    """One file of past activities."""

    __tablename__ = "past_imports"
    __table_args__ = (Index("ix_past_imports_district_id", "district_id", "uploaded_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"))
    name: Mapped[str] = mapped_column(String(255))
    file_id: Mapped[int | None] = mapped_column(ForeignKey("files.id"))  # None: forgotten when it was over
    sha256: Mapped[str] = mapped_column(String(64))
    state: Mapped[State] = mapped_column(one_of(State), default=State.OPENING)
    sheets: Mapped[list] = mapped_column(JSON, default=list)  # names, in the file's order
    sheet: Mapped[str] = mapped_column(String(100), default="")
    header: Mapped[list] = mapped_column(JSON, default=list)  # texts of the first line
    samples: Mapped[list] = mapped_column(JSON, default=list)  # the first lines below it
    mapping: Mapped[dict] = mapped_column(JSON, default=dict)  # see mapping.py
    counts: Mapped[dict] = mapped_column(JSON, default=dict)  # verdict -> lines
    trouble: Mapped[str] = mapped_column(String(500), default="")
    began_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # a worker is at it since
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    uploaded_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    entered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    entered_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    undone_because: Mapped[str] = mapped_column(String(300), default="")
    account: Mapped[Account | None] = relationship(foreign_keys=[uploaded_by])

    @property
    def is_working(self) -> bool:
        """Whether it is the worker's turn."""
        return self.state in WORKING


class PastActivity(db.Model):  # type: ignore[name-defined]
    """A line of an import; once entered the subject of a row of the log."""

    __tablename__ = "past_activities"
    __table_args__ = (
        UniqueConstraint("district_id", "mark"),
        Index("ix_past_activities_import_id", "import_id", "verdict", "line"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("past_imports.id", ondelete="CASCADE"))
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"))
    line: Mapped[int]
    verdict: Mapped[Verdict] = mapped_column(one_of(Verdict))
    cell: Mapped[str] = mapped_column(String(20), default="")  # "C12", where something is wrong
    message: Mapped[str] = mapped_column(String(300), default="")
    verb: Mapped[str] = mapped_column(String(60), default="")
    happened_on: Mapped[date | None]
    title: Mapped[str] = mapped_column(String(300), default="")
    tax_id: Mapped[str] = mapped_column(String(16), default="")
    company_name: Mapped[str] = mapped_column(String(200), default="")
    activity_line_id: Mapped[int | None] = mapped_column(ForeignKey("activity_lines.id"))
    amount: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))
    attributes: Mapped[dict] = mapped_column(JSON, default=dict)
    # The fact, hashed; set while it stands in the log, so that no fact is entered twice.
    mark: Mapped[str | None] = mapped_column(String(64))
