"""The catalogue of qualified services (Servizi qualificati) and the calls for funding (bandi)."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, Numeric, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.districts.models import District
from dissemination.kernel.database import UtcDateTime, db, one_of


class Family(StrEnum):
    """The families of the regional catalogue."""

    FIRST_SUPPORT = "A"
    CONSULTANCY = "B"
    INTERNATIONALISATION = "C"


class AreaType(StrEnum):
    """What an improvement concerns: product, production process or strategic reorganisation."""

    PRODUCT = "product"
    PROCESS = "process"
    REORGANISATION = "reorganisation"


class Service(db.Model):  # type: ignore[name-defined]
    """An item of the catalogue. Rows that a district edits."""

    __tablename__ = "services"
    __table_args__ = (UniqueConstraint("district_id", "code"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"))
    code: Mapped[str] = mapped_column(String(20))  # "B.1.2"
    family: Mapped[Family] = mapped_column(one_of(Family))
    title_it: Mapped[str] = mapped_column(String(300))
    title_en: Mapped[str] = mapped_column(String(300), default="")
    description_it: Mapped[str] = mapped_column(Text, default="")
    description_en: Mapped[str] = mapped_column(Text, default="")
    cost_cap: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))  # EUR of admissible cost
    months: Mapped[int | None]  # longest duration
    intensity: Mapped[dict] = mapped_column(
        JSON, default=dict
    )  # SizeClass value -> percent of the cost, 0-100
    area_types: Mapped[list] = mapped_column(JSON, default=list)  # AreaType values that it serves; []: all
    keywords: Mapped[list] = mapped_column(JSON, default=list)  # str
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]  # its last day
    version: Mapped[int] = mapped_column(default=1)
    district: Mapped[District] = relationship()


class Call(db.Model):  # type: ignore[name-defined]
    """A call for funding (bando) of some body, with its cut-off dates."""

    __tablename__ = "calls"
    __table_args__ = (UniqueConstraint("district_id", "slug"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"))
    slug: Mapped[str] = mapped_column(String(100))
    title_it: Mapped[str] = mapped_column(String(300))
    title_en: Mapped[str] = mapped_column(String(300), default="")
    body: Mapped[str] = mapped_column(String(200))  # who publishes it
    summary_it: Mapped[str] = mapped_column(Text, default="")
    summary_en: Mapped[str] = mapped_column(Text, default="")
    url: Mapped[str] = mapped_column(String(500), default="")
    opens_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # None: open already
    cap: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))  # EUR, the most that one application may ask
    intensity: Mapped[int | None]  # percent of the cost at most, where the call says so
    sizes: Mapped[list] = mapped_column(JSON, default=list)  # SizeClass values that may apply; []: all
    sectors: Mapped[list] = mapped_column(JSON, default=list)  # codes of sectors; []: all
    keywords: Mapped[list] = mapped_column(JSON, default=list)  # str
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the public sees it since
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # by its body, before its time
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    version: Mapped[int] = mapped_column(default=1)
    district: Mapped[District] = relationship()
    cutoffs: Mapped[list["CutOff"]] = relationship(
        order_by="CutOff.closes_at", back_populates="call", cascade="all, delete-orphan"
    )
    services: Mapped[list[Service]] = relationship(secondary="call_services", order_by=Service.code)


class CutOff(db.Model):  # type: ignore[name-defined]
    """One deadline of a call: applications that arrive by this moment are assessed together."""

    __tablename__ = "call_cutoffs"
    __table_args__ = (Index("ix_call_cutoffs_closes_at", "closes_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"), index=True)
    closes_at: Mapped[datetime] = mapped_column(UtcDateTime)  # the last moment, 23:59:59 in the zone
    call: Mapped[Call] = relationship(back_populates="cutoffs")


call_services = db.Table(
    "call_services",
    db.Column("call_id", ForeignKey("calls.id"), primary_key=True),
    db.Column("service_id", ForeignKey("services.id"), primary_key=True, index=True),
)
"""Which services of the catalogue a call pays for."""
