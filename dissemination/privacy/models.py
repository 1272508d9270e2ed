"""What was erased or purged: dates, counts and reasons, never who. And who asked for it, until it is done."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.kernel.database import UtcDateTime, db
from dissemination.people.models import Contact
from dissemination.workshops.models import Workshop

_IS_OPEN = text("handled_at IS NULL")


class Erasure(db.Model):  # type: ignore[name-defined]
    """A run of the nightly purge, or the erasure of one person at her wish. `counts`: kind -> rows."""

    __tablename__ = "erasures"
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))  # None: the nightly purge
    reason: Mapped[str] = mapped_column(String(300), default="")
    counts: Mapped[dict] = mapped_column(JSON, default=dict)
    swept_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # its traces left the database's files


class ErasureRequest(db.Model):  # type: ignore[name-defined]
    """Somebody asked, by a link that only her mailbox received, to be erased. Deleted once that is done."""

    __tablename__ = "erasure_requests"
    __table_args__ = (
        Index(
            "uq_erasure_requests_open", "contact_id", unique=True,
            sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN,
        ),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"), index=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    handled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # declined, with the reason told to her
    handled_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    answer: Mapped[str] = mapped_column(String(500), default="")
    contact: Mapped[Contact] = relationship()


class RetentionChange(db.Model):  # type: ignore[name-defined]
    """A manager keeps the personal data of one workshop for longer, and says why."""

    __tablename__ = "retention_changes"
    id: Mapped[int] = mapped_column(primary_key=True)
    workshop_id: Mapped[int] = mapped_column(ForeignKey("workshops.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    months_before: Mapped[int]
    months: Mapped[int]
    reason: Mapped[str] = mapped_column(String(300))
    workshop: Mapped[Workshop] = relationship()
