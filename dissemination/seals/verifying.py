"""Verification: every row against its digest, every seal against the row and the seal before, and the chain
against the heads that were told to others. It only reads.

What each finding rests on: a digest needs the installation's key, so SQL cannot make one; the chain shows
what was deleted, swapped or put in between; and heads on paper or in mail show what was cut off at the end
together with its seals, or rewritten altogether.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice

from sqlalchemy import func, select

from dissemination.kernel.database import db
from dissemination.people.models import Contact
from dissemination.plan import digests, guards
from dissemination.plan.log import Activity
from dissemination.seals import texts
from dissemination.seals.models import LogHead, LogSeal, LogTip
from dissemination.seals.queries import chain_at, genesis, printed, read_head
from dissemination.seals.sealing import LOOK_BACK, link

LIMIT = 1_000  # findings; a log that was rewritten has one for each row
TABLE = Activity.__table__
WHO = ("id", "contact_id", "recorded_by", "digest", "person", "salt")
PROVED = [TABLE.c[name] for name in (*digests.FACTS, *WHO)]


@dataclass(frozen=True)
class Finding:
    """Something that is not as it was written. `position` and `activity_id` where they are known."""

    kind: str  # a key of texts.KINDS
    position: int | None = None
    activity_id: int | None = None
    detail: str = ""

    @property
    def what(self) -> str:
        """In words."""
        return texts.kind(self.kind)

    def as_json(self) -> dict:
        """Plain values, for JSON."""
        return asdict(self)


def verify(district, heads: Iterable[str] = ()) -> list[Finding]:
    """Everything wrong with a district's log, at most LIMIT findings; []: it is as it was written.

    `heads` are heads as printed or mailed; those that this database remembers are looked at too.
    Raises ValueError for a text that is no head.
    """
    told = [_told(text) for text in heads]
    return list(islice(_findings(district.id, told), LIMIT))


def _told(text: str) -> tuple[int, str]:
    found = read_head(text)
    if found is None:
        raise ValueError(f"{text!r} is not a head: it looks like 1204-9f3c-a81e-…")
    return found


def _findings(district_id: int, told: list[tuple[int, str]]) -> Iterator[Finding]:
    for name in guards.missing(db.session.connection()):
        yield Finding("unguarded", detail=name)
    tip = db.session.get(LogTip, district_id, populate_existing=True)
    reached = yield from _along_the_chain(district_id)
    if tip is not None and tip.position > reached:
        yield Finding("truncated", tip.position, tip.activity_id, printed(tip.position, tip.chain.hex()))
    yield from _without_seal(district_id)
    yield from _copies(district_id)
    yield from _against_heads(district_id, told, reached)


def _along_the_chain(district_id: int):
    """Row by row in the order of the seals; returns the last position."""
    query = (
        select(LogSeal.position, LogSeal.activity_id, LogSeal.chain, Contact.erased_at, *PROVED)
        .select_from(LogSeal)
        .outerjoin(TABLE, TABLE.c.id == LogSeal.activity_id)
        .outerjoin(Contact, Contact.id == TABLE.c.contact_id)
        .where(LogSeal.district_id == district_id)
        .order_by(LogSeal.position)
        .execution_options(yield_per=1_000)
    )
    before, last = genesis(district_id), 0
    for row in db.session.execute(query).mappings():
        position, row_id = row["position"], row["activity_id"]
        for gone in range(last + 1, position):
            yield Finding("deleted", gone)
        last = position
        if row["id"] is None:
            yield Finding("deleted", position, row_id)
        else:
            yield from _row(row, district_id, position)
            sealed = link(before, position, row_id, row["digest"])
            if sealed != row["chain"] and row["digest"] is not None and _as_written(row):
                yield Finding("moved", position, row_id)
        before = row["chain"]
    return last


def _row(row, district_id: int, position: int | None) -> Iterator[Finding]:
    """What is wrong with one row by itself."""
    if row["digest"] is None:
        yield Finding("inserted", position, row["id"])
    elif row["district_id"] != district_id or not _as_written(row) or not _person_stands(row):
        yield Finding("changed", position, row["id"])


def _as_written(row) -> bool:
    return bool(row["person"]) and digests.digest_of(row, row["person"]) == row["digest"]


def _person_stands(row) -> bool:
    """The person is who it was; or the row was parted from one, and names a contact that is empty."""
    if row["salt"] is None:
        return row["contact_id"] is None or row["erased_at"] is not None
    return digests.person_of(row["salt"], row["contact_id"], row["recorded_by"]) == row["person"]


def _without_seal(district_id: int) -> Iterator[Finding]:
    """Rows that have no seal: new ones, which the next sealing takes, and old ones, put in between."""
    last = db.session.scalar(
        select(func.max(LogSeal.activity_id)).where(LogSeal.district_id == district_id)
    )  # fmt: skip
    query = (
        select(*PROVED, Contact.erased_at)
        .outerjoin(LogSeal, LogSeal.activity_id == TABLE.c.id)
        .outerjoin(Contact, Contact.id == TABLE.c.contact_id)
        .where(TABLE.c.district_id == district_id, LogSeal.activity_id.is_(None))
        .order_by(TABLE.c.id)
        .execution_options(yield_per=1_000)
    )
    for row in db.session.execute(query).mappings():
        if row["id"] <= (last or 0) - LOOK_BACK:
            yield Finding("inserted", None, row["id"])
        else:
            yield from _row(row, district_id, None)


def _copies(district_id: int) -> Iterator[Finding]:
    """Rows that carry the digest of an earlier one."""
    mine = TABLE.c.district_id == district_id, TABLE.c.digest.is_not(None)
    twice = select(TABLE.c.digest, func.min(TABLE.c.id)).where(*mine).group_by(TABLE.c.digest)
    for digest, first in db.session.execute(twice.having(func.count() > 1)).all():
        others = select(TABLE.c.id).where(*mine, TABLE.c.digest == digest, TABLE.c.id != first)
        for row_id in db.session.scalars(others.order_by(TABLE.c.id)):
            yield Finding("inserted", None, row_id)


def _against_heads(district_id: int, told: list[tuple[int, str]], reached: int) -> Iterator[Finding]:
    kept = select(LogHead.position, LogHead.chain).where(LogHead.district_id == district_id)
    remembered = {(position, chain.hex()) for position, chain in db.session.execute(kept)}
    for position, chain in sorted(remembered | set(told)):
        found = chain_at(district_id, position)
        if found is not None and found.hex().startswith(chain):
            continue
        gone = found is None and position > reached
        yield Finding("truncated" if gone else "rewritten", position, None, printed(position, chain))
