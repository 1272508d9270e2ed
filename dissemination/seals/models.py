"""The chain over the log: a seal per row, in the order in which rows were found; heads told to others.

A seal is sha256(seal before | position | row id | digest of the row); what it starts from is the district.
No personal data goes in. Seals and heads only grow, like the log (`plan/guards.py`). There is no foreign
key to the log: a seal outlives a row that somebody deleted, and shows it.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from dissemination.kernel.database import UtcDateTime, db, index_where_set, one_of
from dissemination.plan import guards


class Place(StrEnum):
    """Where a head was told, so that it can be found again outside this database."""

    PAGE = "page"  # printed from the desk
    MAIL = "mail"
    REPORT = "report"
    SIGN_OFF = "sign_off"
    COMMAND = "command"


class LogSeal(db.Model):  # type: ignore[name-defined]
    """The seal of one row of the log."""

    __tablename__ = "log_seals"
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)  # from 1, without gaps
    activity_id: Mapped[int] = mapped_column(unique=True)
    chain: Mapped[bytes] = mapped_column(LargeBinary(32))


class LogTip(db.Model):  # type: ignore[name-defined]
    """How far the seals of a district go; the row that writers of seals queue for."""

    __tablename__ = "log_tips"
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"), primary_key=True)
    position: Mapped[int] = mapped_column(default=0)
    activity_id: Mapped[int] = mapped_column(default=0)  # the highest that was sealed
    chain: Mapped[bytes] = mapped_column(LargeBinary(32))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)  # what was recorded before was sealed as found
    told: Mapped[bytes] = mapped_column(LargeBinary(32), default=b"")  # the mark of the last head told
    mark: Mapped[bytes] = mapped_column(LargeBinary(32))  # see marks.py


class LogHead(db.Model):  # type: ignore[name-defined]
    """A head that left the house: printed, mailed or on the cover of a report."""

    __tablename__ = "log_heads"
    __table_args__ = (Index("ix_log_heads_district_id", "district_id", "at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"))
    position: Mapped[int]
    activity_id: Mapped[int]
    chain: Mapped[bytes] = mapped_column(LargeBinary(32))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    place: Mapped[Place] = mapped_column(one_of(Place))
    about: Mapped[str] = mapped_column(String(200), default="")
    by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    mark: Mapped[bytes] = mapped_column(LargeBinary(32))  # see marks.py


class LogCheck(db.Model):  # type: ignore[name-defined]
    """A verification of a district's log: asked for at the desk or each night, done by the worker."""

    __tablename__ = "log_checks"
    __table_args__ = (
        Index("ix_log_checks_district_id", "district_id", "asked_at"),
        index_where_set("ix_log_checks_asked_by", "asked_by"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))  # None: the nightly one
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    position: Mapped[int] = mapped_column(default=0)
    findings: Mapped[list] = mapped_column(JSON, default=list)  # {kind, position, activity_id, detail}


for _model in (LogSeal, LogHead):
    guards.guard(_model.__table__)
