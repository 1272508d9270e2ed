"""The pages that put a draft in order: places of blocks, changes of sources, previews, versions."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.delivery.mjml import MjmlProblem
from dissemination.kernel.database import transaction
from dissemination.kernel.languages import date_time
from dissemination.kernel.rights import Role, requires
from dissemination.newsletters import actions, differences, frames, preflight, queries, versions
from dissemination.newsletters.block_pages import back
from dissemination.newsletters.common import desk


@desk.post("/<int:issue_id>/blocks/<int:block_id>/position")
@requires(Role.ORGANISER)
def move_block(district, issue_id, block_id):
    """Move a block up or down, or to a place (counted from 1)."""
    issue = queries.issue(district.id, issue_id)
    place = request.form.get("place", type=int)
    with transaction():
        found = queries.block(issue, block_id)
        if place is not None:
            actions.place_block(found, place - 1, by=current_user)
        else:
            actions.move_block(found, up=request.form.get("direction") == "up", by=current_user)
    return back(issue, block_id)


@desk.post("/<int:issue_id>/blocks/<int:block_id>/removal")
@requires(Role.ORGANISER)
def remove_block(district, issue_id, block_id):
    """Take a block out; the page then offers to bring it back. One row of several by `row`."""
    issue = queries.issue(district.id, issue_id)
    row = request.form.get("row", type=int)
    with transaction():
        found = queries.block(issue, block_id)
        if row is not None:
            actions.leave_out(found, row, by=current_user)
        else:
            actions.remove_block(found, by=current_user)
        gone = found.removed_at is not None
    return back(issue, removed=block_id) if gone else back(issue, block_id)


@desk.post("/<int:issue_id>/blocks/<int:block_id>/restoration")
@requires(Role.ORGANISER)
def restore_block(district, issue_id, block_id):
    """Bring a block back."""
    issue = queries.issue(district.id, issue_id)
    with transaction():
        actions.restore_block(queries.block(issue, block_id), by=current_user)
    return back(issue, block_id)


@desk.post("/<int:issue_id>/blocks/<int:block_id>/acceptance")
@requires(Role.ORGANISER)
def accept_changes(district, issue_id, block_id):
    """Take the changed source over as it stands now."""
    issue = queries.issue(district.id, issue_id)
    with transaction():
        actions.accept_changes(queries.block(issue, block_id), by=current_user)
    flash(_("Taken over as it stands now."))
    return back(issue, block_id)


@desk.get("/<int:issue_id>/preview/<language>")
@requires(Role.VIEWER)
def preview(district, issue_id, language):
    """The mail in one language, for a sandboxed frame with its own policy; `?view=` as in frames.VIEWS."""
    issue = queries.issue(district.id, issue_id)
    view = frames.view_of(request.args.get("view"))
    if issue.sent_at is not None:
        kept = issue.frozen.get(language) or abort(404)
        return frames.shown(kept["html"], kept["text"], view=view, language=language, title=kept["subject"])
    if language not in ("it", "en") or (language == "en" and not issue.subject_en):
        abort(404)
    try:
        shown = preflight.rendered(issue, language)
    except MjmlProblem as problem:
        intro = _("This cannot be shown yet:")
        return frames.listed(problem.problems, language=language, title=intro, intro=intro)
    return frames.shown(shown.html, shown.text, view=view, language=language, title=shown.mail.subject)


@desk.post("/<int:issue_id>/presence")
@requires(Role.ORGANISER)
def presence(district, issue_id):
    """The open page says that it is open, and hears who else has it and whether something was saved."""
    issue = queries.issue(district.id, issue_id)
    with transaction():
        versions.note_presence(issue, current_user)
    seen = request.form.get("version", 0, type=int)
    return render_template(
        "newsletters/_presence.html", issue=issue, others=versions.open_by(issue, besides=current_user),
        newer=versions.last_two(issue)[:1] if issue.version > seen else [],
    )  # fmt: skip


@desk.get("/<int:issue_id>/versions")
@requires(Role.VIEWER)
def history(district, issue_id):
    """Every kept version: who, when, what."""
    issue = queries.issue(district.id, issue_id)
    return render_template(
        "newsletters/desk_versions.html", issue=issue, versions=versions.listed(issue), said=versions.said,
        kept=versions.KEPT,
    )  # fmt: skip


@desk.route("/<int:issue_id>/versions/<int:number>", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def version(district, issue_id, number):
    """What one save changed, in words; POST brings the draft back to how it was then."""
    issue = queries.issue(district.id, issue_id)
    kept = versions.version(issue, number)
    if request.method == "POST":
        label = date_time(kept.at)
        with transaction():
            actions.restore_version(issue, versions.version(issue, number), label=label, by=current_user)
        flash(_("The draft is as it was on %(when)s. The versions after it are kept.", when=label))
        return redirect(url_for(".show", district=district, issue_id=issue.id), 303)
    against = request.args.get("against")
    other = versions.snapshot(issue) if against == "now" else None
    earlier = versions.before(issue, number)
    changes = (
        differences.between(kept.content, other, district.id) if other
        else differences.between(earlier.content if earlier else None, kept.content, district.id)
    )  # fmt: skip
    return render_template(
        "newsletters/desk_version.html", issue=issue, version=kept, said=versions.said, changes=changes,
        against=against, earlier=earlier,
    )  # fmt: skip
