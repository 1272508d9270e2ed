"""Counting a period as it is known now, into values that nothing can change afterwards."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial

from flask_babel import force_locale

from dissemination.districts.models import District
from dissemination.kernel.database import db
from dissemination.kernel.languages import LANGUAGES
from dissemination.plan import figures, periods, queries, rules, texts
from dissemination.plan.counting import EXCLUSION
from dissemination.plan.figures import Figure
from dissemination.plan.models import Indicator, Plan
from dissemination.plan.periods import Period
from dissemination.plan.rules import Measure
from dissemination.reporting import given
from dissemination.reporting.frozen import Frozen, FrozenFigure, FrozenFile, FrozenRow, decimal

ADDITIVE = frozenset({Measure.COUNT, Measure.SUM})


def freeze(
    plan: Plan, period: Period, *, earlier: list[dict] | None = None, replaces: dict | None = None
) -> Frozen:
    """Everything that a report of `period` says, as the database holds it at this moment.

    `earlier` are the adjustments of periods that were reported before (`adjustments.as_json`), `replaces`
    is the sign-off of this period that was reopened, with what changed since.
    """
    head = given.head(plan.district_id)
    counted = count(plan, period)
    return Frozen(
        head=head,
        content=_content(plan, period, counted) | {"earlier": earlier or [], "replaces": replaces},
        figures=counted,
        files=_files(plan, counted),
    )


def count(plan: Plan, period: Period, *, brief: bool = False) -> list[FrozenFigure]:
    """The plan's readable indicators in `period`, in the plan's order.

    `brief` leaves out splits, history and what came before: enough to compare figures and rows.
    """
    indicators = figures.readable(plan.indicators)
    known = given.companies(plan.district_id)
    halves = [] if brief else [half for half in periods.half_years(plan) if half.end <= period.end]
    values = figures.figures(indicators, [period, *halves])
    so_far = {} if brief else _so_far(plan, period, indicators, values, halves)
    names = _class_names(plan)
    counted = []
    for i in indicators:
        rows = given.identities(i, period, known)
        splits = [] if brief else [_split(s, rows, names) for s in given.splits(i, period, rows)]
        counted.append(_figure(i, period, values, halves, so_far.get(i.code), rows, splits))
    return counted


def _so_far(plan, period, indicators, values, halves) -> dict[str, Decimal | None]:
    """What each indicator comes to from the plan's first day to the period's last, or to its own (R5)."""
    if period.code == periods.PLAN:
        return {i.code: values[i.code, period.code].actual for i in indicators}
    end = min(period.end, plan.ends_on)
    whole = bool(halves) and halves[0].start == plan.starts_on and halves[-1].end == period.end == end
    found, live = {}, []
    for i in indicators:
        rule = rules.read(i.rule)
        if whole and rule.measure in ADDITIVE and rule.share_of is None:
            found[i.code] = sum((values[i.code, h.code].actual or Decimal(0) for h in halves), Decimal(0))
        else:
            live.append(i)
    stretch = Period(plan.starts_on, end, "to-date")
    counted = figures.figures(live, [stretch])
    return found | {code: figure.actual for (code, _), figure in counted.items()}


def _figure(
    indicator: Indicator, period: Period, values: dict[tuple[str, str], Figure], halves: list[Period],
    so_far: Decimal | None, rows: list[FrozenRow], splits: list[dict],
) -> FrozenFigure:  # fmt: skip
    own = values[indicator.code, period.code]
    targets = {t.period: decimal(t.value) for t in indicator.targets}
    return FrozenFigure(
        code=indicator.code, position=indicator.position, name_it=indicator.name_it,
        name_en=indicator.name_en or indicator.name_it, unit=indicator.unit,
        direction=indicator.direction.value, source_it=indicator.source_it, source_en=indicator.source_en,
        line=indicator.line.code if indicator.line else "", public=indicator.public, rule=indicator.rule,
        baseline=decimal(indicator.baseline), baseline_year=indicator.baseline_year,
        threshold=decimal(indicator.threshold), target=decimal(own.target), actual=decimal(own.actual),
        numerator=decimal(own.numerator), denominator=decimal(own.denominator), counted=own.counted,
        not_counted=own.not_counted, cumulative=decimal(so_far), plan_target=targets.get(periods.PLAN),
        history=[
            {"code": h.code, "actual": _text(values[indicator.code, h.code].actual),
             "target": _text(targets.get(h.code))}
            for h in halves
        ],
        splits=splits,
        rows=rows,
    )  # fmt: skip


def _text(value) -> str | None:
    found = decimal(value)
    return None if found is None else str(found)


def _split(split, rows: list[FrozenRow], names: Callable) -> dict:
    """A split with, for each class, how many rows and companies stand behind it."""
    count_of: dict[str, int] = defaultdict(int)
    companies: dict[str, set] = defaultdict(set)
    for row in rows:
        if row.reason is None and row.part in ("", "denominator"):
            value = row.classes.get(split.attribute, "")
            count_of[value] += 1
            if row.company_id is not None:
                companies[value].add(row.company_id)
    classes = []
    for line in split.lines:
        it, en = names(split.attribute, line.value)
        classes.append({
            "value": line.value, "name_it": it, "name_en": en, "actual": _text(line.actual),
            "numerator": _text(line.numerator), "denominator": _text(line.denominator),
            "rows": count_of[line.value], "companies": len(companies[line.value]),
        })  # fmt: skip
    return {"attribute": split.attribute, "overlaps": split.overlaps, "classes": classes}


def _class_names(plan: Plan) -> Callable:
    """A function from (attribute, value) to its names in Italian and English."""
    district = db.session.get(District, plan.district_id)
    named: dict[tuple[str, str], object] = {}
    if district is not None:
        named |= {("sector", s.code): s for s in district.sectors}
    named |= {("macro_area", m.name_it): m for m in plan.macro_areas}
    named |= {("line", line.code): line for line in plan.lines}

    def names(attribute: str, value: str) -> list[str]:
        return both(lambda: texts.value_name(attribute, value, named))

    return names


def both(say: Callable[[], object]) -> list[str]:
    """What `say` gives in Italian and in English."""
    said = []
    for language in LANGUAGES:
        with force_locale(language):
            said.append(str(say()))
    return said


def _content(plan: Plan, period: Period, counted: list[FrozenFigure]) -> dict:
    district = db.session.get_one(District, plan.district_id)
    exclusions = queries.exclusions(plan.district_id)
    complete, seen = given.completeness(plan, period)
    return {
        "district": {
            "slug": district.slug, "name_it": district.name_it,
            "name_en": district.name_en or district.name_it, "body": district.managing_body,
            "place": district.place, "zone": district.timezone,
        },
        "plan": {
            "title": plan.title, "starts_on": plan.starts_on.isoformat(), "ends_on": plan.ends_on.isoformat(),
            "approved": given.approved_version(plan),
        },
        "period": {
            "code": period.code, "start": period.start.isoformat(), "end": period.end.isoformat(),
        },
        "lines": [
            {"code": x.code, "name_it": x.name_it, "name_en": x.name_en or x.name_it} for x in plan.lines
        ],
        "exclusions": exclusions_in(exclusions, period),
        "checklist": [
            {"verb": r.verb, "code": r.code, "name_it": r.name_it, "name_en": r.name_en or r.name_it}
            for r in queries.evidence_requirements(plan.district_id)
            if _touches(r, period)
        ],
        "reasons": _reasons(counted, exclusions),
        "complete": [complete, seen],
    }  # fmt: skip


def _touches(rule, period: Period) -> bool:
    return rule.valid_from <= period.end and (rule.valid_until is None or rule.valid_until >= period.start)


def exclusions_in(rows, period: Period) -> list[dict]:
    """The exclusions in force in a period, as values."""
    return [_exclusion(row) for row in rows if _touches(row, period)]


def _exclusion(row) -> dict:
    return {
        "verbs": sorted(row.verbs), "condition": row.condition, "reason_it": row.reason_it,
        "reason_en": row.reason_en or row.reason_it, "valid_from": row.valid_from.isoformat(),
        "valid_until": row.valid_until.isoformat() if row.valid_until else None,
    }  # fmt: skip


def _reasons(counted: list[FrozenFigure], exclusions) -> dict[str, list[str]]:
    """Each reason for which a row is not counted, in Italian and English."""
    named: dict[str, object] = {f"{EXCLUSION}{e.id}": e for e in exclusions}
    codes = sorted({row.reason for f in counted for row in f.rows if row.reason})
    return {code: both(partial(texts.reason_name, code, named)) for code in codes}


def _files(plan: Plan, counted: list[FrozenFigure]) -> list[FrozenFile]:
    """The evidence of every activity behind a figure, in the plan's order: line, date, title."""
    subjects: dict[tuple[str, int], FrozenRow] = {}
    indicators: dict[tuple[str, int], list[str]] = defaultdict(list)
    for figure in counted:
        for row in figure.rows:
            if row.table != "activities":
                continue
            subject = (row.kind, row.subject_id)
            subjects.setdefault(subject, row)
            if row.reason is None and figure.code not in indicators[subject]:
                indicators[subject].append(figure.code)
    found = []
    for proof in given.evidence(plan.district_id, subjects):
        subject = (proof.subject_kind, proof.subject_id)
        row, file = subjects[subject], proof.file
        told = not given.is_confidential(row.kind)  # else that it is there is all that a report says
        found.append(FrozenFile(
            line=row.line, on=row.on, title=row.title, kind=row.kind, subject_id=row.subject_id,
            code=proof.code, evidence_id=proof.id, name=file.name if file and told else "",
            media_type=file.media_type if file else "", size=file.size if file else 0,
            sha256=file.sha256 if file else "", note=proof.note if told else "",
            indicators=indicators[subject],
        ))  # fmt: skip
    return sorted(
        found, key=lambda f: (f.line, f.on or date.min, f.title, f.kind, f.subject_id, f.evidence_id)
    )
