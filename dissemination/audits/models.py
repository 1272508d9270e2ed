"""Technology audits, with what was found and what the company was told."""

from datetime import date, datetime, time
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.calls.models import AreaType, Call, Service
from dissemination.districts.models import District
from dissemination.kernel.database import UtcDateTime, db, one_of
from dissemination.people.accounts import Account
from dissemination.people.models import Company, Contact
from dissemination.research.models import Laboratory


class State(StrEnum):
    """The states of an audit, in their order; `declined` by the company at any time before the visit."""

    PLANNED = "planned"
    CONTACTED = "contacted"
    VISITED = "visited"
    DRAFTED = "drafted"
    SHARED = "shared"
    CLOSED = "closed"
    DECLINED = "declined"


class Department(StrEnum):
    """Departments (reparti) that a visit can see."""

    PURCHASING = "purchasing"
    INTERNAL_LOGISTICS = "internal_logistics"
    EXTERNAL_LOGISTICS = "external_logistics"
    PRODUCTION = "production"
    MAINTENANCE = "maintenance"
    QUALITY = "quality"
    RESEARCH = "research"
    DESIGN = "design"
    ADMINISTRATION = "administration"
    SALES = "sales"
    PEOPLE = "people"


class Dimension(StrEnum):
    """The five dimensions of innovation management that are scored from 1 to 5."""

    STRATEGY = "strategy"
    ORGANISATION = "organisation"
    LIFE_CYCLE = "life_cycle"
    ENABLING_FACTORS = "enabling_factors"
    RESULTS = "results"


class Outcome(StrEnum):
    """What became of an improvement area."""

    OPEN = "open"
    STARTED = "started"
    APPLIED = "applied"  # an application for funding came of it
    DONE = "done"
    DROPPED = "dropped"


class Audit(db.Model):  # type: ignore[name-defined]
    """One technology audit of one company. Only the district's people and that company see it."""

    __tablename__ = "audits"
    __table_args__ = (
        Index("ix_audits_district_id_id", "district_id", "id"),
        Index("ix_audits_district_id_state_id", "district_id", "state", "id"),
        Index("ix_audits_district_id_visited_on_id", "district_id", "visited_on", "id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"))
    company_id: Mapped[int] = mapped_column(ForeignKey("companies.id"), index=True)
    auditor_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    auditor_name: Mapped[str] = mapped_column(String(200), default="")  # an expert without an account
    activity_line_id: Mapped[int] = mapped_column(ForeignKey("activity_lines.id"))
    macro_area_id: Mapped[int | None] = mapped_column(ForeignKey("macro_areas.id"))
    state: Mapped[State] = mapped_column(one_of(State), default=State.PLANNED)
    site: Mapped[str] = mapped_column(String(300), default="")  # address of the plant
    reason: Mapped[str] = mapped_column(Text, default="")  # why this company, what it asked
    # Its second audit in one period counts the company once (R1); somebody said that it is meant.
    repeat_meant: Mapped[bool] = mapped_column(default=False)
    visited_on: Mapped[date | None]
    visited_from: Mapped[time | None]  # wall clock of the district
    visited_until: Mapped[time | None]
    departments: Mapped[list] = mapped_column(JSON, default=list)  # Department values
    strengths: Mapped[str] = mapped_column(Text, default="")
    weaknesses: Mapped[str] = mapped_column(Text, default="")
    summary: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    version: Mapped[int] = mapped_column(default=1)
    district: Mapped[District] = relationship()
    company: Mapped[Company] = relationship()
    auditor: Mapped[Account | None] = relationship(foreign_keys=[auditor_id])
    steps: Mapped[list["AuditStep"]] = relationship(order_by="AuditStep.id", cascade="all, delete-orphan")
    people: Mapped[list["PersonMet"]] = relationship(order_by="PersonMet.id", cascade="all, delete-orphan")
    areas: Mapped[list["ImprovementArea"]] = relationship(
        order_by="ImprovementArea.position", back_populates="audit", cascade="all, delete-orphan"
    )
    scores: Mapped[list["Score"]] = relationship(order_by="Score.dimension", cascade="all, delete-orphan")


class AuditStep(db.Model):  # type: ignore[name-defined]
    """An audit came into a state: on what day, entered when and by whom. Never changed."""

    __tablename__ = "audit_steps"
    id: Mapped[int] = mapped_column(primary_key=True)
    audit_id: Mapped[int] = mapped_column(ForeignKey("audits.id"), index=True)
    state: Mapped[State] = mapped_column(one_of(State))
    on: Mapped[date]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    note: Mapped[str] = mapped_column(String(300), default="")  # why, where it went back or was declined


class VisitAppointment(db.Model):  # type: ignore[name-defined]
    """The date agreed for a visit: an invitation to a calendar for one person of the company."""

    __tablename__ = "audit_appointments"
    __table_args__ = (UniqueConstraint("uid"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    audit_id: Mapped[int] = mapped_column(ForeignKey("audits.id"), index=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    place: Mapped[str] = mapped_column(String(300), default="")
    message: Mapped[str] = mapped_column(Text, default="")  # of the organiser, in the mail
    uid: Mapped[str] = mapped_column(String(120))
    sequence: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    reply: Mapped[str] = mapped_column(String(20), default="")  # PARTSTAT of the calendar's answer
    replied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    audit: Mapped[Audit] = relationship()
    contact: Mapped[Contact] = relationship()


class PersonMet(db.Model):  # type: ignore[name-defined]
    """A person of the company who was met. Goes with the person when she asks to be erased."""

    __tablename__ = "audit_people"
    id: Mapped[int] = mapped_column(primary_key=True)
    audit_id: Mapped[int] = mapped_column(ForeignKey("audits.id"), index=True)
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(120), default="")  # "imprenditore", "responsabile tecnico"


class ImprovementArea(db.Model):  # type: ignore[name-defined]
    """Something to improve in the company (ambito di miglioramento)."""

    __tablename__ = "improvement_areas"
    id: Mapped[int] = mapped_column(primary_key=True)
    audit_id: Mapped[int] = mapped_column(ForeignKey("audits.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    key: Mapped[str] = mapped_column(String(40), default="")  # given by the phone, so that it is sent once
    type: Mapped[AreaType] = mapped_column(one_of(AreaType))
    priority: Mapped[int] = mapped_column(default=2)  # 1 first, 3 last
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    proposed_action: Mapped[str] = mapped_column(Text, default="")
    expected_result: Mapped[str] = mapped_column(Text, default="")
    keywords: Mapped[list] = mapped_column(JSON, default=list)  # str
    service_id: Mapped[int | None] = mapped_column(ForeignKey("services.id"), index=True)
    call_id: Mapped[int | None] = mapped_column(ForeignKey("calls.id"), index=True)
    laboratory_id: Mapped[int | None] = mapped_column(ForeignKey("laboratories.id"), index=True)
    deadline: Mapped[date | None]
    outcome: Mapped[Outcome] = mapped_column(one_of(Outcome), default=Outcome.OPEN)
    outcome_note: Mapped[str] = mapped_column(String(300), default="")
    audit: Mapped[Audit] = relationship(back_populates="areas")
    service: Mapped[Service | None] = relationship()
    call: Mapped[Call | None] = relationship()
    laboratory: Mapped[Laboratory | None] = relationship()


class Score(db.Model):  # type: ignore[name-defined]
    """How the company does in one dimension, 1 (beginning) to 5 (leading)."""

    __tablename__ = "audit_scores"
    __table_args__ = (UniqueConstraint("audit_id", "dimension"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    audit_id: Mapped[int] = mapped_column(ForeignKey("audits.id"))
    dimension: Mapped[Dimension] = mapped_column(one_of(Dimension))
    points: Mapped[int]
    note: Mapped[str] = mapped_column(String(300), default="")
