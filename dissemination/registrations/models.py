"""Seats and registrations, and what each calendar was last told."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.kernel.database import UtcDateTime, db, one_of
from dissemination.people.models import Company, Contact
from dissemination.workshops.models import Workshop


class Standing(StrEnum):
    """What a registration gives right now."""

    CONFIRMED = "confirmed"
    WAITING = "waiting"
    CANCELLED = "cancelled"


class Room(db.Model):  # type: ignore[name-defined]
    """The seat counter of a workshop: the one row that concurrent registrations queue for.

    Capacity is `workshops.seats`; `taken` never passes it by a registration. `last_number` hands out
    the order in which people came.
    """

    __tablename__ = "rooms"
    workshop_id: Mapped[int] = mapped_column(ForeignKey("workshops.id"), primary_key=True)
    taken: Mapped[int] = mapped_column(default=0)
    waiting: Mapped[int] = mapped_column(default=0)
    last_number: Mapped[int] = mapped_column(default=0)


class Registration(db.Model):  # type: ignore[name-defined]
    """A person's place in a workshop or on its waiting list."""

    __tablename__ = "registrations"
    __table_args__ = (
        UniqueConstraint("workshop_id", "number"),
        Index("ix_registrations_workshop_id_standing_number", "workshop_id", "standing", "number"),
        # What `tell_changed` asks for: living registrations that were told an older revision.
        Index(
            "ix_registrations_told", "workshop_id", "told_revision",
            sqlite_where=text("standing <> 'cancelled'"),
            postgresql_where=text("standing <> 'cancelled'"),
        ),
        # One living registration per person and workshop; cancelled ones may pile up.
        Index(
            "uq_registrations_living", "workshop_id", "contact_id", unique=True,
            sqlite_where=text("standing <> 'cancelled'"),
            postgresql_where=text("standing <> 'cancelled'"),
        ),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)  # random, in signed links
    workshop_id: Mapped[int] = mapped_column(ForeignKey("workshops.id"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)
    company_id: Mapped[int | None] = mapped_column(ForeignKey("companies.id"), index=True)
    form_mark: Mapped[str | None] = mapped_column(String(40), unique=True)  # of the form that was sent
    number: Mapped[int]  # order of arrival within the workshop
    standing: Mapped[Standing] = mapped_column(one_of(Standing))
    job_title: Mapped[str] = mapped_column(String(120), default="")
    answers: Mapped[dict] = mapped_column(JSON, default=dict)  # question id (as str) -> answer
    language: Mapped[str] = mapped_column(String(2), default="it")
    newsletter_issue_id: Mapped[int | None]  # ?n=: which newsletter brought the person, as data
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))  # None: the person
    told_revision: Mapped[int]  # the workshop's revision that the person was last told of
    workshop: Mapped[Workshop] = relationship()
    contact: Mapped[Contact] = relationship()
    company: Mapped[Company | None] = relationship()
    invitations: Mapped[list["Invitation"]] = relationship(
        order_by="Invitation.day", back_populates="registration"
    )


class Invitation(db.Model):  # type: ignore[name-defined]
    """One calendar object of one registration: one date of the workshop, one UID for ever.

    `day` only tells the objects of a registration apart (1, 2 …): a date that moves keeps its object,
    one that is added gets the next number. The facts are those that the calendar was last sent; a job
    compares them with the workshop and tells again.
    """

    __tablename__ = "invitations"
    __table_args__ = (
        UniqueConstraint("registration_id", "day"),
        Index("ix_invitations_starts_at", "starts_at"),  # who is to be reminded
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registrations.id"))
    day: Mapped[int]
    uid: Mapped[str] = mapped_column(String(120), unique=True)
    sequence: Mapped[int] = mapped_column(default=0)
    stamp: Mapped[datetime] = mapped_column(UtcDateTime)  # DTSTAMP last sent
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)  # as told
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    location: Mapped[str] = mapped_column(String(800), default="")
    online_url: Mapped[str] = mapped_column(String(500), default="")
    summary: Mapped[str] = mapped_column(String(200), default="")
    method: Mapped[str] = mapped_column(String(10))  # REQUEST or CANCEL, last sent
    told_revision: Mapped[int]
    reminded_for: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the start last reminded of
    registration: Mapped[Registration] = relationship(back_populates="invitations")
