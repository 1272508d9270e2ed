"""The pages of one block: writing it, changing it, looking at it before it is saved."""

from flask import abort, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.delivery.lint import Problem
from dissemination.delivery.mjml import MjmlProblem
from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.newsletters import actions, content, fields, frames, framing, preflight, queries
from dissemination.newsletters.block_forms import FORM_OF, LONGEST_TEXT, BlockForm
from dissemination.newsletters.common import desk
from dissemination.newsletters.desk import offered, ticked
from dissemination.newsletters.models import Block, BlockKind, Issue
from dissemination.newsletters.texts import KINDS
from dissemination.people.actions import ChangedMeanwhile


def back(issue: Issue, block_id: int | None = None, **arguments):
    """To the draft, at a block of it."""
    anchor = f"block-{block_id}" if block_id else "blocks"
    url = url_for(".show", district=issue.district, issue_id=issue.id, _anchor=anchor, **arguments)
    return redirect(url, 303)


def _kind_of(name: str) -> BlockKind:
    try:
        kind = BlockKind(name)
    except ValueError:
        abort(404)
    return kind if kind in FORM_OF or kind is BlockKind.DIVIDER else abort(404)


def _form_for(kind: BlockKind, block: Block | None, district, **more) -> BlockForm:
    if kind not in FORM_OF:
        abort(404)
    return FORM_OF[kind].of(block, district, kind=kind.value, **more)


def _page(issue: Issue, form: BlockForm, kind: BlockKind, block: Block | None = None, others=None):
    page = render_template(
        "newsletters/desk_block.html", issue=issue, form=form, block=block, kind=kind.value, others=others,
        title=KINDS[kind.value], offered=fields.OFFERED, languages=content.languages(issue),
        view=frames.view_of(request.args.get("view")), after=request.values.get("after", type=int),
        mjml_problems=getattr(form, "mjml_problems", {}),
    )  # fmt: skip
    return page, 422 if form.errors else 200


@desk.route("/<int:issue_id>/blocks/new", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def new_block(district, issue_id):
    """Write a block of own words; a divider has none and is put at once."""
    issue = queries.issue(district.id, issue_id)
    kind, after = _kind_of(request.values.get("kind", "")), request.values.get("after", type=int)
    if kind is BlockKind.DIVIDER:
        return _divider(issue, after)
    form = _form_for(kind, None, district, after=after)
    if form.validate_on_submit():
        try:
            with transaction():
                form.keep_pictures(district, by=current_user)
                made = actions.add_block(
                    issue, kind=kind, data=form.facts(), after=after, by=current_user, **form.words()
                )
                block_id = made.id
            return back(issue, block_id)
        except Refusal as refusal:
            form.refuse(refusal)
    return _page(issue, form, kind)


def _divider(issue: Issue, after: int | None):
    if request.method != "POST":
        return render_template("newsletters/desk_divider.html", issue=issue, after=after)
    with transaction():
        made = actions.add_block(issue, kind=BlockKind.DIVIDER, after=after, by=current_user)
        block_id = made.id
    return back(issue, block_id)


@desk.route("/<int:issue_id>/blocks/<int:block_id>", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def block(district, issue_id, block_id):
    """Change a block of own words."""
    issue = queries.issue(district.id, issue_id)
    found = queries.block(issue, block_id)
    form = _form_for(found.kind, found, district)
    others = None
    if form.validate_on_submit():
        try:
            with transaction():
                form.keep_pictures(district, by=current_user)
                version = form.version.data or 0
                actions.revise_block(
                    found, version=version, data=form.facts(), by=current_user, **form.words()
                )
            return back(issue, block_id)
        except Refusal as refusal:
            form.refuse(refusal)
            others = found if isinstance(refusal, ChangedMeanwhile) else None
    return _page(issue, form, found.kind, found, others)


def _unsaved(issue: Issue, district) -> list[Block]:
    """The blocks of `issue` with the one in the form as it stands there, saved or not."""
    block_id = request.form.get("block_id", 0, type=int)
    saved = next((b for b in issue.blocks if b.id == block_id), None)
    kind = saved.kind if saved else _kind_of(request.form.get("kind", ""))
    form = _form_for(kind, saved, district)
    form.validate()  # so that the values are read; what is wrong is told when it is saved
    words = {
        k: v[: framing.MAX_SIZE if kind is BlockKind.MJML else LONGEST_TEXT] for k, v in form.words().items()
    }
    written = Block(
        id=block_id, issue_id=issue.id, kind=kind, data={**form.facts(), "here": True},
        position=saved.position if saved else len(issue.blocks), **words,
    )  # fmt: skip
    if saved is not None:
        return [written if b.id == block_id else b for b in issue.blocks]
    listed, after = list(issue.blocks), request.form.get("after", type=int)
    place = next((n + 1 for n, b in enumerate(listed) if b.id == after), len(listed))
    return [*listed[:place], written, *listed[place:]]


def _mjml_problems() -> list[tuple[str, Problem]]:
    """What is wrong with the MJML in the form, with the name of its field."""
    if request.form.get("kind") != BlockKind.MJML.value:
        return []
    sources = {name: request.form.get(name, "")[: framing.MAX_SIZE] for name in ("text_it", "text_en")}
    return [(name, p) for name, source in sources.items() if source for p in framing.check_block(source)]


@desk.post("/<int:issue_id>/trial/<language>")
@requires(Role.ORGANISER)
def trial(district, issue_id, language):
    """The draft with a block as it is being written, for the frame beside the form. Saves nothing."""
    issue = queries.issue(district.id, issue_id)
    if language not in ("it", "en") or issue.sent_at is not None:
        abort(404)
    view, intro = frames.view_of(request.args.get("view")), _("This cannot be shown yet:")
    wrong = [p for _name, p in _mjml_problems() if p.serious]
    if wrong:
        return frames.listed(wrong, language=language, title=intro, intro=intro)
    try:
        shown = preflight.rendered(issue, language, among=_unsaved(issue, district))
    except MjmlProblem as problem:
        return frames.listed(problem.problems, language=language, title=intro, intro=intro)
    return frames.shown(shown.html, shown.text, view=view, language=language, title=issue.subject_it)


@desk.post("/<int:issue_id>/trial/<language>/size")
@requires(Role.ORGANISER)
def trial_size(district, issue_id, language):
    """How heavy the draft would be with the block as it is being written, and what its MJML lacks."""
    issue = queries.issue(district.id, issue_id)
    if language not in ("it", "en") or issue.sent_at is not None:
        abort(404)
    problems = [
        {"field": name, "line": p.line, "column": p.column, "message": p.message, "serious": p.serious}
        for name, p in _mjml_problems()
    ]
    try:
        size = preflight.rendered(issue, language, among=_unsaved(issue, district)).size
    except MjmlProblem:
        size = None
    return jsonify(size=size, limit=preflight.SIZE_LIMIT, problems=problems)


@desk.route("/<int:issue_id>/sources", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def sources(district, issue_id):
    """Choose workshops, publications and what other sources offer."""
    issue = queries.issue(district.id, issue_id)
    offer = offered(district, request.args.get("only"))
    if request.method == "POST":
        count, together = 0, "together" in request.form
        with transaction():
            for key, ids in ticked(offer).items():
                if ids:
                    count += actions.add_rows(issue, key, ids, together=together, by=current_user)
        flash(_("Blocks added: %(n)d.", n=count))
        return back(issue)
    chosen = {key: {i for b in issue.blocks if b.source_key == key for i in b.source_ids} for key in offer}
    return render_template("newsletters/desk_sources.html", issue=issue, chosen=chosen, offer=offer)
