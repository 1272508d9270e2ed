"""The desk's pages of imports: upload, look at every line, decide; and how far the worker is."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.registrations.export_rows import Sheet
from dissemination.registrations.exports import as_csv
from dissemination.subscriptions import import_queries, importing, queries
from dissemination.subscriptions.common import desk
from dissemination.subscriptions.desk_forms import ImportForm
from dissemination.subscriptions.formats import MOST_BYTES, Upload
from dissemination.subscriptions.models import ImportState, SubscriberImport, Verdict
from dissemination.subscriptions.texts import KINDS, STATES, VERDICTS


def _to(row: SubscriberImport, district):
    return redirect(url_for(".subscriber_import", district=district, import_id=row.id), 303)


@desk.get("/imports/")
@requires(Role.ORGANISER)
def imports(district):
    """What was imported, when, by whom."""
    page = import_queries.imports(district.id, after=request.args.get("after"))
    return render_template("subscriptions/desk_imports.html", page=page, states=STATES)


@desk.route("/imports/new", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def new_import(district):
    """Send files to be looked at. Nothing is entered before somebody decides."""
    form = ImportForm()
    topics = queries.topics(district.id)
    form.offer(topics)
    if form.validate_on_submit():
        try:
            with transaction():
                row = importing.upload(
                    district, _uploads(form), topics=[t for t in topics if t.id in form.topics.data],
                    language=form.language.data, basis=form.basis.data, by=current_user,
                )  # fmt: skip
                import_id, lines = row.id, row.lines
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            if lines <= importing.AT_ONCE:
                importing.go_on(import_id)
            return redirect(url_for(".subscriber_import", district=district, import_id=import_id), 303)
    page = render_template(
        "subscriptions/desk_import_new.html", form=form,
        groups={KINDS[kind]: rows for kind, rows in queries.by_kind(topics).items()},
    )  # fmt: skip
    return page, 422 if form.errors else 200


def _uploads(form: ImportForm) -> list[Upload]:
    return [
        Upload(file.filename[:255], file.stream.read(MOST_BYTES + 1), refuses)
        for field, refuses in ((form.files, False), (form.refusals, True))
        for file in field.data or []
        if file and file.filename
    ]


@desk.get("/imports/<int:import_id>")
@requires(Role.ORGANISER)
def subscriber_import(district, import_id):
    """An import: how far it is, what each kind of line is, and the decision."""
    row = import_queries.one(district.id, import_id)
    return _shown(district, row)


def _shown(district, row: SubscriberImport, refused: Refusal | None = None):
    page = render_template(
        "subscriptions/desk_import.html", row=row, states=STATES, verdicts=VERDICTS, Verdict=Verdict,
        refused=refused,
        topics=[t for t in queries.topics(district.id, closed=True) if t.id in row.topic_ids],
        wrong=import_queries.lines(row, Verdict.WRONG).rows[:20] if row.state is ImportState.READ else [],
    )  # fmt: skip
    return page, refused.status if refused else 200


@desk.get("/imports/<int:import_id>/progress")
@requires(Role.ORGANISER)
def import_progress(district, import_id):
    """How far it is, which the page asks for each second; sends the page on when it is over."""
    row = import_queries.one(district.id, import_id)
    page = render_template("subscriptions/_import_progress.html", row=row, states=STATES)
    if row.state in (ImportState.READING, ImportState.ENTERING):
        return page
    return page, 200, {"HX-Refresh": "true"}


@desk.get("/imports/<int:import_id>/lines")
@requires(Role.ORGANISER)
def import_lines(district, import_id):
    """The lines with one verdict, or all."""
    row = import_queries.one(district.id, import_id)
    verdict = next((v for v in Verdict if v.value == request.args.get("verdict")), None)
    return render_template(
        "subscriptions/desk_import_lines.html", row=row, verdict=verdict, verdicts=VERDICTS,
        page=import_queries.lines(row, verdict, after=request.args.get("after")),
    )  # fmt: skip


@desk.get("/imports/<int:import_id>/report.csv")
@requires(Role.ORGANISER)
def import_report(district, import_id):
    """Every line with what is done with it, as CSV."""
    row = import_queries.one(district.id, import_id)
    head = [_("File"), _("Line"), _("E-mail address"), _("What is done"), _("Why")]
    names = [one["name"] for one in row.files]
    rows = [
        [names[r.file], r.line, r.email, str(VERDICTS[r.verdict][0]), r.message]
        for r in import_queries.every_line(row)
    ]
    body = as_csv(Sheet("lines", head, rows))
    headers = {"Content-Disposition": f'attachment; filename="import-{row.id}.csv"'}
    return (
        body,
        200,
        {**headers, "Content-Type": "text/csv; charset=utf-8", "Cache-Control": "private, no-store"},
    )


@desk.post("/imports/<int:import_id>/entry")
@requires(Role.ORGANISER)
def enter_import(district, import_id):
    """Enter what the page shows: all of it or nothing."""
    row = import_queries.one(district.id, import_id)
    try:
        with transaction():
            importing.approve(row, leaves_out_wrong=bool(request.form.get("leaves_out_wrong")))
            lines = row.lines
    except Refusal as refusal:
        return _shown(district, import_queries.one(district.id, import_id), refusal)
    if lines <= importing.AT_ONCE:
        importing.go_on(import_id)
    return _to(import_queries.one(district.id, import_id), district)


@desk.post("/imports/<int:import_id>/removal")
@requires(Role.ORGANISER)
def drop_import(district, import_id):
    """Give an import up: files and lines are deleted."""
    row = import_queries.one(district.id, import_id)
    try:
        with transaction():
            importing.drop(row)
    except Refusal as refusal:
        return _shown(district, import_queries.one(district.id, import_id), refusal)
    flash(_("Nothing was entered; the file is deleted."))
    return redirect(url_for(".imports", district=district), 303)
