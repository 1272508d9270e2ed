"""The list of people invited to a private workshop."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
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
    __table_args__ = (
        UniqueConstraint("workshop_id", "email"),
        Index("ix_guests_workshop_id_folded_id", "workshop_id", "folded", "id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)  # random, in the signed link
    workshop_id: Mapped[int] = mapped_column(ForeignKey("workshops.id"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"), index=True)
    company_id: Mapped[int | None] = mapped_column(ForeignKey("companies.id"), index=True)
    email: Mapped[str] = mapped_column(String(254))  # lower case
    given_name: Mapped[str] = mapped_column(String(100), default="")
    family_name: Mapped[str] = mapped_column(String(100), default="")
    company_name: Mapped[str] = mapped_column(String(200), default="")  # as in the list, when not known
    folded: Mapped[str] = mapped_column(String(520), default="")  # name, address, company: order and search
    language: Mapped[str] = mapped_column(String(2), default="it")
    reaction: Mapped[Reaction] = mapped_column(one_of(Reaction), default=Reaction.OPEN)
    reacted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    added_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    invited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # last written to
    reminders: Mapped[int] = mapped_column(default=0)  # how often she was reminded
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # her link opens nothing any more
    purged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the person is gone, the row counts
    workshop: Mapped[Workshop] = relationship()
    contact: Mapped[Contact | None] = relationship()
    company: Mapped[Company | None] = relationship()

    @property
    def name(self) -> str:
        """Given name and family name; "" when the list did not say."""
        return f"{self.given_name} {self.family_name}".strip()

    @property
    def organisation(self) -> str:
        """The company of the registry, or what the list said."""
        return self.company.name if self.company else self.company_name
