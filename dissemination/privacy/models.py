"""What was erased or purged: dates, counts and reasons, never who."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from dissemination.kernel.database import UtcDateTime, db


class Erasure(db.Model):  # type: ignore[name-defined]
    """A run of the nightly purge, or the erasure of one person at her wish. `counts`: kind -> rows."""

    __tablename__ = "erasures"
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))  # None: the nightly purge
    reason: Mapped[str] = mapped_column(String(300), default="")
    counts: Mapped[dict] = mapped_column(JSON, default=dict)
