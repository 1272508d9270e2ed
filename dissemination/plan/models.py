"""The plan (delibera di Giunta regionale 789/2014): sections, objectives, lines, budget, indicators."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Numeric,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.kernel.database import UtcDateTime, db, one_of

CARTELLA = 1800  # characters with spaces
SITUATION_LIMIT = 8 * CARTELLA  # section 1: at most 8 cartelle
AREAS_PER_MACRO_AREA = 3
PROSPECTS = ("competitiveness", "innovation", "development", "jobs")  # opportunities and risks (section 2)
OBJECTIVE_LEVELS = 3


class LineKind(StrEnum):
    """The three kinds of activity that the decree co-finances (section 4)."""

    DISSEMINATION = "a"  # divulgazione tecnologica
    INTELLIGENCE = "b"  # produzione di informazioni strategiche
    RELATIONS = "c"  # attivazione di relazioni tra imprese e ricerca


class Direction(StrEnum):
    """Whether more or less is better."""

    UP = "up"
    DOWN = "down"


class Plan(db.Model):  # type: ignore[name-defined]
    """A three-year strategic and operational plan of a district."""

    __tablename__ = "plans"
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    situation: Mapped[str] = mapped_column(Text, default="")  # section 1, at most SITUATION_LIMIT
    situation_en: Mapped[str] = mapped_column(Text, default="")
    sources: Mapped[str] = mapped_column(Text, default="")  # of the situation, one a line
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    macro_areas: Mapped[list["MacroArea"]] = relationship(
        order_by="MacroArea.position", back_populates="plan"
    )
    objectives: Mapped[list["Objective"]] = relationship(order_by="Objective.position", back_populates="plan")
    lines: Mapped[list["ActivityLine"]] = relationship(order_by="ActivityLine.code", back_populates="plan")
    indicators: Mapped[list["Indicator"]] = relationship(order_by="Indicator.position", back_populates="plan")


objective_macro_areas = Table(
    "objective_macro_areas",
    db.metadata,
    Column("objective_id", ForeignKey("objectives.id"), primary_key=True),
    Column("macro_area_id", ForeignKey("macro_areas.id"), primary_key=True),
)


class MacroArea(db.Model):  # type: ignore[name-defined]
    """A macro-area of interest: its situation (section 1) and its vision (section 2)."""

    __tablename__ = "macro_areas"
    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    name_it: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200), default="")
    actors: Mapped[str] = mapped_column(Text, default="")  # number, innovation, market position
    sources: Mapped[str] = mapped_column(Text, default="")  # existing studies only, one a line
    scenarios: Mapped[str] = mapped_column(Text, default="")
    trends: Mapped[str] = mapped_column(Text, default="")
    synergies: Mapped[str] = mapped_column(Text, default="")
    opportunities: Mapped[str] = mapped_column(Text, default="")
    risks: Mapped[str] = mapped_column(Text, default="")
    actors_en: Mapped[str] = mapped_column(Text, default="")
    scenarios_en: Mapped[str] = mapped_column(Text, default="")
    trends_en: Mapped[str] = mapped_column(Text, default="")
    synergies_en: Mapped[str] = mapped_column(Text, default="")
    opportunities_en: Mapped[str] = mapped_column(Text, default="")
    risks_en: Mapped[str] = mapped_column(Text, default="")
    # {theme of PROSPECTS: {"opportunity": {"it", "en"}, "risk": {"it", "en"}}}: what the decree asks for.
    prospects: Mapped[dict] = mapped_column(JSON, default=dict)
    plan: Mapped[Plan] = relationship(back_populates="macro_areas")
    application_areas: Mapped[list["ApplicationArea"]] = relationship(
        order_by="ApplicationArea.rank", back_populates="macro_area", cascade="all, delete-orphan"
    )


class ApplicationArea(db.Model):  # type: ignore[name-defined]
    """An *ambito di applicazione*, ranked 1 to 3 within its macro-area."""

    __tablename__ = "application_areas"
    __table_args__ = (
        UniqueConstraint("macro_area_id", "rank"),
        CheckConstraint(f"rank BETWEEN 1 AND {AREAS_PER_MACRO_AREA}", name="rank"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    macro_area_id: Mapped[int] = mapped_column(ForeignKey("macro_areas.id"))
    rank: Mapped[int]
    name_it: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200), default="")
    macro_area: Mapped[MacroArea] = relationship(back_populates="application_areas")


class Objective(db.Model):  # type: ignore[name-defined]
    """A strategic objective (section 3), tied to macro-areas; it may serve one above it."""

    __tablename__ = "objectives"
    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    text: Mapped[str] = mapped_column(Text)
    text_en: Mapped[str] = mapped_column(Text, default="")
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("objectives.id"), index=True)
    plan: Mapped[Plan] = relationship(back_populates="objectives")
    macro_areas: Mapped[list[MacroArea]] = relationship(secondary=objective_macro_areas)


class ActivityLine(db.Model):  # type: ignore[name-defined]
    """An activity line (section 4). Each workshop, newsletter, publication, audit hangs on exactly one."""

    __tablename__ = "activity_lines"
    __table_args__ = (UniqueConstraint("plan_id", "code"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id"))
    code: Mapped[str] = mapped_column(String(10))  # "a", "b", "c", or "a.1" …
    kind: Mapped[LineKind] = mapped_column(one_of(LineKind))
    name_it: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200), default="")
    description: Mapped[str] = mapped_column(Text, default="")
    description_en: Mapped[str] = mapped_column(Text, default="")
    plan: Mapped[Plan] = relationship(back_populates="lines")
    operations: Mapped[list["Operation"]] = relationship(
        order_by="(Operation.starts_on, Operation.id)", back_populates="line", cascade="all, delete-orphan"
    )
    budget: Mapped[list["BudgetLine"]] = relationship(
        order_by="BudgetLine.year", back_populates="line", cascade="all, delete-orphan"
    )


class Operation(db.Model):  # type: ignore[name-defined]
    """A planned operation of an activity line: what shall be done from when to when, and how many times."""

    __tablename__ = "operations"
    __table_args__ = (CheckConstraint("ends_on >= starts_on", name="days"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    activity_line_id: Mapped[int] = mapped_column(ForeignKey("activity_lines.id"), index=True)
    title_it: Mapped[str] = mapped_column(String(300))
    title_en: Mapped[str] = mapped_column(String(300), default="")
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    planned: Mapped[int | None]  # how many workshops, audits … of it
    indicator_id: Mapped[int | None] = mapped_column(ForeignKey("indicators.id"), index=True)
    done_on: Mapped[date | None]
    line: Mapped[ActivityLine] = relationship(back_populates="operations")
    indicator: Mapped["Indicator | None"] = relationship()

    @property
    def plan(self) -> Plan:
        """The plan that it belongs to."""
        return self.line.plan


class BudgetLine(db.Model):  # type: ignore[name-defined]
    """The annex (*quadro finanziario*): money of one activity line in one year, in integer cents."""

    __tablename__ = "budget_lines"
    __table_args__ = (UniqueConstraint("activity_line_id", "year"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    activity_line_id: Mapped[int] = mapped_column(ForeignKey("activity_lines.id"))
    year: Mapped[int]
    budget_cents: Mapped[int] = mapped_column(default=0)
    committed_cents: Mapped[int] = mapped_column(BigInteger, default=0)  # bound by contracts and orders
    spent_cents: Mapped[int] = mapped_column(default=0)
    cofinanced_cents: Mapped[int] = mapped_column(BigInteger, default=0)  # what the Region grants
    cofinancing_percent: Mapped[int] = mapped_column(default=50)
    line: Mapped[ActivityLine] = relationship(back_populates="budget")


class Indicator(db.Model):  # type: ignore[name-defined]
    """An indicator (section 5): its names, baseline and targets, and its counting rule as data.

    `rule` is read by `plan.rules`; see there for its keys.
    """

    __tablename__ = "indicators"
    __table_args__ = (UniqueConstraint("plan_id", "code"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id"))
    position: Mapped[int] = mapped_column(default=0)
    code: Mapped[str] = mapped_column(String(10))
    name_it: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))
    unit: Mapped[str] = mapped_column(String(40))
    direction: Mapped[Direction] = mapped_column(one_of(Direction), default=Direction.UP)
    baseline: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))
    baseline_year: Mapped[int | None]
    threshold: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))  # funding was conditional on it
    source_it: Mapped[str] = mapped_column(String(300), default="")  # fonte di verifica
    source_en: Mapped[str] = mapped_column(String(300), default="")
    activity_line_id: Mapped[int | None] = mapped_column(ForeignKey("activity_lines.id"))
    rule: Mapped[dict] = mapped_column(JSON)
    public: Mapped[bool] = mapped_column(default=True)
    plan: Mapped[Plan] = relationship(back_populates="indicators")
    line: Mapped[ActivityLine | None] = relationship()
    targets: Mapped[list["Target"]] = relationship(back_populates="indicator", cascade="all, delete-orphan")


class Target(db.Model):  # type: ignore[name-defined]
    """What an indicator should reach in a period: `2026-H1`, or `plan` for the whole of it."""

    __tablename__ = "targets"
    __table_args__ = (UniqueConstraint("indicator_id", "period"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    indicator_id: Mapped[int] = mapped_column(ForeignKey("indicators.id"))
    period: Mapped[str] = mapped_column(String(10))
    value: Mapped[Decimal] = mapped_column(Numeric(16, 2))
    indicator: Mapped[Indicator] = relationship(back_populates="targets")


class Exclusion(db.Model):  # type: ignore[name-defined]
    """A counting rule of the call (R2): rows that it names are shown, with the reason, not counted.

    `condition` is a mapping attribute -> refused values, matched against a log row's attributes,
    e.g. {"in_managing_body": ["yes"]}; `verbs` lists the verbs it looks at ([] = all).
    """

    __tablename__ = "exclusions"
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"), index=True)
    verbs: Mapped[list] = mapped_column(JSON, default=list)
    condition: Mapped[dict] = mapped_column(JSON)
    reason_it: Mapped[str] = mapped_column(String(300))
    reason_en: Mapped[str] = mapped_column(String(300))
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    rulebook_id: Mapped[int | None] = mapped_column(ForeignKey("rulebooks.id"))  # the call it belongs to


class EvidenceRequirement(db.Model):  # type: ignore[name-defined]
    """One line of the evidence checklist (R4) for activities that a verb logs."""

    __tablename__ = "evidence_requirements"
    __table_args__ = (UniqueConstraint("district_id", "verb", "code", "valid_from"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"))
    verb: Mapped[str] = mapped_column(String(60))  # "workshop.held"
    code: Mapped[str] = mapped_column(String(40))  # "attendance_sheet"; the verb's owner knows it
    name_it: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))
    position: Mapped[int] = mapped_column(default=0)
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]


class Rulebook(db.Model):  # type: ignore[name-defined]
    """The counting rules of one call: its exclusions name it, `rules` say what it reads otherwise."""

    __tablename__ = "rulebooks"
    __table_args__ = (UniqueConstraint("district_id", "code"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"))
    code: Mapped[str] = mapped_column(String(20))  # "2016"
    name_it: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))
    reference: Mapped[str] = mapped_column(String(300), default="")  # the decree or the address of the call
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    rules: Mapped[list["RulebookRule"]] = relationship(
        order_by="RulebookRule.indicator_code", cascade="all, delete-orphan"
    )


class RulebookRule(db.Model):  # type: ignore[name-defined]
    """How a call counts an indicator, where that is not how the plan counts it."""

    __tablename__ = "rulebook_rules"
    rulebook_id: Mapped[int] = mapped_column(ForeignKey("rulebooks.id", ondelete="CASCADE"), primary_key=True)
    indicator_code: Mapped[str] = mapped_column(String(10), primary_key=True)
    rule: Mapped[dict] = mapped_column(JSON)


class EvidenceState(db.Model):  # type: ignore[name-defined]
    """Whether what a verb logged about a subject has all the evidence that its day asks for.

    Kept by `proofs`: beside the log, whose rows are never changed. No row: not looked at yet.
    """

    __tablename__ = "evidence_states"
    subject_kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    subject_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    verb: Mapped[str] = mapped_column(String(60), primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("districts.id"), index=True)
    complete: Mapped[bool]
    missing: Mapped[list] = mapped_column(JSON, default=list)  # codes of the checklist
    counted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # None: look again
