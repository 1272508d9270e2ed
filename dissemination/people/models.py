"""Companies, contacts and the consent ledger. Accounts are in `accounts.py`."""

from datetime import date, datetime
from enum import StrEnum

from flask_babel import gettext as _
from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.districts.models import Sector
from dissemination.kernel.database import UtcDateTime, db, one_of


class SizeClass(StrEnum):
    """Size of an enterprise (Commission Recommendation 2003/361/EC)."""

    MICRO = "micro"
    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


class OrganisationType(StrEnum):
    """What kind of organisation a row of the registry is. Indicators count companies only."""

    COMPANY = "company"
    RESEARCH = "research"
    PUBLIC = "public"
    ASSOCIATION = "association"
    OTHER = "other"


class Purpose(StrEnum):
    """What a consent is for."""

    REGISTRATION = "registration"
    NEWSLETTER = "newsletter"
    OPPORTUNITIES = "opportunities"


class Company(db.Model):  # type: ignore[name-defined]
    """An organisation known to a district, once per partita IVA (rule R1 counts by it)."""

    __tablename__ = "companies"
    __table_args__ = (
        UniqueConstraint("district_id", "tax_id"),
        Index("ix_companies_district_id_name_folded_id", "district_id", "name_folded", "id"),
        # Organisations without a tax id are told apart by their name only.
        Index(
            "uq_companies_untaxed_name", "district_id", "name_folded", unique=True,
            sqlite_where=text("tax_id IS NULL AND merged_into_id IS NULL"),
            postgresql_where=text("tax_id IS NULL AND merged_into_id IS NULL"),
        ),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"))
    tax_id: Mapped[str | None] = mapped_column(String(16))  # partita IVA, digits only
    name: Mapped[str] = mapped_column(String(200))
    name_folded: Mapped[str] = mapped_column(String(200))
    type: Mapped[OrganisationType] = mapped_column(one_of(OrganisationType), default=OrganisationType.COMPANY)
    size: Mapped[SizeClass | None] = mapped_column(one_of(SizeClass))
    ateco: Mapped[str] = mapped_column(String(10), default="")
    sector_id: Mapped[int | None] = mapped_column(ForeignKey("sectors.id"))
    province: Mapped[str] = mapped_column(String(2), default="")  # ISO 3166-2:IT code, "PO"
    municipality: Mapped[str] = mapped_column(String(120), default="")
    address: Mapped[str] = mapped_column(String(200), default="")
    website: Mapped[str] = mapped_column(String(300), default="")
    in_managing_body: Mapped[bool] = mapped_column(default=False)  # rule R2 may exclude it
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # A duplicate is kept for the log; the three say into what, by whom and when it was merged.
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("companies.id"), index=True)
    merged_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    merged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)
    sector: Mapped[Sector | None] = relationship()
    memberships: Mapped[list["Membership"]] = relationship(
        order_by="Membership.since", back_populates="company", cascade="all, delete-orphan"
    )


class Membership(db.Model):  # type: ignore[name-defined]
    """A company's time as member (*impresa aderente*); `until` is its last day, None while it lasts."""

    __tablename__ = "memberships"
    id: Mapped[int] = mapped_column(primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("companies.id"), index=True)
    since: Mapped[date]
    until: Mapped[date | None]
    company: Mapped[Company] = relationship(back_populates="memberships")


class Contact(db.Model):  # type: ignore[name-defined]
    """A person known to a district, once per e-mail address."""

    __tablename__ = "contacts"
    __table_args__ = (
        UniqueConstraint("district_id", "email"),
        Index("ix_contacts_district_id_name_folded_id", "district_id", "name_folded", "id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"))
    company_id: Mapped[int | None] = mapped_column(ForeignKey("companies.id"), index=True)
    given_name: Mapped[str] = mapped_column(String(100))
    family_name: Mapped[str] = mapped_column(String(100))
    name_folded: Mapped[str] = mapped_column(String(201))  # "family given"
    email: Mapped[str] = mapped_column(String(254))  # lower case
    phone: Mapped[str] = mapped_column(String(40), default="")
    job_title: Mapped[str] = mapped_column(String(120), default="")
    language: Mapped[str] = mapped_column(String(2), default="it")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)
    # When somebody first acted by a link that only this mailbox received; None: an unproven address.
    proven_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the person is gone, the row counts
    company: Mapped[Company | None] = relationship()

    @property
    def name(self) -> str:
        """Given name and family name; for a person who was erased words that say so."""
        if self.erased_at is not None:
            return _("erased person")
        return f"{self.given_name} {self.family_name}".strip()


class Consent(db.Model):  # type: ignore[name-defined]
    """One line of the consent ledger: what was shown, what was answered, when and how. Never changed."""

    __tablename__ = "consents"
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"), index=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)
    purpose: Mapped[Purpose] = mapped_column(one_of(Purpose))
    given: Mapped[bool]
    text: Mapped[str] = mapped_column(Text)  # as shown
    version: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(String(120))  # "registration form", "preference page", "import"
    proof: Mapped[str] = mapped_column(String(300), default="")  # how it was confirmed
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    contact: Mapped[Contact] = relationship()
