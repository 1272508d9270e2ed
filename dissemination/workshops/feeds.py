"""Workshops for calendars, feed readers and programs: .ics, .atom, .json. Nothing private is in them."""

from collections.abc import Iterable

from flask_babel import gettext as _

from dissemination.delivery import calendar
from dissemination.kernel.clock import local
from dissemination.kernel.languages import translated
from dissemination.workshops.linked import page_of
from dissemination.workshops.models import Mode, State, Workshop
from dissemination.workshops.slots import ENDLESS


def ics(workshops: Iterable[Workshop], *, name: str, zone: str) -> bytes:
    """One VEVENT per date of each workshop, METHOD:PUBLISH (RFC 5545)."""
    events = [event for workshop in workshops for event in _events(workshop)]
    return calendar.feed(events, name=name, zone=zone)


def place_of(workshop: Workshop) -> str:
    """Where it is, in one line."""
    room = ", ".join(part for part in (workshop.venue, workshop.address) if part)
    if workshop.mode is Mode.ONLINE:
        return _("Online")
    return _("%(place)s, and online", place=room) if workshop.mode is Mode.MIXED else room


def changed_at(workshop: Workshop):
    """When the public last saw something of it change."""
    cancelled = workshop.cancellation and workshop.cancellation.at
    moments = (workshop.created_at, workshop.published_at, workshop.updated_at, cancelled)
    return max(m for m in moments if m is not None)


def as_json(workshop: Workshop, left: int | None) -> dict:
    """A workshop as plain data; moments with the offset of the district's wall clock."""
    zone = workshop.district.zone
    return {
        "title": {"it": workshop.title_it, "en": workshop.title_en},
        "abstract": {"it": workshop.abstract_it, "en": workshop.abstract_en},
        "url": page_of(workshop),
        "state": workshop.state.value,
        "starts_at": local(workshop.starts_at, zone).isoformat(),
        "ends_at": local(workshop.ends_at, zone).isoformat(),
        "registration_deadline": local(workshop.registration_deadline, zone).isoformat(),
        "mode": workshop.mode.value,
        "venue": workshop.venue,
        "address": workshop.address,
        "theme": workshop.theme,
        "sector": workshop.sector.code if workshop.sector else None,
        "seats": workshop.seats,
        "online_seats": workshop.online_seats,
        "series": {"it": workshop.series.title_it, "en": workshop.series.title_en}
        if workshop.series
        else None,
        "co_organisers": [{"name": c.name, "website": c.website} for c in workshop.co_organisers],
        "seats_left": None if left is None or left >= ENDLESS else left,
        "updated_at": changed_at(workshop).isoformat(),
    }


def _events(workshop):
    # The host of the mailbox is ours for ever, so the identifier is unique in the world and constant.
    host = workshop.district.mailbox_address.rpartition("@")[2]
    off = workshop.state is State.CANCELLED
    for n, (start, end) in enumerate(workshop.days.values(), start=1):
        yield calendar.FeedEvent(
            uid=f"workshop-{workshop.id}-{n}@{host}",
            start=start,
            end=end,
            summary=translated(workshop, "title"),
            location=place_of(workshop),
            url=page_of(workshop),
            description=f"{translated(workshop, 'abstract')}\n\n{page_of(workshop)}".strip(),
            stamp=changed_at(workshop),
            sequence=workshop.revision,
            status="CANCELLED" if off else "CONFIRMED",
        )
