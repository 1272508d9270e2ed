"""Materials of a workshop at the desk: upload, change, delete."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.kernel.database import transaction
from dissemination.kernel.downloads import attachment
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.workshops import materials, queries
from dissemination.workshops.desk_forms import MaterialForm, whole
from dissemination.workshops.refusals import RowChangedMeanwhile

desk = Blueprint("materials_desk", __name__, url_prefix="/<district>/desk/workshops/<slug>/materials")


@desk.get("/")
@requires(Role.VIEWER)
def index(district, slug):
    """What is handed out, to whom and when."""
    workshop = queries.by_slug(district, slug)
    return render_template(
        "workshops/desk_materials.html",
        workshop=workshop,
        rows=materials.listed(workshop),
        materials=materials,
    )


@desk.route("/new", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def new(district, slug):
    """Upload a file."""
    workshop = queries.by_slug(district, slug)
    form = MaterialForm().offer(workshop)
    if form.validate_on_submit():
        if not form.file.data:
            form.file.errors = [_("Choose the file.")]
        else:
            try:
                with transaction():
                    sent = form.file.data
                    materials.add(workshop, sent.stream, sent.filename, by=current_user, **form.facts())
                flash(_("The file is there."))
                return redirect(url_for(".index", district=district, slug=slug), 303)
            except Refusal as refusal:
                form.refuse(refusal)
    return _page(form, queries.by_slug(district, slug), None)


@desk.route("/<int:material_id>", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def edit(district, slug, material_id):
    """Change a material. A second editor is told; nothing is overwritten unseen."""
    workshop, material = _found(district, slug, material_id)
    form = MaterialForm(data=_values(material) if request.method == "GET" else None).offer(workshop)
    if form.validate_on_submit():
        sent = form.file.data or None
        try:
            with transaction():
                materials.revise(
                    material, version=whole(form.version.data), stream=sent and sent.stream,
                    name=sent.filename if sent else "", **form.facts(),
                )  # fmt: skip
            flash(_("Saved."))
            return redirect(url_for(".index", district=district, slug=slug), 303)
        except RowChangedMeanwhile as refusal:
            form.refuse(refusal)
            form.version.data = str(_found(district, slug, material_id)[1].version)
        except Refusal as refusal:
            form.refuse(refusal)
    workshop, material = _found(district, slug, material_id)
    return _page(form, workshop, material)


@desk.get("/<int:material_id>/file")
@requires(Role.VIEWER)
def show_file(district, slug, material_id):
    """The file itself, whatever its time."""
    return attachment(_found(district, slug, material_id)[1].file)


@desk.get("/<int:material_id>/deletion")
@requires(Role.ORGANISER)
def deletion(district, slug, material_id):
    """Ask before a file is gone."""
    workshop, material = _found(district, slug, material_id)
    return render_template("workshops/desk_material_delete.html", workshop=workshop, material=material)


@desk.post("/<int:material_id>/deletion")
@requires(Role.ORGANISER)
def create_deletion(district, slug, material_id):
    """Delete a material."""
    _workshop, material = _found(district, slug, material_id)
    with transaction():
        materials.remove(material)
    flash(_("The file is deleted."))
    return redirect(url_for(".index", district=district, slug=slug), 303)


def _found(district, slug, material_id):
    workshop = queries.by_slug(district, slug)
    return workshop, materials.by_id(workshop, material_id) or abort(404)


def _values(material) -> dict:
    names = ("title_it", "title_en", "session_id", "after_end")
    values = {name: getattr(material, name) for name in names}
    return values | {"audience": material.audience.value, "version": str(material.version)}


def _page(form, workshop, material):
    page = render_template(
        "workshops/desk_material.html", form=form, workshop=workshop, material=material,
        most_mb=materials.most_mb(),
    )  # fmt: skip
    return page, 422 if form.is_submitted() else 200
