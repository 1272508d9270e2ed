"""The pages of rehearsals: the real audience, the built-in sink, a report."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.delivery import outbox
from dissemination.delivery.models import OPEN
from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.newsletters import actions, history, queries, rehearsing
from dissemination.newsletters.common import FATES, desk, to_issue, word_for


@desk.post("/<int:issue_id>/rehearsals")
@requires(Role.ORGANISER)
def rehearse(district, issue_id):
    """Begin a rehearsal."""
    issue = queries.issue(district.id, issue_id)
    draft = actions.prepare(issue)
    try:
        with transaction():
            rehearsing.rehearse(issue, draft, by=current_user)
    except Refusal as refusal:
        flash(refusal.message, "warning")
    return redirect(url_for(".rehearsal", district=district, issue_id=issue.id), 303)


@desk.get("/<int:issue_id>/rehearsal")
@requires(Role.VIEWER)
def rehearsal(district, issue_id):
    """The last rehearsal: how far it is, or its report."""
    issue = queries.issue(district.id, issue_id)
    last = history.last_rehearsal(issue)
    if last is None:
        flash(_("This issue has not been rehearsed."), "info")
        return to_issue(issue)
    progress = {} if last.finished_at else outbox.progress(last)
    waits = sum(count for fate, count in progress.items() if fate in OPEN)
    return render_template(
        "newsletters/desk_rehearsal.html", issue=issue, rehearsal=last, waits=waits, fates=FATES,
        word_for=word_for, samples=rehearsing.samples_of(last),
        would_take=rehearsing.would_take(issue, last.persons),
    )  # fmt: skip
