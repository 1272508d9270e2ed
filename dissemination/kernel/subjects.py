"""Links upward as data: how a low floor shows something that lives on a higher one.

The activity log and the outbox keep `(subject_kind, subject_id)`. The package that owns the kind
registers here how to open it; the low floor asks for the address and never imports upward.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Shown:
    """A subject as others name it: its title in the reader's language, its public address (none: it is not
    public), its day, and what it is in one word."""

    title: str
    url: str | None
    on: date | None = None
    note: str = ""


@dataclass(frozen=True)
class Namer:
    """How the owner of a kind names its subjects to neighbours on the same floor. Each asks once.

    `named(district_id, ids)` gives those that exist; `offered(district_id)` what may be chosen, newest
    first; `related(kind, id)` what is public and says of itself that it belongs to that subject.
    """

    named: Callable[[int, Collection[int]], dict[int, Shown]]
    offered: Callable[[int], Sequence[tuple[int, str]]] = lambda _district_id: ()
    related: Callable[[str, int], Sequence[Shown]] = lambda _kind, _subject_id: ()


_urls: dict[str, Callable[[int], str | None]] = {}
_namers: dict[str, Namer] = {}
_confidential: set[str] = set()


def register(kind: str, url: Callable[[int], str | None]) -> None:
    """Say how to open subjects of `kind` (the owner's table name). Called at import by its owner."""
    _urls[kind] = url


def url(kind: str, subject_id: int) -> str | None:
    """The desk address of the subject, or None when nobody shows that kind."""
    make = _urls.get(kind)
    return make(subject_id) if make else None


def keep_confidential(*kinds: str) -> None:
    """Say that mails about subjects of these kinds are read by organisers only, not by whoever looks on."""
    _confidential.update(kinds)


def is_confidential(kind: str) -> bool:
    """Whether mails about subjects of `kind` are read by organisers only."""
    return kind in _confidential


def register_names(kind: str, namer: Namer) -> None:
    """Say how subjects of `kind` are named to their neighbours. Called at import by their owner."""
    _namers[kind] = namer


def named(kind: str, district_id: int, ids: Collection[int]) -> dict[int, Shown]:
    """The subjects of `kind` with these ids in the district; empty when nobody names that kind."""
    namer = _namers.get(kind)
    return namer.named(district_id, ids) if namer and ids else {}


def offered(kind: str, district_id: int) -> Sequence[tuple[int, str]]:
    """(id, title) of subjects of `kind` to choose from."""
    namer = _namers.get(kind)
    return namer.offered(district_id) if namer else ()


def related(kind: str, to_kind: str, to_id: int) -> Sequence[Shown]:
    """The public subjects of `kind` that belong to another subject, by what they say of themselves."""
    namer = _namers.get(kind)
    return namer.related(to_kind, to_id) if namer else ()


def kind_of(subject) -> str:
    """The kind of a model instance: its table name."""
    return subject.__tablename__
