"""Who was reminded of which missing evidence, so that nobody is reminded twice of the same."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dissemination.kernel.database import UtcDateTime, db


class EvidenceReminder(db.Model):  # type: ignore[name-defined]
    """An organiser was told, `days` after the activity, that its evidence is not complete."""

    __tablename__ = "evidence_reminders"
    __table_args__ = (UniqueConstraint("subject_kind", "subject_id", "days"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"), index=True)
    subject_kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]
    days: Mapped[int]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
