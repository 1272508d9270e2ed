"""Certificates of attendance."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.kernel.database import UtcDateTime, db
from dissemination.registrations.models import Registration


class Certificate(db.Model):  # type: ignore[name-defined]
    """What was certified of one registration, as it was printed; found by `code` on a public page."""

    __tablename__ = "certificates"
    id: Mapped[int] = mapped_column(primary_key=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registrations.id"), unique=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)  # printed; letters that are not mistaken
    name: Mapped[str] = mapped_column(String(201))  # as printed; emptied when the person is erased
    minutes: Mapped[int]  # present
    of_minutes: Mapped[int]  # the programme's
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    issued_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))  # None: asked for by link
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_reason: Mapped[str] = mapped_column(String(300), default="")
    registration: Mapped[Registration] = relationship()
