"""COUNTER's rules over hits: what is a double click, what is unique. Values in, values out; no database.

After the COUNTER Code of Practice 5.1, §7.2 (double-click filtering) and §7.4 (unique items). A session is a
visitor within an hour of the clock, as the code allows where no session is known (§7.6).
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from dissemination.usage.models import What

DOUBLE_CLICK = timedelta(seconds=30)
SESSION = timedelta(hours=1)


@dataclass(frozen=True, order=True)
class Hit:
    """Somebody (`visitor`, a hash) did `what` with a publication at a moment; `file_id` 0 is its page."""

    visitor: bytes
    publication_id: int
    what: What
    file_id: int
    at: datetime


@dataclass(frozen=True)
class Counted:
    """A hit that counts; `unique`: the first of its visitor with this publication in this hour."""

    hit: Hit
    unique: bool


def hour_of(moment: datetime) -> datetime:
    """The beginning of the hour of a moment (aware)."""
    return moment.replace(minute=0, second=0, microsecond=0)


def counted(hits: Iterable[Hit], *, until: datetime) -> list[Counted]:
    """The hits before `until` (the end of an hour) that count.

    Of two on the same page or file within 30 seconds the later one counts, so `hits` must hold those of the
    30 seconds after `until`, too.
    """
    kept = []
    for _same, group in groupby(sorted(hits), key=lambda h: (h.visitor, h.publication_id, h.what, h.file_id)):
        row = list(group)
        for n, hit in enumerate(row):
            doubled = n + 1 < len(row) and row[n + 1].at - hit.at <= DOUBLE_CLICK
            if not doubled and hit.at < until:
                kept.append(hit)
    seen: Counter = Counter()
    found = []
    for hit in sorted(kept, key=lambda h: h.at):
        session = (hit.visitor, hit.publication_id, hit.what, hour_of(hit.at))
        found.append(Counted(hit, unique=not seen[session]))
        seen[session] += 1
    return found
