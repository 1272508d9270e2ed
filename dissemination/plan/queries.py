"""Reading the plan and the evidence. Every query names its district."""

from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from dissemination.districts.models import District
from dissemination.kernel.clock import today
from dissemination.kernel.database import db
from dissemination.kernel.subjects import kind_of
from dissemination.plan.log import Activity, Evidence
from dissemination.plan.models import (
    ActivityLine,
    ApplicationArea,
    EvidenceRequirement,
    Exclusion,
    Indicator,
    MacroArea,
    Objective,
    Operation,
    Plan,
)


def plans(district_id: int) -> list[Plan]:
    """All plans of a district, the latest first."""
    query = (
        select(Plan).where(Plan.district_id == district_id).order_by(Plan.starts_on.desc(), Plan.id.desc())
    )
    return list(db.session.scalars(query))


def current_plan(district_id: int, on: date | None = None) -> Plan | None:
    """The plan in force on a date (today by default); between two plans the nearest; None without any."""
    if on is None:
        district = db.session.get(District, district_id)
        on = today(district.zone) if district else today()
    found = plans(district_id)
    return next((p for p in found if p.starts_on <= on), found[-1] if found else None)


def section_1_used(plan: Plan, lang: str = "it") -> int:
    """The characters of section 1 in a language: the situation, and what is said of the actors."""
    end = "_en" if lang == "en" else ""
    actors = (getattr(m, f"actors{end}") for m in plan.macro_areas)
    return len(getattr(plan, f"situation{end}")) + sum(len(text or "") for text in actors)


def lines(district_id: int) -> list[ActivityLine]:
    """The activity lines of the plan in force, by code."""
    plan = current_plan(district_id)
    return list(plan.lines) if plan else []


def macro_areas(district_id: int) -> list[MacroArea]:
    """The macro-areas of the plan in force, in the plan's order."""
    plan = current_plan(district_id)
    return list(plan.macro_areas) if plan else []


def evidence_of(subject) -> list[Evidence]:
    """The evidence attached to a row (a workshop, an audit …), oldest first, without what was removed."""
    return [proof for proof in all_evidence_of(subject) if proof.removed_at is None]


def all_evidence_of(subject) -> list[Evidence]:
    """As `evidence_of`, with what was removed."""
    return all_evidence_of_pair(kind_of(subject), subject.id)


def all_evidence_of_pair(kind: str, subject_id: int) -> list[Evidence]:
    """As `all_evidence_of`, for the kind and id of a subject."""
    query = select(Evidence).where(Evidence.subject_kind == kind, Evidence.subject_id == subject_id)
    return list(db.session.scalars(query.options(joinedload(Evidence.file)).order_by(Evidence.id)))


def _valid(model, on: date):
    return model.valid_from <= on, or_(model.valid_until.is_(None), model.valid_until >= on)


def evidence_checklist(district_id: int, verb: str, on: date) -> list[EvidenceRequirement]:
    """What an activity logged by `verb` on a date has to prove (R4), in order."""
    query = select(EvidenceRequirement).where(
        EvidenceRequirement.district_id == district_id,
        EvidenceRequirement.verb == str(verb),
        *_valid(EvidenceRequirement, on),
    )
    return list(db.session.scalars(query.order_by(EvidenceRequirement.position, EvidenceRequirement.id)))


def missing_evidence(district_id: int, verb: str, on: date, have: set[str]) -> list[EvidenceRequirement]:
    """The lines of the checklist whose code is not in `have`. An empty list: it may count."""
    return [line for line in evidence_checklist(district_id, verb, on) if line.code not in have]


def evidence_requirements(district_id: int) -> list[EvidenceRequirement]:
    """The whole checklist of a district, past lines too."""
    query = select(EvidenceRequirement).where(EvidenceRequirement.district_id == district_id)
    return list(
        db.session.scalars(
            query.order_by(EvidenceRequirement.verb, EvidenceRequirement.position, EvidenceRequirement.id)
        )
    )


def exclusions(district_id: int) -> list[Exclusion]:
    """The exclusions of the call (R2), past ones too, oldest first."""
    query = select(Exclusion).where(Exclusion.district_id == district_id)
    return list(db.session.scalars(query.order_by(Exclusion.valid_from, Exclusion.id)))


def _owned(model, district_id: int, row_id: int):
    query = select(model).where(model.id == row_id)
    if model is Operation:
        query = query.join(ActivityLine).join(Plan, ActivityLine.plan_id == Plan.id)
        query = query.where(Plan.district_id == district_id)
    elif model in (MacroArea, Objective, ActivityLine, Indicator):
        query = query.join(Plan, model.plan_id == Plan.id).where(Plan.district_id == district_id)
    else:
        query = query.where(model.district_id == district_id)
    return db.session.scalar(query)


def macro_area(district_id: int, row_id: int) -> MacroArea | None:
    """A macro-area of the district, or None."""
    return _owned(MacroArea, district_id, row_id)


def objective(district_id: int, row_id: int) -> Objective | None:
    """An objective of the district, or None."""
    return _owned(Objective, district_id, row_id)


def line(district_id: int, row_id: int) -> ActivityLine | None:
    """An activity line of the district, or None."""
    return _owned(ActivityLine, district_id, row_id)


def operation(district_id: int, row_id: int) -> Operation | None:
    """A planned operation of the district, or None."""
    return _owned(Operation, district_id, row_id)


def exclusion(district_id: int, row_id: int) -> Exclusion | None:
    """An exclusion of the district, or None."""
    return _owned(Exclusion, district_id, row_id)


def evidence_requirement(district_id: int, row_id: int) -> EvidenceRequirement | None:
    """A line of the district's evidence checklist, or None."""
    return _owned(EvidenceRequirement, district_id, row_id)


def indicator(plan: Plan, code: str) -> Indicator | None:
    """The indicator of a plan with that code, or None."""
    return db.session.scalar(
        select(Indicator).where(Indicator.plan_id == plan.id, Indicator.code == code)
    )  # fmt: skip


def verbs_that_occurred(district_id: int) -> set[str]:
    """Every verb that the district's log holds at least once."""
    # A loose index scan: one probe per distinct verb, however long the log is.
    found: set[str] = set()
    last: str | None = ""
    while last is not None:
        query = select(Activity.verb).where(Activity.district_id == district_id, Activity.verb > last)
        last = db.session.scalar(query.order_by(Activity.verb).limit(1))
        if last is not None:
            found.add(last)
    return found


def indicator_by_id(district_id: int, row_id: int) -> Indicator | None:
    """An indicator of the district, or None."""
    return _owned(Indicator, district_id, row_id)


def application_area(district_id: int, row_id: int) -> ApplicationArea | None:
    """An application area of the district, or None."""
    query = select(ApplicationArea).join(MacroArea).join(Plan, MacroArea.plan_id == Plan.id)
    return db.session.scalar(query.where(ApplicationArea.id == row_id, Plan.district_id == district_id))


def days_of(district_id: int, verb: str) -> list[date]:
    """The first and the last day on which a verb happened; [] when it never did."""
    query = select(Activity.happened_on).where(Activity.district_id == district_id, Activity.verb == verb)
    ends = (query.order_by(order).limit(1) for order in (Activity.happened_on, Activity.happened_on.desc()))
    return [day for end in ends if (day := db.session.scalar(end)) is not None]
