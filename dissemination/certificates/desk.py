"""The certificates of a workshop at the desk: who may have one, who not and why, issue, tell, withdraw."""

from io import BytesIO

from flask import Blueprint, flash, redirect, render_template, send_file, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.exceptions import NotFound

from dissemination.certificates import actions, codes, documents, queries, texts
from dissemination.certificates.forms import WithdrawalForm
from dissemination.certificates.models import Certificate
from dissemination.kernel import subjects
from dissemination.kernel.database import db, transaction
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.rights import Role, requires
from dissemination.registrations import queries as registrations
from dissemination.workshops import queries as workshops
from dissemination.workshops.models import State

desk = Blueprint("certificates_desk", __name__, url_prefix="/<district>/desk/workshops/<slug>/certificates")


@desk.get("")
@requires(Role.VIEWER)
def index(district, slug):
    """How many may have one and how many have; then everybody with the reason."""
    workshop = workshops.by_slug(district, slug)
    claims = queries.claims(workshop)
    valid = [c for c in claims if c.valid is not None]
    return render_template(
        "certificates/index.html", workshop=workshop, claims=claims, texts=texts, grouped=codes.grouped,
        to_issue=sum(c.may_have for c in claims), valid=len(valid), State=State,
        to_tell=sum(c.valid.told_at is None and c.why is not queries.Why.ERASED for c in valid),
        lost=sum(c.lost for c in claims), without=sum(c.valid is None and not c.may_have for c in claims),
    )  # fmt: skip


@desk.post("")
@requires(Role.ORGANISER)
def create_all(district, slug):
    """Issue a certificate to everybody who may have one."""
    workshop = workshops.by_slug(district, slug)
    with transaction():
        n = actions.issue_all(workshop, by=current_user)
    flash(ngettext("%(num)d certificate was issued.", "%(num)d certificates were issued.", n))
    return _back(district, slug)


@desk.post("/mails")
@requires(Role.ORGANISER)
def create_mails(district, slug):
    """Write to each whose certificate is ready and who was not told: one mail each, ever."""
    workshop = workshops.by_slug(district, slug)
    with transaction():
        n = actions.tell(workshop)
    flash(ngettext("%(num)d mail is on its way.", "%(num)d mails are on their way.", n))
    return _back(district, slug)


@desk.post("/registrations/<int:registration_id>")
@requires(Role.ORGANISER)
def create(district, slug, registration_id):
    """Issue one certificate, also again to somebody whose certificate was withdrawn."""
    workshop = workshops.by_slug(district, slug)
    registration = registrations.in_workshop(workshop, registration_id)
    return _done(
        district, slug, _("The certificate is issued."),
        lambda: actions.issue(registration, by=current_user),
    )  # fmt: skip


@desk.post("/<int:certificate_id>/correction")
@requires(Role.ORGANISER)
def create_correction(district, slug, certificate_id):
    """Replace a certificate by one with the name and hours known now, under a new code."""
    certificate = _certificate(district, slug, certificate_id)
    return _done(
        district, slug, _("A new certificate is issued; the old one is withdrawn."),
        lambda: actions.correct(certificate, by=current_user),
    )  # fmt: skip


@desk.route("/<int:certificate_id>/withdrawal", methods=["GET", "POST"])
@requires(Role.ORGANISER)
def withdrawal(district, slug, certificate_id):
    """Ask for the reason, then withdraw."""
    certificate = _certificate(district, slug, certificate_id)
    form = WithdrawalForm()
    if form.validate_on_submit():
        try:
            with transaction():
                actions.withdraw(certificate, reason=form.reason.data, by=current_user)
            flash(_("The certificate is withdrawn. Its public page says so from now on."))
            return _back(district, slug)
        except Refusal as refusal:
            form.refuse(refusal)
    page = render_template(
        "certificates/withdrawal.html", workshop=certificate.registration.workshop, form=form,
        certificate=certificate, code=codes.grouped(certificate.code),
    )  # fmt: skip
    return page, 422 if form.is_submitted() else 200


@desk.get("/<int:certificate_id>/certificate.pdf")
@requires(Role.VIEWER)
def document(district, slug, certificate_id):
    """The certificate as its owner gets it."""
    return download(_certificate(district, slug, certificate_id))


def download(certificate: Certificate):
    """The PDF of a valid certificate as an attachment, in no cache. Raises NotFound, LettersMissing."""
    if certificate.withdrawn_at is not None or not certificate.name:
        raise NotFound
    response = send_file(
        BytesIO(documents.render(certificate)), mimetype="application/pdf", as_attachment=True,
        download_name=documents.file_name(certificate),
    )  # fmt: skip
    response.headers["Cache-Control"] = "no-store"
    return response


def _desk_url(certificate_id: int) -> str | None:
    """Where the mail log finds the certificate that a mail was about."""
    certificate = db.session.get(Certificate, certificate_id)
    if certificate is None:
        return None
    workshop = certificate.registration.workshop
    return url_for("certificates_desk.index", district=workshop.district, slug=workshop.slug)


subjects.register(Certificate.__tablename__, _desk_url)


def _certificate(district, slug, certificate_id) -> Certificate:
    return queries.in_workshop(workshops.by_slug(district, slug), certificate_id)


def _done(district, slug, message, act):
    try:
        with transaction():
            act()
        flash(message)
    except Refusal as refusal:
        flash(str(refusal.message), "error")
    return _back(district, slug)


def _back(district, slug):
    return redirect(url_for(".index", district=district, slug=slug), 303)
