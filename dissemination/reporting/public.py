"""The transparency page of a district: what it promised, what it reported and where it stands, in words."""

from flask import Blueprint, Response, abort, render_template, request

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
    in_force = queries.in_force(district.id)
    signed = in_force[0] if in_force else None
    public = [i for i in figures.readable(plan.indicators) if i.public]
    found = figures.figures(public, [periods.read(PLAN, plan), *_period_of(signed, plan)])
    return render_template(
        "reporting/transparency.html", plan=plan, signed=signed, head=_head(signed),
        reported=_reported(signed, found if _period_of(signed, plan) else _known(signed)),
        whole=_families(
            [_told(i.code, _name(i), found[i.code, PLAN], less=i.direction is Direction.DOWN) for i in public]
        ),
        others=in_force[1:], reopened=queries.reopened(district.id),
        former=[s for s in signed.period.sign_offs if s.reopened_at] if signed else [],
    )  # fmt: skip


def _period_of(signed, plan) -> list[periods.Period]:
    """The signed period where it is one of `plan`."""
    return [queries.calendar_period(signed.period)] if signed and signed.period.plan_id == plan.id else []


def _known(signed) -> dict:
    """What is known today of a period of a former plan, counted as that plan counts."""
    if signed is None:
        return {}
    indicators = [i for i in figures.readable(signed.period.plan.indicators) if i.public]
    return figures.figures(indicators, [queries.calendar_period(signed.period)])


def _name(thing) -> str:
    return translated(thing, "name")


def _told(code: str, name: str, figure, *, less: bool, known=None, over: bool = False) -> dict:
    """A figure in plain words; `known` when it is another one today."""
    sentence = given.in_words(figure.actual, figure.target, figure.unit, less=less, over=over)
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
            less=content["direction"] == Direction.DOWN, known=known, over=True,
        ))  # fmt: skip
    return _families(told)


def _families(told: list[dict]) -> list[tuple[object, list[dict]]]:
    found = [(title, [t for t in told if texts.family(t["code"]) == name]) for name, title in texts.FAMILIES]
    return [(title, members) for title, members in found if members]


def _head(signed) -> str:
    return given.Head(signed.position, signed.chain).printed if signed else ""


@transparency.get("/<code>.csv")
def open_data(district, code):
    """The signed figures of a period as open data; of two plans the latest, or the one of `?plan=`."""
    plan_id = request.args.get("plan", type=int)
    found = [s for s in queries.in_force(district.id) if s.period.code == code]
    signed = next((s for s in found if plan_id in (None, s.period.plan_id)), None) or abort(404)
    report = delivered.signed_report(signed)
    headers = {"Content-Disposition": f'attachment; filename="{report.name}-open-data.csv"'}
    return Response(opendata.render(report), mimetype="text/csv", headers=headers)
