"""An audit's steps at the desk: the next one with its day, declined, back; the visit sheet."""

from flask import abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.audits import actions, queries, states, texts
from dissemination.audits.desk import desk, found_or_404, show_page
from dissemination.audits.forms import BackForm, ReasonForm, SheetForm, StepForm
from dissemination.audits.models import State
from dissemination.kernel.clock import today
from dissemination.kernel.database import transaction
from dissemination.kernel.downloads import attachment
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.plan import proof_files

VERBS = {
    State.CONTACTED: lambda audit, on, words, by: actions.contacted(audit, on=on, note=words, by=by),
    State.DRAFTED: lambda audit, on, words, by: actions.drafted(audit, on=on, note=words, by=by),
    State.SHARED: lambda audit, on, words, by: actions.shared(audit, on=on, note=words, by=by),
    State.CLOSED: lambda audit, on, words, by: actions.closed(audit, on=on, reason=words, by=by),
    State.DECLINED: lambda audit, on, words, by: actions.declined(audit, on=on, reason=words, by=by),
}


@desk.route("/<int:audit_id>/steps/<state>", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def step(district, audit_id, state):
    """Come into a state on a day; the visit has a form of its own."""
    audit = found_or_404(district, audit_id)
    wanted = next((s for s in VERBS if s.value == state), None) or abort(404)
    needs_reason = wanted is State.DECLINED or (wanted is State.CLOSED and audit.state is not State.SHARED)
    make = ReasonForm if needs_reason else StepForm
    form = make(data={"on": today(district.zone)})
    if form.validate_on_submit():
        try:
            with transaction():
                VERBS[wanted](audit, form.on.data, form.reason.data or "", current_user)
            flash(_("Saved: %(state)s.", state=texts.STATES[wanted]), "success")
            return redirect(url_for(".show", district=district, audit_id=audit_id), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    page = render_template(
        "audits/step.html", form=form, audit=audit, wanted=wanted, texts=texts, State=State,
        needs_reason=needs_reason, firm=queries.standing_company(audit),
        possible=wanted in states.AFTER[audit.state],
    )  # fmt: skip
    return page, 422 if form.errors else 200


@desk.route("/<int:audit_id>/return", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def back(district, audit_id):
    """Go back by one step, after a question."""
    audit = found_or_404(district, audit_id)
    held = states.standing(audit.steps)
    form = BackForm()
    if form.validate_on_submit():
        try:
            with transaction():
                actions.back(audit, reason=form.reason.data or "", by=current_user)
                now_state = audit.state
            flash(_("The audit is “%(state)s” again.", state=texts.STATES[now_state]), "success")
            return redirect(url_for(".show", district=district, audit_id=audit_id), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    page = render_template(
        "audits/back.html", form=form, audit=audit, texts=texts, firm=queries.standing_company(audit),
        former=held[-2].state if len(held) > 1 else None, counted=states.was_visited(audit),
    )  # fmt: skip
    return page, 422 if form.errors else 200


@desk.post("/<int:audit_id>/sheets")
@requires(Role.ORGANISER)
def create_sheet(district, audit_id):
    """Bring the signed visit sheet: a scan, or a word on where it is."""
    audit, form = found_or_404(district, audit_id), SheetForm()
    if form.validate_on_submit():
        sent = form.file.data if form.file.data and form.file.data.filename else None
        try:
            with transaction():
                if sent is not None:
                    actions.upload_sheet(audit, sent.stream, sent.filename, by=current_user)
                else:
                    actions.sheet_on_file(audit, note=form.note.data or "", by=current_user)
            flash(_("The visit sheet is on file: the audit counts."), "success")
            return redirect(url_for(".show", district=district, audit_id=audit_id), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    return show_page(district, audit, form)


@desk.get("/<int:audit_id>/sheets/<int:evidence_id>")
@requires(Role.ORGANISER)
def sheet(district, audit_id, evidence_id):
    """Download a visit sheet."""
    audit = found_or_404(district, audit_id)
    proof = proof_files.by_id(district.id, evidence_id)
    if proof is None or proof.file is None or proof.subject_kind != audit.__tablename__:
        abort(404)
    if proof.subject_id != audit.id:
        abort(404)
    return attachment(proof.file)
