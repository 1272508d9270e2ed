"""What changes the plan, and the evidence beside the log. Never commits."""

from copy import deepcopy
from datetime import date

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from dissemination.districts.models import District
from dissemination.kernel import clock
from dissemination.kernel.database import db
from dissemination.kernel.files import StoredFile
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.subjects import kind_of
from dissemination.people.accounts import Account
from dissemination.plan import holders, periods, queries, rules, saved
from dissemination.plan.bounds import must_hold_everything
from dissemination.plan.catalogue import catalogue
from dissemination.plan.claims import ChangedMeanwhile, assign, claim, lock, targets_version, version_of
from dissemination.plan.log import Evidence
from dissemination.plan.models import (
    AREAS_PER_MACRO_AREA,
    CARTELLA,
    SITUATION_LIMIT,
    ActivityLine,
    ApplicationArea,
    BudgetLine,
    EvidenceRequirement,
    EvidenceState,
    Exclusion,
    Indicator,
    LineKind,
    MacroArea,
    Objective,
    Plan,
    Target,
    objective_macro_areas,
)
from dissemination.plan.tree import lift_children, move_objective, save_objective, save_operation

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
        note=note, sha256=file.sha256 if file is not None else "", condition="",
        added_at=clock.now(), added_by=by.id if by else None,
    )  # fmt: skip
    db.session.add(proof)
    db.session.flush()
    holders.changed(proof.subject_kind, [proof.subject_id])
    return proof


def remove_evidence(proof: Evidence, *, reason: str, by: Account | None) -> None:
    """Let a proof that was wrong count no more; its row and file stay, with who and why."""
    proof.removed_at, proof.removed_by = clock.now(), by.id if by else None
    proof.removed_because = reason.strip()
    db.session.flush()
    holders.changed(proof.subject_kind, [proof.subject_id])


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


class StillInUse(Refusal):
    """Something hangs on the row: workshops on a line, publications on a macro-area."""

    message = _l("This cannot be removed: something hangs on it. Rename it, or move what hangs on it first.")


class CodeTaken(Refusal):
    """Two rows of a plan with one code."""

    field = "code"
    message = _l("This code is taken. Choose another one.")


class AskedAlready(Refusal):
    """Two lines of the checklist that ask for the same on one day."""

    field = "code"
    message = _l("The checklist asks for this already on some of these days. End that line first.")


def create_plan(
    district_id: int, *, title: str, starts_on: date, ends_on: date, catalogue: bool,
    by: Account | None = None,
) -> Plan:  # fmt: skip
    """A new plan with the three lines of the decree, and the starter catalogue when wanted.

    Raises PlanOverlaps: a day belongs to one plan, or its activities would count twice.
    """
    must_be_free(district_id, starts_on, ends_on)
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
    saved.note(plan, "created", by=by)
    return plan


def must_be_free(district_id: int, starts_on: date, ends_on: date, *, besides: int | None = None) -> None:
    """Raises PlanOverlaps when a plan of the district, other than `besides`, has one of these days.

    Two who ask at once wait for each other. Raises NoDaysOfAPlan.
    """
    periods.must_be_days_of_a_plan(starts_on, ends_on)
    db.session.execute(select(District.id).where(District.id == district_id).with_for_update())
    overlapping = select(Plan.id).where(
        Plan.district_id == district_id, Plan.starts_on <= ends_on, Plan.ends_on >= starts_on,
        Plan.id != (besides or 0),
    )  # fmt: skip
    if db.session.scalar(overlapping.limit(1)) is not None:
        raise PlanOverlaps


def revise_plan(plan: Plan, *, version: str, by: Account | None = None, **facts) -> None:
    """Change title, dates or the situation text.

    Raises ChangedMeanwhile, PlanOverlaps, LeavesOut, TextTooLong.
    """
    claim(plan, plan, version)
    days = facts.get("starts_on", plan.starts_on), facts.get("ends_on", plan.ends_on)
    moved = days != (plan.starts_on, plan.ends_on)
    if moved:
        must_hold_everything(plan, *days)
    assign(plan, facts)
    if moved:
        with db.session.no_autoflush:
            must_be_free(plan.district_id, plan.starts_on, plan.ends_on, besides=plan.id)
    _within_limit(plan)
    db.session.flush()
    saved.note(plan, "heading" if "title" in facts else "situation", by=by)


class TextTooLong(Refusal):
    """Section 1 is longer than the decree allows: the situation and what is said of the actors together."""

    status = 422

    def __init__(self, over: int):
        super().__init__(
            _("Section 1 may have %(most)d characters (8 pages of %(page)d) in all, the actors of the "
              "macro-areas included. Cut %(over)d.",
              most=SITUATION_LIMIT, page=CARTELLA, over=over)
        )  # fmt: skip


def _within_limit(plan: Plan) -> None:
    """Raises TextTooLong when section 1 is over the decree's limit in either language."""
    over = max(queries.section_1_used(plan, lang) for lang in ("it", "en")) - SITUATION_LIMIT
    if over > 0:
        raise TextTooLong(over)


def save_macro_area(
    plan: Plan, row: MacroArea | None, *, version: str, application_areas: list[tuple[str, str]],
    by: Account | None = None, **facts,
) -> MacroArea:  # fmt: skip
    """Add or change a macro-area. `application_areas`: at most three (Italian, English), by priority."""
    if len(application_areas) > AREAS_PER_MACRO_AREA:
        raise ValueError("the decree allows three application areas")
    row = claim(plan, row, version) or MacroArea(plan=plan, position=len(plan.macro_areas) + 1)
    assign(row, facts)
    db.session.add(row)
    row.application_areas = []
    db.session.flush()  # ranks are unique: the old ones go first
    row.application_areas = [
        ApplicationArea(rank=n, name_it=it, name_en=en)
        for n, (it, en) in enumerate(application_areas, start=1)
    ]
    db.session.flush()
    db.session.expire(plan, ["macro_areas"])
    _within_limit(plan)
    saved.note(plan, "macro_area", by=by)
    return row


def raise_application_area(area: ApplicationArea, *, by: Account | None = None) -> None:
    """Swap an application area with the one of the next higher priority; the first one stays."""
    areas = list(area.macro_area.application_areas)
    names = [(a.name_it, a.name_en) for a in areas]
    at = areas.index(area)
    if at:
        names[at - 1], names[at] = names[at], names[at - 1]
    for a, (it, en) in zip(areas, names, strict=True):
        a.name_it, a.name_en = it, en
    db.session.flush()
    saved.note(area.macro_area.plan, "macro_area", by=by)


def save_line(
    plan: Plan, row: ActivityLine | None, *, version: str, budget: dict[int, dict[str, int]],
    by: Account | None = None, **facts,
) -> ActivityLine:  # fmt: skip
    """Add or change an activity line; `budget` is {year: {column of BudgetLine: value}}."""
    _free_code(plan.lines, row, facts["code"])
    row = claim(plan, row, version) or ActivityLine(plan=plan)
    assign(row, facts)
    db.session.add(row)
    kept = {b.year: b for b in row.budget}
    for year, values in budget.items():
        money = kept.get(year)
        if money is None:
            if not any(value for name, value in values.items() if name != "cofinancing_percent"):
                continue
            money = BudgetLine(year=year)
            row.budget.append(money)
        assign(money, values)
    db.session.flush()
    db.session.expire(plan, ["lines"])
    saved.note(plan, "line", by=by)
    return row


def save_indicator(
    plan: Plan, row: Indicator | None, *, version: str, by: Account | None = None, **facts
) -> Indicator:
    """Add or change an indicator. Raises RuleError when its rule cannot be read."""
    rules.read(facts["rule"])
    _free_code(plan.indicators, row, facts["code"])
    row = claim(plan, row, version) or Indicator(plan=plan, position=len(plan.indicators) + 1)
    assign(row, facts)
    db.session.add(row)
    db.session.flush()
    db.session.expire(plan, ["indicators"])
    saved.note(plan, "indicator", by=by)
    return row


def save_targets(plan: Plan, *, version: str, values: dict[int, dict], by: Account | None = None) -> None:
    """Set baselines and targets: {indicator id: {"baseline", "year", "targets": {period: value or None}}}."""
    lock(plan)
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
    saved.note(plan, "targets", by=by)


def save_exclusion(
    plan: Plan, row: Exclusion | None, *, version: str, by: Account | None = None, **facts
) -> Exclusion:
    """Add or change an exclusion of the plan's district."""
    row = claim(plan, row, version) or Exclusion(district_id=plan.district_id)
    assign(row, facts)
    db.session.add(row)
    db.session.flush()
    saved.note(plan, "rules", by=by)
    return row


def save_requirement(
    plan: Plan, row: EvidenceRequirement | None, *, version: str, by: Account | None = None, **facts
) -> EvidenceRequirement:
    """Add or change a line of the evidence checklist of the plan's district."""
    same = [
        r for r in queries.evidence_requirements(plan.district_id)
        if r is not row and (r.verb, r.code) == (facts["verb"], facts["code"])
        and r.valid_from <= (facts.get("valid_until") or date.max)
        and facts["valid_from"] <= (r.valid_until or date.max)
    ]  # fmt: skip
    if same:
        raise AskedAlready
    row = claim(plan, row, version) or EvidenceRequirement(district_id=plan.district_id, position=100)
    verbs = {row.verb, facts["verb"]} - {None}
    assign(row, facts)
    db.session.add(row)
    db.session.flush()
    look_again(plan.district_id, verbs)
    saved.note(plan, "rules", by=by)
    return row


def look_again(district_id: int, verbs) -> None:
    """The checklist of these verbs changed: what was found complete is to be looked at once more."""
    db.session.execute(
        update(EvidenceState)
        .where(EvidenceState.district_id == district_id, EvidenceState.verb.in_(verbs))
        .values(counted_at=None)
    )


def remove(row, *, by: Account | None = None) -> None:
    """Take a part out of the plan. Raises StillInUse when something hangs on it."""
    plan = getattr(row, "plan", None)
    if isinstance(row, MacroArea):
        ties = objective_macro_areas.delete().where(objective_macro_areas.c.macro_area_id == row.id)
        db.session.execute(ties)
    if isinstance(row, Objective):
        lift_children(row)
    requirement = (row.district_id, [row.verb]) if isinstance(row, EvidenceRequirement) else None
    try:
        with db.session.begin_nested():
            db.session.delete(row)
            db.session.flush()
    except IntegrityError:
        raise StillInUse from None
    if requirement:
        look_again(*requirement)
    if plan is not None:
        db.session.expire(plan)
        saved.note(plan, "removed", by=by)


def _free_code(rows, row, code: str) -> None:
    if any(r.code == code and r is not row for r in rows):
        raise CodeTaken


__all__ = [
    "ChangedMeanwhile", "CodeTaken", "PlanOverlaps", "StillInUse", "TextTooLong", "add_evidence",
    "adopt_catalogue", "create_plan", "look_again", "move_objective", "must_be_free",
    "raise_application_area", "remove", "remove_evidence", "revise_plan", "save_exclusion", "save_indicator",
    "save_line", "save_macro_area", "save_objective", "save_operation", "save_requirement", "save_targets",
    "targets_version", "version_of",
]  # fmt: skip
