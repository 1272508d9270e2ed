"""Figures on the desk: every number opens its rows, counted and not counted; what hangs loose."""

from flask import Blueprint, abort, render_template, request
from flask_babel import gettext as _
from markupsafe import Markup

from dissemination.kernel import subjects
from dissemination.kernel.languages import language, translated
from dissemination.kernel.rights import Role, requires
from dissemination.plan import (
    charts,
    exports,
    figures,
    orphans,
    periods,
    proof_files,
    queries,
    readings,
    rows,
    rules,
    sentences,
    series,
    signed,
    splits,
    texts,
)
from dissemination.plan.counting import EXCLUSION
from dissemination.plan.periods import PLAN, Grain
from dissemination.plan.rules import RuleError
from dissemination.plan.series import Kind

desk = Blueprint("plan_desk", __name__, url_prefix="/<district>/desk/plan")


def asked_plan(district):
    """The plan in `?plan=`, by default the one in force; None when the district has none. Aborts with 404."""
    asked = request.args.get("plan", type=int)
    if asked is None:
        return queries.current_plan(district.id)
    return next((p for p in queries.plans(district.id) if p.id == asked), None) or abort(404)


@desk.get("/figures", endpoint="figures")
@requires(Role.VIEWER)
def figures_page(district):
    """All indicators with baseline, target and actual, by half-year, quarter, month or year."""
    plan = asked_plan(district)
    if plan is None:
        return render_template("plan/desk/figures.html", plan=None)
    grain, cumulative = _grain(), request.args.get("cumulative") == "1"
    years = list(range(plan.starts_on.year, plan.ends_on.year + 1))
    year = request.args.get("year", type=int)
    if grain is Grain.MONTH and year not in years:  # twelve columns are enough for one page
        year = min(max(figures.district_today(plan).year, years[0]), years[-1])
    wanted = [p for p in periods.cut(plan, grain) if grain is not Grain.MONTH or p.start.year == year]
    readable, whole = figures.readable(plan.indicators), periods.read(PLAN, plan)
    values = figures.figures(readable, [*wanted, whole])
    loose = orphans.orphans(plan)
    return render_template(
        "plan/desk/figures.html", plan=plan, plans=queries.plans(district.id), wanted=wanted, whole=whole,
        orphans=loose, indicators=readable, values=values, today=figures.district_today(plan),
        current=plan == queries.current_plan(district.id), verbs=_verbs(plan), grain=grain,
        grains=texts.GRAINS,
        cumulative=_cumulative(readable, wanted) if cumulative else None, year=year, years=years,
        goals={i.code: _goals(i, wanted, cumulative) for i in readable}, reported=signed.reported(plan),
    )  # fmt: skip


def _grain() -> Grain:
    asked = request.args.get("grain", "")
    return Grain(asked) if asked in texts.GRAINS else Grain.HALF


def _cumulative(indicators, wanted):
    """{(code, period code): figure from the plan's first day to the period's end}."""
    today = figures.district_today(indicators[0].plan) if indicators else None
    begun = [p for p in wanted if p.start <= today] if today else []
    return {
        (i.code, p.code): value
        for i in indicators
        for p, value in zip(begun, series.running(i, begun), strict=True)
    }


def _goals(indicator, wanted, cumulative):
    own, so_far = series.targets(indicator, wanted)
    return dict(zip([p.code for p in wanted], so_far if cumulative else own, strict=True))


@desk.get("/figures/<code>")
@requires(Role.VIEWER)
def figure(district, code):
    """One figure with its course, its splits and its rows."""
    indicator, period, part = _asked(district, code)
    plan, rule = indicator.plan, rules.read(indicator.rule)
    parts = rows.parts(indicator)
    part = part if part in parts else (parts[0] if parts else "")
    counted = request.args.get("rows") != "not_counted"
    of = (request.args["by"], request.args["value"]) if {"by", "value"} <= request.args.keys() else None
    value = figures.figure(indicator, period)
    exclusions = exclusions_by_reason(district)
    other = figures.figure(indicator, period, exclusions=False) if exclusions else value
    page = rows.listed(
        indicator, period, counted=counted, part=part, after=request.args.get("after"), of=of
    )  # fmt: skip
    names = names_of(district, plan)
    return render_template(
        "plan/desk/figure.html", indicator=indicator, period=period, figure=value, other=other, part=part,
        parts=parts, counted=counted, rule=rule, page=page, of=of, plan=plan, grains=texts.GRAINS,
        reasons=[(texts.reason_name(r, exclusions), exclusions.get(r), n)
                 for r, n in rows.reasons(indicator, period, part=part)],
        exclusions=exclusions, hrefs=hrefs_of(page.rows),
        proofs=proof_files.counts(district.id, [(r.kind, r.subject_id) for r in page.rows]),
        evidence=proof_files.pages(district.id, [(r.kind, r.subject_id) for r in page.rows]),
        reason_name=lambda reason: texts.reason_name(reason, exclusions),
        value_name=lambda attribute, v: texts.value_name(attribute, v, names),
        reading=readings.sentence(rule, plan, language()),
        sentence=sentences.in_words(indicator, value, language()), reported=signed.reported(plan),
        **_course(indicator, period), **_classes(indicator, period, rule),
    )  # fmt: skip


def _course(indicator, period) -> dict:
    """The indicator over its plan, drawn and as a table; the periods that one can choose."""
    grain = _grain()
    points, kind = series.series(indicator, grain), series.kind_of(indicator)
    lang, name = language(), f"{indicator.code} {translated(indicator, 'name')}"
    title = f"{name}: " + _("by period")
    drawn = [Markup(charts.bars(points, indicator.unit, lang, title=title))]  # noqa: S704 (escaped there)
    if kind is not Kind.LEVEL:
        title = f"{name}: " + _("reached so far against the target")
        drawn.insert(0, Markup(charts.burn_up(points, indicator.unit, lang, title=title)))  # noqa: S704
    whole = periods.read(PLAN, indicator.plan)
    shown_year = min(period.end, figures.district_today(indicator.plan)).year
    listed = [p.period for p in points if grain is not Grain.MONTH or p.period.start.year == shown_year]
    known = [*listed, whole] if period in [*listed, whole] else [*listed, whole, period]
    return {"grain": grain, "points": points, "kind": kind, "drawn": drawn, "periods": known}


def _classes(indicator, period, rule) -> dict:
    """The splits of the rule, and by one more attribute when asked for."""
    found = splits.splits(indicator, period)
    more = [name for name in texts.STANDARD_SPLITS if name not in rule.split]
    asked = request.args.get("also", "")
    if rule.measure in ("budget",):
        more = []
    if asked in more:
        found.append(splits.by_attribute(indicator, period, rule, asked))
    tiles = None
    for split in found:
        if split.attribute == "province" and split.lines and indicator.unit != "%":
            values = {line.value: line.actual for line in split.lines}
            tiles = Markup(charts.provinces(values, indicator.unit, language()))  # noqa: S704 (escaped there)
    return {"splits": found, "also_by": more, "also": asked, "tiles": tiles}


@desk.get("/figures/<code>/rows.csv")
@requires(Role.VIEWER)
def figure_rows(district, code):
    """The rows of a figure as CSV, counted or not, with the reason."""
    indicator, period, part = _asked(district, code)
    exclusions = exclusions_by_reason(district)
    lines = [
        exports.row_line(row, texts.reason_name(row.reason, exclusions))
        for row in rows.every(indicator, period, part=part)
    ]
    return exports.csv_response(f"{district.slug}-{code}-{period.code}.csv", exports.ROW_HEAD, lines)


def asked_indicator(district, code):
    """The indicator of the plan in `?plan=` with a rule that can be read. Aborts with 404."""
    plan = asked_plan(district) or abort(404)
    indicator = queries.indicator(plan, code) or abort(404)
    try:
        rules.read(indicator.rule)
    except RuleError:
        abort(404, _("The rule of this indicator cannot be read. A manager can correct it in the plan."))
    return indicator


def _asked(district, code):
    indicator = asked_indicator(district, code)
    period = periods.read(request.args.get("period") or PLAN, indicator.plan)
    return indicator, period, request.args.get("part", "")


def hrefs_of(found) -> dict[tuple[str, int], str | None]:
    """Where to open what rows are about: each activity is asked for once, however many rows it has."""
    return {pair: subjects.url(*pair) for pair in {(r.kind, r.subject_id) for r in found}}


def exclusions_by_reason(district):
    """The district's exclusions by the reason code that rows have for them."""
    return {f"{EXCLUSION}{e.id}": e for e in queries.exclusions(district.id)}


def names_of(district, plan):
    """Rows that name the classes of splits: sectors, macro-areas, activity lines."""
    named = {("sector", s.code): s for s in district.sectors}
    named |= {("macro_area", m.name_it): m for m in plan.macro_areas}
    return named | {("line", line.code): line for line in plan.lines}


def _verbs(plan):
    """The verbs that should feed each indicator, for the list of those that nothing feeds."""
    found = {}
    for indicator in plan.indicators:
        try:
            found[indicator.code] = sorted(rules.verbs_of(rules.read(indicator.rule)))
        except RuleError as error:
            found[indicator.code] = error.problems
    return found
