"""What everybody sees of registering: the panel on the workshop's page, the form, and thanks."""

from flask import Blueprint, current_app, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf, validate_csrf
from wtforms.validators import ValidationError

from dissemination.kernel.refusals import Refusal
from dissemination.registrations import actions, forms, queries, registering
from dissemination.registrations.registering import Frame, private
from dissemination.workshops.models import Workshop

__all__ = ["openness", "panel", "private", "public"]

public = Blueprint("registrations", __name__)


def panel(workshop: Workshop) -> str:
    """How to register, on the workshop's page: free seats, the deadline, or why it is not possible."""
    ways = queries.seats(workshop)
    return render_template(
        "registrations/_panel.html", workshop=workshop, g=request.args.get("g") or None, ways=ways.parts,
        in_words=registering.seats_in_words, **openness(workshop),
    )  # fmt: skip


def openness(workshop: Workshop) -> dict:
    """What the panel and the pages say of seats and of why one cannot register."""
    refusal = None
    try:
        actions.check_open(workshop)
    except Refusal as why:
        refusal = why
    return {"seats": queries.seats(workshop), "refusal": refusal, "issue": forms.newsletter()}


def _frame(district, slug: str) -> Frame:
    action = url_for("registrations.new", district=district, slug=slug)
    return Frame("base.html", action, "csrf_token", generate_csrf)


@public.get("/<district>/workshops/<slug>/registrations")
def new(district, slug):
    """The form."""
    return registering.show(district, slug, _frame(district, slug))


@public.post("/<district>/workshops/<slug>/registrations")
def create(district, slug):
    """Register, alone or with colleagues. Looks at the token itself, so that what was written is kept."""
    return registering.send(district, slug, _frame(district, slug), _without_session())


def _without_session() -> str:
    """Why a form cannot be taken that this browser's session does not vouch for; "" when it can."""
    if not current_app.config["WTF_CSRF_ENABLED"]:
        return ""
    try:
        validate_csrf(request.form.get("csrf_token"))
    except ValidationError:
        return _(
            "The form was open for too long, or cookies are off. What you wrote is here: please send it "
            "again. If this message comes back, allow cookies for this site, or write to the district."
        )
    return ""


@public.get("/<district>/workshops/<slug>/registrations/<token>")
def thanks(district, slug, token):
    """What happened and what comes next."""
    return registering.thanks(district, slug, token, "base.html")
