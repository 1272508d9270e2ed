"""Importing a bibliography: upload or paste, look at what it holds, import what was chosen, all or none.

The upload is kept between the two steps as a stored file with its row; the second step reads it again and
trusts nothing that the browser sends but the numbers of the chosen records.
"""

from io import BytesIO

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from dissemination.bibliography import bibtex
from dissemination.bibliography.records import main_text
from dissemination.kernel import files
from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.publications import actions, queries
from dissemination.publications.desk import desk
from dissemination.publications.forms import ImportForm, UploadForm
from dissemination.publications.importing import preview
from dissemination.publications.texts import KINDS

SHOWN = 300
"""Records that are listed one by one to choose from; of a larger file all new ones are imported."""


@desk.route("/imports/new", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def new_import(district):
    """Upload a .bib file, or paste its text."""
    form = UploadForm()
    if form.validate_on_submit():
        try:
            stream, name = _sent(form)
            with transaction():
                upload = actions.keep_upload(
                    district, stream, name, language=form.language.data, by=current_user
                )
            return redirect(url_for(".show_import", district=district, import_id=upload.id), 303)
        except Refusal as refusal:
            form.refuse(Refusal(refusal.message, field="file"))
    page = render_template(
        "publications/import_new.html", form=form, most_mb=bibtex.MAX_BYTES // 1024 // 1024,
        most_entries=bibtex.MAX_ENTRIES,
    )  # fmt: skip
    return page, 422 if form.errors else 200


@desk.get("/imports/<int:import_id>")
@requires(Role.ORGANISER)
def show_import(district, import_id):
    """What the file holds: new, known already, and what is wrong at which line."""
    upload = queries.import_of(district, import_id)
    found = _preview(district, upload)
    form = ImportForm().offer(district)
    chosen = {line.number for line in found.new}
    return _page(upload, found, form, chosen)


@desk.post("/imports/<int:import_id>")
@requires(Role.ORGANISER)
def finish_import(district, import_id):
    """Import the chosen records, all or none."""
    upload = queries.import_of(district, import_id)
    found = _preview(district, upload)
    form = ImportForm().offer(district)
    chosen = _chosen(found)
    if not chosen:
        form.form_errors = [_("Choose at least one publication to import.")]
    elif form.validate_on_submit():
        records = [line.found.record for line in found.lines if line.number in chosen]
        try:
            with transaction():
                made = actions.finish_import(
                    upload, records, by=current_user, published=form.published.data, **form.placed()
                )
            flash(ngettext("%(num)d publication imported.", "%(num)d publications imported.", len(made)))
            return redirect(url_for(".index", district=district), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    return _page(upload, found, form, chosen, status=422)


def _sent(form) -> tuple:
    """(stream, name) of the file, or of the pasted text."""
    sent = form.file.data
    if sent and sent.filename:
        data = sent.stream.read(bibtex.MAX_BYTES + 1)
        if len(data) > bibtex.MAX_BYTES:
            most = bibtex.MAX_BYTES // 1024 // 1024
            raise Refusal(_("The file has more than %(n)d MB. Split it.", n=most), field="file")
        return BytesIO(data), sent.filename
    return BytesIO(form.text.data.encode()), "incollato.bib"


def _preview(district, upload):
    return preview(district.id, files.read(upload.file), language=upload.language)


def _chosen(found) -> set[int]:
    """The numbers of the chosen records; all new ones of a file too long to choose from."""
    if len(found.lines) > SHOWN:
        return {line.number for line in found.new}
    sent = {int(n) for n in request.form.getlist("chosen") if n.isdecimal() and len(n) < 9}
    return sent & {line.number for line in found.lines}


def _page(upload, found, form, chosen, status=200):
    page = render_template(
        "publications/import.html", upload=upload, found=found, form=form, chosen=chosen, shown=SHOWN,
        KINDS=KINDS, main_text=main_text, lost=[p for p in found.problems if p.lost],
    )  # fmt: skip
    return page, status
