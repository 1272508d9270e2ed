"""The forms that people fill in by their personal link: feedback, and the outcome six months later."""

from flask import Blueprint, g, redirect, render_template, request, url_for

from dissemination.feedback import actions, forms, queries
from dissemination.feedback.models import Purpose
from dissemination.feedback.queries import Turn
from dissemination.feedback.questions import Kind
from dissemination.kernel.database import transaction
from dissemination.kernel.languages import language
from dissemination.kernel.refusals import Refusal
from dissemination.registrations.models import Registration
from dissemination.registrations.public import private
from dissemination.registrations.queries import by_token

public = Blueprint("feedback", __name__)
ADDRESS = '/r/<token>/<any("feedback","outcome"):purpose>'


@public.get(ADDRESS)
def mine(token, purpose):
    """The form, or why it is not (or no longer) open to me."""
    registration, purpose = _mine(token, purpose)
    turn = queries.turn(registration, purpose)
    if turn is not Turn.OPEN:
        return _closed(token, registration, purpose, turn)
    sheet = queries.sheet(registration.workshop, purpose)
    return _page(token, registration, sheet, forms.filling_form(sheet.asked, language()))


@public.post(ADDRESS)
def create(token, purpose):
    """Keep my answers, once. A question that was taken away meanwhile is still heard."""
    registration, purpose = _mine(token, purpose)
    turn = queries.turn(registration, purpose)
    if turn is not Turn.OPEN:
        return _closed(token, registration, purpose, turn, 409)
    sheet = queries.sheet(registration.workshop, purpose)
    heard = [q for q in sheet.questions if not q.get("retired") or f"q_{q['key']}" in request.form]
    form = forms.filling_form(heard, language())
    if not form.validate():
        return _page(token, registration, sheet, form, 422)
    try:
        with transaction():
            actions.answer(
                registration, purpose, answers=forms.answers(form, heard),
                anonymous=request.form.get("anonymous") == "yes",
            )  # fmt: skip
    except Refusal as refusal:
        form.refuse(refusal)
        now = queries.sheet(registration.workshop, purpose)
        return _page(token, registration, now, form, refusal.status)
    return redirect(url_for(".mine", token=token, purpose=purpose.value), 303)


def section(registration: Registration, token: str) -> str:
    """What my registration's page says of the forms that wait for me, or that I answered."""
    turns = {p: queries.turn(registration, p) for p in Purpose}
    shown = {p: t for p, t in turns.items() if t in (Turn.OPEN, Turn.ANSWERED)}
    if not shown:
        return ""
    return render_template("feedback/_section.html", token=token, turns=shown, Purpose=Purpose, Turn=Turn)


def _mine(token, purpose) -> tuple[Registration, Purpose]:
    registration = by_token(token)
    g.district = registration.workshop.district
    return registration, Purpose(purpose)


def _page(token, registration, sheet, form, status: int = 200):
    page = render_template(
        "feedback/mine.html", token=token, workshop=registration.workshop, sheet=sheet, form=form,
        fields=[
            (form[f"q_{q['key']}"], q["kind"] == Kind.SCORE)
            for q in sheet.questions
            if f"q_{q['key']}" in form._fields
        ],
        outcome=sheet.purpose is Purpose.OUTCOME,
    )  # fmt: skip
    return private(page, status)


def _closed(token, registration, purpose, turn, status: int = 200):
    page = render_template(
        "feedback/closed.html", token=token, workshop=registration.workshop, turn=turn.value,
        outcome=purpose is Purpose.OUTCOME,
    )  # fmt: skip
    return private(page, status)
