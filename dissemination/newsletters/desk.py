"""The organisers' pages of issues: the list, the facts, the page of one issue, throwing a draft away."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.newsletters import actions, history, queries
from dissemination.newsletters.common import desk
from dissemination.newsletters.forms import IssueForm
from dissemination.newsletters.preflight import SIZE_LIMIT
from dissemination.newsletters.reports import sent_page
from dissemination.people.actions import ChangedMeanwhile
from dissemination.plan.queries import lines
from dissemination.subscriptions import queries as readers
from dissemination.workshops import queries as workshops


@desk.get("/")
@requires(Role.VIEWER)
def index(district):
    """Drafts, and what was sent."""
    return render_template(
        "newsletters/desk_index.html", drafts=queries.drafts(district.id), topics=readers.topics(district.id),
        sent=queries.sent(district.id, after=request.args.get("after")),
        subscribers=readers.count_subscribers(district.id), waiting=history.waiting(district.id),
        to_approve=history.to_approve(district.id),
    )  # fmt: skip


def offered(district) -> dict:
    """What an issue may show: coming workshops and recent publications, for the boxes to tick."""
    return {
        "workshops": workshops.upcoming(district.id, limit=60),
        "publications": queries.recent_publications(district.id),
    }


def ticked(district) -> dict[str, list[int]]:
    """The boxes that were ticked, those of other districts and hidden ones left out."""
    offer = offered(district)
    return {
        "workshop_ids": _among("workshops", {w.id for w in offer["workshops"]}),
        "publication_ids": _among("publications", {p.id for p in offer["publications"]}),
    }


def _among(name: str, allowed: set[int]) -> list[int]:
    return [i for i in request.form.getlist(name, type=int) if i in allowed]


@desk.route("/new", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def new(district):
    """Begin an issue: subject, topics, and what it shows."""
    form = IssueForm()
    form.offer(district)
    if form.validate_on_submit():
        with transaction():
            issue = actions.compose(district, by=current_user, **form.facts(district), **ticked(district))
        flash(_("The draft is saved. Add texts, put the blocks in order and look at the preview."))
        return redirect(url_for(".show", district=district, issue_id=issue.id), 303)
    page = render_template(
        "newsletters/desk_new.html", form=form, has_plan=bool(lines(district.id)),
        chosen=set(request.form.getlist("workshops", type=int)),
        chosen_publications=set(request.form.getlist("publications", type=int)), **offered(district),
    )  # fmt: skip
    return page, 422 if form.errors else 200


@desk.get("/<int:issue_id>")
@requires(Role.VIEWER)
def show(district, issue_id):
    """A draft: blocks, preview, preflight. A sent issue: its progress and report."""
    issue = queries.issue(district.id, issue_id)
    if issue.sent_at is not None:
        return render_template("newsletters/desk_sent.html", issue=issue, **sent_page(issue))
    if history.open_dispatch(issue) is not None:
        return redirect(url_for(".departure", district=district, issue_id=issue.id), 303)
    removed = request.args.get("removed", type=int)
    return render_template(
        "newsletters/desk_draft.html", issue=issue, draft=actions.prepare(issue),
        sources=actions.sources(issue), tests=queries.tests_of(issue), size_limit=SIZE_LIMIT,
        removed=removed,
    )  # fmt: skip


@desk.route("/<int:issue_id>/facts", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def facts(district, issue_id):
    """Subject, preheader, topics and activity line of a draft."""
    issue = queries.issue(district.id, issue_id)
    form = IssueForm(obj=issue)
    form.offer(district, issue.topics)
    others = None
    if request.method != "POST":
        form.topics.data = [t.id for t in issue.topics]
    elif form.validate():
        try:
            with transaction():
                actions.revise(issue, version=form.version.data or 0, **form.facts(district))
            flash(_("Saved."))
            return redirect(url_for(".show", district=district, issue_id=issue.id), 303)
        except Refusal as refusal:
            form.refuse(refusal)
            others = issue if isinstance(refusal, ChangedMeanwhile) else None
    page = render_template("newsletters/desk_facts.html", form=form, issue=issue, others=others)
    return page, 422 if form.errors else 200


@desk.route("/<int:issue_id>/removal", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def removal(district, issue_id):
    """Throw a draft away, after a question."""
    issue = queries.issue(district.id, issue_id)
    if request.method != "POST":
        return render_template("newsletters/desk_removal.html", issue=issue)
    with transaction():
        actions.discard(issue)
    flash(_("The draft was thrown away."))
    return redirect(url_for(".index", district=district), 303)
