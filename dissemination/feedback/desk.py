"""Feedback at the desk: how many answered, the results, the questions, asking and closing."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from dissemination.feedback import actions, exports, forms, queries, results, texts
from dissemination.feedback.models import Purpose
from dissemination.kernel.clock import now, today
from dissemination.kernel.database import transaction
from dissemination.kernel.languages import language
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.plan.exports import csv_response
from dissemination.workshops import queries as workshops

desk = Blueprint("feedback_desk", __name__, url_prefix="/<district>/desk/workshops/<slug>/feedback")
WHICH = '/<any("feedback","outcome"):purpose>'


@desk.get("")
@requires(Role.VIEWER)
def index(district, slug):
    """Both forms of the workshop: how many answered, and what to do next."""
    workshop = workshops.by_slug(district, slug)
    cards = [_card(workshop, purpose) for purpose in Purpose]
    return render_template(
        "feedback/index.html", workshop=workshop, cards=cards, is_over=workshop.ends_at <= now(),
        outcome_day=queries.outcome_day(workshop), counts=queries.counts(workshop), Purpose=Purpose,
        outcome_due=today(district.zone) >= queries.outcome_day(workshop), texts=texts,
    )  # fmt: skip


def _card(workshop, purpose) -> dict:
    form = queries.form_of(workshop, purpose)
    people = queries.present(workshop) if purpose is Purpose.FEEDBACK else queries.of_companies(workshop)
    return {
        "purpose": purpose, "sheet": queries.sheet(workshop, purpose),
        "response": queries.response(workshop, purpose),
        "to_ask": len(queries.unasked(form, people) if form else people),
    }  # fmt: skip


@desk.get(WHICH)
@requires(Role.VIEWER)
def show(district, slug, purpose):
    """The results, each with its number of answers. Nothing below five when they are anonymous."""
    workshop, purpose, sheet, answers = _read(district, slug, purpose)
    return render_template(
        "feedback/show.html", workshop=workshop, sheet=sheet, purpose=purpose, texts=texts, words=forms.words,
        response=queries.response(workshop, purpose), results=results.results(sheet, answers),
        answers=[] if sheet.anonymous else answers, givers=queries.givers(answers), said=exports.said,
        shown=len(answers),
    )  # fmt: skip


@desk.get(f"{WHICH}/results.csv")
@requires(Role.VIEWER)
def results_csv(district, slug, purpose):
    """The results for a spreadsheet, under the same rule."""
    workshop, purpose, sheet, answers = _read(district, slug, purpose)
    lines = exports.results_lines(results.results(sheet, answers), language())
    return csv_response(f"{workshop.slug}-{purpose.value}.csv", exports.results_head(), lines)


@desk.get(f"{WHICH}/answers.csv")
@requires(Role.ORGANISER)
def answers_csv(district, slug, purpose):
    """Every answer with its giver; only of a form that said so."""
    workshop, purpose, sheet, answers = _read(district, slug, purpose)
    if sheet.anonymous:
        abort(404)
    lines = exports.answers_lines(answers, queries.givers(answers), sheet.questions, language())
    head = exports.answers_head(sheet.questions, language())
    return csv_response(f"{workshop.slug}-{purpose.value}-answers.csv", head, lines)


@desk.route(f"{WHICH}/questions", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def edit(district, slug, purpose):
    """Edit the questions, also while people answer: what they answered stays."""
    workshop = workshops.by_slug(district, slug)
    purpose = Purpose(purpose)
    sheet = queries.sheet(workshop, purpose)
    start = forms.editing_data(sheet.asked, anonymous=sheet.anonymous, version=sheet.version)
    form = forms.QuestionsForm(data=start)
    if not form.is_submitted():
        return _editing(workshop, purpose, sheet, form)
    if form.validate():
        try:
            with transaction():
                actions.revise(
                    workshop, purpose, rows=form.rows(), anonymous=form.anonymous.data,
                    version=int(form.version.data) if (form.version.data or "").isdecimal() else -1,
                )  # fmt: skip
            flash(_("The questions are saved."))
            return redirect(url_for(".edit", district=district, slug=slug, purpose=purpose.value), 303)
        except Refusal as refusal:
            form.refuse(refusal)
            sheet = queries.sheet(workshop, purpose)
            form.version.data = str(sheet.version)  # who has read of the other change may save over it
            return _editing(workshop, purpose, sheet, form, refusal.status)
    return _editing(workshop, purpose, sheet, form, 422)


@desk.post(f"{WHICH}/asking")
@requires(Role.ORGANISER)
def create_asking(district, slug, purpose):
    """Write to everybody who has not been asked: one mail each, ever."""
    workshop = workshops.by_slug(district, slug)
    purpose = Purpose(purpose)
    ask = actions.ask if purpose is Purpose.FEEDBACK else actions.ask_outcome
    try:
        with transaction():
            n = ask(workshop)
        flash(ngettext("%(num)d mail is on its way.", "%(num)d mails are on their way.", n))
    except Refusal as refusal:
        flash(str(refusal.message), "error")
    return _back(district, slug)


@desk.post(f"{WHICH}/closing")
@requires(Role.ORGANISER)
def create_closing(district, slug, purpose):
    """Take no more answers."""
    workshop = workshops.by_slug(district, slug)
    with transaction():
        actions.close(workshop, Purpose(purpose))
    flash(_("The form is closed. You can open it again."))
    return _back(district, slug)


@desk.post(f"{WHICH}/opening")
@requires(Role.ORGANISER)
def create_opening(district, slug, purpose):
    """Take answers again."""
    workshop = workshops.by_slug(district, slug)
    with transaction():
        actions.reopen(workshop, Purpose(purpose))
    flash(_("The form is open again."))
    return _back(district, slug)


def _read(district, slug, purpose):
    workshop, purpose = workshops.by_slug(district, slug), Purpose(purpose)
    answers = queries.answers(queries.form_of(workshop, purpose))
    return workshop, purpose, queries.sheet(workshop, purpose), answers


def _editing(workshop, purpose, sheet, form, status: int = 200):
    page = render_template(
        "feedback/edit.html", workshop=workshop, purpose=purpose, sheet=sheet, form=form, texts=texts
    )
    return page, status


def _back(district, slug):
    return redirect(url_for(".index", district=district, slug=slug), 303)
