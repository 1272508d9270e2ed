"""Letters and deliveries: the rows that decide what is sent, whatever crashes."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.kernel.database import UtcDateTime, db, one_of


class Fate(StrEnum):
    """Where a delivery stands. The last five are final."""

    QUEUED = "queued"
    IN_DATA = "in_data"  # marked before DATA: after a crash its fate is unknown
    DEFERRED = "deferred"  # a 4xx reply or no connection: tried again at next_at
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


OPEN = (Fate.QUEUED, Fate.IN_DATA, Fate.DEFERRED)


class Letter(db.Model):  # type: ignore[name-defined]
    """A mail in one language, without its recipients.

    `source` is the data it is made of (see `mail.Mail`); the worker compiles it once into `segments`:
    MIME text already encoded (quoted-printable, lines of at most 76), split at the merge fields.
    """

    __tablename__ = "letters"
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(index=True)
    content_hash: Mapped[str] = mapped_column(String(64), unique=True)  # SHA-256 over source
    template: Mapped[str] = mapped_column(String(120))
    language: Mapped[str] = mapped_column(String(2))
    subject: Mapped[str] = mapped_column(String(300))
    source: Mapped[dict] = mapped_column(JSON)
    segments: Mapped[bytes | None] = mapped_column(LargeBinary)  # None until compiled
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Delivery(db.Model):  # type: ignore[name-defined]
    """One letter to one recipient, and its fate."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("ix_deliveries_due", "state", "bulk", "next_at", "id"),
        Index("ix_deliveries_subject", "subject_kind", "subject_id", "state"),
        Index("ix_deliveries_district_id_id", "district_id", "id"),
        UniqueConstraint("subject_kind", "subject_id", "letter_id", "address", "idempotency"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int]
    letter_id: Mapped[int] = mapped_column(ForeignKey("letters.id"), index=True)
    address: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(201), default="")
    contact_id: Mapped[int | None] = mapped_column(index=True)  # data: people stand above
    merge: Mapped[dict] = mapped_column(JSON, default=dict)
    calendar: Mapped[dict | None] = mapped_column(JSON)  # facts of calendar.CalendarObject
    subject_kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]
    idempotency: Mapped[str] = mapped_column(String(40), default="")  # "same mail again" made distinct
    message_id: Mapped[str] = mapped_column(String(120), unique=True)
    state: Mapped[Fate] = mapped_column(one_of(Fate), default=Fate.QUEUED)
    bulk: Mapped[bool] = mapped_column(default=False)  # many at once: a single mail goes first
    reason: Mapped[str] = mapped_column(String(300), default="")  # of skipped, cancelled, refused
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(UtcDateTime)
    deadline: Mapped[datetime] = mapped_column(UtcDateTime)
    lease_owner: Mapped[str | None] = mapped_column(String(60))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_reply: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    letter: Mapped[Letter] = relationship()


class Suppression(db.Model):  # type: ignore[name-defined]
    """An address that must not be written to, and why."""

    __tablename__ = "suppressions"
    __table_args__ = (UniqueConstraint("district_id", "address"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int]
    address: Mapped[str] = mapped_column(String(254))
    reason: Mapped[str] = mapped_column(String(300))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Relay(db.Model):  # type: ignore[name-defined]
    """The one mail server of this installation, as the workers last found it (row 1)."""

    __tablename__ = "relays"
    id: Mapped[int] = mapped_column(primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)  # in a row
    last_error: Mapped[str] = mapped_column(Text, default="")
    last_error_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    paused_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_ok_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class JobTurn(db.Model):  # type: ignore[name-defined]
    """When a periodic job is due next, so that of several workers one takes the turn."""

    __tablename__ = "job_turns"
    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    next_at: Mapped[datetime] = mapped_column(UtcDateTime)
