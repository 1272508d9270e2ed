"""The page behind the link in each mail about calls: withdraw, or say yes again. GET changes nothing."""

from flask import Blueprint, abort, g, make_response, redirect, render_template, request, url_for

from dissemination.applications import alerts
from dissemination.applications.mails import PURPOSE
from dissemination.districts.models import District
from dissemination.kernel import links
from dissemination.kernel.database import db, transaction
from dissemination.people import queries as people
from dissemination.people.models import Contact, Purpose

public = Blueprint("opportunities", __name__)


@public.route("/o/<token>", methods=["GET", "POST"])
def mine(token):
    """Withdraw by one press, or by a mail program's own button (RFC 8058): POST needs no login."""
    told = links.read(PURPOSE, token)
    contact = db.session.get(Contact, told) if isinstance(told, int) else None
    if contact is None or contact.erased_at is not None:
        abort(404)
    g.district = db.session.get(District, contact.district_id)
    again = request.form.get("answer") == "yes"
    if request.method == "POST":
        current = people.current_consent(contact, Purpose.OPPORTUNITIES)
        if current is None or current.given != again:
            with transaction():
                alerts.record(
                    contact, g.district, given=again, source="opportunities page", proof="link in mail"
                )
        if "answer" in request.form:
            return redirect(url_for(".mine", token=token), 303)
    now_said = people.current_consent(contact, Purpose.OPPORTUNITIES)
    page = render_template(
        "applications/mine.html", token=token, given=now_said is not None and now_said.given,
        text=alerts.consent_text(g.district),
    )  # fmt: skip
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
