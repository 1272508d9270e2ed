"""The organisers' side: what came in, invitations, and the words that go back."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from dissemination.kernel import subjects
from dissemination.kernel.database import db, transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.kernel.subjects import Namer, Shown
from dissemination.submissions import actions, queries
from dissemination.submissions.forms import AskForm, WordsForm
from dissemination.submissions.models import Standing, Submission
from dissemination.submissions.texts import STANDINGS

desk = Blueprint("submissions_desk", __name__, url_prefix="/<district>/desk/submissions")


def _desk_url(submission_id: int) -> str | None:
    row = db.session.get(Submission, submission_id)
    return row and url_for("submissions_desk.show", district=row.district, submission_id=row.id)


def _sent_as(kind: str, subject_id: int) -> list[Shown]:
    """Who sent a publication, with the desk page of the submission."""
    if kind != "publications":
        return []
    rows = db.session.scalars(select(Submission).where(Submission.publication_id == subject_id))
    return [Shown(row.contact.name, _desk_url(row.id)) for row in rows]


subjects.register(Submission.__tablename__, _desk_url)
subjects.register_names(Submission.__tablename__, Namer(named=lambda _district, _ids: {}, related=_sent_as))


@desk.get("/")
@requires(Role.VIEWER)
def index(district):
    """What came in and which links are out, newest first."""
    return _list_page(district, AskForm())


@desk.post("/")
@requires(Role.ORGANISER)
def create_invitation(district):
    """Mail a link to somebody of the registry."""
    form = AskForm()
    if form.validate_on_submit():
        try:
            with transaction():
                actions.invite(district, email=form.email.data, by=current_user)
            flash(_("The link is on its way to %(email)s.", email=form.email.data))
            return redirect(url_for(".index", district=district), 303)
        except Refusal as refusal:
            form.refuse(refusal)
    return _list_page(district, form)


@desk.get("/<int:submission_id>")
@requires(Role.VIEWER)
def show(district, submission_id):
    """One submission: who sent what, and what to do with it."""
    return _page(_found(district, submission_id), WordsForm())


@desk.post("/<int:submission_id>/return")
@requires(Role.ORGANISER)
def create_return(district, submission_id):
    """Ask its author to correct it."""
    return _say(_found(district, submission_id), actions.give_back, _("Its author is asked to correct it."))


@desk.post("/<int:submission_id>/decline")
@requires(Role.ORGANISER)
def create_decline(district, submission_id):
    """Do not take it."""
    return _say(
        _found(district, submission_id), actions.decline, _("Its author is told that it is not taken.")
    )


def _say(submission: Submission, verb, done: str):
    form = WordsForm()
    if not form.validate_on_submit():
        return _page(submission, form)
    with transaction():
        verb(submission, text=form.text.data, by=current_user)
    flash(done)
    return redirect(url_for(".show", district=submission.district, submission_id=submission.id), 303)


def _found(district, submission_id) -> Submission:
    return queries.by_id(district, submission_id) or abort(404)


def _page(submission: Submission, form: WordsForm):
    page = render_template(
        "submissions/desk_show.html", submission=submission, form=form, STANDINGS=STANDINGS, Standing=Standing
    )
    return page, 422 if form.errors else 200


def _list_page(district, form: AskForm):
    page = render_template(
        "submissions/desk_index.html", form=form, STANDINGS=STANDINGS,
        page=queries.listed(district, after=request.args.get("after")),
    )  # fmt: skip
    return page, 422 if form.errors else 200
