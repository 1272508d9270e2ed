"""Companies and contacts from a CSV: upload, look at what would happen, then carry it out."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from dissemination.kernel.database import transaction
from dissemination.kernel.rights import Role, requires
from dissemination.people import imports
from dissemination.people.desk import desk
from dissemination.people.forms import UploadForm

COLUMNS = {"companies": imports.COMPANY_COLUMNS, "contacts": imports.CONTACT_COLUMNS}
SHOWN = 20


def _page(kind, form, report=None, content="", status=200):
    return render_template(
        "people/upload.html", kind=kind, form=form, report=report, content=content, columns=COLUMNS[kind],
        required=imports.REQUIRED[kind], shown=SHOWN,
    ), status  # fmt: skip


@desk.route("/uploads/<kind>", methods=["GET", "POST"])
@requires(Role.MANAGER)
def upload(district, kind):
    """Choose a file; see its problems, or what would be added."""
    if kind not in COLUMNS:
        abort(404)
    form = UploadForm()
    if not form.validate_on_submit():
        return _page(kind, form, status=422 if form.errors else 200)
    data = form.file.data.read(imports.MOST_BYTES + 1)
    report = imports.read(data, kind)
    if not report.problems:
        imports.check(report, kind, district)
    if report.problems:
        return _page(kind, form, report, status=422)
    return _page(kind, form, report, content=data.decode("utf-8-sig"))


@desk.post("/uploads/<kind>/entries")
@requires(Role.MANAGER)
def carry_out_upload(district, kind):
    """Enter what the page showed: all of it, or nothing and the reasons."""
    if kind not in COLUMNS:
        abort(404)
    report = imports.read(request.form.get("content", "").encode(), kind)
    with transaction():
        imports.carry_out(report, kind, district)
    if report.problems:
        return _page(kind, UploadForm(formdata=None), report, status=422)
    flash(
        _("Added: %(added)d. Already there: %(there)d.", added=report.added, there=report.existing), "success"
    )
    return redirect(url_for(f".{kind}", district=district))
