"""Templates of workshops at the desk, by sector."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.kernel.database import transaction
from dissemination.kernel.http import form_token
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.workshops import queries, templates
from dissemination.workshops.desk_forms import DayForm, TemplateForm, whole
from dissemination.workshops.refusals import RowChangedMeanwhile

desk = Blueprint("templates_desk", __name__, url_prefix="/<district>/desk")


@desk.get("/templates/")
@requires(Role.VIEWER)
def index(district):
    """All templates, by sector."""
    return render_template("workshops/desk_templates.html", rows=templates.listed(district.id))


@desk.route("/workshops/<slug>/template", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def new(district, slug):
    """Save a workshop as template."""
    workshop = queries.by_slug(district, slug)
    form = TemplateForm(data=_values(workshop, workshop.title_it[:120])).offer(district)
    del form.sector_id
    if form.validate_on_submit():
        try:
            with transaction():
                templates.save(workshop, name=form.name.data, by=current_user)
            flash(_("The template is saved."))
            return redirect(url_for(".index", district=district), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    return _page("workshops/desk_template_new.html", form, workshop=workshop)


@desk.route("/templates/<int:template_id>/edit", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def edit(district, template_id):
    """Rename a template, or give it to another sector."""
    template = _found(district, template_id)
    form = TemplateForm(data=_values(template, template.name, str(template.version))).offer(district)
    if form.validate_on_submit():
        try:
            with transaction():
                templates.revise(
                    template, name=form.name.data, sector_id=form.sector_id.data,
                    version=whole(form.version.data),
                )  # fmt: skip
            flash(_("Saved."))
            return redirect(url_for(".index", district=district), 303)
        except RowChangedMeanwhile as refusal:
            form.refuse(refusal)
            form.version.data = str(_found(district, template_id).version)
        except Refusal as refusal:
            form.refuse(refusal)
    return _page("workshops/desk_template.html", form, template=_found(district, template_id))


@desk.route("/templates/<int:template_id>/workshops", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def workshops(district, template_id):
    """Make a workshop of a template."""
    template = _found(district, template_id)
    form = DayForm(data={"form_mark": form_token()} if request.method == "GET" else None)
    if form.validate_on_submit():
        try:
            with transaction():
                mark = form.form_mark.data
                made = templates.make(template, day=form.day.data, by=current_user, form_mark=mark)
            flash(_("Here is the workshop, a draft. Check dates and texts, then publish it."))
            return redirect(url_for("workshops_desk.show", district=district, slug=made.slug), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    return _page("workshops/desk_template_use.html", form, template=_found(district, template_id))


@desk.get("/templates/<int:template_id>/deletion")
@requires(Role.ORGANISER)
def deletion(district, template_id):
    """Ask before a template is gone."""
    return render_template("workshops/desk_template_delete.html", template=_found(district, template_id))


@desk.post("/templates/<int:template_id>/deletion")
@requires(Role.ORGANISER)
def create_deletion(district, template_id):
    """Delete a template."""
    template = _found(district, template_id)
    with transaction():
        templates.remove(template)
    flash(_("The template is deleted. Workshops made of it stay."))
    return redirect(url_for(".index", district=district), 303)


def _found(district, template_id):
    return templates.by_id(district.id, template_id) or abort(404)


def _values(row, name: str, version: str = "0") -> dict:
    return {"name": name, "sector_id": row.sector_id, "version": version}


def _page(name, form, **facts):
    return render_template(name, form=form, **facts), 422 if form.is_submitted() else 200
