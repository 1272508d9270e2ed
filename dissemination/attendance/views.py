"""The attendance page of a workshop: who came, the evidence, the closing."""

from io import BytesIO

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from dissemination.attendance import actions, queries, times
from dissemination.attendance.desk import desk as door
from dissemination.attendance.forms import (
    ClosingForm,
    EvidenceForm,
    ReopeningForm,
    ReportForm,
    WalkInForm,
    planned_times,
)
from dissemination.attendance.missing import gaps_of
from dissemination.attendance.public import public, section
from dissemination.attendance.record import desk
from dissemination.attendance.refusals import MissingEvidence
from dissemination.kernel import files
from dissemination.kernel.clock import now
from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.plan import actions as plan
from dissemination.plan import queries as plan_queries
from dissemination.registrations import queries as registrations
from dissemination.registrations import sections
from dissemination.workshops import gaps
from dissemination.workshops import queries as workshops
from dissemination.workshops.models import State

blueprints = (desk, door, public)
sections.register(section, position=20)
gaps.register(gaps_of)


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
    days, n = times.days(workshop), 0
    with transaction():
        for number, day in enumerate(days):
            mark = f"-{number}" if len(days) > 1 else ""
            ticked, before = _ids(f"present{mark}"), _ids(f"was{mark}")
            n = actions.tick(workshop, came=ticked - before, went=before - ticked, by=current_user, day=day)
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


@desk.post("/seats")
@requires(Role.ORGANISER)
def create_seat(district, slug):
    """Give a seat to somebody who was seen at the door without one."""
    workshop = workshops.by_slug(district, slug)
    number = request.form.get("registration", "")
    if not number.isdecimal() or len(number) > 9:
        abort(404)
    person = registrations.in_workshop(workshop, int(number))
    name = person.contact.name
    try:
        with transaction():
            actions.let_in(workshop, person, by=current_user)
        flash(_("%(name)s is noted as present.", name=name))
    except Refusal as refusal:
        flash(str(refusal.message), "error")
    return redirect(url_for(".show", district=district, slug=slug))


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
    return {int(value) for value in request.form.getlist(name) if value.isdecimal() and len(value) < 10}


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
    proofs = plan_queries.all_evidence_of(workshop)
    page = render_template(
        "attendance/show.html", workshop=workshop, State=State, text=text,
        people=queries.people(workshop, text), checklist=checklist, missing=missing,
        proofs=[p for p in proofs if p.removed_at is None], removed=[p for p in proofs if p.removed_at],
        reopenings=queries.reopenings(workshop), is_over=workshop.ends_at <= now(),
        walk_in=walk_in or WalkInForm(formdata=None), walk_in_open=walk_in is not None,
        evidence=evidence or EvidenceForm(formdata=None).offer(checklist), report=ReportForm(formdata=None),
        closing=closing or ClosingForm(formdata=None, data=planned_times(workshop)), form=wrong,
        without_seat=queries.without_seat(workshop), late=queries.late(workshop), **_presence(workshop),
    )  # fmt: skip
    return page, 422 if wrong else 200


def _presence(workshop) -> dict:
    days = times.days(workshop)
    there = queries.presences(workshop)
    return {
        "days": days, "present": there, "by_day": queries.present_by_day(workshop, days),
        "stays": queries.stays(workshop), "shares": queries.shares(workshop),
    }  # fmt: skip
