"""The transparency page of a district: what it promised, what it reported and where it stands, in words."""

from flask import Blueprint, Response, abort, render_template

from dissemination.kernel.languages import language, translated
from dissemination.plan import figures, periods, texts
from dissemination.plan import queries as plans
from dissemination.plan.models import Direction
from dissemination.plan.periods import PLAN
from dissemination.reporting import delivered, given, opendata, queries
from dissemination.reporting.frozen import decimal

transparency = Blueprint("transparency", __name__, url_prefix="/<district>/transparency")


@transparency.get("/")
def index(district):
    """The last signed period and the plan so far, a sentence for each public indicator."""
    plan = plans.current_plan(district.id)
    if plan is None:
        return render_template("reporting/transparency.html", plan=None)
    signed = queries.last_sign_off(district.id)
    public = [i for i in figures.readable(plan.indicators) if i.public]
    whole = periods.read(PLAN, plan)
    wanted = [whole] if signed is None else [whole, queries.calendar_period(signed.period)]
    found = figures.figures(public, wanted)
    return render_template(
        "reporting/transparency.html", plan=plan, signed=signed, head=_head(signed),
        reported=_reported(signed, found), whole=_families(
            [_told(i.code, _name(i), found[i.code, PLAN], less=i.direction is Direction.DOWN) for i in public]
        ),
        others=[s for s in reversed(queries.sign_offs_in_force(plan)) if signed is None or s.id != signed.id],
    )  # fmt: skip


def _name(thing) -> str:
    return translated(thing, "name")


def _told(code: str, name: str, figure, *, less: bool, known=None) -> dict:
    """A figure in plain words; `known` when it is another one today."""
    sentence = given.in_words(figure.actual, figure.target, figure.unit, less=less)
    return {"code": code, "name": name, "sentence": sentence, "figure": figure, "known": known}


def _reported(signed, found) -> list:
    if signed is None:
        return []
    told = []
    for row in signed.figures:
        content = row.content
        if not content["public"]:
            continue
        figure = figures.Figure(
            code=row.code, period=signed.period.code, unit=content["unit"],
            actual=decimal(content["actual"]), target=decimal(content["target"]),
            counted=content["counted"], not_counted=content["not_counted"],
        )  # fmt: skip
        today = found.get((row.code, signed.period.code))
        known = today.actual if today is not None and today.actual != figure.actual else None
        told.append(_told(
            row.code, content[f"name_{language()}"] or content["name_it"], figure,
            less=content["direction"] == Direction.DOWN, known=known,
        ))  # fmt: skip
    return _families(told)


def _families(told: list[dict]) -> list[tuple[object, list[dict]]]:
    found = [(title, [t for t in told if texts.family(t["code"]) == name]) for name, title in texts.FAMILIES]
    return [(title, members) for title, members in found if members]


def _head(signed) -> str:
    return given.Head(signed.position, signed.chain).printed if signed else ""


@transparency.get("/<code>.csv")
def open_data(district, code):
    """The signed figures of a period as open data."""
    plan = plans.current_plan(district.id) or abort(404)
    signed = queries.signed(plan, code) or abort(404)
    report = delivered.signed_report(signed)
    headers = {"Content-Disposition": f'attachment; filename="{report.name}-open-data.csv"'}
    return Response(opendata.render(report), mimetype="text/csv", headers=headers)
