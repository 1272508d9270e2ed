"""Presence: who was there, noted by whom and when (R3: presence, not registration)."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.kernel.database import UtcDateTime, db, one_of
from dissemination.registrations.models import Attends, Registration
from dissemination.workshops.models import Workshop


class Presence(db.Model):  # type: ignore[name-defined]
    """A registered person was seen at the workshop, in the room or online: once, whatever the way.

    No row: not seen (yet). How long she stayed is in `Stay`; without any, the whole time counts, because
    an organiser vouched for her by ticking.
    """

    __tablename__ = "presences"
    registration_id: Mapped[int] = mapped_column(ForeignKey("registrations.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))  # None: her own join link
    via: Mapped[Attends] = mapped_column(one_of(Attends), default=Attends.ROOM)  # first seen there
    registration: Mapped[Registration] = relationship()


class Move(StrEnum):
    """What an act says."""

    IN = "in"
    OUT = "out"
    UNDO = "undo"  # the act that `undoes` names was a mistake


class Scan(db.Model):  # type: ignore[name-defined]
    """One act: at the door as a phone recorded it (perhaps offline), a tick, her join link, a line of the
    platform's report. `scan_id` is made where it was recorded: the same act sent twice is stored once.

    These are the facts; `Presence` and `Stay` are derived from them, whatever the order in which they
    came in. Two phones that checked in the same person give two scans and one presence.
    """

    __tablename__ = "scans"
    __table_args__ = (
        Index("ix_scans_registration_id_at", "registration_id", "at"),
        Index("ix_scans_undoes", "undoes"),
    )
    scan_id: Mapped[str] = mapped_column(String(36), primary_key=True)  # UUID
    registration_id: Mapped[int] = mapped_column(ForeignKey("registrations.id"))
    move: Mapped[Move] = mapped_column(one_of(Move))
    via: Mapped[Attends] = mapped_column(one_of(Attends), default=Attends.ROOM)
    # Ticked by hand: an organiser vouches for the whole of the date on which `at` lies.
    whole: Mapped[bool] = mapped_column(default=False)
    undoes: Mapped[str | None] = mapped_column(String(36))  # no foreign key: it may come in later
    at: Mapped[datetime] = mapped_column(UtcDateTime)  # by the phone's clock, corrected
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))  # None: she herself
    device: Mapped[str] = mapped_column(String(60), default="")
    registration: Mapped[Registration] = relationship()


class Stay(db.Model):  # type: ignore[name-defined]
    """A time that a person spent at the workshop; `left_at` None: until the end of that date."""

    __tablename__ = "stays"
    id: Mapped[int] = mapped_column(primary_key=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registrations.id"), index=True)
    via: Mapped[Attends] = mapped_column(one_of(Attends))
    came_at: Mapped[datetime] = mapped_column(UtcDateTime)
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Reopening(db.Model):  # type: ignore[name-defined]
    """A closing that a manager took back, kept whole: who closed, who reopened, when and why."""

    __tablename__ = "workshop_reopenings"
    id: Mapped[int] = mapped_column(primary_key=True)
    workshop_id: Mapped[int] = mapped_column(ForeignKey("workshops.id"), index=True)
    reason: Mapped[str] = mapped_column(String(500))
    by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    closed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    not_counted: Mapped[str] = mapped_column(String(500), default="")
    workshop: Mapped[Workshop] = relationship()
