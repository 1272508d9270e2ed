"""One's own registrations as a calendar to subscribe to: `/my/<token>.ics`, METHOD:PUBLISH, no ATTENDEE.

Calendar programs fetch it without a password, so its address is the secret: signed, bound to the contact
and to a turn that she can raise, which stops the address that others may have learnt. It opens nothing
but dates, places and public pages, and only those of the district whose contact she is: what one
district may see of a person is no other district's business, even when the e-mail address is the same.
"""

from datetime import timedelta

from flask import flash, g, redirect, render_template, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import or_, select
from sqlalchemy.orm import contains_eager
from werkzeug.exceptions import NotFound

from dissemination.delivery.calendar import FeedEvent, feed
from dissemination.districts.models import District
from dissemination.kernel import links
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.kernel.languages import translated
from dissemination.people.models import Contact
from dissemination.registrations import posts, queries, sections
from dissemination.registrations.models import ContactFeed, Invitation, Registration, Standing
from dissemination.registrations.public import private, public
from dissemination.workshops.models import Workshop

PURPOSE = "my-calendar"
PAST = timedelta(days=366)  # how far back the calendar goes


def token_of(contact: Contact) -> str:
    """What stands in the address of her calendar now."""
    kept = db.session.get(ContactFeed, contact.id)
    return links.sign(PURPOSE, [contact.id, kept.turn if kept else 0])


def _contact(token: str) -> Contact:
    """Whose calendar it is. Raises NotFound (404) when the address was forged or made anew since."""
    value = links.read(PURPOSE, token)
    if not isinstance(value, list) or len(value) != 2:
        raise NotFound
    contact, kept = db.session.get(Contact, value[0]), db.session.get(ContactFeed, value[0])
    if contact is None or contact.erased_at is not None or (kept.turn if kept else 0) != value[1]:
        raise NotFound
    return contact


def _dates(contact: Contact):
    """Her dates as her calendar was told them, those of workshops that are off too."""
    rows = db.session.scalars(
        select(Invitation)
        .join(Invitation.registration)
        .join(Registration.workshop)
        .where(
            Registration.contact_id == contact.id, Registration.standing == Standing.CONFIRMED,
            Invitation.ends_at > now() - PAST,
            or_(Invitation.method == "REQUEST", Workshop.cancellation.has()),
        )
        .options(
            contains_eager(Invitation.registration).contains_eager(Registration.workshop)
            .joinedload(Workshop.cancellation),
            contains_eager(Invitation.registration).contains_eager(Registration.workshop)
            .joinedload(Workshop.district),
        )
        .order_by(Invitation.starts_at, Invitation.id)
    )  # fmt: skip
    return rows.all()


def _event(invitation: Invitation) -> FeedEvent:
    workshop = invitation.registration.workshop
    page = posts.page_url(workshop)
    return FeedEvent(
        uid=invitation.uid, start=invitation.starts_at, end=invitation.ends_at, summary=invitation.summary,
        location=invitation.location, url=page, description=page, stamp=invitation.stamp,
        sequence=invitation.sequence, status="CANCELLED" if workshop.cancellation else "CONFIRMED",
    )  # fmt: skip


@public.get("/my/<token>.ics")
def feed_of_mine(token):
    """All my workshops, for a calendar that fetches them by itself."""
    contact = _contact(token)
    district = db.session.get_one(District, contact.district_id)
    with force_locale(contact.language):
        name = _("My workshops: %(district)s", district=translated(district, "name"))
    octets = feed([_event(i) for i in _dates(contact)], name=name, zone=district.timezone)
    response = private(octets)
    response.headers["Content-Type"] = "text/calendar; charset=utf-8; method=PUBLISH"
    response.headers["Content-Disposition"] = 'inline; filename="workshops.ics"'
    return response


@public.post("/r/<token>/calendar")
def create_feed(token):
    """Make the address of my calendar anew: the one before stops."""
    registration = queries.by_token(token)
    g.district = registration.workshop.district
    with transaction():
        contact_id = registration.contact_id
        kept = db.session.scalar(
            select(ContactFeed).where(ContactFeed.contact_id == contact_id).with_for_update()
        )
        if kept is None:
            db.session.add(ContactFeed(contact_id=contact_id, turn=1, renewed_at=now()))
        else:
            kept.turn, kept.renewed_at = kept.turn + 1, now()
    flash(_("Your calendar has a new address; the former one no longer works. Subscribe to the new one."))
    return redirect(url_for(".mine", token=token, _anchor="my-calendar"), 303)


def section(registration: Registration, token: str) -> str:
    """On the personal page: the address of the calendar, and how to make it anew."""
    if registration.purged_at is not None or registration.proof_due is not None:
        return ""
    address = posts.public_url(url_for("registrations.feed_of_mine", token=token_of(registration.contact)))
    return render_template(
        "registrations/_my_calendar.html", token=token, address=address,
        subscribe="webcal://" + address.partition("://")[2],
    )  # fmt: skip


sections.register(section, position=60)
