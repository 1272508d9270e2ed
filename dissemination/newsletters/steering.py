"""The pages between the decision and the last fate: undo, pause, go on, pace, send again."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from dissemination.delivery.models import Fate
from dissemination.kernel.clock import now
from dissemination.kernel.database import transaction
from dissemination.kernel.rights import Role, requires
from dissemination.newsletters import history, queries, scheduling
from dissemination.newsletters import sending as verbs
from dissemination.newsletters.common import EVENTS, FATES, desk, tally, to_issue
from dissemination.newsletters.dispatch_forms import FASTEST, ReasonForm


@desk.get("/<int:issue_id>/departure")
@requires(Role.VIEWER)
def departure(district, issue_id):
    """An issue that is about to go: when, and the button that takes it back."""
    issue = queries.issue(district.id, issue_id)
    dispatch = history.open_dispatch(issue)
    if issue.sent_at is not None or dispatch is None:
        return to_issue(issue)
    seconds = max(0, round((dispatch.starts_at - now()).total_seconds()))
    return render_template(
        "newsletters/desk_departure.html", issue=issue, dispatch=dispatch, seconds=seconds,
        events=history.events(issue), event_words=EVENTS,
    )  # fmt: skip


@desk.post("/<int:issue_id>/undoing")
@requires(Role.ORGANISER)
def undo(district, issue_id):
    """Take the decision back: a draft again."""
    issue = queries.issue(district.id, issue_id)
    try:
        with transaction():
            scheduling.undo(issue, by=current_user)
        flash(_("Taken back: nothing has left, and the issue is a draft again."))
    except scheduling.TooLate as late:
        flash(late.message, "warning")
    return to_issue(issue)


@desk.post("/<int:issue_id>/pause")
@requires(Role.ORGANISER)
def pause(district, issue_id):
    """Hand over nothing more for now."""
    issue = queries.issue(district.id, issue_id)
    with transaction():
        verbs.pause(issue, by=current_user)
    flash(_("Paused: what is being handed over at this moment still arrives, nothing else."))
    return to_issue(issue)


@desk.post("/<int:issue_id>/resumption")
@requires(Role.ORGANISER)
def resume(district, issue_id):
    """Go on."""
    issue = queries.issue(district.id, issue_id)
    with transaction():
        verbs.resume(issue, by=current_user)
    flash(_("The sending goes on."))
    return to_issue(issue)


@desk.post("/<int:issue_id>/pace")
@requires(Role.ORGANISER)
def pace(district, issue_id):
    """At most so many messages a second; empty: as fast as it goes."""
    issue = queries.issue(district.id, issue_id)
    given = request.form.get("per_second", "").strip()
    if given and not (given.isascii() and given.isdigit() and len(given) < 6 and 1 <= int(given) <= FASTEST):
        flash(_("Write a whole number from 1 to %(most)d, or nothing.", most=FASTEST), "danger")
        return to_issue(issue)
    with transaction():
        verbs.pace(issue, per_second=int(given) if given else None, by=current_user)
    flash(_("The pace is changed."))
    return to_issue(issue)


@desk.route("/<int:issue_id>/retries/<any(refused, uncertain):fate>", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def retry(district, issue_id, fate):
    """Send again to everybody with that fate, after a question and with a reason."""
    issue = queries.issue(district.id, issue_id)
    if issue.sent_at is None:
        abort(404)
    form, counts = ReasonForm(), tally(issue).counts
    if form.validate_on_submit():
        with transaction():
            count = verbs.retry(issue, Fate(fate), reason=form.reason.data, by=current_user)
        flash(ngettext("%(num)d message is sent again.", "%(num)d messages are sent again.", count))
        return redirect(url_for(".show", district=district, issue_id=issue.id), 303)
    page = render_template(
        "newsletters/desk_retry.html", issue=issue, form=form, fate=fate, count=counts[fate], fates=FATES
    )
    return page, 422 if form.errors else 200
