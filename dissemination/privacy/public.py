"""What a person sees by her own links: asking to be erased. A manager decides (see `desk`)."""

from flask import Blueprint, abort, flash, g, redirect, render_template, url_for
from flask_babel import gettext as _

from dissemination.districts.models import District
from dissemination.kernel.database import db, transaction
from dissemination.privacy import actions, held
from dissemination.registrations import queries as registrations
from dissemination.registrations import sections
from dissemination.registrations.models import Registration
from dissemination.registrations.public import private
from dissemination.subscriptions.subscribing import subscriber as subscriber_of

public = Blueprint("privacy", __name__)


def _registrant(token: str):
    registration = registrations.by_token(token)
    g.district = registration.workshop.district
    contact = registration.contact
    # Who only holds a link that nobody proved may be somebody else: the organiser is asked by mail then.
    if contact.erased_at is not None or registration.proof_due is not None:
        abort(404)
    return contact


def _subscriber(token: str):
    contact = subscriber_of(token) or abort(404)
    g.district = db.session.get(District, contact.district_id)
    return contact


def _page(contact, action: str, back: str):
    page = render_template(
        "privacy/ask.html", contact=contact, asked=held.open_request(contact), action=action, back=back
    )
    return private(page)


def _ask(contact, address: str):
    with transaction():
        actions.ask(contact)
    flash(_("Your request has reached the district."))
    return redirect(address, 303)


@public.get("/r/<token>/erasure")
def registrant(token):
    """Ask to be erased, from one's registration."""
    contact = _registrant(token)
    return _page(
        contact, url_for(".create_registrant", token=token), url_for("registrations.mine", token=token)
    )


@public.post("/r/<token>/erasure")
def create_registrant(token):
    """The request reaches the manager's page."""
    return _ask(_registrant(token), url_for(".registrant", token=token))


@public.get("/s/<token>/erasure")
def subscriber(token):
    """Ask to be erased, from one's newsletters."""
    contact = _subscriber(token)
    return _page(
        contact, url_for(".create_subscriber", token=token), url_for("subscriptions.preferences", token=token)
    )


@public.post("/s/<token>/erasure")
def create_subscriber(token):
    """The request reaches the manager's page."""
    return _ask(_subscriber(token), url_for(".subscriber", token=token))


def section(registration: Registration, token: str) -> str:
    """On the personal page: where to ask for it."""
    if registration.purged_at is not None or registration.proof_due is not None:
        return ""
    return render_template("privacy/_section.html", token=token)


sections.register(section, position=90)
