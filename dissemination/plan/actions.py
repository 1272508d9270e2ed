"""What changes the plan, and the evidence beside the log. Never commits."""

from copy import deepcopy
from datetime import date
from hashlib import sha256

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from dissemination.districts.models import District
from dissemination.kernel import clock
from dissemination.kernel.database import db
from dissemination.kernel.files import StoredFile
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.subjects import kind_of
from dissemination.people.accounts import Account
from dissemination.plan import queries, rules
from dissemination.plan.catalogue import catalogue
from dissemination.plan.log import Evidence
from dissemination.plan.models import (
    AREAS_PER_MACRO_AREA,
    ActivityLine,
    ApplicationArea,
    BudgetLine,
    EvidenceRequirement,
    Exclusion,
    Indicator,
    LineKind,
    MacroArea,
    Objective,
    Plan,
    Target,
    objective_macro_areas,
)

LINES = {
    LineKind.DISSEMINATION: ("Divulgazione tecnologica", "Technology dissemination"),
    LineKind.INTELLIGENCE: ("Produzione di informazioni strategiche", "Strategic information"),
    LineKind.RELATIONS: (
        "Attivazione di relazioni tra imprese e ricerca",
        "Relations between companies and research",
    ),
}
ALWAYS = date(2016, 1, 1)  # when evidence rules of the calls begin


def add_evidence(
    subject, *, district_id: int, code: str, file: StoredFile | None = None, note: str = "",
    by: Account | None,
) -> Evidence:  # fmt: skip
    """Attach a proof to `subject` under a code of the checklist: a stored file, or a short statement."""
    proof = Evidence(
        district_id=district_id, subject_kind=kind_of(subject), subject_id=subject.id, code=code, file=file,
        note=note, added_at=clock.now(), added_by=by.id if by else None,
    )  # fmt: skip
    db.session.add(proof)
    return proof


def remove_evidence(proof: Evidence, *, reason: str, by: Account | None) -> None:
    """Let a proof that was wrong count no more; its row and file stay, with who and why."""
    proof.removed_at, proof.removed_by = clock.now(), by.id if by else None
    proof.removed_because = reason.strip()
    db.session.flush()


def adopt_catalogue(plan: Plan) -> list[Indicator]:
    """Give a plan the starter indicators that it lacks (by code), and the district the default
    exclusions and evidence checklist when it has none. Returns the indicators added."""
    have = {i.code for i in plan.indicators}
    line_ids = {line.kind.value: line.id for line in reversed(plan.lines)}
    added = []
    for position, entry in enumerate(catalogue()["indicators"], start=1):
        if entry["code"] in have:
            continue
        values = {k: v for k, v in entry.items() if k not in ("line", "rule")}
        added.append(
            Indicator(
                plan=plan, position=position, rule=deepcopy(entry["rule"]),
                activity_line_id=line_ids.get(entry.get("line", "")), **values,
            )
        )  # fmt: skip
    db.session.add_all(added)
    if not queries.exclusions(plan.district_id):
        db.session.add_all(
            Exclusion(district_id=plan.district_id, **deepcopy(e)) for e in catalogue()["exclusions"]
        )
    if not queries.evidence_requirements(plan.district_id):
        db.session.add_all(
            EvidenceRequirement(district_id=plan.district_id, position=n, valid_from=ALWAYS, **e)
            for n, e in enumerate(catalogue()["evidence"], start=1)
        )
    db.session.flush()
    return added


class PlanOverlaps(Refusal):
    """Another plan of the district covers some of these days."""

    message = _l(
        "The district already has a plan for some of these days. Open that one, or choose other dates."
    )
    field = "starts_on"


class ChangedMeanwhile(Refusal):
    """Somebody else saved the same thing after this form was opened."""

    message = _l(
        "Somebody else changed this while you were writing. Nothing was overwritten and your text is kept "
        "here. Compare it with the page of the plan; saving again replaces the other change."
    )


class StillInUse(Refusal):
    """Something hangs on the row: workshops on a line, publications on a macro-area."""

    message = _l("This cannot be removed: something hangs on it. Rename it, or move what hangs on it first.")


class CodeTaken(Refusal):
    """Two rows of a plan with one code."""

    field = "code"
    message = _l("This code is taken. Choose another one.")


def create_plan(district_id: int, *, title: str, starts_on: date, ends_on: date, catalogue: bool) -> Plan:
    """A new plan with the three lines of the decree, and the starter catalogue when wanted.

    Raises PlanOverlaps: a day belongs to one plan, or its activities would count twice.
    """
    _hold_district(district_id)
    overlapping = select(Plan.id).where(
        Plan.district_id == district_id, Plan.starts_on <= ends_on, Plan.ends_on >= starts_on
    )
    if db.session.scalar(overlapping.limit(1)) is not None:
        raise PlanOverlaps
    plan = Plan(
        district_id=district_id, title=title, starts_on=starts_on, ends_on=ends_on, created_at=clock.now()
    )
    plan.lines = [
        ActivityLine(code=kind.value, kind=kind, name_it=it, name_en=en) for kind, (it, en) in LINES.items()
    ]
    db.session.add(plan)
    db.session.flush()
    if catalogue:
        adopt_catalogue(plan)
    return plan


def _hold_district(district_id: int) -> None:
    """Make two who add a plan at once wait for each other."""
    db.session.execute(select(District.id).where(District.id == district_id).with_for_update())


def version_of(row) -> str:
    """A mark of a row's content, what hangs on it included: it changes when anything of it does."""
    parts = [[getattr(row, c.key) for c in row.__mapper__.column_attrs]]
    hanging = [n for n in ("application_areas", "budget", "targets") if n in row.__mapper__.relationships]
    parts += [sorted(str(_columns(child)) for child in getattr(row, name)) for name in hanging]
    if isinstance(row, Objective):
        parts.append(sorted(m.id for m in row.macro_areas))
    return sha256(repr(parts).encode()).hexdigest()[:16]


def _columns(row) -> list:
    return [getattr(row, c.key) for c in row.__mapper__.column_attrs if c.key != "id"]


def targets_version(plan: Plan) -> str:
    """A mark of all baselines and targets of a plan."""
    return sha256("".join(version_of(i) for i in plan.indicators).encode()).hexdigest()[:16]


def revise_plan(plan: Plan, *, version: str, **facts) -> None:
    """Change title, dates or the situation text. Raises ChangedMeanwhile."""
    _claim(plan, plan, version)
    _assign(plan, facts)


def save_macro_area(
    plan: Plan, row: MacroArea | None, *, version: str, application_areas: list[tuple[str, str]], **facts
) -> MacroArea:
    """Add or change a macro-area. `application_areas`: at most three (Italian, English), by priority."""
    if len(application_areas) > AREAS_PER_MACRO_AREA:
        raise ValueError("the decree allows three application areas")
    row = _claim(plan, row, version) or MacroArea(plan=plan, position=len(plan.macro_areas) + 1)
    _assign(row, facts)
    db.session.add(row)
    row.application_areas = []
    db.session.flush()  # ranks are unique: the old ones go first
    row.application_areas = [
        ApplicationArea(rank=n, name_it=it, name_en=en)
        for n, (it, en) in enumerate(application_areas, start=1)
    ]
    db.session.flush()
    return row


def raise_application_area(area: ApplicationArea) -> None:
    """Swap an application area with the one of the next higher priority; the first one stays."""
    areas = list(area.macro_area.application_areas)
    names = [(a.name_it, a.name_en) for a in areas]
    at = areas.index(area)
    if at:
        names[at - 1], names[at] = names[at], names[at - 1]
    for a, (it, en) in zip(areas, names, strict=True):
        a.name_it, a.name_en = it, en
    db.session.flush()


def save_objective(
    plan: Plan, row: Objective | None, *, version: str, text: str, macro_area_ids
) -> Objective:
    """Add or change an objective and the macro-areas it is tied to."""
    row = _claim(plan, row, version)
    tied = [m for m in plan.macro_areas if m.id in set(macro_area_ids or [])]
    row = row or Objective(plan=plan, position=len(plan.objectives) + 1)
    row.text, row.macro_areas = text, tied
    db.session.add(row)
    db.session.flush()
    return row


def save_line(plan: Plan, row: ActivityLine | None, *, version: str, budget, **facts) -> ActivityLine:
    """Add or change an activity line; `budget` is {year: (budget cents, spent cents, co-financing %)}."""
    _free_code(plan.lines, row, facts["code"])
    row = _claim(plan, row, version) or ActivityLine(plan=plan)
    _assign(row, facts)
    db.session.add(row)
    kept = {b.year: b for b in row.budget}
    for year, (planned, spent, rate) in budget.items():
        money = kept.get(year)
        if money is None:
            if not planned and not spent:
                continue
            money = BudgetLine(year=year)
            row.budget.append(money)
        money.budget_cents, money.spent_cents, money.cofinancing_percent = planned, spent, rate
    db.session.flush()
    return row


def save_indicator(plan: Plan, row: Indicator | None, *, version: str, **facts) -> Indicator:
    """Add or change an indicator. Raises RuleError when its rule cannot be read."""
    rules.read(facts["rule"])
    _free_code(plan.indicators, row, facts["code"])
    row = _claim(plan, row, version) or Indicator(plan=plan, position=len(plan.indicators) + 1)
    _assign(row, facts)
    db.session.add(row)
    db.session.flush()
    return row


def save_targets(plan: Plan, *, version: str, values: dict[int, dict]) -> None:
    """Set baselines and targets: {indicator id: {"baseline", "year", "targets": {period: value or None}}}."""
    _lock(plan)
    if version != targets_version(plan):
        raise ChangedMeanwhile
    for indicator in plan.indicators:
        given = values[indicator.id]
        indicator.baseline, indicator.baseline_year = given["baseline"], given["year"]
        kept = {t.period: t for t in indicator.targets}
        for period, value in given["targets"].items():
            if value is None:
                if period in kept:
                    indicator.targets.remove(kept[period])
            elif period in kept:
                kept[period].value = value
            else:
                indicator.targets.append(Target(period=period, value=value))
    db.session.flush()


def save_exclusion(plan: Plan, row: Exclusion | None, *, version: str, **facts) -> Exclusion:
    """Add or change an exclusion of the plan's district."""
    row = _claim(plan, row, version) or Exclusion(district_id=plan.district_id)
    _assign(row, facts)
    db.session.add(row)
    db.session.flush()
    return row


def save_requirement(
    plan: Plan, row: EvidenceRequirement | None, *, version: str, **facts
) -> EvidenceRequirement:
    """Add or change a line of the evidence checklist of the plan's district."""
    same = [
        r for r in queries.evidence_requirements(plan.district_id)
        if (r.verb, r.code, r.valid_from) == (facts["verb"], facts["code"], facts["valid_from"])
    ]  # fmt: skip
    if same and same != [row]:
        raise CodeTaken
    row = _claim(plan, row, version) or EvidenceRequirement(district_id=plan.district_id, position=100)
    _assign(row, facts)
    db.session.add(row)
    db.session.flush()
    return row


def remove(row) -> None:
    """Take a part out of the plan. Raises StillInUse when something hangs on it."""
    if isinstance(row, MacroArea):
        ties = objective_macro_areas.delete().where(objective_macro_areas.c.macro_area_id == row.id)
        db.session.execute(ties)
    try:
        with db.session.begin_nested():
            db.session.delete(row)
            db.session.flush()
    except IntegrityError:
        raise StillInUse from None


def _lock(plan: Plan) -> None:
    """Let those who edit a plan queue, so that the comparison of versions holds on PostgreSQL too."""
    db.session.execute(select(Plan.id).where(Plan.id == plan.id).with_for_update())
    db.session.expire_all()


def _claim(plan: Plan, row, version: str):
    """The row as it stands, once nobody changed it since `version`; None when it is to be added."""
    _lock(plan)
    if row is not None and version != version_of(row):
        raise ChangedMeanwhile
    return row


def _assign(row, facts: dict) -> None:
    unknown = [name for name in facts if name not in row.__mapper__.columns]
    if unknown:
        raise TypeError(f"unknown facts: {', '.join(sorted(unknown))}")
    for name, value in facts.items():
        setattr(row, name, value)


def _free_code(rows, row, code: str) -> None:
    if any(r.code == code and r is not row for r in rows):
        raise CodeTaken
