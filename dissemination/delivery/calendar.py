"""Calendar objects: iTIP invitations (RFC 5546) and public feeds (RFC 5545, 7986).

Everything is deterministic: the stamp comes in from outside. The time zone is our own VTIMEZONE with
two RRULEs, because the lists of dates that libraries write are ignored by Outlook.
"""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from dissemination.delivery.mail import one_line

if TYPE_CHECKING:  # icalendar takes 8 MiB, and a web process that only queues invitations needs none of it
    from icalendar import Calendar, Event, vCalAddress

PRODID = "-//Distretti tecnologici della Toscana//Dissemination//IT"
QUOTED_NAME = re.compile(r';CN="([^"]*)"')
# Zones that follow the clock of central Europe (Directive 2000/84/EC). Other zones are written in UTC.
CENTRAL_EUROPE = frozenset({
    "Europe/Rome", "Europe/Paris", "Europe/Berlin", "Europe/Vienna", "Europe/Zurich", "Europe/Madrid",
    "Europe/Brussels", "Europe/Amsterdam", "Europe/San_Marino", "Europe/Vatican", "Europe/Ljubljana",
})  # fmt: skip
VTIMEZONE = """BEGIN:VTIMEZONE
TZID:{zone}
BEGIN:STANDARD
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZNAME:CET
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZNAME:CEST
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE
"""


@dataclass(frozen=True)
class CalendarObject:
    """One date in one person's calendar.

    `method` is REQUEST or CANCEL. `status` is CONFIRMED, CANCELLED (the whole workshop is off) or None:
    no STATUS line, which with CANCEL takes one person off (RFC 5546 §3.2.5). Moments are aware. No
    secret and no personal link belongs in here: people accept it into shared calendars.
    """

    method: str
    uid: str
    sequence: int
    stamp: datetime
    start: datetime
    end: datetime
    summary: str
    location: str
    url: str
    description: str
    organizer_name: str
    organizer_address: str
    attendee_name: str
    attendee_address: str
    status: str | None
    zone: str = "Europe/Rome"

    def to_json(self) -> dict:
        """JSON-able data; moments as ISO 8601 in UTC."""
        return {
            k: v.astimezone(UTC).isoformat() if isinstance(v, datetime) else v
            for k, v in asdict(self).items()
        }

    @classmethod
    def from_json(cls, data: dict) -> "CalendarObject":
        """The object that `to_json()` was made of."""
        moments = {k: datetime.fromisoformat(data[k]) for k in ("stamp", "start", "end")}
        return cls(**{f.name: data[f.name] for f in fields(cls) if f.name in data} | moments)


@dataclass(frozen=True)
class FeedEvent:
    """One date in a public feed or download: nobody invited, nothing personal."""

    uid: str
    start: datetime
    end: datetime
    summary: str
    location: str
    url: str
    description: str
    stamp: datetime
    sequence: int = 0
    status: str | None = "CONFIRMED"


def _text(value: str) -> str:
    """`value` with plain newlines and no other control character."""
    lines = str(value).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join("".join(c for c in line if c >= " " and c not in "\x7f\u2028\u2029") for line in lines)


def _person(name: str, address: str) -> "vCalAddress":
    """A mailto: with the name unquoted: some clients show the quotes, so what needs them is dropped."""
    from icalendar import vCalAddress

    person = vCalAddress(f"mailto:{one_line(address)}")
    plain = "".join(" " if c in '",;:^' else c for c in one_line(name).replace("’", "'"))
    if plain.strip():
        person.params["CN"] = " ".join(plain.split())
    return person


def _calendar(method: str) -> "Calendar":
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    return calendar


def _add_zone(calendar: "Calendar", zone: str) -> None:
    from icalendar import Timezone

    if zone in CENTRAL_EUROPE:
        calendar.add_component(Timezone.from_ical(VTIMEZONE.format(zone=zone).replace("\n", "\r\n")))


def _add_facts(event: "Event", item: CalendarObject | FeedEvent, zone: str) -> None:
    local = ZoneInfo(zone) if zone in CENTRAL_EUROPE else UTC
    event.add("uid", item.uid)
    event.add("dtstamp", item.stamp.astimezone(UTC))
    event.add("dtstart", item.start.astimezone(local))
    event.add("dtend", item.end.astimezone(local))
    event.add("sequence", item.sequence)
    if item.status:
        event.add("status", item.status)
    event.add("summary", one_line(item.summary))
    if item.location:
        event.add("location", one_line(item.location))
    if item.url:
        event.add("url", one_line(item.url))
    if item.description:
        event.add("description", _text(item.description))


def _written(calendar: "Calendar") -> bytes:
    """The octets: CRLF, folded at 75. The library quotes each CN; here none needs it (see `_person`)."""
    from icalendar.parser import Contentline

    lines = calendar.content_lines(sorted=False)
    for i, line in enumerate(lines):
        if line.startswith(("ATTENDEE", "ORGANIZER")):
            lines[i] = Contentline(QUOTED_NAME.sub(r";CN=\1", line, count=1))
    return lines.to_ical()


def render(item: CalendarObject) -> bytes:
    """`item` as text/calendar: one VEVENT with one ATTENDEE, CRLF, folded at 75 octets (RFC 5545 §3.1)."""
    from icalendar import Event, vText

    calendar = _calendar(item.method)
    _add_zone(calendar, item.zone)
    event = Event()
    _add_facts(event, item, item.zone)
    event.add("organizer", _person(item.organizer_name, item.organizer_address))
    attendee = _person(item.attendee_name, item.attendee_address)
    attendee.params["CUTYPE"] = vText("INDIVIDUAL")
    attendee.params["ROLE"] = vText("REQ-PARTICIPANT")
    attendee.params["PARTSTAT"] = vText("NEEDS-ACTION")
    attendee.params["RSVP"] = vText("TRUE")
    event.add("attendee", attendee)
    if item.method == "REQUEST":
        event.add("transp", "OPAQUE")
    calendar.add_component(event)
    return _written(calendar)


def feed(events: Iterable[FeedEvent], *, name: str, zone: str = "Europe/Rome") -> bytes:
    """A public calendar (METHOD:PUBLISH, no ATTENDEE) that clients fetch again twice a day (RFC 7986)."""
    from icalendar import Event, vText

    calendar = _calendar("PUBLISH")
    calendar.add("name", vText(one_line(name)))
    calendar.add("x-wr-calname", vText(one_line(name)))
    calendar.add("refresh-interval", timedelta(hours=12), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT12H")
    _add_zone(calendar, zone)
    for item in events:
        event = Event()
        _add_facts(event, item, zone)
        calendar.add_component(event)
    return _written(calendar)
