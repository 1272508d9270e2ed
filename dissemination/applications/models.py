"""Applications for funding, each state with its date; who was told of which call."""

from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Numeric, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.audits.models import Audit, ImprovementArea
from dissemination.calls.models import Call, Service
from dissemination.districts.models import District
from dissemination.kernel.database import UtcDateTime, db, one_of
from dissemination.people.models import Company


class Stage(StrEnum):
    """The states of an application (domanda di contributo)."""

    IDEA = "idea"
    PREPARATION = "preparation"
    SUBMITTED = "submitted"
    ASSESSMENT = "assessment"
    FUNDED = "funded"
    WAITING_LIST = "waiting_list"
    NOT_ADMITTED = "not_admitted"
    STARTED = "started"
    REPORTED = "reported"
    PAID = "paid"
    WAIVED = "waived"  # given up by the company (rinuncia)
    REVOKED = "revoked"  # taken back by the body (revoca)


class Application(db.Model):  # type: ignore[name-defined]
    """One application of a company, or of a grouping that it leads, to one call."""

    __tablename__ = "applications"
    __table_args__ = (Index("ix_applications_district_id_stage_id", "district_id", "stage", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"))
    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"), index=True)
    cutoff_id: Mapped[int | None] = mapped_column(ForeignKey("call_cutoffs.id"))  # the deadline aimed at
    company_id: Mapped[int] = mapped_column(ForeignKey("companies.id"), index=True)
    audit_id: Mapped[int | None] = mapped_column(ForeignKey("audits.id"), index=True)
    area_id: Mapped[int | None] = mapped_column(ForeignKey("improvement_areas.id"), index=True)
    without_audit: Mapped[str] = mapped_column(String(300), default="")  # why no audit stands behind it
    activity_line_id: Mapped[int] = mapped_column(ForeignKey("activity_lines.id"))
    title: Mapped[str] = mapped_column(String(300))
    stage: Mapped[Stage] = mapped_column(one_of(Stage), default=Stage.IDEA)
    protocol_number: Mapped[str] = mapped_column(String(60), default="")
    cost: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))  # EUR, of the whole project
    requested: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))
    granted: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))
    paid: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))
    notes: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    version: Mapped[int] = mapped_column(default=1)
    district: Mapped[District] = relationship()
    call: Mapped[Call] = relationship()
    company: Mapped[Company] = relationship(foreign_keys=[company_id])
    audit: Mapped[Audit | None] = relationship()
    area: Mapped[ImprovementArea | None] = relationship()
    services: Mapped[list[Service]] = relationship(secondary="application_services", order_by=Service.code)
    partners: Mapped[list[Company]] = relationship(secondary="application_partners", order_by=Company.name)
    steps: Mapped[list["StageStep"]] = relationship(
        order_by="StageStep.id", cascade="all, delete-orphan", back_populates="application"
    )


application_services = db.Table(
    "application_services",
    db.Column("application_id", ForeignKey("applications.id"), primary_key=True),
    db.Column("service_id", ForeignKey("services.id"), primary_key=True, index=True),
)
"""The one or two services of the catalogue that an application asks for."""

application_partners = db.Table(
    "application_partners",
    db.Column("application_id", ForeignKey("applications.id"), primary_key=True),
    db.Column("company_id", ForeignKey("companies.id"), primary_key=True, index=True),
)
"""The other members of a grouping."""


class StageStep(db.Model):  # type: ignore[name-defined]
    """An application came into a state: on what day, entered when and by whom. Never changed."""

    __tablename__ = "application_steps"
    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id"), index=True)
    stage: Mapped[Stage] = mapped_column(one_of(Stage))
    on: Mapped[date]
    hour: Mapped[time | None]  # of the protocol, where a deadline is at an hour; wall clock of the district
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    amount: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))  # requested, granted or paid then
    note: Mapped[str] = mapped_column(String(300), default="")
    application: Mapped[Application] = relationship(back_populates="steps")


class CallAlert(db.Model):  # type: ignore[name-defined]
    """Somebody who consented was written to about a call that fits an improvement area. Once per call."""

    __tablename__ = "call_alerts"
    __table_args__ = (UniqueConstraint("call_id", "contact_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)
    area_id: Mapped[int | None] = mapped_column(
        ForeignKey("improvement_areas.id", ondelete="SET NULL"), index=True
    )
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
