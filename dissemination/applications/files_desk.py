"""Past applications from a spreadsheet, at the desk."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.applications.bringing import run
from dissemination.applications.desk import desk
from dissemination.applications.forms import ImportForm
from dissemination.applications.importing import COLUMNS
from dissemination.kernel.rights import Role, requires
from dissemination.pastyears import reading


@desk.route("/import", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def new_import(district):
    """Bring past applications in: all lines, or none while one is wrong."""
    form, report = ImportForm(), None
    if form.validate_on_submit():
        data = form.file.data.read(reading.MOST_BYTES + 1)
        try:
            report = run(district, data, by=current_user, only_check=form.only_check.data)
        except reading.NotReadable as why:
            form.file.errors = [*form.file.errors, str(why)]
        if report is not None and not report.problems and not form.only_check.data:
            words = _(
                "%(new)d applications entered, %(same)d were there already.",
                new=report.added,
                same=report.same,
            )
            flash(words)
            return redirect(url_for(".index", district=district), 303)
    wrong = form.errors or (report is not None and report.problems)
    page = render_template("applications/import.html", form=form, report=report, columns=COLUMNS)
    return page, 422 if wrong else 200
