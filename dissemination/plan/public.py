"""The public page of the plan and its figures as CSV and JSON. Only indicators marked public."""

from flask import Blueprint, abort, jsonify, render_template, request
from markupsafe import Markup

from dissemination.kernel.languages import language, translated
from dissemination.plan import charts, exports, periods, queries, sentences, series, signed, texts
from dissemination.plan.figures import district_today, figures_for, readable
from dissemination.plan.figures import figures as table
from dissemination.plan.periods import PLAN

plan = Blueprint("plan", __name__, url_prefix="/<district>/plan")


def _plan(district):
    return queries.current_plan(district.id) or abort(404)


@plan.get("/")
def index(district):
    """What the district promised and what it reached, by half-year."""
    found = queries.current_plan(district.id)
    if found is None:
        return render_template("plan/index.html", plan=None)
    indicators = [i for i in readable(found.indicators) if i.public]
    halves = periods.half_years(found)
    values = table(indicators, [*halves, periods.read(PLAN, found)])
    courses = series.many(indicators, periods.Grain.HALF, known=values)
    families = [
        (title, [i for i in indicators if texts.family(i.code) == name]) for name, title in texts.FAMILIES
    ]
    return render_template(
        "plan/index.html", plan=found, halves=halves, values=values, today=district_today(found),
        families=[(title, members) for title, members in families if members], courses=courses,
        drawn={i.code: _drawn(i, courses[i.code]) for i in indicators if _is_worth_drawing(courses[i.code])},
        reported=signed.reported(found),
        sentences={i.code: sentences.in_words(i, values[i.code, PLAN], language()) for i in indicators},
    )  # fmt: skip


def _drawn(indicator, points):
    """What grows as a line against its target; rates and stocks as bars."""
    draw = charts.bars if series.kind_of(indicator) is series.Kind.LEVEL else charts.burn_up
    name = f"{indicator.code} {translated(indicator, 'name')}"
    return Markup(draw(points, indicator.unit, language(), title=name, name=indicator.code))  # noqa: S704 (escaped there)


def _is_worth_drawing(points):
    """A chart of nothing but zeros and no target is left out: the sentence says it."""
    return any(p.increment or p.cumulative or p.target or p.target_cumulative for p in points)


@plan.get("/figures.json")
def figures_json(district):
    """{"DV-01": {"actual", "target", "unit", "counted", "not_counted"}, …} for `?period=` (default: plan)."""
    found = _plan(district)
    return jsonify(figures_for(found, request.args.get("period") or PLAN, public=True))


@plan.get("/figures.csv")
def figures_csv(district):
    """One line per public indicator and period: all half-years and the whole plan, or `?period=`."""
    found = _plan(district)
    code = request.args.get("period")
    wanted = [periods.read(code, found)] if code else [*periods.half_years(found), periods.read(PLAN, found)]
    indicators = [i for i in readable(found.indicators) if i.public]
    values = table(indicators, wanted)
    lines = (
        exports.figure_line(i, values[i.code, p.code]) for i in indicators for p in wanted
    )  # fmt: skip
    return exports.csv_response(f"{district.slug}-figures.csv", exports.FIGURE_HEAD, lines)
