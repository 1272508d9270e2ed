"""Presence: who was there, ticked by whom and when (R3: presence, not registration)."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.kernel.database import UtcDateTime, db
from dissemination.registrations.models import Registration
from dissemination.workshops.models import Workshop


class Presence(db.Model):  # type: ignore[name-defined]
    """A registered person was seen at the workshop. No row: not seen (yet)."""

    __tablename__ = "presences"
    registration_id: Mapped[int] = mapped_column(ForeignKey("registrations.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    registration: Mapped[Registration] = relationship()


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
