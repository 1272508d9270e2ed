"""The forecast on the desk: where the figures will stand, what is missing, how sure that is."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from dissemination.forecast import actions, queries, texts
from dissemination.forecast.making import Maker
from dissemination.kernel.database import transaction
from dissemination.kernel.rights import Role, requires
from dissemination.plan import periods
from dissemination.plan import queries as plans
from dissemination.plan.figures import readable

desk = Blueprint("forecast_desk", __name__, url_prefix="/<district>/desk/forecast")


@desk.get("")
@requires(Role.VIEWER)
def index(district):
    """Every indicator at the end of the half-year that runs, or of the plan."""
    plan = plans.current_plan(district.id)
    if plan is None:
        return render_template("forecast/index.html", plan=None)
    offered = Maker(district, plan).periods()
    period = next(
        (p for p in offered if p.code == request.args.get("period")), offered[0] if offered else None
    )
    found = queries.of_plan(plan, period.code) if period else {}
    targets = {
        i.id: next((t.value for t in i.targets if period and t.period == period.code), None)
        for i in plan.indicators
    }
    return render_template(
        "forecast/index.html", plan=plan, period=period, periods=offered, forecasts=found, targets=targets,
        indicators=readable(plan.indicators), texts=texts,
        made_on=max((f.made_on for f in found.values()), default=None),
    )  # fmt: skip


@desk.post("/making")
@requires(Role.ORGANISER)
def make(district):
    """Make the forecasts now instead of tonight."""
    plan = plans.current_plan(district.id)
    if plan is not None:
        rows = actions.make(district, plan)
        with transaction():
            actions.keep(plan, rows)
        flash(_("The forecasts are made anew."))
    code = request.form.get("period") or periods.PLAN
    return redirect(url_for(".index", district=district, period=code), 303)
