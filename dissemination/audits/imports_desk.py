"""Past audits from a file, at the desk: look at what would happen, or enter it, all of it or nothing."""

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import ngettext
from flask_login import current_user

from dissemination.audits import importing
from dissemination.audits.columns import COLUMNS
from dissemination.audits.desk import desk
from dissemination.audits.forms import ImportForm
from dissemination.kernel.database import transaction
from dissemination.kernel.languages import language
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.pastyears.reading import MOST_BYTES

SHOWN = 100


@desk.route("/imports/new", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def imported(district):
    """Choose a file; see its problems and what would be entered, or enter it."""
    form, report = ImportForm(), None
    if form.validate_on_submit():
        name, data = form.file.data.filename, form.file.data.stream.read(MOST_BYTES + 1)
        report = importing.read(data, district)
        importing.check(report, district)
        if request.form.get("then") == "enter" and not report.problems:
            try:
                added = _entered(report, district, name)
                flash(ngettext("%(num)d audit is entered.", "%(num)d audits are entered.", added), "success")
                return redirect(url_for(".index", district=district), 303)
            except Refusal as refusal:
                form.refuse(refusal)
    page = render_template(
        "audits/import.html", form=form, report=report, shown=SHOWN, columns=COLUMNS,
    )  # fmt: skip
    return page, 422 if form.errors or (report is not None and report.problems) else 200


def _entered(report: importing.Report, district, name: str) -> int:
    report.added = report.duplicates = 0
    with transaction():
        importing.enter(report, district, source=name, by=current_user)
    return report.added


@desk.get("/imports/table.csv")
@requires(Role.ORGANISER)
def import_table(district):  # noqa: ARG001 (the address names it)
    """An empty table to fill in."""
    italian = language() == "it"
    names = [words[0] if italian else name.replace("_", " ") for name, words in COLUMNS.items()]
    response = Response("\ufeff" + ";".join(names) + "\r\n", content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="audits.csv"'
    return response
