"""The page of a workshop's questions: add, change, order, remove, ask again."""

from contextlib import contextmanager

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.exceptions import NotFound

from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.workshops import queries, questions
from dissemination.workshops.models import Question, State, Workshop
from dissemination.workshops.questions_forms import KINDS, QuestionForm, condition_in_words, values_of
from dissemination.workshops.refusals import ChangedMeanwhile

desk = Blueprint("questions_desk", __name__, url_prefix="/<district>/desk/workshops/<slug>/questions")


@desk.get("")
@requires(Role.VIEWER)
def index(district, slug):
    """What is asked, in order, and what was asked once."""
    workshop = queries.by_slug(district, slug)
    return render_template(
        "workshops/questions.html", workshop=workshop, asked=questions.asked(workshop),
        retired=questions.retired(workshop), answered=questions.answered(workshop.questions), kinds=KINDS,
        condition=condition_in_words, offered=questions.offered,
        may_change=current_user.may(Role.ORGANISER, district) and _is_open(workshop),
    )  # fmt: skip


def _is_open(workshop: Workshop) -> bool:
    return workshop.state not in (State.CANCELLED, State.CLOSED)


@desk.route("/new", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def new(district, slug):
    """Ask one more question."""
    workshop = queries.by_slug(district, slug)
    form = QuestionForm(data={"version": str(workshop.version)} if request.method == "GET" else None)
    form.offer(workshop)
    if _is_save(form) and _saved(form, lambda facts: questions.add(workshop, by=current_user, **facts)):
        flash(_("The question is added."))
        return redirect(url_for(".index", district=district, slug=slug), 303)
    return _form_page(form, queries.by_slug(district, slug), None)


@desk.route("/<int:question_id>", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def edit(district, slug, question_id):
    """Change a question; a second organiser is told, and nothing is overwritten unseen."""
    workshop, question = _question(district, slug, question_id)
    form = QuestionForm(data=values_of(question) if request.method == "GET" else None)
    form.offer(workshop, question)
    if _is_save(form) and _saved(form, lambda facts: questions.revise(question, by=current_user, **facts)):
        flash(_("The question is changed."))
        return redirect(url_for(".index", district=district, slug=slug), 303)
    return _form_page(form, *_question(district, slug, question_id))


@desk.post("/<int:question_id>/position")
@requires(Role.ORGANISER)
def create_position(district, slug, question_id):
    """Move it up or down by one."""
    _workshop, question = _question(district, slug, question_id)
    up = request.form.get("direction") == "up"
    with _told():
        questions.move(question, up=up, by=current_user, version=_version())
    return redirect(url_for(".index", district=district, slug=slug) + f"#question-{question_id}", 303)


@desk.get("/<int:question_id>/removal")
@requires(Role.ORGANISER)
def removal(district, slug, question_id):
    """Ask before it is no longer asked."""
    workshop, question = _question(district, slug, question_id)
    count = questions.answered([question]).get(question.id, 0)
    return render_template(
        "workshops/questions_removal.html", workshop=workshop, question=question, answers=count
    )


@desk.post("/<int:question_id>/removal")
@requires(Role.ORGANISER)
def create_removal(district, slug, question_id):
    """Ask it no more; answers stay."""
    _workshop, question = _question(district, slug, question_id)
    with _told():
        if questions.remove(question, by=current_user, version=_version()):
            flash(_("The question is deleted. Nobody had answered it."))
        else:
            flash(_("The question is no longer asked. Its answers are kept."))
    return redirect(url_for(".index", district=district, slug=slug), 303)


@desk.post("/<int:question_id>/restoration")
@requires(Role.ORGANISER)
def create_restoration(district, slug, question_id):
    """Ask it again, as the last one."""
    _workshop, question = _question(district, slug, question_id)
    with _told():
        questions.ask_again(question, by=current_user, version=_version())
        flash(_("The question is asked again, as the last one."))
    return redirect(url_for(".index", district=district, slug=slug), 303)


@contextmanager
def _told():
    """A transaction whose refusal is said on the next page."""
    try:
        with transaction():
            yield
    except Refusal as refusal:
        flash(str(refusal.message), "error")


def _version() -> int:
    given = request.form.get("version", "")
    return int(given) if given.isdecimal() and len(given) < 10 else 0


def _question(district, slug, question_id) -> tuple[Workshop, Question]:
    workshop = queries.by_slug(district, slug)
    for question in workshop.questions:
        if question.id == question_id:
            return workshop, question
    raise NotFound


def _is_save(form: QuestionForm) -> bool:
    """True when the form was sent to be saved and is right; named buttons only reshape it."""
    if not form.is_submitted():
        return False
    g.reshaped = form.reshape()
    if g.reshaped:
        return False
    form.drop_blanks()
    return form.validate()


def _saved(form: QuestionForm, save) -> bool:
    try:
        with transaction():
            save(form.facts())
    except ChangedMeanwhile as refusal:
        form.refuse(refusal)
        g.again = True
        return False
    except Refusal as refusal:
        form.refuse(refusal)
        return False
    return True


def _form_page(form: QuestionForm, workshop: Workshop, question: Question | None):
    if g.get("again"):  # what stands was shown to be another: saving again replaces it
        form.version.data = str(workshop.version)
    form.fill_up()
    put_aside = [c for c in question.choices or [] if c.get("retired")] if question else []
    page = render_template(
        "workshops/questions_form.html", form=form, workshop=workshop, question=question,
        put_aside=put_aside, answers=questions.answered([question]).get(question.id, 0) if question else 0,
    )  # fmt: skip
    return page, 422 if form.is_submitted() and not g.get("reshaped") else 200
