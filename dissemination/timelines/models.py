"""Links to a company's own page, corrections it asks for, and the window of what followed on workshops."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.districts.models import District
from dissemination.kernel.database import UtcDateTime, db
from dissemination.people.models import Company, Contact

DAYS = 365
"""How long after a workshop an audit or an application is looked for, unless the district says otherwise."""


class CompanyLink(db.Model):  # type: ignore[name-defined]
    """The district opened a company's page to one of its people, by a link that ends and can be revoked."""

    __tablename__ = "company_links"
    __table_args__ = (Index("ix_company_links_company_id_contact_id", "company_id", "contact_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"))
    company_id: Mapped[int] = mapped_column(ForeignKey("companies.id"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    mailed_at: Mapped[datetime] = mapped_column(UtcDateTime)  # last
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    district: Mapped[District] = relationship()
    company: Mapped[Company] = relationship()
    contact: Mapped[Contact] = relationship()


class CompanyCorrection(db.Model):  # type: ignore[name-defined]
    """A company says by its link what is wrong; an organiser accepts it or declines, with a word."""

    __tablename__ = "company_corrections"
    __table_args__ = (Index("ix_company_corrections_district_id_id", "district_id", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"))
    company_id: Mapped[int] = mapped_column(ForeignKey("companies.id"), index=True)
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"), index=True)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    facts: Mapped[dict] = mapped_column(JSON, default=dict)  # column of companies -> [before, after]
    words: Mapped[str] = mapped_column(Text, default="")  # what no field holds
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    accepted: Mapped[bool | None]
    answer: Mapped[str] = mapped_column(String(1000), default="")  # the organiser's word, mailed
    district: Mapped[District] = relationship()
    company: Mapped[Company] = relationship()
    contact: Mapped[Contact | None] = relationship()


class EffectWindow(db.Model):  # type: ignore[name-defined]
    """How many days after a workshop a district looks for audits and applications. No row: `DAYS`."""

    __tablename__ = "effect_windows"
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"), primary_key=True)
    days: Mapped[int] = mapped_column(default=DAYS)
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)
    set_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
