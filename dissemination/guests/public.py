"""What the link in an invitation opens below /g/: the facts, the way to register, and a "no"."""

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from dissemination.guests import actions, queries
from dissemination.guests.models import Guest
from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.workshops import slots

public = Blueprint("guests", __name__)


def _guest(token: str) -> Guest:
    """The guest of a link; 404 when it was cut, forged or removed."""
    guest = queries.by_token(token)
    if guest is None:
        raise NotFound
    g.district = guest.workshop.district
    return guest


@public.get("/g/<token>")
def show(token):
    """The invitation: what it is to, how it stands. Opening it changes nothing: scanners open links too."""
    guest = _guest(token)
    return _page(token, guest, status=200 if queries.holds(guest) else 410)


@public.post("/g/<token>/refusal")
def create_refusal(token):
    """I cannot come."""
    return _react(token, actions.decline, _("Thank you for telling us. You can change your mind here."))


@public.post("/g/<token>/restoration")
def create_restoration(token):
    """I can come after all: the invitation is open again."""
    return _react(token, actions.reconsider, _("Your invitation is open again. Now you can register."))


def _react(token: str, verb, said: str):
    guest = _guest(token)
    try:
        with transaction():
            verb(guest)
    except Refusal as refusal:
        return _page(token, guest, refusal=refusal, status=refusal.status)
    flash(said)
    return redirect(url_for(".show", token=token), 303)


def _page(token: str, guest: Guest, *, refusal=None, status=200) -> Response:
    html = render_template(
        "guests/invitation.html", token=token, guest=guest, workshop=guest.workshop, refusal=refusal,
        holds=queries.holds(guest),
    )  # fmt: skip
    response = make_response(html, status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


slots.register_guest_check(queries.may_see)
