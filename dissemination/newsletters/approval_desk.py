"""The pages of approval: asking for it, and the second person's look at the whole issue."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.newsletters import approving, history, preflight, queries, readers
from dissemination.newsletters.common import desk, to_issue
from dissemination.newsletters.dispatch_forms import DecisionForm


@desk.post("/<int:issue_id>/approvals")
@requires(Role.ORGANISER)
def ask(district, issue_id):
    """Ask everybody who may for an approval of what the issue is now."""
    issue = queries.issue(district.id, issue_id)
    persons = readers.counts(issue).persons
    version = request.form.get("version", 0, type=int)
    try:
        with transaction():
            approving.ask(issue, version=version, persons=persons, by=current_user)
        flash(_("Asked: the others of the district have a mail with the link."))
    except Refusal as refusal:
        flash(refusal.message, "warning")
    return redirect(url_for(".sending", district=district, issue_id=issue.id), 303)


@desk.route("/<int:issue_id>/approval", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def approval(district, issue_id):
    """The issue with its preview and findings; yes, or no with words."""
    issue = queries.issue(district.id, issue_id)
    if issue.sent_at is not None:
        return to_issue(issue)
    form = DecisionForm()
    status = 200
    if form.validate_on_submit():
        granted = request.form.get("decision") == "yes"
        try:
            with transaction():
                approving.decide(issue, granted=granted, words=form.words.data or "", by=current_user)
            flash(_("Approved. Who asked is told.") if granted else _("Not approved. Who asked is told."))
            return to_issue(issue)
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
    counts = readers.counts(issue)
    page = render_template(
        "newsletters/desk_approval.html", issue=issue, form=form, counts=counts,
        draft=preflight.check(issue, counts), request_now=history.approval_now(issue),
        approvals=history.approvals(issue),
    )  # fmt: skip
    return page, 422 if form.errors and status == 200 else status
