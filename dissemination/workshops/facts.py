"""A workshop's facts and programme, from what was given to checked rows.

Used by `actions` only: nothing here locks, logs or decides who may.
"""

from collections.abc import Sequence
from datetime import UTC
from itertools import combinations
from urllib.parse import urlsplit

from dissemination.kernel.clock import local, now
from dissemination.kernel.database import db
from dissemination.workshops import profiles
from dissemination.workshops.models import (
    FIRST_YEAR,
    LONGEST,
    YEARS_AHEAD,
    CoOrganiser,
    Mode,
    Speaker,
    Workshop,
    WorkshopSession,
)
from dissemination.workshops.refusals import (
    DeadlineAfterStart,
    InsecureLink,
    NoPlace,
    NoSeats,
    NoSession,
    NoTitle,
    OnlineSeatsNeedBoth,
    OutOfRange,
    Overlap,
    SessionEndsBeforeItStarts,
    TooLong,
    YearOutOfBounds,
)

SETTINGS = (
    "online_seats", "needs_approval", "is_private", "offer_hours", "required_share", "retention_months",
)  # fmt: skip
FACTS = (
    "theme", "sector_id", "macro_area_id", "activity_line_id", "title_it", "title_en", "abstract_it",
    "abstract_en", "venue", "address", "directions_it", "directions_en", "online_url", "seats",
    "registration_deadline", *SETTINGS,
)  # fmt: skip
RANGES = {
    "online_seats": (1, 100_000), "offer_hours": (0, 200), "required_share": (0, 100),
    "retention_months": (1, 120),
}  # fmt: skip


def write(workshop, facts, sessions, co_organisers: Sequence[tuple[str, str]] | None = None) -> None:
    """Put what was given on `workshop` and check the whole. None for sessions or co-organisers keeps them.

    A deadline of None follows the start from then on, also when that moves.
    """
    unknown = facts.keys() - set(FACTS)
    if unknown:
        raise TypeError(f"no such facts of a workshop: {', '.join(sorted(unknown))}")
    for name, value in facts.items():
        setattr(workshop, name, value)
    if sessions is not None:
        _write_sessions(workshop, sessions)
    if co_organisers is not None:
        _write_co_organisers(workshop, co_organisers)
    if "registration_deadline" in facts or workshop.registration_deadline is None:
        workshop.deadline_follows = workshop.registration_deadline is None
    if workshop.deadline_follows:
        workshop.registration_deadline = workshop.starts_at
    workshop.registration_deadline = workshop.registration_deadline.astimezone(UTC)
    _check(workshop)


def _write_sessions(workshop, sessions) -> None:
    if not sessions:
        raise NoSession
    kept = {s.id: s for s in workshop.sessions if s.id}
    with db.session.no_autoflush:  # nothing is checked yet
        pairs = [tuple(p) for facts in sessions for p in facts.get("speakers", ())]
        known = profiles.linked(workshop.district_id, pairs)
    rows = []
    for facts in sorted(sessions, key=lambda s: s["starts_at"].astimezone(UTC)):
        if facts["ends_at"].astimezone(UTC) <= facts["starts_at"].astimezone(UTC):
            raise SessionEndsBeforeItStarts
        row = kept.pop(facts.get("id"), None) or WorkshopSession()
        # In UTC: moments of one zone compare by the wall clock, which lies when clocks change.
        row.starts_at, row.ends_at = facts["starts_at"].astimezone(UTC), facts["ends_at"].astimezone(UTC)
        row.title_it, row.title_en = facts["title_it"], facts.get("title_en", "")
        row.room, row.track = facts.get("room", ""), facts.get("track", "")
        _write_speakers(row, [tuple(p) for p in facts.get("speakers", ())], known)
        rows.append(row)
    _refuse_overlaps(rows)
    workshop.sessions = rows
    workshop.starts_at = rows[0].starts_at
    workshop.ends_at = max(r.ends_at for r in rows)


def _write_speakers(row: WorkshopSession, speakers: list[tuple], known) -> None:
    if [(p.name, p.affiliation) for p in row.speakers] == speakers:
        return
    row.speakers = [
        Speaker(position=n, name=name, affiliation=place or known[name, place].affiliation,
                profile=known[name, place])
        for n, (name, place) in enumerate(speakers)
    ]  # fmt: skip


def _write_co_organisers(workshop: Workshop, pairs: Sequence[tuple[str, str]]) -> None:
    if [(c.name, c.website) for c in workshop.co_organisers] != [tuple(p) for p in pairs]:
        workshop.co_organisers = [
            CoOrganiser(position=n, name=name, website=website) for n, (name, website) in enumerate(pairs)
        ]


def _refuse_overlaps(rows: list[WorkshopSession]) -> None:
    """Sessions at the same time stand side by side, each in a track with a name of its own."""
    for first, second in combinations(rows, 2):
        together = first.starts_at < second.ends_at and second.starts_at < first.ends_at
        told_apart = first.track and second.track and first.track.casefold() != second.track.casefold()
        if together and not told_apart:
            raise Overlap(first.title_it, second.title_it)


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
    _check_years(workshop)
    if workshop.registration_deadline > workshop.starts_at:
        raise DeadlineAfterStart
    if workshop.ends_at - workshop.starts_at > LONGEST:
        raise TooLong
    _check_settings(workshop)


def _check_years(workshop) -> None:
    last = now().year + YEARS_AHEAD
    for moment in (workshop.starts_at, workshop.ends_at, workshop.registration_deadline):
        day = local(moment).date()
        if not FIRST_YEAR <= day.year <= last:
            raise YearOutOfBounds(day, last=last)


def _check_settings(workshop) -> None:
    for name, (lowest, highest) in RANGES.items():
        value = getattr(workshop, name)
        if value is not None and not lowest <= value <= highest:
            raise OutOfRange(name, lowest, highest)
    if workshop.online_seats is not None and workshop.mode is not Mode.MIXED:
        raise OnlineSeatsNeedBoth


def _is_https(link: str) -> bool:
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    return parts.scheme == "https" and "." in (parts.hostname or "") and not set(link) & set(' \t\r\n<>"')
