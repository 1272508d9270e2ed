"""The pages that compose a draft: its blocks, their order, and the preview in frames."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.newsletters import actions, queries
from dissemination.newsletters.common import desk, framed
from dissemination.newsletters.desk import offered, ticked
from dissemination.newsletters.forms import FORM_OF
from dissemination.newsletters.models import BlockKind, Issue
from dissemination.people.actions import ChangedMeanwhile


def _back(issue: Issue, **arguments):
    url = url_for(".show", district=issue.district, issue_id=issue.id, _anchor="blocks", **arguments)
    return redirect(url, 303)


@desk.route("/<int:issue_id>/sources", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def sources(district, issue_id):
    """Choose workshops and publications to show."""
    issue = queries.issue(district.id, issue_id)
    if request.method == "POST":
        with transaction():
            count = actions.add_sources(issue, **ticked(district))
        flash(_("Blocks added: %(n)d.", n=count))
        return _back(issue)
    there = {kind: {b.source_id for b in issue.blocks if b.kind is kind} for kind in BlockKind}
    return render_template(
        "newsletters/desk_sources.html", issue=issue, chosen=there[BlockKind.WORKSHOP],
        chosen_publications=there[BlockKind.PUBLICATION], **offered(district),
    )  # fmt: skip


def _form_for(kind: str):
    try:
        return FORM_OF[BlockKind(kind)]
    except (KeyError, ValueError):
        abort(404)


@desk.route("/<int:issue_id>/blocks/new", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def new_block(district, issue_id):
    """Write a heading or a text."""
    issue = queries.issue(district.id, issue_id)
    kind = request.values.get("kind", "")
    form = _form_for(kind)(kind=kind)
    if form.validate_on_submit():
        try:
            with transaction():
                actions.add_block(issue, kind=BlockKind(kind), **form.words())
            return _back(issue)
        except Refusal as refusal:
            form.refuse(refusal)
    page = render_template("newsletters/desk_block.html", issue=issue, form=form, block=None, kind=kind)
    return page, 422 if form.errors else 200


@desk.route("/<int:issue_id>/blocks/<int:block_id>", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def block(district, issue_id, block_id):
    """Change the words of a heading or a text."""
    issue = queries.issue(district.id, issue_id)
    found = queries.block(issue, block_id)
    form = _form_for(found.kind)(obj=found)
    others = None
    if form.validate_on_submit():
        try:
            with transaction():
                actions.revise_block(found, version=form.version.data or 0, **form.words())
            return _back(issue)
        except Refusal as refusal:
            form.refuse(refusal)
            others = found if isinstance(refusal, ChangedMeanwhile) else None
    page = render_template(
        "newsletters/desk_block.html",
        issue=issue,
        form=form,
        block=found,
        kind=found.kind.value,
        others=others,
    )
    return page, 422 if form.errors else 200


@desk.post("/<int:issue_id>/blocks/<int:block_id>/position")
@requires(Role.ORGANISER)
def move_block(district, issue_id, block_id):
    """Move a block up or down."""
    issue = queries.issue(district.id, issue_id)
    with transaction():
        actions.move_block(queries.block(issue, block_id), up=request.form.get("direction") == "up")
    return _back(issue)


@desk.post("/<int:issue_id>/blocks/<int:block_id>/removal")
@requires(Role.ORGANISER)
def remove_block(district, issue_id, block_id):
    """Take a block out; the page then offers to bring it back."""
    issue = queries.issue(district.id, issue_id)
    with transaction():
        actions.remove_block(queries.block(issue, block_id))
    return _back(issue, removed=block_id)


@desk.post("/<int:issue_id>/blocks/<int:block_id>/restoration")
@requires(Role.ORGANISER)
def restore_block(district, issue_id, block_id):
    """Bring a block back."""
    issue = queries.issue(district.id, issue_id)
    with transaction():
        actions.restore_block(queries.block(issue, block_id))
    return _back(issue)


@desk.get("/<int:issue_id>/preview/<language>")
@requires(Role.VIEWER)
def preview(district, issue_id, language):
    """The HTML part in one language, for a sandboxed frame with its own policy."""
    issue = queries.issue(district.id, issue_id)
    if issue.sent_at is not None:
        html = issue.frozen.get(language, {}).get("html")
    else:
        html = next((p.html for p in actions.prepare(issue).letters if p.language == language), None)
    if html is None:
        abort(404)
    return framed(html)
