"""Importing a bibliography: upload or paste, look at what it holds, import what was chosen, all or none.

The upload is kept between the two steps as a stored file with its row; the second step reads it again and
trusts nothing that the browser sends but the numbers of the chosen records. Long files go to the worker.
"""

from io import BytesIO

from flask import Response, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user

from dissemination.bibliography import readers, reading, table
from dissemination.bibliography.records import main_text
from dissemination.kernel import files
from dissemination.kernel.database import transaction
from dissemination.kernel.languages import language
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.publications import actions, finishing, queries, resolving
from dissemination.publications.desk import desk
from dissemination.publications.finishing import Choice
from dissemination.publications.forms import ImportForm, UploadForm
from dissemination.publications.importing import preview
from dissemination.publications.merging import How
from dissemination.publications.texts import KINDS

SHOWN = finishing.AT_ONCE
"""Records that are listed one by one to choose from; of a larger file all new ones are imported."""


@desk.route("/imports/new", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def new_import(district):
    """Upload a bibliography, or paste its text."""
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
            form.refuse(refusal if refusal.field == "dois" else Refusal(refusal.message, field="file"))
    page = render_template(
        "publications/import_new.html", form=form, most_mb=reading.MAX_BYTES // 1024 // 1024,
        most_entries=reading.MAX_ENTRIES, formats=readers.FORMATS,
    )  # fmt: skip
    return page, 422 if form.errors else 200


@desk.get("/imports/table.csv")
@requires(Role.ORGANISER)
def import_table(district):  # noqa: ARG001 (the address names it)
    """An empty table to fill in, its columns named as the reader knows them."""
    body = (
        "\ufeff" + ";".join(table.COLUMNS[name][language() == "en" and -1] for name in table.SAMPLE) + "\r\n"
    )
    response = Response(body, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="publications.csv"'
    return response


@desk.get("/imports/<int:import_id>")
@requires(Role.ORGANISER)
def show_import(district, import_id):
    """What the file holds: new, known already, and what is wrong at which line; or how far the worker is."""
    upload = queries.import_of(district, import_id)
    if upload.queued_at is not None:
        return render_template("publications/import_progress.html", upload=upload)
    found = _preview(district, upload)
    form = ImportForm().offer(district)
    return _page(upload, found, form, Choice())


@desk.post("/imports/<int:import_id>")
@requires(Role.ORGANISER)
def finish_import(district, import_id):
    """Import the chosen records, all or none: a few at once, many by the worker."""
    upload = queries.import_of(district, import_id)
    found = _preview(district, upload)
    form = ImportForm().offer(district)
    choice = _choice(found)
    if form.validate_on_submit():
        choice.published, choice.placed = form.published.data, form.placed()
        try:
            return _imported(district, upload, found, choice)
        except Refusal as refusal:
            form.refuse(refusal)
    return _page(upload, found, form, choice, status=422)


def _imported(district, upload, found, choice):
    """Enter what was chosen, now or by the worker, and go where it is seen. Raises Refusal."""
    count = choice.count(found)
    if count > finishing.AT_ONCE:
        with transaction():
            finishing.queue(upload, choice, total=len(found.lines), by=current_user)
        return redirect(url_for(".show_import", district=district, import_id=upload.id), 303)
    with transaction():
        finishing.finish(upload, found, choice, by=current_user)
    flash(ngettext("%(num)d publication imported.", "%(num)d publications imported.", upload.records))
    if upload.merged:
        flash(ngettext("%(num)d publication completed.", "%(num)d publications completed.", upload.merged))
    return redirect(url_for(".index", district=district), 303)


def _sent(form) -> tuple:
    """(stream, name) of the file, of the pasted text, or of what was fetched. Raises Refusal."""
    sent = form.file.data
    if sent and sent.filename:
        data = sent.stream.read(reading.MAX_BYTES + 1)
        if len(data) > reading.MAX_BYTES:
            most = reading.MAX_BYTES // 1024 // 1024
            raise Refusal(_("The file has more than %(n)d MB. Split it.", n=most), field="file")
        return BytesIO(data), sent.filename
    if (form.text.data or "").strip():
        return BytesIO(form.text.data.encode()), "incollato.txt"
    dois = resolving.dois_of(form.dois.data or "")
    return BytesIO(resolving.fetch(dois, current_app.config["SETTINGS"].doi_resolver)), "doi.json"


def _preview(district, upload):
    return preview(district.id, files.read(upload.file), language=upload.language)


def _choice(found) -> Choice:
    """What was ticked and chosen; of a file too long for that, all new ones and one choice for the rest."""
    if len(found.lines) > SHOWN:
        return Choice(rest=_how(request.form.get("rest")))
    numbers = {line.number for line in found.lines}
    chosen = {int(n) for n in request.form.getlist("chosen") if n.isdecimal() and len(n) < 9} & numbers
    known = {
        line.number: _how(request.form.get(f"known-{line.number}")) for line in found.lines if line.known
    }
    return Choice(new=sorted(chosen), known=known)


def _how(written: str | None) -> How:
    return How(written) if written in set(How) else How.LEAVE


def _page(upload, found, form, choice, status=200):
    page = render_template(
        "publications/import.html", upload=upload, found=found, form=form, choice=choice, shown=SHOWN,
        KINDS=KINDS, main_text=main_text, lost=[p for p in found.problems if p.lost], HOW=HOW, How=How,
    )  # fmt: skip
    return page, status


HOW = {
    How.LEAVE: _l("Leave out"),
    How.COMPLETE: _l("Fill in what is missing"),
    How.REPLACE: _l("Overwrite with the file"),
    How.ADD: _l("Import as another one"),
}
