"""What machines read of a workshop: schema.org Event as JSON-LD. The private online link is never in it."""

from flask import current_app, url_for

from dissemination.kernel.clock import local
from dissemination.kernel.languages import translated
from dissemination.workshops.models import Mode, State, Workshop
from dissemination.workshops.slots import ENDLESS

SCHEMA = "https://schema.org/"
ATTENDANCE = {
    Mode.ONSITE: "OfflineEventAttendanceMode",
    Mode.ONLINE: "OnlineEventAttendanceMode",
    Mode.MIXED: "MixedEventAttendanceMode",
}


def absolute(path: str) -> str:
    """The address that others use for `path`: on the public URL of the settings, whatever Host was sent."""
    return current_app.config["SETTINGS"].public_url + path


def page_of(workshop: Workshop, **options) -> str:
    """The absolute address of the workshop's public page."""
    return absolute(url_for("workshops.show", district=workshop.district, slug=workshop.slug, **options))


def event(workshop: Workshop, *, left: int | None = None) -> dict:
    """The workshop as schema.org Event, in the reader's language; `left` seats decide availability."""
    url = page_of(workshop)
    zone = workshop.district.zone
    speakers = {p.name: p for s in workshop.sessions for p in s.speakers}
    facts = {
        "@context": "https://schema.org",
        "@type": "Event",
        "@id": url,
        "name": translated(workshop, "title"),
        "description": translated(workshop, "abstract"),
        "url": url,
        "startDate": local(workshop.starts_at, zone).isoformat(),
        "endDate": local(workshop.ends_at, zone).isoformat(),
        "eventStatus": SCHEMA + _status(workshop),
        "eventAttendanceMode": SCHEMA + ATTENDANCE[workshop.mode],
        "location": _location(workshop, url),
        "organizer": _organizers(workshop),
        "isAccessibleForFree": True,
        **_capacity(workshop),
        "offers": {
            "@type": "Offer",
            "price": "0",
            "priceCurrency": "EUR",
            "url": url,
            "availability": SCHEMA + ("SoldOut" if left == 0 else "InStock"),
            "validThrough": local(workshop.registration_deadline, zone).isoformat(),
        },
        "performer": [_performer(p) for p in speakers.values()],
        "subEvent": [_session(s, zone) for s in workshop.sessions],
    }
    if workshop.series is not None:
        facts["superEvent"] = {"@type": "EventSeries", "name": translated(workshop.series, "title")}
    if left is not None and left < ENDLESS:
        facts["remainingAttendeeCapacity"] = left
    return {name: value for name, value in facts.items() if value not in ("", [])}


def _status(workshop) -> str:
    return "EventCancelled" if workshop.state is State.CANCELLED else "EventScheduled"


def _location(workshop, url):
    place = {
        "@type": "Place",
        "name": workshop.venue,
        "address": {
            "@type": "PostalAddress",
            "streetAddress": workshop.address or workshop.venue,
            "addressCountry": "IT",
        },
    }
    # Who registers gets the real link; the public one leads to the page.
    virtual = {"@type": "VirtualLocation", "url": url}
    return {Mode.ONSITE: place, Mode.ONLINE: virtual, Mode.MIXED: [place, virtual]}[workshop.mode]


def _capacity(workshop) -> dict:
    """How many find a seat; of a hybrid workshop in the room and online apart."""
    if workshop.mode is not Mode.MIXED:
        return {"maximumAttendeeCapacity": workshop.seats}
    online = workshop.online_seats
    apart = {"maximumPhysicalAttendeeCapacity": workshop.seats}
    if online is None:
        return apart
    return apart | {
        "maximumVirtualAttendeeCapacity": online,
        "maximumAttendeeCapacity": workshop.seats + online,
    }


def _organizers(workshop):
    others = [
        {"@type": "Organization", "name": c.name, **({"url": c.website} if c.website else {})}
        for c in workshop.co_organisers
    ]
    return [_organizer(workshop), *others] if others else _organizer(workshop)


def _organizer(workshop) -> dict:
    district = workshop.district
    return {
        "@type": "Organization",
        "name": district.managing_body,
        "email": district.mailbox_address,
        "url": district.website or absolute(f"/{district.slug}/"),
    }


def _performer(speaker) -> dict:
    facts: dict = {"@type": "Person", "name": speaker.name}
    if speaker.affiliation:
        facts["affiliation"] = {"@type": "Organization", "name": speaker.affiliation}
    return facts


def _session(session, zone) -> dict:
    facts: dict = {
        "@type": "Event",
        "name": translated(session, "title"),
        "startDate": local(session.starts_at, zone).isoformat(),
        "endDate": local(session.ends_at, zone).isoformat(),
    }
    if session.speakers:
        facts["performer"] = [_performer(p) for p in session.speakers]
    if session.room:
        facts["location"] = {"@type": "Place", "name": session.room}
    return facts
