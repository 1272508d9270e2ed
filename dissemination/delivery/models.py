"""Letters and deliveries: the rows that decide what is sent, whatever crashes."""

from datetime import datetime, time
from enum import StrEnum

from sqlalchemy import (
    JSON,
    BigInteger,
    Float,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    Time,
    UniqueConstraint,
    text,
)  # fmt: skip
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
        # Single mails only: those of a sending are found through it, by the second index.
        Index(
            "ix_deliveries_due",
            "state",
            "next_at",
            "id",
            sqlite_where=text("bulk = 0 AND state IN ('queued', 'deferred')"),
            postgresql_where=text("NOT bulk AND state IN ('queued', 'deferred')"),
        ),
        Index("ix_deliveries_subject", "subject_kind", "subject_id", "state", "next_at", "id"),
        Index(
            "ix_deliveries_held",
            "lease_owner",
            sqlite_where=text("state = 'in_data'"),
            postgresql_where=text("state = 'in_data'"),
        ),
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


class Sending(db.Model):  # type: ignore[name-defined]
    """Mail about one subject to many: when, how fast and to whom it goes. See `outbox.put_audience`.

    `parts` is a list of {"letter": id, "audience": JSON}; the worker turns them into deliveries in order,
    batch by batch: `part` and `cursor` say how far it is. Who pauses or throttles changes this one row.
    """

    __tablename__ = "sendings"
    __table_args__ = (
        UniqueConstraint("subject_kind", "subject_id"),
        Index("ix_sendings_open", "is_open"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int]
    subject_kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    is_open: Mapped[bool] = mapped_column(default=True)  # rows may wait, or have still to be written
    version: Mapped[int] = mapped_column(default=1)  # counts what was put: closing must not miss it
    total: Mapped[int] = mapped_column(default=0)  # recipients, also those whose rows are not yet written
    expanded: Mapped[int] = mapped_column(default=0)  # of them, how many have their row
    gone: Mapped[int] = mapped_column(default=0)  # left the audience before their row was written
    parts: Mapped[list] = mapped_column(JSON, default=list)
    part: Mapped[int] = mapped_column(default=0)
    cursor: Mapped[str] = mapped_column(String(200), default="")
    expanded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # None: rows are still to be written
    trouble: Mapped[str] = mapped_column(String(500), default="")  # why no rows can be written
    starts_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancel_reason: Mapped[str] = mapped_column(String(300), default="")
    per_second: Mapped[int | None]
    domain_rates: Mapped[dict] = mapped_column(
        JSON, default=dict, server_default="{}"
    )  # messages per second by receiving domain; "*": each that is not named
    paced_to: Mapped[datetime | None] = mapped_column(UtcDateTime)  # up to when the allowance is used up
    quiet_from: Mapped[time | None] = mapped_column(Time)  # on the wall clock of `zone`
    quiet_until: Mapped[time | None] = mapped_column(Time)
    zone: Mapped[str] = mapped_column(String(40), default="Europe/Rome")
    to_sink: Mapped[bool] = mapped_column(default=False)  # a rehearsal: no network
    sunk_octets: Mapped[int] = mapped_column(BigInteger, default=0)
    sunk_largest: Mapped[int] = mapped_column(default=0)  # octets
    done: Mapped[int] = mapped_column(default=0)  # handed over so far, accepted or refused
    mark_done: Mapped[int] = mapped_column(default=0)  # `done` when the rate was last reckoned
    mark_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seen_rate: Mapped[float] = mapped_column(Float, default=0.0)  # messages per second


class SuppressionKind(StrEnum):
    """Why an address is not written to."""

    BOUNCE = "bounce"  # nobody is there
    SOFT = "soft"  # it came back too often
    COMPLAINT = "complaint"  # its reader called our mail unwanted
    MANUAL = "manual"  # a person of the desk decided it
    IMPORTED = "imported"  # another program's list
    UNSUBSCRIBED = "unsubscribed"  # from everything
    ERASED = "erased"  # a hash: the person asked to be forgotten


class Suppression(db.Model):  # type: ignore[name-defined]
    """An address that must not be written to, and why."""

    __tablename__ = "suppressions"
    __table_args__ = (UniqueConstraint("district_id", "address"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int]
    address: Mapped[str] = mapped_column(String(254))
    reason: Mapped[str] = mapped_column(String(300))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[SuppressionKind] = mapped_column(
        one_of(SuppressionKind), default=SuppressionKind.BOUNCE, server_default="bounce"
    )
    source: Mapped[str] = mapped_column(
        String(200), default="", server_default=""
    )  # "SMTP", "bounce", a name
    note: Mapped[str] = mapped_column(String(500), default="", server_default="")
    by: Mapped[int | None]  # account; data, accounts stand above


class SuppressionEvent(db.Model):  # type: ignore[name-defined]
    """The history of an address: suppressed, reinstated, came back. Never changed, only added."""

    __tablename__ = "suppression_events"
    __table_args__ = (Index("ix_suppression_events_district_id_address", "district_id", "address", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int]
    address: Mapped[str] = mapped_column(String(254))
    what: Mapped[str] = mapped_column(String(20))  # suppressed | reinstated | soft | complaint
    kind: Mapped[str] = mapped_column(String(20), default="")
    reason: Mapped[str] = mapped_column(String(300), default="")
    by_name: Mapped[str] = mapped_column(String(200), default="")
    delivery_id: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class MailScore(db.Model):  # type: ignore[name-defined]
    """How often mail to an address came back for a passing reason lately; see `suppressed.soft`."""

    __tablename__ = "mail_scores"
    __table_args__ = (UniqueConstraint("district_id", "address"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int]
    address: Mapped[str] = mapped_column(String(254))
    score: Mapped[float] = mapped_column(Float)  # at `at`; it halves every HALF_LIFE
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    last: Mapped[str] = mapped_column(String(300), default="")  # what came back last


class MailDomain(db.Model):  # type: ignore[name-defined]
    """A receiving domain as the workers last found it: how fast it may go, and until when it rests."""

    __tablename__ = "mail_domains"
    domain: Mapped[str] = mapped_column(String(253), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)  # in a row
    paused_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_reply: Mapped[str] = mapped_column(String(500), default="")
    paced_to: Mapped[datetime | None] = mapped_column(UtcDateTime)  # up to when its allowance is used up
    spread_to: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the latest turn that was given to a row


class Relay(db.Model):  # type: ignore[name-defined]
    """A mail server of this installation (or the folder), as the workers last found it."""

    __tablename__ = "relays"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(300), unique=True)  # host:port
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
