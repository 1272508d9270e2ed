"""Her certificate below her personal link, and the public page that says whether one is genuine."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from dissemination.certificates import actions, codes, documents, queries, texts
from dissemination.certificates.desk import download
from dissemination.certificates.queries import Claim
from dissemination.kernel.clock import now
from dissemination.kernel.database import transaction
from dissemination.kernel.languages import clock_time
from dissemination.kernel.refusals import Refusal
from dissemination.people import throttle
from dissemination.people.throttle import Attempted
from dissemination.registrations.models import Registration, Standing
from dissemination.registrations.public import private
from dissemination.registrations.queries import by_token

public = Blueprint("certificates", __name__)


@public.get("/r/<token>/certificate")
def mine(token):
    """My certificate: fetch it, or why there is none (yet)."""
    return _my_page(token, _mine(token))


@public.post("/r/<token>/certificate")
def create(token):
    """Make my certificate. Twice is once: the same code."""
    registration = _mine(token)
    try:
        with transaction():
            actions.issue(registration)
    except Refusal as refusal:
        flash(str(refusal.message), "error")
        return _my_page(token, registration, refusal.status)
    flash(_("Your certificate is ready."))
    return redirect(url_for(".mine", token=token), 303)


@public.get("/r/<token>/certificate.pdf")
def document(token):
    """My certificate as a file."""
    registration = _mine(token)
    certificate = queries.claim(registration).valid
    if certificate is None:
        return redirect(url_for(".mine", token=token), 303)
    try:
        return private(download(certificate))
    except Refusal as refusal:
        flash(str(refusal.message), "error")
        return _my_page(token, registration, refusal.status)


def section(registration: Registration, token: str) -> str:
    """What my registration's page says of the certificate, once the workshop is over."""
    workshop = registration.workshop
    over = workshop.ends_at <= now() and workshop.cancellation is None
    if not over or registration.standing is not Standing.CONFIRMED:
        return ""
    return render_template("certificates/_section.html", token=token, **_said(queries.claim(registration)))


def _mine(token) -> Registration:
    registration = by_token(token)
    g.district = registration.workshop.district
    return registration


def _said(claim: Claim) -> dict:
    reason = texts.reason(claim) if claim.why is not None else ""
    return {"claim": claim, "certificate": claim.valid, "reason": reason}


def _my_page(token, registration, status: int = 200):
    claim = queries.claim(registration)
    certificate = claim.valid
    page = render_template(
        "certificates/mine.html", token=token, registration=registration, workshop=registration.workshop,
        duration=texts.duration, code=codes.grouped(certificate.code) if certificate else "",
        verify=documents.verification_url(certificate) if certificate else "", **_said(claim),
    )  # fmt: skip
    return private(page, status)


@public.get("/certificates/")
def index():
    """Type a code to see whether a certificate is genuine."""
    typed = request.args.get("code", "").strip()[:60]
    if not typed:
        return private(render_template("certificates/check.html", typed="", wrong=False))
    code = codes.read(typed)
    if code is None:
        return private(render_template("certificates/check.html", typed=typed, wrong=True), 422)
    return redirect(url_for(".show", code=codes.grouped(code)), 303)


@public.get("/certificates/<code>")
def show(code):
    """Valid, withdrawn or unknown: what was printed, and nothing else."""
    plain = codes.read(code)
    if plain is None:
        return private(render_template("certificates/check.html", typed=code[:60], wrong=True), 404)
    if code != codes.grouped(plain):
        return redirect(url_for(".show", code=codes.grouped(plain)), 303)
    attempted = Attempted("certificate", plain, request.remote_addr or "")
    until = throttle.wait_until(attempted)
    if until is not None:
        message = _("Too many codes that nobody issued were tried. Try again after %(time)s.",
                    time=clock_time(until))  # fmt: skip
        return private(render_template("front/error.html", status=429, message=message), 429)
    certificate = queries.by_code(plain)
    if certificate is None:
        with transaction():
            throttle.count(attempted)
    else:
        g.district = certificate.registration.workshop.district
    page = render_template(
        "certificates/show.html", code=code, certificate=certificate, duration=texts.duration
    )
    return private(page, 200 if certificate else 404)
