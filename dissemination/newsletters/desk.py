"""The organisers' pages of issues: the list, the facts, the page of one issue, throwing a draft away."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.newsletters import (
    actions,
    composing,
    content,
    corrections,
    frames,
    history,
    looks,
    queries,
    sources,
    versions,
)
from dissemination.newsletters import texts as words
from dissemination.newsletters.common import desk
from dissemination.newsletters.forms import IssueForm
from dissemination.newsletters.preflight import SIZE_LIMIT
from dissemination.newsletters.reports import sent_page
from dissemination.people.actions import ChangedMeanwhile
from dissemination.plan.queries import lines
from dissemination.subscriptions import queries as readers


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


def offered(district, only: str | None = None) -> dict[str, tuple]:
    """What an issue may show, for the boxes to tick: (source, rows) by key; `only` one of them."""
    chosen = [s for s in sources.every() if only in (None, s.key)] or sources.every()
    return {s.key: (s, s.recent(district)) for s in chosen}


def ticked(offer: dict[str, tuple]) -> dict[str, list[int]]:
    """The boxes that were ticked, by key; what was not offered (of other districts, hidden) is left out."""
    return {key: _among(f"{key}s", {row.id for row in rows}) for key, (_source, rows) in offer.items()}


def _among(name: str, allowed: set[int]) -> list[int]:
    return [i for i in request.form.getlist(name, type=int) if i in allowed]


@desk.route("/new", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def new(district):
    """Begin an issue: subject, topics, and what it shows."""
    form, offer = IssueForm(), offered(district)
    form.offer(district)
    if form.validate_on_submit():
        with transaction():
            issue = actions.compose(district, by=current_user, **form.facts(district))
            for key, ids in ticked(offer).items():
                if ids:
                    actions.add_rows(issue, key, ids, by=current_user)
        flash(_("The draft is saved. Add texts, put the blocks in order and look at the preview."))
        return redirect(url_for(".show", district=district, issue_id=issue.id), 303)
    page = render_template(
        "newsletters/desk_new.html", form=form, has_plan=bool(lines(district.id)),
        offer=offer, chosen={key: set(request.form.getlist(f"{key}s", type=int)) for key in offer},
    )  # fmt: skip
    return page, 422 if form.errors else 200


@desk.get("/<int:issue_id>")
@requires(Role.VIEWER)
def show(district, issue_id):
    """A draft: blocks, preview, preflight. A sent issue: its progress and report."""
    issue = queries.issue(district.id, issue_id)
    if issue.sent_at is not None:
        return render_template(
            "newsletters/desk_sent.html", issue=issue, wrongs=corrections.wrong(issue),
            corrections=corrections.corrections_of(issue), **sent_page(issue),
        )  # fmt: skip
    if history.open_dispatch(issue) is not None:
        return redirect(url_for(".departure", district=district, issue_id=issue.id), 303)
    draft = actions.prepare(issue)
    edition = request.args.get("edition", "")
    return render_template(
        "newsletters/desk_draft.html", issue=issue, draft=draft, rows=content.rows(issue),
        sources=sources, tests=queries.tests_of(issue), size_limit=SIZE_LIMIT, kinds=words.KINDS,
        removed=request.args.get("removed", type=int), last=versions.last_two(issue), said=versions.said,
        others=versions.open_by(issue, besides=current_user), view=frames.view_of(request.args.get("view")),
        edition=edition if edition in content.languages(issue) else "it", views=frames.VIEWS,
        template=looks.template_of(issue), changed=composing.changed(draft),
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
        form.show_rule(issue.audience_rule or {})
    elif form.validate():
        try:
            with transaction():
                actions.revise(issue, version=form.version.data or 0, by=current_user, **form.facts(district))
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
