"""What a block can show that is not the editor's own words: workshops, publications, foresight …

A package above that has something to show registers its kind here (in its `setup.init_app`), for example
open calls: `sources.register(Source(key="call", …))`. From then on it is offered among the blocks, comes
in when an issue is composed from the calendar, and is watched for changes. Nothing else is to be done.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dissemination.districts.models import District
from dissemination.newsletters.findings import Level


@dataclass(frozen=True)
class Wish:
    """What an issue is to be composed of. `sectors` None means all."""

    district: District
    starts: datetime  # of the period, aware
    ends: datetime  # first moment after it
    sectors: frozenset[int] | None
    since: datetime  # the last issue was sent then: newer things are news


MOST = 60  # rows of a source that a page offers or an issue takes in at once


@dataclass(frozen=True)
class Source:
    """A kind of rows that blocks can show. All functions take many rows at once or a loaded row: no query
    per row."""

    key: str  # at most 30 characters; stored in blocks
    name: Any  # lazy text: "Workshop"
    heading: Any  # lazy text above several: "Coming workshops"
    by_ids: Callable[[int, Iterable[int]], Mapping[int, Any]]  # (district id, ids) -> rows
    recent: Callable[[District], list]  # what is offered to pick by hand
    choose: Callable[[Wish], list]  # what belongs into an issue
    title: Callable[[Any, str], str]  # (row, language)
    line: Callable[[Any], str]  # beside the title in lists: the date, the authors
    facts: Callable[[Any], dict[str, str]]  # what readers are told, as plain strings
    labels: dict[str, Any]  # lazy text for each name in facts
    said: Callable[[str, str, District], str]  # (name, value, district) -> the fact for people
    shown: Callable[[Any, Any, str], dict]  # (issue, row, language) -> data of a block in the mail
    address: Callable[[Any, Any], str]  # (district, row) -> its public page
    problems: Callable[[list], dict[int, list[tuple[Level, str, str]]]]  # rows -> by id (level, code, words)
    corrected: frozenset[str] = field(default_factory=frozenset)  # facts whose change is worth a second mail
    most: int = MOST  # rows that are offered or proposed at once; pages say so when there are as many


@dataclass(frozen=True)
class Change:
    """One fact that differs from what was seen, in words."""

    name: str
    label: str
    old: str
    new: str


_sources: dict[str, Source] = {}


def register(source: Source) -> None:
    """Offer `source`. Registering a key again replaces it."""
    _sources[source.key] = source


def unregister(key: str) -> None:
    """Take a source back (tests)."""
    _sources.pop(key, None)


def every() -> list[Source]:
    """All sources, in the order in which they were registered."""
    return list(_sources.values())


def get(key: str | None) -> Source | None:
    """The source with that key."""
    return _sources.get(key or "")


def changes(source: Source, row, seen: Mapping[str, str] | None, district: District) -> list[Change]:
    """How `row` differs from the facts `seen`; nothing when none were noted."""
    if not seen:
        return []
    now = source.facts(row)
    return [
        Change(name, str(source.labels[name]), source.said(name, seen[name], district),
               source.said(name, now[name], district))
        for name in source.labels if name in seen and name in now and seen[name] != now[name]
    ]  # fmt: skip
