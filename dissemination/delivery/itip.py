"""What a calendar answered: one VEVENT of a REPLY or COUNTER (RFC 5546 §3.2.3, §3.2.7), read with care.

Everything here comes from strangers. A reply without ORGANIZER is normal (Outlook), and so are zones and
properties that nobody knows; what decides, UID, SEQUENCE, DTSTAMP and ATTENDEE, must be readable.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

ANSWERS = ("REPLY", "COUNTER")
DECISIVE = frozenset({"UID", "SEQUENCE", "DTSTAMP", "ATTENDEE", "RECURRENCE-ID"})
MOST = 200_000  # octets of one calendar object; an answer has one or two thousand


class Unreadable(ValueError):
    """A calendar answer that cannot be understood; its text says why, in English, for the desk."""


@dataclass(frozen=True)
class Answer:
    """A calendar's answer. `attendee` in lower case; `proposed` is the start that a COUNTER wishes."""

    method: str
    uid: str
    partstat: str
    attendee: str
    sequence: int
    stamp: datetime | None
    comment: str = ""
    proposed: datetime | None = None


def method_of(octets: bytes) -> str:
    """METHOD in upper case, read without trusting the rest; "" when there is none."""
    for line in octets[:MOST].replace(b"\r\n ", b"").replace(b"\r\n\t", b"").splitlines():
        name, _, value = line.partition(b":")
        if name.strip().upper() == b"METHOD":
            return value.strip().decode("ascii", "replace").upper()
    return ""


def read(octets: bytes) -> Answer:
    """The answer in `octets`. Raises Unreadable."""
    from icalendar import Calendar  # 8 MiB that a web process does without

    if len(octets) > MOST:
        raise Unreadable("the calendar object is too large")
    try:
        calendars = Calendar.from_ical(octets.replace(b"\0", b""), multiple=True)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        raise Unreadable("the calendar object is broken") from error
    events = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    if len(events) != 1:
        raise Unreadable(f"{len(events)} events instead of one")
    return _answer(str(calendars[0].get("METHOD", "")).strip().upper(), events[0])


def _answer(method: str, event) -> Answer:
    wrong = sorted({str(name).upper() for name, _why in event.errors} & DECISIVE)
    if wrong:
        raise Unreadable(f"{', '.join(wrong)} cannot be read")
    if event.get("RECURRENCE-ID") is not None:
        raise Unreadable("it answers one date of a repeated event")
    uid = str(event.get("UID", "")).strip()
    attendees = event.get("ATTENDEE", [])
    attendees = attendees if isinstance(attendees, list) else [attendees]
    if not uid:
        raise Unreadable("no UID")
    if len(attendees) != 1:
        raise Unreadable(f"{len(attendees)} attendees instead of one")
    who = attendees[0]
    start = event.get("DTSTART")
    return Answer(
        method=method, uid=uid, attendee=_address(str(who)), sequence=_sequence(event),
        partstat=str(who.params.get("PARTSTAT", "NEEDS-ACTION")).strip().upper()[:20],
        stamp=_moment(getattr(event.get("DTSTAMP"), "dt", None)),
        comment=_comment(event.get("COMMENT")), proposed=_moment(getattr(start, "dt", None)),
    )  # fmt: skip


def _address(value: str) -> str:
    value = value.strip()
    return (value[7:] if value.lower().startswith("mailto:") else value).strip().lower()


def _sequence(event) -> int:
    try:
        number = int(event.get("SEQUENCE", 0))
    except (TypeError, ValueError) as error:
        raise Unreadable("SEQUENCE cannot be read") from error
    return number if 0 <= number < 2**31 else 0


def _moment(value) -> datetime | None:
    """An aware moment in UTC; a wall clock without a known zone says nothing."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        return None
    try:
        return value.astimezone(UTC)
    except (OverflowError, ValueError):
        return None


def _comment(value) -> str:
    values = value if isinstance(value, list) else [value]
    return " ".join(" ".join(str(v).split()) for v in values if v)[:300]
