"""The manager's page of personal data: what is held and until when, purging, keeping for longer."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.delivery import outbox
from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.privacy import actions, held, mails, texts
from dissemination.privacy.forms import LongerForm, ReasonForm, RefusalForm
from dissemination.privacy.terms import AUDIT_MONTHS
from dissemination.workshops import queries as workshops

desk = Blueprint("privacy_desk", __name__, url_prefix="/<district>/desk/privacy")


@desk.get("")
@requires(Role.MANAGER)
def index(district):
    """Personal data still held, who asked to be erased, what was erased."""
    rows, following = held.workshops(district, after=request.args.get("after"))
    return render_template(
        "privacy/index.html", rows=rows, following=following, summary=held.summary(district),
        requests=held.requests(district), erasures=held.erasures(district), counts=texts.COUNTS,
        audit_months=AUDIT_MONTHS,
    )  # fmt: skip


@desk.get("/contacts")
@requires(Role.MANAGER)
def contacts(district):
    """Contacts whom only the desk's interest keeps."""
    rows, following = held.lonely(district, after=request.args.get("after"))
    return render_template("privacy/contacts.html", rows=rows, following=following)


@desk.get("/evidence")
@requires(Role.MANAGER)
def evidence(district):
    """Attendance sheets: files with names that the district has to keep."""
    page, found = held.evidence(district, after=request.args.get("after"))
    return render_template("privacy/evidence.html", page=page, proven=found)


@desk.route("/workshops/<slug>/purge", methods=["GET", "POST"])
@requires(Role.MANAGER)
def purge(district, slug):
    """Forget the persons of one workshop before its time, after a question."""
    workshop, form = workshops.by_slug(district, slug), ReasonForm()
    if form.validate_on_submit():
        try:
            counts = actions.purge_workshop(workshop, by=current_user, reason=form.reason.data)
            flash(
                _(
                    "%(n)d registrations are without a person now. The figures stand.",
                    n=counts["registrations"],
                )
            )
            return redirect(url_for(".index", district=district), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    page = render_template(
        "privacy/purge.html", held=held.of_workshop(workshop), workshop=workshop, form=form
    )
    return page, 422 if form.errors else 200


@desk.route("/workshops/<slug>/longer", methods=["GET", "POST"])
@requires(Role.MANAGER)
def longer(district, slug):
    """Keep the persons of one workshop for longer, with the reason."""
    workshop, form = workshops.by_slug(district, slug), LongerForm()
    if form.validate_on_submit():
        try:
            with transaction():
                actions.keep_longer(
                    workshop, months=form.months.data, reason=form.reason.data, by=current_user
                )
            flash(_("Saved."))
            return redirect(url_for(".index", district=district), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    page = render_template(
        "privacy/longer.html", held=held.of_workshop(workshop), workshop=workshop, form=form,
        changes=held.changes(workshop),
    )  # fmt: skip
    return page, 422 if form.errors else 200


@desk.route("/requests/<int:request_id>/refusal", methods=["GET", "POST"])
@requires(Role.MANAGER)
def refusal(district, request_id):
    """Say no to who asked to be erased, with the reason that she is told by mail."""
    asked = held.request_of(district, request_id) or abort(404)
    form = RefusalForm()
    if form.validate_on_submit():
        with transaction():
            actions.decline(asked, answer=form.answer.data, by=current_user)
            mail, recipient = mails.declined(asked.contact, district, form.answer.data)
            outbox.put(mail, recipient, about=asked)
        flash(_("The person is told by mail."))
        return redirect(url_for(".index", district=district), 303)
    page = render_template("privacy/refusal.html", asked=asked, form=form)
    return page, 422 if form.errors else 200
