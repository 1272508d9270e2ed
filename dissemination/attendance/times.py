"""Times of a workshop and of people in it: spans, dates, minutes. Plain values, no database."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from dissemination.workshops.models import Workshop


class Span(NamedTuple):
    """From one moment to another, both aware."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Day:
    """A date of a workshop: when something goes on, and which moments belong to this date.

    A session that runs past midnight belongs to the date on which it began. Between two dates the
    middle decides: who comes early is early for the next one.
    """

    date: date
    sessions: tuple[Span, ...]  # merged: parallel tracks are one span
    since: datetime | None  # None: also anything before
    until: datetime | None

    @property
    def start(self) -> datetime:
        """When the first session begins."""
        return self.sessions[0].start

    @property
    def end(self) -> datetime:
        """When the last session ends."""
        return self.sessions[-1].end

    def holds(self, moment: datetime) -> bool:
        """Whether something that happened at `moment` belongs to this date."""
        return (self.since is None or self.since <= moment) and (self.until is None or moment < self.until)


def days(workshop: Workshop) -> list[Day]:
    """The dates of `workshop`, in order."""
    programme = [
        (day, merge(Span(s.starts_at, s.ends_at) for s in sessions))
        for day, sessions in sorted(workshop.sessions_by_day.items())
    ]
    ends = [spans[-1].end for _day, spans in programme]
    starts = [spans[0].start for _day, spans in programme]
    between = [end + (start - end) / 2 for end, start in zip(ends, starts[1:], strict=False)]
    return [
        Day(day, tuple(spans), since, until)
        for (day, spans), since, until in zip(programme, [None, *between], [*between, None], strict=True)
    ]


def day_of(moment: datetime, among: Sequence[Day]) -> Day:
    """The date to which `moment` belongs."""
    return next(day for day in among if day.holds(moment))


def merge(spans: Iterable[Span]) -> list[Span]:
    """The same time without overlaps, in order."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged


def shared(some: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """The time that lies in both."""
    kept = list(others)
    both = (Span(max(a.start, b.start), min(a.end, b.end)) for a in some for b in kept)
    return merge(span for span in both if span.start < span.end)


def length(spans: Iterable[Span]) -> timedelta:
    """How long the spans are together, overlaps counted once."""
    return sum((span.end - span.start for span in merge(spans)), timedelta())


def minutes(duration: timedelta) -> int:
    """Whole minutes, the begun one left out."""
    return int(duration.total_seconds() // 60)
