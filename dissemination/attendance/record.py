"""Around the attendance page: what is printed, the files of evidence, the report of the online platform."""

from datetime import UTC, datetime

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from dissemination.attendance import actions, papers, platform, queries
from dissemination.attendance.forms import RemovalForm, ReportForm
from dissemination.kernel import files, links
from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.plan import queries as plan_queries
from dissemination.workshops import queries as workshops

desk = Blueprint("attendance_desk", __name__, url_prefix="/<district>/desk/workshops/<slug>/attendance")
PURPOSE = "platform report"
AN_HOUR = 3600


@desk.get("/sheet.pdf")
@requires(Role.VIEWER)
def sheet(district, slug):
    """The sign-in sheet, to be printed: one for each date."""
    workshop = workshops.by_slug(district, slug)
    return _document(papers.sheet(workshop), f"foglio-firme-{workshop.slug}.pdf")


@desk.get("/badges.pdf")
@requires(Role.VIEWER)
def badges(district, slug):
    """The badges, to be printed and cut."""
    workshop = workshops.by_slug(district, slug)
    return _document(papers.badges(workshop), f"badge-{workshop.slug}.pdf")


def _document(data: bytes, name: str) -> Response:
    return attachment(data, "application/pdf", name)


def attachment(data: bytes, media_type: str, name: str) -> Response:
    """A file to keep: never shown in the page, never guessed at, in no shared cache."""
    response = Response(data, content_type=media_type)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response


# Evidence.


@desk.get("/evidence/<int:evidence_id>")
@requires(Role.VIEWER)
def evidence(district, slug, evidence_id):
    """Download a file of evidence, also one that was removed."""
    proof = _proof(workshops.by_slug(district, slug), evidence_id)
    if proof.file is None:
        abort(404)
    return attachment(files.read(proof.file), proof.file.media_type, proof.file.name)


@desk.route("/evidence/<int:evidence_id>/removal", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def removal(district, slug, evidence_id):
    """Ask why a file was wrong, and let it count no more."""
    workshop = workshops.by_slug(district, slug)
    proof = _proof(workshop, evidence_id)
    form = RemovalForm()
    if form.validate_on_submit():
        try:
            with transaction():
                actions.remove_evidence(workshop, proof, reason=form.reason.data, by=current_user)
            flash(_("The file counts no more. It is kept with the reason."))
            return _back(workshop, "evidence")
        except Refusal as refusal:
            form.refuse(refusal)
    page = render_template("attendance/removal.html", workshop=workshop, proof=proof, form=form)
    return page, 422 if form.is_submitted() else 200


def _proof(workshop, evidence_id):
    found = next((p for p in plan_queries.all_evidence_of(workshop) if p.id == evidence_id), None)
    if found is None:
        abort(404)
    return found


# The platform's report: looked at first, then taken in as a whole or not at all.


@desk.post("/report")
@requires(Role.ORGANISER)
def create_report(district, slug):
    """Show what a participants report would do, line by line; nothing is written yet."""
    workshop = workshops.by_slug(district, slug)
    form, lines, status = ReportForm(), [], 422
    if form.validate():
        try:
            lines = platform.read(form.report.data.read(), workshop, queries.people(workshop))
            status = 200
        except platform.Unusable as error:
            form.report.errors = [str(error)]
    return _report_page(workshop, form, lines, status)


def _report_page(workshop, form, lines, status):
    wrong = [line for line in lines if line.problem]
    named = {line.person.id for line in lines if line.person}
    spans = [[x.person.id, *(int(moment.timestamp()) for moment in x.span)] for x in lines if x.person]
    token = links.sign_for_a_while(PURPOSE, [workshop.id, spans]) if named and not wrong else ""
    page = render_template(
        "attendance/report.html", workshop=workshop, form=form, lines=lines, wrong=wrong, token=token,
        people=len(named), strangers=sum(1 for x in lines if not x.person and not x.problem),
    )  # fmt: skip
    return page, status


@desk.post("/times")
@requires(Role.ORGANISER)
def create_times(district, slug):
    """Take in the times of a report as it was shown."""
    workshop = workshops.by_slug(district, slug)
    told = links.read_recent(PURPOSE, request.form.get("token", ""), max_age=AN_HOUR)
    if not isinstance(told, list) or told[0] != workshop.id:
        flash(_("This preview is too old. Choose the file again."), "error")
        return _back(workshop, "report")
    spans = [(i, *(datetime.fromtimestamp(moment, UTC) for moment in moments)) for i, *moments in told[1]]
    try:
        with transaction():
            n = actions.take_report(workshop, spans, by=current_user)
        flash(
            ngettext(
                "The times of %(num)d person are taken in.", "The times of %(num)d persons are taken in.", n
            )
        )
    except Refusal as refusal:
        flash(str(refusal.message), "error")
    return _back(workshop)


def _back(workshop, anchor=None):
    return redirect(url_for(".show", district=workshop.district, slug=workshop.slug, _anchor=anchor), 303)
