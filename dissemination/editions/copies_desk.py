"""The plan as data: copied to another period or district, saved as JSON, read from JSON."""

from datetime import date, timedelta

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from wtforms.fields.choices import SelectChoice

from dissemination.districts import queries as districts
from dissemination.districts.models import District
from dissemination.editions import content, reading, transfer
from dissemination.editions.desk import desk, imports, plan_of
from dissemination.editions.forms import CopyForm, ImportForm
from dissemination.kernel.database import transaction
from dissemination.kernel.languages import translated
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.kernel.text import slugify


@desk.get("/plan.json")
@requires(Role.VIEWER)
def plan_json(district, plan_id):
    """The plan as a file that any district can read in."""
    plan = plan_of(district, plan_id)
    response = Response(reading.written(content.snapshot(plan)), content_type="application/json")
    response.headers.set("Content-Disposition", "attachment", filename=f"{slugify(plan.title)}.json")
    return response


def _mine() -> list[District]:
    """The districts whose plans the person may write."""
    return [d for d in districts.every() if current_user.may(Role.MANAGER, d)]


@desk.route("/copies", methods=["GET", "POST"])
@requires(Role.MANAGER)
def copies(district, plan_id):
    """Copy the plan to the next period, or to another district that one manages."""
    plan, form, mine = plan_of(district, plan_id), CopyForm(), _mine()
    form.district_id.choices = [SelectChoice(d.id, translated(d, "name")) for d in mine]
    if not form.is_submitted():
        length = plan.ends_on.year - plan.starts_on.year
        form.district_id.data = district.id
        form.starts_on.data = plan.ends_on + timedelta(days=1)
        form.ends_on.data = form.starts_on.data.replace(
            month=12, day=31, year=form.starts_on.data.year + length
        )
        form.title.data = _(
            "Plan %(first)d-%(last)d", first=form.starts_on.data.year, last=form.ends_on.data.year
        )
    elif form.validate():
        to = next(d for d in mine if d.id == form.district_id.data)
        try:
            with transaction():
                made, left_out = transfer.copy(
                    plan, to, title=form.title.data, starts_on=form.starts_on.data,
                    ends_on=form.ends_on.data, by=current_user,
                )  # fmt: skip
                made_id = made.id
            _say(left_out)
            return redirect(url_for("plan_desk.index", district=to, plan=made_id), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    return render_template("editions/copies.html", plan=plan, form=form), 422 if form.errors else 200


def _say(left_out: list[str]) -> None:
    flash(_("The plan is there. Look through it: dates, targets and budget moved with its first day."))
    if left_out:
        shown = ", ".join(left_out[:10]) + (" …" if len(left_out) > 10 else "")
        flash(_("Left out, because it lies outside the plan's days: %(what)s", what=shown), "warning")


@imports.route("", methods=["GET", "POST"])
@requires(Role.MANAGER)
def create_import(district):
    """Read a plan from a file; with `check` only say what is in it, and what is wrong."""
    form, problems, found = ImportForm(), [], None
    if form.is_submitted() and form.validate():
        try:
            found = reading.read(form.file.data.read(reading.BIGGEST + 1))
            if "check" not in request.form:
                return _taken_in(district, found, form)
        except reading.Unreadable as error:
            problems = error.problems
        except Refusal as refusal:
            form.refuse(refusal)
    status = 422 if form.errors or problems else 200
    return render_template("editions/imports.html", form=form, problems=problems, found=found), status


def _taken_in(district, found, form):
    starts_on = form.starts_on.data or date.fromisoformat(found["starts_on"])
    ends_on = form.ends_on.data or date.fromisoformat(found["ends_on"])
    with transaction():
        made, left_out = transfer.take_in(
            district, found, title=form.title.data or found["title"], starts_on=starts_on, ends_on=ends_on,
            by=current_user,
        )  # fmt: skip
        made_id = made.id
    _say(left_out)
    return redirect(url_for("plan_desk.index", district=district, plan=made_id), 303)
