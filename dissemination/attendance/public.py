"""Her own link to the online room, which notes when she came, and her code for the door."""

from flask import Blueprint, g, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from dissemination.attendance import actions, codes, queries
from dissemination.kernel.clock import now
from dissemination.kernel.database import transaction
from dissemination.kernel.http import CONTENT_SECURITY_POLICY
from dissemination.kernel.refusals import Refusal
from dissemination.registrations.models import Registration, Standing
from dissemination.registrations.public import private
from dissemination.registrations.queries import by_token
from dissemination.workshops.models import Mode, Workshop

public = Blueprint("attendance", __name__)
# Browsers hold the redirect after a form to the page's own policy, and the platform redirects further.
ELSEWHERE = CONTENT_SECURITY_POLICY.replace("form-action 'self'", "form-action 'self' https:")


@public.get("/r/<token>/join")
def join(token):
    """One button. Opening this page notes nothing: mail filters open every link."""
    return _page(token, _mine(token))


@public.post("/r/<token>/join")
def create_join(token):
    """Note that she is there, and on to the online room."""
    registration = _mine(token)
    try:
        with transaction():
            actions.join(registration)
    except Refusal as refusal:
        return _page(token, registration, status=refusal.status)
    return private(redirect(registration.workshop.online_url), 303)


@public.post("/r/<token>/leave")
def create_leave(token):
    """Note that she leaves."""
    registration = _mine(token)
    try:
        with transaction():
            actions.leave(registration)
    except Refusal as refusal:
        return _page(token, registration, status=refusal.status)
    return private(redirect(url_for(".join", token=token)), 303)


def _mine(token) -> Registration:
    registration = by_token(token)
    g.district = registration.workshop.district
    if not registration.workshop.online_url:
        raise NotFound
    return registration


def _page(token, registration, *, status: int = 200):
    workshop = registration.workshop
    page = render_template(
        "attendance/join.html", token=token, registration=registration, workshop=workshop,
        why=why_not(registration), opening=queries.opening(workshop),
        inside=actions.is_online_now(registration),
    )  # fmt: skip
    response = private(page, status)
    response.headers["Content-Security-Policy"] = ELSEWHERE
    return response


def why_not(registration: Registration) -> str:
    """Why this person cannot join online whatever the hour; empty when she can."""
    workshop = registration.workshop
    if workshop.cancellation is not None:
        return _("This workshop was cancelled: it will not take place.")
    if registration.standing is not Standing.CONFIRMED:
        return _("Only who holds a seat can join online.")
    if registration.proof_due is not None:
        return _("Confirm your registration first: the link is in the mail that we sent you.")
    return ""


def section(registration: Registration, token: str) -> str:
    """What her page says of taking part: her code for the door, and the way into the online room."""
    workshop = registration.workshop
    if why_not(registration) or workshop.ends_at <= now() or workshop.closing is not None:
        return ""
    code = codes.code(registration.public_id)
    return render_template(
        "attendance/_section.html", token=token, registration=registration, workshop=workshop,
        opening=queries.opening(workshop), code=code if has_door(workshop) else "",
        picture=codes.picture(code) if has_door(workshop) else "",
    )  # fmt: skip


def has_door(workshop: Workshop) -> bool:
    """Whether there is a room to come to."""
    return workshop.mode is not Mode.ONLINE
