"""Presence: who was there, ticked by whom and when (R3: presence, not registration)."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.kernel.database import UtcDateTime, db
from dissemination.registrations.models import Registration


class Presence(db.Model):  # type: ignore[name-defined]
    """A registered person was seen at the workshop. No row: not seen (yet)."""

    __tablename__ = "presences"
    registration_id: Mapped[int] = mapped_column(ForeignKey("registrations.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    registration: Mapped[Registration] = relationship()
