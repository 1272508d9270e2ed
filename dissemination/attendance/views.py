"""The attendance page of a workshop: who came, the evidence, the closing."""

from io import BytesIO

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from dissemination.attendance import actions, queries
from dissemination.attendance.desk import desk as door
from dissemination.attendance.forms import (
    ClosingForm,
    EvidenceForm,
    ReopeningForm,
    WalkInForm,
    planned_times,
)
from dissemination.attendance.refusals import MissingEvidence
from dissemination.kernel import files
from dissemination.kernel.clock import now
from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.plan import actions as plan
from dissemination.plan import queries as plan_queries
from dissemination.workshops import queries as workshops
from dissemination.workshops.models import State

desk = Blueprint("attendance_desk", __name__, url_prefix="/<district>/desk/workshops/<slug>/attendance")
blueprints = (desk, door)
CODE = "attendance_sheet"


@desk.get("")
@requires(Role.VIEWER)
def show(district, slug):
    """Who holds a seat with a tick box each, the evidence, and the way to close."""
    return _page(workshops.by_slug(district, slug))


@desk.post("/ticks")
@requires(Role.ORGANISER)
def create_ticks(district, slug):
    """Note who came. Only what was changed on this page is written: two people may tick at once."""
    workshop = workshops.by_slug(district, slug)
    ticked, before = _ids("present"), _ids("was")
    with transaction():
        n = actions.tick(workshop, came=ticked - before, went=before - ticked, by=current_user)
    flash(ngettext("Saved. %(num)d person present.", "Saved. %(num)d persons present.", n))
    return redirect(url_for(".show", district=district, slug=slug, q=request.form.get("q") or None))


@desk.post("/walk-ins")
@requires(Role.ORGANISER)
def create_walk_in(district, slug):
    """Add somebody who came without a seat."""
    workshop = workshops.by_slug(district, slug)
    form = WalkInForm()
    if form.validate():
        try:
            with transaction():
                registration = actions.walk_in(workshop, by=current_user, **form.facts())
            flash(_("%(name)s is noted as present.", name=registration.contact.name))
            return redirect(url_for(".show", district=district, slug=slug))
        except Refusal as refusal:
            form.refuse(refusal)
    return _page(workshop, walk_in=form)


@desk.post("/evidence")
@requires(Role.ORGANISER)
def create_evidence(district, slug):
    """Add a file that proves a line of the checklist."""
    workshop = workshops.by_slug(district, slug)
    form = EvidenceForm().offer(queries.checklist(workshop, times=True))
    if form.validate():
        try:
            with transaction():
                _store(workshop, form)
            flash(_("The file is stored."))
            return redirect(url_for(".show", district=district, slug=slug, _anchor="evidence"))
        except Refusal as refusal:
            form.refuse(refusal)
    return _page(workshop, evidence=form)


@desk.get("/evidence/<int:evidence_id>")
@requires(Role.VIEWER)
def evidence(district, slug, evidence_id):
    """Download a file of evidence: always as an attachment, never shown in the page."""
    workshop = workshops.by_slug(district, slug)
    proof = next((p for p in plan_queries.evidence_of(workshop) if p.id == evidence_id), None)
    if proof is None or proof.file is None:
        abort(404)
    response = Response(files.read(proof.file), content_type=proof.file.media_type)
    response.headers.set("Content-Disposition", "attachment", filename=proof.file.name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response


@desk.get("/sheet")
@requires(Role.VIEWER)
def sheet(district, slug):
    """The sign-in sheet, to be printed."""
    workshop = workshops.by_slug(district, slug)
    return render_template(
        "attendance/sheet.html", workshop=workshop, people=queries.people(workshop), spare=range(8)
    )


@desk.post("/closing")
@requires(Role.ORGANISER)
def create_closing(district, slug):
    """Close the books, or say what is missing."""
    workshop = workshops.by_slug(district, slug)
    form = ClosingForm()
    reason = form.without_counting.data if request.form.get("how") == "without" else ""
    if request.form.get("how") == "without" and not reason:
        form.validate()
        form.without_counting.errors = [_("Give the reason why it shall not count.")]
    elif form.validate():
        try:
            with transaction():
                actions.close(workshop, by=current_user, without_counting=reason, **form.times())
            flash(_("The workshop is closed. The log has its rows and the figures move."))
            return redirect(url_for(".show", district=district, slug=slug))
        except MissingEvidence as refusal:
            return _page(workshop, closing=form, missing=refusal.missing)
        except Refusal as refusal:
            form.refuse(refusal)
    return _page(workshop, closing=form)


@desk.route("/reopening", methods=["GET", "POST"])
@requires(Role.MANAGER)
def reopening(district, slug):
    """Take a closing back, with the reason; its rows in the log are reversed, not deleted."""
    workshop = workshops.by_slug(district, slug)
    form = ReopeningForm()
    if form.validate_on_submit():
        try:
            with transaction():
                actions.reopen(workshop, reason=form.reason.data, by=current_user)
            flash(_("The workshop is open again. Correct it and close it anew."))
            return redirect(url_for(".show", district=district, slug=slug))
        except Refusal as refusal:
            form.refuse(refusal)
    status = 422 if form.is_submitted() else 200
    return render_template("attendance/reopening.html", workshop=workshop, form=form), status


def _ids(name: str) -> set[int]:
    return {int(value) for value in request.form.getlist(name) if value.isdigit() and len(value) < 15}


def _store(workshop, form) -> None:
    upload = form.file.data
    stored = files.put(BytesIO(upload.read()), upload.filename or "file", district_id=workshop.district_id)
    plan.add_evidence(
        workshop, district_id=workshop.district_id, code=form.code.data, file=stored,
        note=form.note.data or "", by=current_user,
    )  # fmt: skip


def _page(workshop, *, walk_in=None, evidence=None, closing=None, missing=()):
    text = request.values.get("q", "")[:100]
    checklist = queries.checklist(workshop, times=workshop.closing is None or bool(workshop.closing.ended_at))
    wrong = walk_in or evidence or closing
    page = render_template(
        "attendance/show.html", workshop=workshop, State=State, text=text,
        people=queries.people(workshop, text), present=queries.present_ids(workshop),
        checklist=checklist, proofs=plan_queries.evidence_of(workshop), missing=missing,
        reopenings=queries.reopenings(workshop), is_over=workshop.ends_at <= now(),
        walk_in=walk_in or WalkInForm(formdata=None), walk_in_open=walk_in is not None,
        evidence=evidence or EvidenceForm(formdata=None).offer(checklist),
        closing=closing or ClosingForm(formdata=None, data=planned_times(workshop)), form=wrong,
    )  # fmt: skip
    return page, 422 if wrong else 200
