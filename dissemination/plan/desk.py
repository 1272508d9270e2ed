"""Figures on the desk: every number opens its rows, counted and not counted; what hangs loose."""

from flask import Blueprint, abort, render_template, request
from flask_babel import gettext as _

from dissemination.kernel.rights import Role, requires
from dissemination.plan import exports, figures, orphans, periods, queries, rows, rules, splits, texts
from dissemination.plan.counting import EXCLUSION
from dissemination.plan.periods import PLAN
from dissemination.plan.rules import RuleError

desk = Blueprint("plan_desk", __name__, url_prefix="/<district>/desk/plan")


@desk.get("/figures", endpoint="figures")
@requires(Role.VIEWER)
def figures_page(district):
    """All indicators by half-year."""
    plan = queries.current_plan(district.id)
    if plan is None:
        return render_template("plan/desk/figures.html", plan=None)
    wanted = [*periods.half_years(plan), periods.read(PLAN, plan)]
    loose = orphans.orphans(plan)
    readable = figures.readable(plan.indicators)
    return render_template(
        "plan/desk/figures.html", plan=plan, wanted=wanted, orphans=loose, indicators=readable,
        values=figures.figures(readable, wanted), today=figures.district_today(plan),
        verbs=_verbs(plan),
    )  # fmt: skip


@desk.get("/figures/<code>")
@requires(Role.VIEWER)
def figure(district, code):
    """One figure with its rows."""
    indicator, period, part = _asked(district, code)
    parts = rows.parts(indicator)
    part = part if part in parts else (parts[0] if parts else "")
    counted = request.args.get("rows") != "not_counted"
    value = figures.figure(indicator, period)
    exclusions = _exclusions(district)
    other = figures.figure(indicator, period, exclusions=False) if exclusions else value
    names = _names(district, indicator.plan)
    return render_template(
        "plan/desk/figure.html", indicator=indicator, period=period, figure=value, other=other, part=part,
        parts=parts, counted=counted, rule=rules.read(indicator.rule),
        page=rows.listed(indicator, period, counted=counted, part=part, after=request.args.get("after")),
        reasons=[(texts.reason_name(r, exclusions), exclusions.get(r), n)
                 for r, n in rows.reasons(indicator, period, part=part)],
        splits=splits.splits(indicator, period), exclusions=exclusions,
        reason_name=lambda reason: texts.reason_name(reason, exclusions),
        value_name=lambda attribute, value: texts.value_name(attribute, value, names),
        periods=[*periods.half_years(indicator.plan), periods.read(PLAN, indicator.plan)],
    )  # fmt: skip


@desk.get("/figures/<code>/rows.csv")
@requires(Role.VIEWER)
def figure_rows(district, code):
    """The rows of a figure as CSV, counted or not, with the reason."""
    indicator, period, part = _asked(district, code)
    exclusions = _exclusions(district)
    lines = [
        exports.row_line(row, texts.reason_name(row.reason, exclusions))
        for row in rows.every(indicator, period, part=part)
    ]
    return exports.csv_response(f"{district.slug}-{code}-{period.code}.csv", exports.ROW_HEAD, lines)


def _asked(district, code):
    plan = queries.current_plan(district.id) or abort(404)
    indicator = queries.indicator(plan, code) or abort(404)
    try:
        rules.read(indicator.rule)
    except RuleError:
        abort(404, _("The rule of this indicator cannot be read. A manager can correct it in the plan."))
    return (
        indicator, periods.read(request.args.get("period") or PLAN, plan), request.args.get("part", ""),
    )  # fmt: skip


def _exclusions(district):
    return {f"{EXCLUSION}{e.id}": e for e in queries.exclusions(district.id)}


def _names(district, plan):
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
