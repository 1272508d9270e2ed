"""Published calls for calendars and feed readers: each deadline a date, each call an entry."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from flask import current_app, url_for
from flask_babel import gettext as _

from dissemination.calls.models import Call
from dissemination.delivery import calendar
from dissemination.kernel.languages import translated

BEFORE = timedelta(hours=1)
"""An event has a length (RFC 5545 §3.6.1): the hour that ends with the deadline."""


def absolute(path: str) -> str:
    """The address that others use for `path`."""
    return current_app.config["SETTINGS"].public_url + path


def page_of(call: Call) -> str:
    """The absolute address of the call's public page."""
    return absolute(url_for("calls.show", district=call.district, slug=call.slug))


def ics(calls: Iterable[Call], *, name: str, zone: str) -> bytes:
    """One VEVENT per deadline, METHOD:PUBLISH (RFC 5545)."""
    return calendar.feed((event for call in calls for event in _events(call)), name=name, zone=zone)


def changed_at(call: Call) -> datetime:
    """When the public last saw it change state."""
    return max(m for m in (call.created_at, call.published_at, call.withdrawn_at) if m is not None)


def _events(call: Call):
    host = call.district.mailbox_address.rpartition("@")[2]
    title = translated(call, "title")
    for cutoff in call.cutoffs:
        yield calendar.FeedEvent(
            uid=f"call-deadline-{cutoff.id}@{host}", start=cutoff.closes_at - BEFORE, end=cutoff.closes_at,
            summary=_("Deadline: %(title)s", title=title), location="", url=page_of(call),
            description=f"{translated(call, 'summary')}\n\n{page_of(call)}".strip(),
            stamp=changed_at(call), sequence=call.version,
            status="CANCELLED" if call.withdrawn_at else "CONFIRMED",
        )  # fmt: skip
