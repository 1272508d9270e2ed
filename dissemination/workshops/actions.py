"""The verbs of a workshop's life. Closing lives in `attendance`, which knows who came.

`revision` rises when something changes that calendars show (time, date, place, online link, title) or
the status does. Who must hear of it asks (`registrations` compares what each calendar was told).
"""

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import delete, select

from dissemination.districts.models import District
from dissemination.kernel.clock import now, today
from dissemination.kernel.database import db
from dissemination.kernel.text import free_slug
from dissemination.people.accounts import Account
from dissemination.plan import activity
from dissemination.workshops import queries, words
from dissemination.workshops import questions as asked
from dissemination.workshops.facts import FACTS, write
from dissemination.workshops.models import (
    Cancellation,
    State,
    Workshop,
    WorkshopWord,
)
from dissemination.workshops.refusals import (
    AlreadyCancelled,
    AlreadyClosed,
    AlreadyHeld,
    AlreadyPublished,
    ChangedMeanwhile,
    NoReason,
    NotYetPublished,
)


class Did(StrEnum):
    """What the activity log keeps of workshops."""

    PUBLISHED = "workshop.published"
    HELD = "workshop.held"  # written by attendance when the books are closed
    CANCELLED = "workshop.cancelled"


def add(
    district: District,
    *,
    by: Account | None,
    sessions: Sequence[dict],
    questions: Sequence[dict] = (),
    **facts,
) -> Workshop:
    """A new draft.

    `sessions`: dicts with `title_it`, `title_en`, `starts_at`, `ends_at` (aware), `room`, and `speakers`
    as (name, affiliation) pairs. `questions`: as `questions.put` takes them; they are changed on a page
    of their own. `facts`: see `facts.FACTS`; `registration_deadline` is the start when left out.
    Raises the refusals of this module.
    """
    workshop = Workshop(district_id=district.id, created_at=now(), created_by=by.id if by else None)
    write(workshop, facts, sessions)
    asked.put(workshop, questions)
    workshop.slug = free_slug(workshop.title_it, lambda slug: _taken(district, slug))
    db.session.add(workshop)
    db.session.flush()
    words.index(workshop)
    return workshop


def revise(
    workshop: Workshop,
    *,
    by: Account | None,
    version: int,
    sessions: list[dict] | None = None,
    **facts,
) -> Workshop:
    """Change facts of a workshop; `sessions` as in `add`, with `id` where they exist.

    What is left out stays. Seats may be lowered below those taken: nobody loses a seat, and nobody gets
    one until there is room again. Raises ChangedMeanwhile when `version` is not the current one,
    AlreadyCancelled, AlreadyClosed and the refusals of `add`.
    """
    queries.hold(workshop)
    if version != workshop.version:
        raise ChangedMeanwhile
    _must_be_open(workshop)
    before = _seen_in_calendars(workshop)
    write(workshop, facts, sessions)
    workshop.version += 1
    workshop.updated_at, workshop.updated_by = now(), by.id if by else None
    db.session.flush()
    if _seen_in_calendars(workshop) != before:
        workshop.revision += 1
    words.index(workshop)
    return workshop


def publish(workshop: Workshop, *, by: Account | None) -> Workshop:
    """Show the workshop to the public and open registrations. Twice is once.

    Raises AlreadyCancelled, AlreadyClosed.
    """
    queries.hold(workshop)
    _must_be_open(workshop)
    if workshop.published_at is not None:
        return workshop
    workshop.published_at = now()
    _status_changed(workshop)
    _record(Did.PUBLISHED, workshop, by)
    return workshop


def cancel(workshop: Workshop, *, reason: str, by: Account | None) -> Cancellation:
    """Call the workshop off, for the public to see; `registrations` tells who holds a seat or waits.

    Twice is once. Raises NotYetPublished, AlreadyHeld, AlreadyClosed, NoReason.
    """
    queries.hold(workshop)
    if workshop.cancellation is not None:
        return workshop.cancellation
    if workshop.state is State.DRAFT:
        raise NotYetPublished
    if workshop.state is State.HELD:
        raise AlreadyHeld
    _must_be_open(workshop)
    if not reason.strip():
        raise NoReason
    workshop.cancellation = Cancellation(reason=reason.strip(), by=by.id if by else None, at=now())
    _status_changed(workshop)
    _record(Did.CANCELLED, workshop, by)
    return workshop.cancellation


def delete_draft(workshop: Workshop) -> None:
    """Remove a draft for good. Raises AlreadyPublished."""
    queries.hold(workshop)
    if workshop.published_at is not None:
        raise AlreadyPublished
    db.session.execute(delete(WorkshopWord).where(WorkshopWord.workshop_id == workshop.id))
    db.session.delete(workshop)
    db.session.flush()


def copy(workshop: Workshop, *, by: Account | None, days: int) -> Workshop:
    """A new draft with the same facts and programme, `days` later at the same hours of the wall clock."""
    later = timedelta(days=days)

    def shift(moment):
        return moment.astimezone(workshop.district.zone) + later

    sessions = [
        {
            "title_it": s.title_it, "title_en": s.title_en, "room": s.room,
            "starts_at": shift(s.starts_at), "ends_at": shift(s.ends_at),
            "speakers": [(p.name, p.affiliation) for p in s.speakers],
        }
        for s in workshop.sessions
    ]  # fmt: skip
    facts = {name: getattr(workshop, name) for name in FACTS}
    facts["registration_deadline"] = shift(workshop.registration_deadline)
    return add(workshop.district, by=by, sessions=sessions, questions=asked.plain(workshop), **facts)


def _must_be_open(workshop: Workshop) -> None:
    if workshop.cancellation is not None:
        raise AlreadyCancelled
    if workshop.closing is not None:
        raise AlreadyClosed


def _seen_in_calendars(workshop):
    return (
        workshop.days, workshop.venue, workshop.address, workshop.online_url,
        workshop.title_it, workshop.title_en,
    )  # fmt: skip


def _status_changed(workshop) -> None:
    workshop.revision += 1
    workshop.version += 1


def _record(verb, workshop, by) -> None:
    activity.record(
        verb,
        workshop,
        district_id=workshop.district_id,
        title=workshop.title_it,
        happened_on=today(workshop.district.zone),
        by=by,
        activity_line_id=workshop.activity_line_id,
        attributes=attributes(workshop),
    )


def attributes(workshop: Workshop) -> dict[str, str]:
    """What the log keeps of a workshop, for filters and splits of figures."""
    return {
        "mode": workshop.mode.value,
        "sector": workshop.sector.code if workshop.sector else "",
        "macro_area": workshop.macro_area.name_it if workshop.macro_area else "",
    }


def _taken(district, slug) -> bool:
    query = select(Workshop.id).where(Workshop.district_id == district.id, Workshop.slug == slug)
    return db.session.scalar(query) is not None
