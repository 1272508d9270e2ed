"""The pages that send: test, question before sending, progress, calling back, the fate of each recipient."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from dissemination.delivery.models import Fate
from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.newsletters import actions, queries
from dissemination.newsletters.common import FATES, NEXT_STEPS, REASONS, desk, tally, word_for
from dissemination.subscriptions import queries as readers


def _to_issue(issue):
    return redirect(url_for(".show", district=issue.district, issue_id=issue.id), 303)


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
    return _to_issue(issue)


@desk.route("/<int:issue_id>/sending", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def sending(district, issue_id):
    """GET asks: how many, who is left out, what blocks. POST sends; a second POST finds it sent."""
    issue = queries.issue(district.id, issue_id)
    if issue.sent_at is not None:
        return _to_issue(issue)
    draft = actions.prepare(issue)
    refused = None
    if request.method == "POST":
        try:
            version, tokens = request.form.get("version", 0, type=int), actions.sign_links(issue)
            with transaction():
                count = actions.send(issue, draft, version=version, by=current_user, tokens=tokens)
            flash(
                ngettext(
                    "Sending to %(num)d person has begun.", "Sending to %(num)d people has begun.", count
                )
            )
            return _to_issue(issue)
        except actions.AlreadySent:
            return _to_issue(issue)
        except Refusal as refusal:
            refused = refusal
    topic_ids = [t.id for t in issue.topics]
    page = render_template(
        "newsletters/desk_sending.html", issue=issue, draft=draft, refused=refused,
        audience=readers.audience(district.id, topic_ids),
        suppressed=readers.suppressed_subscribers(district.id, topic_ids),
    )  # fmt: skip
    return page, refused.status if refused else 200


@desk.get("/<int:issue_id>/progress")
@requires(Role.VIEWER)
def progress(district, issue_id):
    """The numbers alone, which the page of a sent issue asks for every two seconds."""
    issue = queries.issue(district.id, issue_id)
    return render_template("newsletters/_progress.html", issue=issue, tally=tally(issue), fates=FATES)


@desk.post("/<int:issue_id>/interruption")
@requires(Role.ORGANISER)
def stop(district, issue_id):
    """Call back what has not been sent."""
    issue = queries.issue(district.id, issue_id)
    with transaction():
        count = actions.stop(issue, by=current_user)
    flash(ngettext("%(num)d mail was called back.", "%(num)d mails were called back.", count))
    return _to_issue(issue)


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
        wanted=wanted if fates else "", word_for=word_for, next_steps=NEXT_STEPS, reasons=REASONS,
    )  # fmt: skip
