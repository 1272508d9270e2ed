"""The internal review at the desk: words, the wish for approval, the approval; and the next version."""

from collections.abc import Callable

from flask import flash, redirect, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.publications import actions, queries, sending
from dissemination.publications.desk import desk, seen, show_page
from dissemination.publications.forms import FileForm
from dissemination.publications.life_forms import NoteForm
from dissemination.publications.models import Step


@desk.post("/<slug>/review")
@requires(Role.ORGANISER)
def create_review(district, slug):
    """Ask the managers to approve; they are told by mail."""
    return _say(district, slug, Step.ASKED, _("The managers are asked to approve it."))


@desk.post("/<slug>/notes")
@requires(Role.ORGANISER)
def create_note(district, slug):
    """Say something that only the desk reads."""
    return _say(district, slug, Step.COMMENT, _("Your comment is added."))


@desk.post("/<slug>/changes")
@requires(Role.ORGANISER)
def create_changes(district, slug):
    """Give it back with words on what is to change."""
    return _say(district, slug, Step.CHANGES, _("It is a draft again; who asked for the approval is told."))


@desk.post("/<slug>/approval")
@requires(Role.MANAGER)
def create_approval(district, slug):
    """Approve it for the district."""
    return _say(district, slug, Step.APPROVED, _("The publication is approved. It can be published now."))


@desk.post("/<slug>/versions")
@requires(Role.ORGANISER)
def create_version(district, slug):
    """Begin the next version: a draft with the same description."""
    publication = queries.by_slug(district, slug)
    with transaction():
        made = actions.new_version(publication, by=current_user)
    flash(_("This is the draft of the next version. The former one stays public, and will point to it."))
    return redirect(url_for(".edit", district=district, slug=made.slug), 303)


VERBS: dict[Step, Callable[..., None]] = {
    Step.ASKED: actions.ask_approval, Step.COMMENT: actions.comment, Step.CHANGES: actions.want_changes,
    Step.APPROVED: actions.approve,
}  # fmt: skip


def _say(district, slug, step: Step, done: str):
    publication = queries.by_slug(district, slug)
    asker = publication.review_asked_by
    form = NoteForm()
    if not form.validate_on_submit():
        return show_page(publication, FileForm(), form)
    try:
        with transaction():
            looked_at = {"seen": seen()} if step is Step.APPROVED else {}
            VERBS[step](publication, text=form.text.data or "", by=current_user, **looked_at)
            sending.mail_review(publication, step, asker_id=asker, by=current_user)
    except Refusal as refusal:
        if refusal.field is None:
            raise
        form.refuse(refusal)
        return show_page(publication, FileForm(), form)
    flash(done)
    return redirect(url_for(".show", district=district, slug=slug), 303)
