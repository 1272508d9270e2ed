"""The list of people invited to a private workshop."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.kernel.database import UtcDateTime, db, one_of
from dissemination.people.models import Company, Contact
from dissemination.workshops.models import Workshop


class Reaction(StrEnum):
    """What a guest did with the invitation."""

    OPEN = "open"
    ACCEPTED = "accepted"  # registered
    DECLINED = "declined"


class Guest(db.Model):  # type: ignore[name-defined]
    """One person invited to one workshop; the signed link in her mail opens the registration form."""

    __tablename__ = "guests"
    __table_args__ = (UniqueConstraint("workshop_id", "email"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)  # random, in the signed link
    workshop_id: Mapped[int] = mapped_column(ForeignKey("workshops.id"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"), index=True)
    company_id: Mapped[int | None] = mapped_column(ForeignKey("companies.id"), index=True)
    email: Mapped[str] = mapped_column(String(254))  # lower case
    given_name: Mapped[str] = mapped_column(String(100), default="")
    family_name: Mapped[str] = mapped_column(String(100), default="")
    company_name: Mapped[str] = mapped_column(String(200), default="")  # as in the list, when not known
    language: Mapped[str] = mapped_column(String(2), default="it")
    reaction: Mapped[Reaction] = mapped_column(one_of(Reaction), default=Reaction.OPEN)
    reacted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    added_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    invited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # last written to
    workshop: Mapped[Workshop] = relationship()
    contact: Mapped[Contact | None] = relationship()
    company: Mapped[Company | None] = relationship()
