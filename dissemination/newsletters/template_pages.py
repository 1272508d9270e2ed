"""The templates of a district: colours, logo, footer, and the import of an .mjml file as a frame."""

from urllib.parse import urlsplit

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.delivery.mjml import MjmlProblem
from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.newsletters import colours, framing, looks, pictures, preflight, templates
from dissemination.newsletters import frames as framed
from dissemination.newsletters.common import desk
from dissemination.newsletters.forms import FrameForm, TemplateForm


@desk.get("/templates")
@requires(Role.VIEWER)
def templates_page(district):
    """The templates of the district, the default first."""
    return render_template("newsletters/desk_templates.html", templates=looks.templates(district.id))


@desk.route("/templates/new", methods=["GET", "POST"])
@desk.route("/templates/<int:template_id>", methods=["GET", "POST"])
@requires(Role.MANAGER)
def template(district, template_id=None):
    """Colours, logo, footer and links of a template."""
    row = looks.template(district.id, template_id) if template_id else None
    form = TemplateForm.of(row, district)
    if form.validate_on_submit():
        try:
            with transaction():
                form.keep_pictures(district, by=current_user)
                saved = templates.save(district, row, by=current_user, **form.facts())
                name = saved.name
            flash(_("Saved: %(name)s.", name=name))
            return redirect(url_for(".templates_page", district=district), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    chosen = colours.cleaned({part: form[part].data for part in colours.PARTS})
    page = render_template(
        "newsletters/desk_template.html", form=form, row=row, parts=colours.PARTS,
        faults=colours.faults(chosen), chosen=chosen,
    )  # fmt: skip
    return page, 422 if form.errors else 200


@desk.post("/templates/<int:template_id>/default")
@requires(Role.MANAGER)
def template_default(district, template_id):
    """Let issues that chose no template use this one."""
    with transaction():
        looks.make_default(looks.template(district.id, template_id))
    return redirect(url_for(".templates_page", district=district), 303)


@desk.post("/templates/<int:template_id>/removal")
@requires(Role.MANAGER)
def template_removal(district, template_id):
    """Offer a template no longer; issues that use it keep it."""
    with transaction():
        templates.remove(looks.template(district.id, template_id))
    flash(_("The template is no longer offered. Issues that use it keep it."))
    return redirect(url_for(".templates_page", district=district), 303)


@desk.get("/templates/<int:template_id>/preview/<language>")
@requires(Role.VIEWER)
def template_preview(district, template_id, language):
    """A sample in this template, for a sandboxed frame."""
    row = looks.template(district.id, template_id)
    language = language if language in ("it", "en") else "it"
    sample, blocks = templates.sample(district)
    look = looks.look(district, row, language)
    try:
        shown = preflight.rendered(sample, language, among=blocks, look=look)
    except MjmlProblem as problem:
        intro = _("This cannot be shown yet:")
        return framed.listed(problem.problems, language=language, title=intro, intro=intro)
    view = framed.view_of(request.args.get("view"))
    return framed.shown(shown.html, shown.text, view=view, language=language, title=row.name)


@desk.route("/templates/import", methods=["GET", "POST"])
@requires(Role.MANAGER)
def template_import(district):
    """An .mjml file becomes the frame of a template: read, adapted, shown, then kept."""
    form = FrameForm()
    adapted = None
    if form.validate_on_submit():
        source = form.original = form.text()
        if source:
            adapted = _adapted(district, form, source)
            if adapted.has_place and not adapted.problems and form.is_final:
                with transaction():
                    saved = templates.save_frame(district, form.name.data, adapted.source, by=current_user)
                    name = saved.name
                flash(_("Saved: %(name)s.", name=name))
                return redirect(url_for(".templates_page", district=district), 303)
    page = render_template(
        "newsletters/desk_template_import.html", form=form, adapted=adapted, host=_host, limits=pictures,
        size=framing.MAX_SIZE // 1024,
    )  # fmt: skip
    refused = form.errors or (adapted and adapted.problems)
    return page, 422 if refused else 200


def _host(address: str) -> str:
    return urlsplit(address if "://" in address else f"https:{address}").hostname or address


def _adapted(district, form: FrameForm, source: str) -> framing.Adapted:
    """The file as it can be used, with the pictures that were sent in for those of other hosts."""
    first = framing.adapt(source)
    mine: dict[str, str] = {}
    for number, address in enumerate(dict.fromkeys(a for _line, a in first.pictures)):
        upload = request.files.get(f"picture-{number}")
        if upload and upload.filename:
            try:
                with transaction():
                    picture = pictures.keep(district, upload.stream, upload.filename, by=current_user)
                    mine[address] = pictures.address(district, picture)
            except Refusal as refusal:
                form.refuse(refusal)
    return framing.adapt(source, place=form.place.data, pictures=mine)
