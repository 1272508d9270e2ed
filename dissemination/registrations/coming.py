""" "Still coming?": the page behind the mail's yes. Opening it does nothing; its button does."""

from flask import flash, g, redirect, render_template, url_for
from flask_babel import gettext as _

from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.registrations import asking, posts, queries
from dissemination.registrations.models import Standing
from dissemination.registrations.public import private, public


def _mine(token):
    registration = queries.by_token(token)
    g.district = registration.workshop.district
    return registration


def _why_not(registration) -> str:
    """Why she cannot say yes now; "" when she can."""
    try:
        asking.check(registration.workshop)
    except Refusal as refusal:
        return str(refusal.message)
    if registration.standing is not Standing.CONFIRMED:
        return _("You do not hold a seat in this workshop now.")
    return ""


def _page(token, registration, status: int = 200):
    workshop = registration.workshop
    page = render_template(
        "registrations/coming.html", token=token, registration=registration, workshop=workshop,
        why_not=_why_not(registration), place=posts.place(workshop, registration.attends),
    )  # fmt: skip
    return private(page, status)


@public.get("/r/<token>/coming")
def coming(token):
    """Ask whether she is coming, with a button for yes and the way to give the seat back."""
    return _page(token, _mine(token))


@public.post("/r/<token>/coming")
def create_coming(token):
    """She is coming."""
    registration = _mine(token)
    try:
        with transaction():
            asking.say_yes(registration)
    except Refusal as refusal:
        return _page(token, _mine(token), refusal.status)
    flash(_("Thank you: we expect you."))
    return redirect(url_for(".mine", token=token), 303)
