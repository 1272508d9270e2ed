"""A workshop's facts and programme, from what was given to checked rows.

Used by `actions` only: nothing here locks, logs or decides who may.
"""

from datetime import UTC
from urllib.parse import urlsplit

from dissemination.workshops.models import (
    LONGEST,
    Speaker,
    WorkshopSession,
)
from dissemination.workshops.refusals import (
    DeadlineAfterStart,
    InsecureLink,
    NoPlace,
    NoSeats,
    NoSession,
    NoTitle,
    SessionEndsBeforeItStarts,
    TooLong,
)

FACTS = (
    "theme", "sector_id", "macro_area_id", "activity_line_id", "title_it", "title_en", "abstract_it",
    "abstract_en", "venue", "address", "directions_it", "directions_en", "online_url", "seats",
    "registration_deadline",
)  # fmt: skip


def write(workshop, facts, sessions) -> None:
    """Put what was given on `workshop` and check the whole. None for sessions keeps them."""
    unknown = facts.keys() - set(FACTS)
    if unknown:
        raise TypeError(f"no such facts of a workshop: {', '.join(sorted(unknown))}")
    for name, value in facts.items():
        setattr(workshop, name, value)
    if sessions is not None:
        _write_sessions(workshop, sessions)
    if workshop.registration_deadline is None:
        workshop.registration_deadline = workshop.starts_at
    workshop.registration_deadline = workshop.registration_deadline.astimezone(UTC)
    _check(workshop)


def _write_sessions(workshop, sessions) -> None:
    if not sessions:
        raise NoSession
    kept = {s.id: s for s in workshop.sessions if s.id}
    rows = []
    for facts in sorted(sessions, key=lambda s: s["starts_at"].astimezone(UTC)):
        if facts["ends_at"].astimezone(UTC) <= facts["starts_at"].astimezone(UTC):
            raise SessionEndsBeforeItStarts
        row = kept.pop(facts.get("id"), None) or WorkshopSession()
        # In UTC: moments of one zone compare by the wall clock, which lies when clocks change.
        row.starts_at, row.ends_at = facts["starts_at"].astimezone(UTC), facts["ends_at"].astimezone(UTC)
        row.title_it, row.title_en = facts["title_it"], facts.get("title_en", "")
        row.room = facts.get("room", "")
        speakers = list(facts.get("speakers", ()))
        if [(p.name, p.affiliation) for p in row.speakers] != [tuple(p) for p in speakers]:
            row.speakers = [Speaker(position=n, name=s[0], affiliation=s[1]) for n, s in enumerate(speakers)]
        rows.append(row)
    workshop.sessions = rows
    workshop.starts_at = rows[0].starts_at
    workshop.ends_at = max(r.ends_at for r in rows)


def _check(workshop) -> None:
    if not (workshop.title_it or "").strip():
        raise NoTitle
    if not workshop.sessions:
        raise NoSession
    if not workshop.venue and not workshop.online_url:
        raise NoPlace
    if workshop.online_url and not _is_https(workshop.online_url):
        raise InsecureLink
    if not workshop.seats or not 1 <= workshop.seats <= 100_000:
        raise NoSeats
    if workshop.registration_deadline > workshop.starts_at:
        raise DeadlineAfterStart
    if workshop.ends_at - workshop.starts_at > LONGEST:
        raise TooLong


def _is_https(link: str) -> bool:
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    return parts.scheme == "https" and "." in (parts.hostname or "") and not set(link) & set(' \t\r\n<>"')
