"""The desk's first page and the mail desk: each message with its fate."""

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dissemination.delivery import outbox
from dissemination.delivery import queries as mail_queries
from dissemination.delivery.mjml import MjmlProblem
from dissemination.delivery.models import Fate
from dissemination.delivery.texts import FATES
from dissemination.front import queries
from dissemination.kernel import subjects
from dissemination.kernel.database import transaction
from dissemination.kernel.rights import Role, requires

desk = Blueprint("front_desk", __name__, url_prefix="/<district>/desk")
# A mail is shown as it was written, but can neither run script nor load anything from elsewhere.
PREVIEW_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'; sandbox"
)


@desk.get("/")
@requires(Role.VIEWER)
def today(district):
    """What comes next, what waits, and the figures of the half-year."""
    may_organise = current_user.may(Role.ORGANISER, district)
    found = queries.today_at_desk(district, manages=current_user.may(Role.MANAGER, district))
    return render_template("front/today.html", may_organise=may_organise, **found)


def _fate(name: str | None) -> Fate | None:
    return Fate(name) if name in set(Fate) else None


@desk.get("/mail/")
@requires(Role.VIEWER)
def mail(district):
    """All messages of the district, newest first."""
    state, text = _fate(request.args.get("state")), request.args.get("q", "").strip()
    page = mail_queries.recent(district.id, state=state, text=text, after=request.args.get("after"))
    return render_template(
        "front/mail.html", page=page, state=state, text=text, fates=FATES, relay=mail_queries.relay_trouble(),
        stopped=mail_queries.is_mail_stopped(),
    )  # fmt: skip


def _parts(row, district):
    """What this reader may see of the message; None when it is sealed, or its letter cannot be compiled
    (its fate says why). Personal links are not for those who only read."""
    if _is_hidden(row, district):
        return None
    try:
        return queries.parts(row, whole=current_user.may(Role.ORGANISER, district))
    except MjmlProblem:
        return None


def _is_hidden(row, district) -> bool:
    """Whether what the mail says is between the organisers and its reader (an audit)."""
    return subjects.is_confidential(row.subject_kind) and not current_user.may(Role.ORGANISER, district)


def _delivery_or_404(district, delivery_id):
    found = mail_queries.delivery(district.id, delivery_id)
    if found is None:
        abort(404)
    return found


@desk.get("/mail/<int:delivery_id>")
@requires(Role.VIEWER)
def delivery(district, delivery_id):
    """One message: its fate, and its parts."""
    row = _delivery_or_404(district, delivery_id)
    may_organise = current_user.may(Role.ORGANISER, district)
    return render_template("front/delivery.html", delivery=row, parts=_parts(row, district), fates=FATES,
                           may_organise=may_organise, sealed=queries.is_sealed(row),
                           hidden=_is_hidden(row, district))  # fmt: skip


@desk.get("/mail/<int:delivery_id>/html")
@requires(Role.VIEWER)
def delivery_html(district, delivery_id):
    """The HTML part alone, for the sandboxed frame."""
    parts = _parts(_delivery_or_404(district, delivery_id), district) or abort(404)
    headers = {"Content-Security-Policy": PREVIEW_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return Response(parts.html, mimetype="text/html", headers=headers)


@desk.get("/mail/<int:delivery_id>/raw")
@requires(Role.ORGANISER)
def delivery_raw(district, delivery_id):
    """The message as it goes over the wire, as a file."""
    row = _delivery_or_404(district, delivery_id)
    parts = _parts(row, district) or abort(404)
    headers = {"Content-Disposition": f'attachment; filename="message-{row.id}.eml"'}
    return Response(parts.raw, mimetype="message/rfc822", headers=headers)


@desk.post("/mail/<int:delivery_id>/attempts")
@requires(Role.ORGANISER)
def create_attempt(district, delivery_id):
    """Send again what was refused or whose fate is uncertain: a person decides, never the machine."""
    row = _delivery_or_404(district, delivery_id)
    with transaction():
        queued = outbox.send_again(row)
    if queued:
        flash(_("The message will be sent again."))
    else:
        flash(_("Its fate has changed meanwhile: look again."), "warning")
    return redirect(url_for(".delivery", district=district, delivery_id=delivery_id))
