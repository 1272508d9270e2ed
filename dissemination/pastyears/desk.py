"""The desk's pages of past activities: upload, say what the columns are, look at every line, decide, undo."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.kernel import subjects
from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.pastyears import actions, queries, texts
from dissemination.pastyears.forms import UndoForm, UploadForm
from dissemination.pastyears.models import PastActivity, PastImport, State, Verdict
from dissemination.pastyears.reading import MOST_BYTES
from dissemination.plan import queries as plans

desk = Blueprint("pastyears_desk", __name__, url_prefix="/<district>/desk/plan/past")
subjects.register(
    PastActivity.__tablename__,
    lambda past_id: url_for("pastyears_desk.activity", district=g.district, past_id=past_id),
)


@desk.get("/")
@requires(Role.VIEWER)
def index(district):
    """What was imported, when, by whom."""
    page = queries.imports(district.id, after=request.args.get("after"))
    return render_template("pastyears/index.html", page=page, texts=texts)


@desk.route("/new", methods=["GET", "POST"])
@requires(Role.MANAGER)
def new(district):
    """Send a file to be looked at. Nothing is entered before somebody decides."""
    form = UploadForm()
    if form.validate_on_submit():
        sent = form.file.data
        data = sent.stream.read(MOST_BYTES + 1) if sent else b""
        try:
            with transaction():
                row = actions.upload(district, sent.filename if sent else "", data, by=current_user)
                import_id = row.id
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            if actions.is_small(row):
                actions.go_on(import_id)
            return _to(district, import_id)
    page = render_template("pastyears/new.html", form=form, texts=texts, plan=plans.current_plan(district.id))
    return page, 422 if form.errors else 200


@desk.get("/<int:import_id>")
@requires(Role.VIEWER)
def show(district, import_id):
    """An import: what its columns are, what becomes of its lines, and the decision."""
    return _shown(district, queries.one(district.id, import_id))


@desk.get("/<int:import_id>/progress")
@requires(Role.VIEWER)
def progress(district, import_id):
    """How far it is, which the page asks for; sends the page on when it is over."""
    row = queries.one(district.id, import_id)
    page = render_template("pastyears/_progress.html", row=row, texts=texts)
    return page if row.is_working else (page, 200, {"HX-Refresh": "true"})


def _shown(district, row: PastImport, refused: Refusal | None = None, form: UndoForm | None = None):
    judged = row.state in (State.JUDGED, State.ENTERING, State.DONE, State.UNDOING, State.UNDONE)
    plan = plans.current_plan(district.id)
    page = render_template(
        "pastyears/show.html", row=row, texts=texts, Verdict=Verdict, refused=refused, judged=judged,
        wrong=queries.lines(row, Verdict.WRONG).rows[:20] if row.state is State.JUDGED else [],
        fresh=queries.lines(row, Verdict.NEW).rows[:5] if row.state is State.JUDGED else [],
        verbs=queries.by_verb(row) if judged else {}, lines=plan.lines if plan else [],
        form=form or UndoForm(formdata=None), asked=request.form if refused else None,
    )  # fmt: skip
    return page, refused.status if refused else 200


@desk.get("/<int:import_id>/lines")
@requires(Role.VIEWER)
def lines(district, import_id):
    """The lines with one verdict, or all."""
    row = queries.one(district.id, import_id)
    verdict = next((v for v in Verdict if v.value == request.args.get("verdict")), None)
    page = queries.lines(row, verdict, after=request.args.get("after"))
    return render_template("pastyears/lines.html", row=row, verdict=verdict, texts=texts, page=page)


@desk.post("/<int:import_id>/sheet")
@requires(Role.MANAGER)
def choose_sheet(district, import_id):
    """Read another sheet of the workbook."""
    return _done(district, import_id, lambda row: actions.choose_sheet(row, request.form.get("sheet", "")))


@desk.post("/<int:import_id>/columns")
@requires(Role.MANAGER)
def map_columns(district, import_id):
    """Say what the columns are; then every line is judged."""
    sent = request.form
    columns = {
        name.removeprefix("column-"): value for name, value in sent.items() if name.startswith("column-")
    }
    verb, line = sent.get("verb", ""), sent.get("line", "")
    return _done(district, import_id, lambda row: actions.map_columns(row, columns, verb=verb, line=line))


@desk.post("/<int:import_id>/entry")
@requires(Role.MANAGER)
def enter(district, import_id):
    """Enter the new lines."""
    leaves = bool(request.form.get("leaves_out_wrong"))
    return _done(
        district, import_id, lambda row: actions.approve(row, leaves_out_wrong=leaves, by=current_user)
    )


@desk.post("/<int:import_id>/undoing")
@requires(Role.MANAGER)
def undo(district, import_id):
    """Take everything that was entered back, by reversing rows with the reason."""
    form = UndoForm()
    if not form.validate_on_submit():
        page, _status = _shown(district, queries.one(district.id, import_id), form=form)
        return page, 422
    return _done(district, import_id, lambda row: actions.undo(row, reason=form.reason.data, by=current_user))


@desk.post("/<int:import_id>/removal")
@requires(Role.MANAGER)
def drop(district, import_id):
    """Give an import up: file and lines are deleted."""
    row = queries.one(district.id, import_id)
    try:
        with transaction():
            actions.drop(row)
    except Refusal as refusal:
        return _shown(district, queries.one(district.id, import_id), refusal)
    flash(_("Nothing was entered; the file is deleted."))
    return redirect(url_for(".index", district=district), 303)


@desk.get("/activities/<int:past_id>")
@requires(Role.VIEWER)
def activity(district, past_id):
    """One activity that came by an import, with its rows in the log."""
    line, row, logged = queries.activity(district.id, past_id)
    proven = line.mark and plans.evidence_checklist(district.id, line.verb, line.happened_on)
    return render_template(
        "pastyears/activity.html", line=line, row=row, logged=logged, texts=texts, proven=proven
    )


def _done(district, import_id: int, act):
    """Do it; small imports go on at once."""
    row = queries.one(district.id, import_id)
    try:
        with transaction():
            act(row)
            small = _is_small(row)
    except Refusal as refusal:
        return _shown(district, queries.one(district.id, import_id), refusal)
    if small:
        actions.go_on(import_id)
    return _to(district, import_id)


def _is_small(row: PastImport) -> bool:
    if row.state in (State.ENTERING, State.UNDOING):
        return row.counts.get(Verdict.NEW.value, 0) <= actions.FEW
    return actions.is_small(row)


def _to(district, import_id: int):
    return redirect(url_for(".show", district=district, import_id=import_id), 303)
