"""The verbs of a workshop's life. Closing lives in `attendance`, which knows who came.

`revision` rises when something changes that calendars show (time, date, place, online link, title) or
the status does. Who must hear of it asks (`registrations` compares what each calendar was told).
"""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from dissemination.districts.models import District
from dissemination.kernel.clock import now, today
from dissemination.kernel.database import db
from dissemination.kernel.text import free_slug
from dissemination.people.accounts import Account
from dissemination.plan import activity
from dissemination.workshops import queries, shape, words
from dissemination.workshops import questions as asked
from dissemination.workshops.facts import write
from dissemination.workshops.models import (
    Cancellation,
    Reinstatement,
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
    NotCancelled,
    NotYetPublished,
    ReinstatedWithoutReason,
    TooLateToReinstate,
)

MARK = 40
RESERVED = frozenset({"new", "calendar", "feeding"})  # words that our own addresses use in a slug's place


class Did(StrEnum):
    """What the activity log keeps of workshops."""

    PUBLISHED = "workshop.published"
    HELD = "workshop.held"  # written by attendance when the books are closed
    CANCELLED = "workshop.cancelled"
    REINSTATED = "workshop.reinstated"


def add(
    district: District,
    *,
    by: Account | None,
    sessions: Sequence[dict],
    questions: Sequence[dict] = (),
    co_organisers: Sequence[tuple[str, str]] = (),
    form_mark: str | None = None,
    **facts,
) -> Workshop:
    """A new draft.

    `sessions`: dicts with `title_it`, `title_en`, `starts_at`, `ends_at` (aware), `room`, `track`, and
    `speakers` as (name, affiliation) pairs. `questions`: as `questions.put` takes them; they are changed
    on a page of their own. `co_organisers`: (name, website) pairs. `facts`: see `facts.FACTS`;
    `registration_deadline` follows the start when left out. A `form_mark` seen before gives the workshop
    that it made. Raises the refusals of this module.
    """
    twin = queries.by_mark(form_mark)
    if twin is not None and twin.district_id == district.id:
        return twin
    workshop = Workshop(district_id=district.id, created_at=now(), created_by=by.id if by else None)
    workshop.form_mark = form_mark if twin is None and form_mark and len(form_mark) <= MARK else None
    write(workshop, facts, sessions, co_organisers)
    asked.put(workshop, questions)
    workshop.slug = free_slug(workshop.title_it, lambda slug: _taken(district, slug))
    try:
        with db.session.begin_nested():
            db.session.add(workshop)
    except IntegrityError:  # the same form was sent twice at once
        twin = queries.by_mark(form_mark)
        if twin is None or twin.district_id != district.id:
            raise
        return twin
    words.index(workshop)
    return workshop


def revise(
    workshop: Workshop,
    *,
    by: Account | None,
    version: int,
    sessions: list[dict] | None = None,
    co_organisers: Sequence[tuple[str, str]] | None = None,
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
    write(workshop, facts, sessions, co_organisers)
    workshop.version += 1
    workshop.updated_at, workshop.updated_by = now(), by.id if by else None
    db.session.flush()
    if _seen_in_calendars(workshop) != before:
        workshop.revision += 1
    words.index(workshop)
    queries.touch_series(workshop)
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


def reinstate(workshop: Workshop, *, reason: str, by: Account | None) -> Workshop:
    """Take a cancellation back while its date is still to come. Registrations stood all the time.

    The revision rises, so that `registrations` invites everyone again with a higher SEQUENCE. The row of
    the log that says "called off" is taken back. Raises NotCancelled, TooLateToReinstate,
    ReinstatedWithoutReason.
    """
    queries.hold(workshop)
    was = workshop.cancellation
    if was is None:
        raise NotCancelled
    if workshop.starts_at <= now():
        raise TooLateToReinstate
    if not reason.strip():
        raise ReinstatedWithoutReason
    db.session.add(Reinstatement(
        workshop_id=workshop.id, reason=reason.strip(), by=by.id if by else None, at=now(),
        cancelled_reason=was.reason, cancelled_by=was.by, cancelled_at=was.at,
    ))  # fmt: skip
    db.session.delete(was)
    db.session.flush()
    db.session.expire(workshop, ["cancellation"])
    _status_changed(workshop)
    for row in queries.cancelled_rows(workshop, Did.CANCELLED):
        activity.reverse(row, by=by, happened_on=today(workshop.district.zone), reason=reason)
    _record(Did.REINSTATED, workshop, by)
    return workshop


def copy(workshop: Workshop, *, by: Account | None, day: date, form_mark: str | None = None) -> Workshop:
    """A new draft with all the same facts, its first session on `day`, at the same hours of the wall clock.

    Raises HourDoesNotExist, NoPlanLine and what `add` raises.
    """
    made = shape.on(shape.of(workshop), day, workshop.district)
    return add(workshop.district, by=by, form_mark=form_mark, **made)


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
    db.session.flush()
    queries.touch_series(workshop)


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
    if slug in RESERVED:
        return True
    query = select(Workshop.id).where(Workshop.district_id == district.id, Workshop.slug == slug)
    return db.session.scalar(query) is not None
