"""A period that is reported to the Region, and what was signed. State is rows: who, when and why.

What was signed is content, not references: names, rules, rows and the hashes of files as they stood, so
that a merged company, a removed indicator or an erased person changes no report. No row holds a person.
"""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import JSON, BigInteger, ForeignKey, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy import Index as TableIndex
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.kernel.database import UtcDateTime, db
from dissemination.plan import guards
from dissemination.plan.models import Plan

REASON = 500


class State(StrEnum):
    """Where a period stands; derived from its rows."""

    OPEN = "open"
    IN_REVIEW = "in_review"
    SIGNED = "signed"
    SENT = "sent"


def _one_at_a_time(name: str, column: str, condition: str) -> TableIndex:
    given = text(condition)
    return TableIndex(name, column, unique=True, sqlite_where=given, postgresql_where=given)


class ReportingPeriod(db.Model):  # type: ignore[name-defined]
    """A stretch of a plan that is reported as one: `2026-H1` …, or `plan` for the final report."""

    __tablename__ = "reporting_periods"
    __table_args__ = (UniqueConstraint("plan_id", "code"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"), index=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id"))
    code: Mapped[str] = mapped_column(String(10))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    due_on: Mapped[date | None]  # when the Region expects it
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    plan: Mapped[Plan] = relationship()
    reviews: Mapped[list["PeriodReview"]] = relationship(
        order_by="PeriodReview.id", back_populates="period", cascade="all, delete-orphan"
    )
    sign_offs: Mapped[list["SignOff"]] = relationship(order_by="SignOff.number", back_populates="period")

    @property
    def review(self) -> "PeriodReview | None":
        """The review that goes on, if one does."""
        return next((r for r in self.reviews if r.ended_at is None), None)

    @property
    def sign_off(self) -> "SignOff | None":
        """The sign-off in force, if there is one."""
        return next((s for s in self.sign_offs if s.reopened_at is None), None)

    @property
    def state(self) -> State:
        """Where it stands."""
        if self.sign_off is not None:
            return State.SENT if self.sign_off.transmissions else State.SIGNED
        return State.IN_REVIEW if self.review is not None else State.OPEN


class PeriodReview(db.Model):  # type: ignore[name-defined]
    """A time in which the figures of a period were looked through; one at a time."""

    __tablename__ = "period_reviews"
    __table_args__ = (_one_at_a_time("uq_period_reviews_open", "period_id", "ended_at IS NULL"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    period_id: Mapped[int] = mapped_column(ForeignKey("reporting_periods.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    ended_because: Mapped[str] = mapped_column(String(REASON), default="")  # empty: it was signed off
    period: Mapped[ReportingPeriod] = relationship(back_populates="reviews")


class SignOff(db.Model):  # type: ignore[name-defined]
    """A period as a manager signed it. Reopening leaves the row, with the reason; the next has `number` + 1.

    `position` and `chain` are the head of the activity log at that moment; `sha256` is of everything that
    was frozen, so that a later edit of these tables shows.
    """

    __tablename__ = "sign_offs"
    __table_args__ = (
        UniqueConstraint("period_id", "number"),
        # Of two managers who sign at once one finds the other's.
        _one_at_a_time("uq_sign_offs_in_force", "period_id", "reopened_at IS NULL"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    period_id: Mapped[int] = mapped_column(ForeignKey("reporting_periods.id"))
    number: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    by_name: Mapped[str] = mapped_column(String(200))
    position: Mapped[int] = mapped_column(BigInteger)
    chain: Mapped[str] = mapped_column(String(64))
    despite: Mapped[str] = mapped_column(Text, default="")  # why it was signed with points open
    content: Mapped[dict] = mapped_column(JSON)
    sha256: Mapped[str] = mapped_column(String(64))
    mark: Mapped[bytes] = mapped_column(LargeBinary(32))  # see signatures.py
    reopened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reopened_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    reopened_because: Mapped[str] = mapped_column(String(REASON), default="")
    period: Mapped[ReportingPeriod] = relationship(back_populates="sign_offs")
    figures: Mapped[list["SignedFigure"]] = relationship(order_by="SignedFigure.position")
    files: Mapped[list["SignedFile"]] = relationship(order_by="SignedFile.position")
    transmissions: Mapped[list["Transmission"]] = relationship(order_by="Transmission.id")


class SignedFigure(db.Model):  # type: ignore[name-defined]
    """An indicator as it was signed. `rows` are those counted and those seen and not counted, compressed."""

    __tablename__ = "signed_figures"
    sign_off_id: Mapped[int] = mapped_column(ForeignKey("sign_offs.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(String(10))
    content: Mapped[dict] = mapped_column(JSON)
    rows: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    rows_sha256: Mapped[str] = mapped_column(String(64))


class SignedFile(db.Model):  # type: ignore[name-defined]
    """A file of evidence as it was signed: its hash, not a reference; the storage may lose the file."""

    __tablename__ = "signed_files"
    sign_off_id: Mapped[int] = mapped_column(ForeignKey("sign_offs.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[dict] = mapped_column(JSON)


class Transmission(db.Model):  # type: ignore[name-defined]
    """A signed report was sent: to whom, under which protocol number."""

    __tablename__ = "transmissions"
    id: Mapped[int] = mapped_column(primary_key=True)
    sign_off_id: Mapped[int] = mapped_column(ForeignKey("sign_offs.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)  # noted here
    sent_on: Mapped[date]
    by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    recipient: Mapped[str] = mapped_column(String(200))
    protocol: Mapped[str] = mapped_column(String(100), default="")
    note: Mapped[str] = mapped_column(String(REASON), default="")


class DistrictOverview(db.Model):  # type: ignore[name-defined]
    """A district's figures of a period, kept ready for the Region; thrown away and counted anew."""

    __tablename__ = "district_overviews"
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"), primary_key=True)
    code: Mapped[str] = mapped_column(String(10), primary_key=True)
    plan_id: Mapped[int]  # no reference: the plan may go
    starts_on: Mapped[date]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    activity_id: Mapped[int] = mapped_column(BigInteger)  # the newest row of the log that it knows
    content: Mapped[dict] = mapped_column(JSON)


for _model in (SignOff, SignedFigure, SignedFile, Transmission):
    guards.guard(_model.__table__)
