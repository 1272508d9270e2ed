"""Applications at the desk: list, write down, states, corrections, the deadline board."""

from datetime import timedelta

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.applications import actions, board, exports, life, panels, queries
from dissemination.applications.actions import Corrected, Facts
from dissemination.applications.forms import (
    ApplicationForm,
    BackForm,
    CorrectionForm,
    StepForm,
    values_of,
)
from dissemination.applications.life import Said
from dissemination.applications.models import Application, Stage
from dissemination.applications.queries import Wanted
from dissemination.applications.stages import AFTER, BEFORE_SUBMISSION, days, standing
from dissemination.applications.texts import STAGES, STEPS
from dissemination.audits.queries import area as area_by_id
from dissemination.calls.desk import version_of
from dissemination.calls.texts import euro
from dissemination.kernel import files, subjects
from dissemination.kernel.clock import now, today
from dissemination.kernel.database import db, transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.people import queries as people
from dissemination.people.queries import survivors
from dissemination.plan.exports import csv_response
from dissemination.plan.queries import evidence_of

desk = Blueprint("applications_desk", __name__, url_prefix="/<district>/desk/applications")
AHEAD = timedelta(days=400)
SINCE = timedelta(days=30)


def desk_url(application_id: int) -> str | None:
    """Where the desk shows an application: what a row of the activity log opens."""
    row = db.session.get(Application, application_id)
    return row and url_for("applications_desk.show", district=row.district, application_id=row.id)


subjects.register("applications", desk_url)


def wanted_from(args, *, titles: bool = True) -> Wanted:
    """The filters of a query string; `titles`: whether the reader may read them."""
    stage = args.get("stage", "")
    number = args.get("call", "")
    return Wanted(
        titles=titles, text=args.get("q", "")[:100], stage=Stage(stage) if stage in list(Stage) else None,
        call_id=int(number) if number.isascii() and number.isdigit() and len(number) < 10 else None,
    )  # fmt: skip


@desk.get("/")
@requires(Role.VIEWER)
def index(district):
    """The applications, newest first."""
    wanted = wanted_from(request.args, titles=panels.may_read())
    page = queries.listed(district.id, wanted=wanted, after=request.args.get("after"))
    return render_template(
        "applications/index.html", page=page, wanted=wanted, STAGES=STAGES, euro=euro,
        counts=queries.by_stage(district.id), may_read=panels.may_read(),
        narrowed=wanted != Wanted(titles=wanted.titles), survivors=survivors([a.company for a in page.rows]),
    )  # fmt: skip


@desk.get(".csv")
@requires(Role.ORGANISER)
def index_csv(district):
    """The list, as narrowed, as CSV."""
    lines = exports.lines(district, wanted_from(request.args))
    return csv_response("applications.csv", exports.head(), lines)


@desk.get("/deadlines")
@requires(Role.ORGANISER)
def deadlines(district):
    """The next deadlines, the applications aimed at each, and what they still lack."""
    return render_template(
        "applications/deadlines.html", rows=board.deadlines(district, now() - SINCE, now() + AHEAD),
        loose=board.loose(district), STAGES=STAGES, euro=euro,
    )  # fmt: skip


@desk.route("/new", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def new(district):
    """Write an application down; first of which company."""
    number, area_id = request.args.get("company", ""), request.args.get("area", "")
    area = area_by_id(district.id, int(area_id)) if _is_id(area_id) else None
    company = people.company(district.id, int(number)) if _is_id(number) else None
    if company is None:
        company = area.audit.company if area is not None else None
    if company is None:
        found = (
            people.companies(district.id, search=number, on=today(district.zone)).rows[:20] if number else []
        )
        return render_template("applications/whose.html", found=found, asked=number)
    company = survivors([company])[company.id]
    form = ApplicationForm(data=_offered(area)).of(district, company)
    if form.validate_on_submit():
        stage = Stage.PREPARATION if form.in_preparation.data else Stage.IDEA
        try:
            with transaction():
                made = actions.add(
                    district, Facts(**form.facts()), by=current_user, on=form.on.data, stage=stage
                )
            flash(_("The application is saved."))
            return redirect(url_for(".show", district=district, application_id=made.id), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    return _form_page(form, None, company)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _offered(area) -> dict | None:
    """What an improvement area says of the application that comes of it."""
    if request.method == "POST" or area is None:
        return None
    call = area.call
    cutoffs = [c for c in call.cutoffs if c.closes_at >= now()] if call is not None else []
    aimed = cutoffs[0].id if cutoffs else ""
    return {
        "title": area.title, "area_id": area.id, "target": f"{call.id}:{aimed}" if call is not None else "",
        "service_ids": [area.service_id] if area.service_id else [],
    }  # fmt: skip


@desk.get("/<int:application_id>")
@requires(Role.VIEWER)
def show(district, application_id):
    """An application as it stands: the next step, money, states. Words of the audit for organisers only."""
    application = found(district, application_id)
    steps = standing(application.steps)
    return render_template(
        "applications/show.html", application=application, STAGES=STAGES, STEPS=STEPS, euro=euro,
        after=AFTER[application.stage], lacks=board.lacks(application), warnings=board.warnings(application),
        is_open=application.stage in BEFORE_SUBMISSION, former=steps[-2].stage if len(steps) > 1 else None,
        proofs=evidence_of(application), may_read=panels.may_read(),
        never_submitted=all(s.stage in BEFORE_SUBMISSION for s in application.steps),
        company=survivors([application.company])[application.company_id],
        aimed=next((c for c in application.call.cutoffs if c.id == application.cutoff_id), None),
        written=board.written_for(district),
    )  # fmt: skip


def found(district, application_id: int) -> Application:
    """The district's application, else 404."""
    return queries.by_id(district.id, application_id) or abort(404)


@desk.route("/<int:application_id>/edit", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def edit(district, application_id):
    """Change what is not submitted yet, or correct what was."""
    application = found(district, application_id)
    if application.stage not in BEFORE_SUBMISSION:
        return _correct(district, application)
    company = survivors([application.company])[application.company_id]
    values = None if request.method == "POST" else values_of(application)
    form = ApplicationForm(data=values).of(district, company, application)
    if form.validate_on_submit():
        try:
            with transaction():
                actions.revise(application, Facts(**form.facts()), version=version_of(form))
            return _saved(district, application)
        except Refusal as refusal:
            form.refuse(refusal)
    return _form_page(form, application, company)


def _correct(district, application):
    form = CorrectionForm(obj=application).of(days(application))
    if form.validate_on_submit():
        try:
            with transaction():
                actions.correct(
                    application, Corrected(**form.facts()), reason=form.reason.data or "", by=current_user,
                    version=version_of(form),
                )  # fmt: skip
            return _saved(district, application)
        except Refusal as refusal:
            form.refuse(refusal)
    page = render_template("applications/correction.html", form=form, application=application)
    return page, 422 if form.errors else 200


def _saved(district, application):
    flash(_("Saved."))
    return redirect(url_for(".show", district=district, application_id=application.id), 303)


@desk.route("/<int:application_id>/steps/<stage>", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def step(district, application_id, stage):
    """Bring it into a state: the day, and what that state needs."""
    application = found(district, application_id)
    wanted = Stage(stage) if stage in STEPS else abort(404)
    form = StepForm(version=application.version).of(wanted, application)
    if form.validate_on_submit():
        try:
            said = _said(district, form)
            with transaction():
                life.advance(
                    application,
                    wanted,
                    on=form.on.data,
                    by=current_user,
                    version=version_of(form),
                    said=said(),
                )
            flash(_("The application is now: %(stage)s.", stage=STAGES[wanted][0]))
            return redirect(url_for(".show", district=district, application_id=application_id), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    page = render_template(
        "applications/step.html", form=form, application=application, stage=wanted, STAGES=STAGES,
        STEPS=STEPS, Stage=Stage, follows=wanted in AFTER[application.stage],
    )  # fmt: skip
    return page, 422 if form.errors else 200


def _said(district, form: StepForm):
    """What the form says, as a function for inside the transaction: a file is kept there."""

    def said() -> Said:
        upload = form.file.data if "file" in form else None
        kept = (
            files.put(upload.stream, upload.filename, district_id=district.id)
            if upload and getattr(upload, "filename", "") else None
        )  # fmt: skip
        return Said(
            note=form.note.data or "", hour=form.hour.data if "hour" in form else None, file=kept,
            protocol_number=(form.protocol_number.data or "") if "protocol_number" in form else "",
            cost=form.cost.data if "cost" in form else None, amount=form.amount(),
        )  # fmt: skip

    return said


@desk.route("/<int:application_id>/back", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def back(district, application_id):
    """Take the last step back, with the reason."""
    application = found(district, application_id)
    form = BackForm(version=application.version)
    if form.validate_on_submit():
        try:
            with transaction():
                stage = life.go_back(
                    application, reason=form.reason.data, by=current_user, version=version_of(form)
                )
            flash(_("The application is now: %(stage)s.", stage=STAGES[stage][0]))
            return redirect(url_for(".show", district=district, application_id=application_id), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    steps = standing(application.steps)
    page = render_template(
        "applications/back.html", form=form, application=application, STAGES=STAGES,
        former=steps[-2].stage if len(steps) > 1 else None,
    )  # fmt: skip
    return page, 422 if form.errors else 200


@desk.post("/<int:application_id>/removal")
@requires(Role.ORGANISER)
def create_removal(district, application_id):
    """Remove what was never submitted."""
    application = found(district, application_id)
    with transaction():
        actions.remove(application)
    flash(_("The application is removed."))
    return redirect(url_for(".index", district=district), 303)


def _form_page(form, application, company):
    page = render_template("applications/form.html", form=form, application=application, company=company)
    return page, 422 if form.errors else 200
