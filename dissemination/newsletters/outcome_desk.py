"""The pages after the sending: what an issue brought, and keeping it out of the public archive."""

from flask import abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.kernel.clock import now
from dissemination.kernel.database import transaction
from dissemination.kernel.rights import Role, requires
from dissemination.newsletters import actions, archiving, history, outcome, queries
from dissemination.newsletters.common import desk, to_issue
from dissemination.newsletters.dispatch_forms import ReasonForm
from dissemination.newsletters.models import Issue


def _sent(district, issue_id) -> Issue:
    issue = queries.issue(district.id, issue_id)
    if issue.sent_at is None:
        abort(404)
    return issue


@desk.get("/<int:issue_id>/outcome")
@requires(Role.VIEWER)
def brought(district, issue_id):
    """What this issue brought."""
    issue = _sent(district, issue_id)
    links, opened = outcome.openings(issue)
    return render_template(
        "newsletters/desk_outcome.html", issue=issue, sources=actions.sources(issue),
        brought=outcome.registrations(issue), links=links, opened=opened, left=outcome.left(issue),
        complaints=outcome.complaints(issue), gained=outcome.gained(issue), until=outcome.until(issue),
        now=now(), settings=history.settings(district),
    )  # fmt: skip


@desk.route("/<int:issue_id>/withholding", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def withhold(district, issue_id):
    """Keep an issue out of the public archive, with a reason."""
    issue = _sent(district, issue_id)
    form = ReasonForm()
    if form.validate_on_submit():
        with transaction():
            archiving.withhold(issue, reason=form.reason.data, by=current_user)
        flash(_("The issue is no longer in the public archive."))
        return to_issue(issue)
    page = render_template("newsletters/desk_withholding.html", issue=issue, form=form)
    return page, 422 if form.errors else 200


@desk.post("/<int:issue_id>/showing")
@requires(Role.ORGANISER)
def show_again(district, issue_id):
    """Show a withheld issue in the archive again."""
    issue = _sent(district, issue_id)
    with transaction():
        archiving.show(issue, by=current_user)
    flash(_("The issue is in the public archive again."))
    return redirect(url_for(".show", district=district, issue_id=issue.id), 303)
