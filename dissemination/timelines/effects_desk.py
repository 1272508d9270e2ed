"""The reverse of the timeline: which workshops were followed by audits and funded applications."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.kernel import subjects
from dissemination.kernel.database import transaction
from dissemination.kernel.rights import Role, requires
from dissemination.plan import queries as plans
from dissemination.timelines import actions, effects, exports, queries
from dissemination.timelines.deeds import euro
from dissemination.timelines.effects import Report
from dissemination.timelines.forms import MOST_DAYS, WindowForm

desk = Blueprint("effects_desk", __name__, url_prefix="/<district>/desk/statistics/effects")


def _days(district) -> int:
    sent = request.args.get("days", "")
    tried = int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 5 else 0
    return tried if 1 <= tried <= MOST_DAYS else queries.window_days(district.id)


def _report(district) -> Report:
    """Of the plan's time, or of all years (`all`)."""
    plan = None if request.args.get("all") else plans.current_plan(district.id)
    since, until = (plan.starts_on, plan.ends_on) if plan is not None else (None, None)
    return effects.report(district, days=_days(district), since=since, until=until)


@desk.get("/")
@requires(Role.VIEWER)
def index(district):
    """Workshops, and what followed."""
    return _page(district, WindowForm(formdata=None, data={"days": _days(district)}))


def _page(district, form: WindowForm):
    found = _report(district)
    page = render_template(
        "timelines/effects.html", found=found, form=form, note=exports.effect_note(found), euro=euro,
        saved=queries.window_days(district.id), everything=bool(request.args.get("all")),
    )  # fmt: skip
    return page, 422 if form.errors else 200


@desk.post("/window")
@requires(Role.ORGANISER)
def create_window(district):
    """Keep the number of days for everybody."""
    form = WindowForm()
    if not form.validate_on_submit():
        return _page(district, form)
    with transaction():
        actions.set_window(district, days=form.days.data, by=current_user)
    flash(_("Saved."))
    return redirect(url_for(".index", district=district), 303)


@desk.get("/table.<any(csv,xlsx):kind>")
@requires(Role.VIEWER)
def table(district, kind):
    """The report as a file."""
    found = _report(district)
    return exports.effects_csv(found) if kind == "csv" else exports.effects_xlsx(found)


@desk.get("/<int:workshop_id>/<any(companies,audits,applications,funded):what>")
@requires(Role.VIEWER)
def rows(district, workshop_id, what):
    """The rows behind a number."""
    effect = next((e for e in _report(district).effects if e.workshop_id == workshop_id), None) or abort(404)
    deeds = [] if what == "companies" else getattr(effect, what)
    ids = effect.companies if what == "companies" else {deed.company_id for deed in deeds}
    companies = effects.names(district.id, ids)
    return render_template(
        "timelines/effect_rows.html", effect=effect, what=what, deeds=deeds, days=_days(district), euro=euro,
        companies=sorted(companies.values(), key=lambda c: (c.name_folded, c.id)), named=companies,
        url=subjects.url,
    )  # fmt: skip
