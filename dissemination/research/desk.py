"""Laboratories at the desk."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.kernel import subjects
from dissemination.kernel.clock import today
from dissemination.kernel.database import db, transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.research import labs, queries
from dissemination.research.forms import LaboratoryForm, values_of
from dissemination.research.models import Laboratory

desk = Blueprint("research_desk", __name__, url_prefix="/<district>/desk/research")


def _url(laboratory_id: int) -> str | None:
    row = db.session.get(Laboratory, laboratory_id)
    return row and url_for("research_desk.show", district=row.district, laboratory_id=row.id)


subjects.register(Laboratory.__tablename__, _url)


def _found(district, laboratory_id) -> Laboratory:
    return queries.laboratory(district.id, laboratory_id) or abort(404)


@desk.get("/")
@requires(Role.VIEWER)
def index(district):
    """Laboratories by name, and what waits among meetings and agreements."""
    search, sector = request.args.get("q", "").strip(), request.args.get("sector", "")
    return render_template(
        "research/desk_index.html", search=search, sector=sector,
        page=queries.laboratories(
            district.id, search=search, sector=sector, public=False, after=request.args.get("after")
        ),
        waiting=queries.count_asked(district.id),
        expiring=queries.expiring(district.id, today(district.zone)),
    )  # fmt: skip


@desk.route("/laboratories/new", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def new(district):
    """Enter a laboratory."""
    form = LaboratoryForm().offer(district)
    if form.validate_on_submit():
        with transaction():
            row = labs.add(district, by=current_user, **form.facts())
        flash(_("The laboratory is entered. The public does not see it yet."))
        return redirect(url_for(".show", district=district, laboratory_id=row.id), 303)
    return _form_page(form, None)


@desk.get("/laboratories/<int:laboratory_id>")
@requires(Role.VIEWER)
def show(district, laboratory_id):
    """A laboratory as it stands."""
    return render_template("research/desk_show.html", laboratory=_found(district, laboratory_id))


@desk.route("/laboratories/<int:laboratory_id>/edit", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def edit(district, laboratory_id):
    """Revise a laboratory."""
    row = _found(district, laboratory_id)
    form = LaboratoryForm(data=None if request.method == "POST" else values_of(row)).offer(district)
    if form.validate_on_submit():
        try:
            with transaction():
                labs.revise(row, version=form.version.data or 0, **form.facts())
            flash(_("Saved."))
            return redirect(url_for(".show", district=district, laboratory_id=row.id), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    return _form_page(form, row)


@desk.post("/laboratories/<int:laboratory_id>/publication")
@requires(Role.ORGANISER)
def create_publication(district, laboratory_id):
    """Show it to the public."""
    return _do(district, laboratory_id, labs.publish, _("The laboratory is public."))


@desk.post("/laboratories/<int:laboratory_id>/withdrawal")
@requires(Role.ORGANISER)
def create_withdrawal(district, laboratory_id):
    """Let the public see it no more."""
    return _do(district, laboratory_id, labs.hide, _("The public does not see it any more."))


@desk.post("/laboratories/<int:laboratory_id>/retirement")
@requires(Role.ORGANISER)
def create_retirement(district, laboratory_id):
    """Offer it to nobody."""
    return _do(district, laboratory_id, labs.retire, _("The laboratory is no longer offered."))


@desk.post("/laboratories/<int:laboratory_id>/return")
@requires(Role.ORGANISER)
def create_return(district, laboratory_id):
    """Offer it again."""
    return _do(district, laboratory_id, labs.offer_again, _("The laboratory is offered again."))


def _do(district, laboratory_id, verb, done: str):
    row = _found(district, laboratory_id)
    try:
        with transaction():
            verb(row)
        flash(done)
    except Refusal as refusal:
        flash(refusal.message, "error")
    return redirect(url_for(".show", district=district, laboratory_id=laboratory_id), 303)


def _form_page(form: LaboratoryForm, laboratory: Laboratory | None):
    page = render_template("research/laboratory_form.html", form=form, laboratory=laboratory)
    return page, 422 if form.errors else 200
