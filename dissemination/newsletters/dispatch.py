"""The pages around sending: test, the last check with its audience, progress, each recipient's fate."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from dissemination.delivery.models import Fate
from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.newsletters import (
    actions,
    approving,
    history,
    preflight,
    queries,
    quiet,
    readers,
    scheduling,
)
from dissemination.newsletters.common import (
    FATES,
    NEXT_STEPS,
    desk,
    tally,
    to_issue,
    word_for,
)
from dissemination.newsletters.dispatch_forms import WhenForm
from dissemination.newsletters.reports import progress_of
from dissemination.subscriptions.texts import DOUBLES, REASONS


@desk.post("/<int:issue_id>/tests")
@requires(Role.ORGANISER)
def test(district, issue_id):
    """Send the draft to oneself."""
    issue = queries.issue(district.id, issue_id)
    draft = actions.prepare(issue)
    with transaction():
        sent = actions.send_test(issue, draft, by=current_user)
        address = sent.address
    flash(_("The test is on its way to %(address)s.", address=address))
    return to_issue(issue)


@desk.route("/<int:issue_id>/sending", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def sending(district, issue_id):
    """GET checks everything and asks when. POST decides: now (with a minute to undo it) or later."""
    issue = queries.issue(district.id, issue_id)
    if issue.sent_at is not None:
        return to_issue(issue)
    if history.open_dispatch(issue) is not None:
        return redirect(url_for(".departure", district=district, issue_id=issue.id), 303)
    form = WhenForm()
    counts = readers.counts(issue)
    draft = preflight.check(issue, counts)
    status = 200
    if request.method == "POST":
        status = 422
        if form.validate():
            try:
                return _decided(district, issue, draft, form, counts)
            except Refusal as refusal:
                form.refuse(refusal)
                status = refusal.status
    return _page(issue, form, counts, draft), status


def _decided(district, issue, draft, form, counts):
    """Write the decision; the page that can undo it."""
    at, odd = form.moment(district)
    with transaction():
        dispatch = scheduling.decide(
            issue, draft, version=form.version.data or 0, by=current_user, at=at, anyhow=form.anyhow.data,
            per_second=form.per_second.data, counts=counts,
        )  # fmt: skip
        moved = at is not None and dispatch.starts_at > at
    if odd == "gap":
        flash(_("Clocks jump over that hour: it goes out an hour later."), "info")
    elif odd == "twice":
        flash(_("That hour comes twice, because clocks are put back: it goes out in the first."), "info")
    if moved:
        flash(_("The chosen moment lies in quiet hours: it goes out as soon as they end."), "info")
    return redirect(url_for(".departure", district=district, issue_id=issue.id), 303)


def _page(issue, form, counts, draft) -> str:
    district = issue.district
    return render_template(
        "newsletters/desk_sending.html", issue=issue, form=form, draft=draft, counts=counts,
        rule=readers.arguments(issue), segment=readers.segment_of(issue), reasons=REASONS, doubles=DOUBLES,
        size_limit=preflight.SIZE_LIMIT, settings=history.settings(district),
        goes_at=scheduling.goes_at(issue, None, anyhow=False),
        is_quiet=quiet.is_quiet(scheduling.goes_at(issue, None, anyhow=True), history.quiet_of(district)),
        needs_approval=approving.is_needed(issue, counts.persons), approval=history.approval_now(issue),
        rehearsal=history.last_rehearsal(issue), held=_held(issue),
    )  # fmt: skip


def _held(issue):
    last = history.last_dispatch(issue)
    return last if last is not None and last.held_at is not None else None


@desk.get("/<int:issue_id>/progress")
@requires(Role.VIEWER)
def progress(district, issue_id):
    """The numbers alone, which the page of a sent issue asks for every two seconds."""
    issue = queries.issue(district.id, issue_id)
    return render_template("newsletters/_progress.html", issue=issue, **progress_of(issue))


@desk.post("/<int:issue_id>/interruption")
@requires(Role.ORGANISER)
def stop(district, issue_id):
    """Call back what has not been sent."""
    issue = queries.issue(district.id, issue_id)
    with transaction():
        count = actions.stop(issue, by=current_user)
    flash(ngettext("%(num)d mail was called back.", "%(num)d mails were called back.", count))
    return to_issue(issue)


@desk.get("/<int:issue_id>/recipients")
@requires(Role.VIEWER)
def recipients(district, issue_id):
    """The fate of each recipient, with its reason."""
    issue = queries.issue(district.id, issue_id)
    wanted = request.args.get("fate", "")
    fates = [f for f in Fate if word_for(f) == wanted]
    rows = queries.report(issue, fates=fates, after=request.args.get("after"))
    return render_template(
        "newsletters/desk_recipients.html", issue=issue, rows=rows, tally=tally(issue), fates=FATES,
        wanted=wanted if fates else "", word_for=word_for, next_steps=NEXT_STEPS,
        companies=queries.companies_of([row.contact_id for row in rows.rows if row.contact_id]),
    )  # fmt: skip
