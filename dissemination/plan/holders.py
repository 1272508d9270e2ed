"""Who knows, for a kind of activity, what proves it: registered by the package that owns the kind.

The checklist (R4) names codes. Some are files that somebody attached, some are facts that only the owner
knows: that the abstract is written, that somebody was present, that the page is public.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from dissemination.kernel.database import db
from dissemination.people.accounts import Account
from dissemination.plan.log import Evidence

BROKEN = ("lost", "changed")  # what the disk no longer holds proves nothing


@dataclass(frozen=True)
class Pending:
    """An activity that took place and whose books are not closed: no row of the log yet."""

    subject_id: int
    title: str
    on: date
    line_id: int | None
    missing: tuple[str, ...]  # in words, in the reader's language


@dataclass(frozen=True)
class Holder:
    """What a package says of the evidence of its kind. Every function takes many ids and asks once.

    `held`: the codes fulfilled besides files and notes; `where`: the desk page; `who`: the account that
    is to be reminded; `pending`: what is not logged yet, of a district; `remove`: takes a proof back
    under the kind's own rules (raises a Refusal). `confidential`: that a file is there is the proof for all,
    what stands in it is for the district's organisers alone.
    """

    verb: str
    kind: str
    held: Callable[[Sequence[int]], dict[int, set[str]]] = lambda _ids: {}
    where: Callable[[Sequence[int]], dict[int, str]] = lambda _ids: {}
    who: Callable[[Sequence[int]], dict[int, int | None]] = lambda _ids: {}
    pending: Callable[[int], list[Pending]] = lambda _district_id: []
    computed: frozenset[str] = frozenset()  # codes that no file can prove
    remove: Callable[[int, Evidence, str, Account | None], None] | None = None
    confidential: bool = False


Listener = Callable[[str, Sequence[int]], None]
_holders: dict[tuple[str, str], Holder] = {}
_listeners: list[Listener] = []


def register(holder: Holder) -> None:
    """Say who knows about activities of a kind that `holder.verb` logs. Called at start by the owner."""
    _holders[holder.verb, holder.kind] = holder


def of(verb: str, kind: str) -> Holder | None:
    """Who knows about subjects of `kind` (a table's name) that `verb` logs; None when nobody registered."""
    return _holders.get((verb, kind))


def of_kind(kind: str) -> Holder | None:
    """Who knows about subjects of `kind` (a table's name); None when nobody registered."""
    return next((h for h in _holders.values() if h.kind == kind), None)


def is_confidential(kind: str) -> bool:
    """Whether files that prove subjects of `kind` are for the district's organisers alone."""
    return any(h.confidential for h in _holders.values() if h.kind == kind)


def every() -> list[Holder]:
    """All that are registered, by verb and kind."""
    return [_holders[key] for key in sorted(_holders)]


def listen(listener: Listener) -> None:
    """Have `listener(kind, ids)` called when evidence of subjects changed, in that transaction."""
    if listener not in _listeners:
        _listeners.append(listener)


def changed(kind: str, ids: Sequence[int]) -> None:
    """The evidence of these subjects changed: a file came or went, or a fact that proves something."""
    for listener in _listeners:
        listener(kind, ids)


def attached(kind: str, ids: Iterable[int]) -> dict[int, set[str]]:
    """The codes that stored files and notes prove, by subject; what the disk lost proves nothing."""
    query = select(Evidence.subject_id, Evidence.code).where(
        Evidence.subject_kind == kind, Evidence.subject_id.in_(list(ids)), Evidence.removed_at.is_(None),
        Evidence.condition.not_in(BROKEN),
    )  # fmt: skip
    found: dict[int, set[str]] = defaultdict(set)
    for subject_id, code in db.session.execute(query):
        found[subject_id].add(code)
    return found
