"""Verification: every row against its digest, every seal against the row and the seal before, and the chain
against the heads that were told to others. It only reads.

What each finding rests on: a digest needs the installation's key, so SQL cannot make one; the chain shows
what was deleted, swapped or put in between; and heads on paper or in mail show what was cut off at the end
together with its seals, or rewritten altogether.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice

from sqlalchemy import func, select

from dissemination.kernel.database import db
from dissemination.people.models import Contact
from dissemination.plan import digests, guards
from dissemination.plan.log import Activity
from dissemination.seals import marks, texts
from dissemination.seals.models import LogHead, LogSeal, LogTip
from dissemination.seals.queries import chain_at, genesis, printed, read_head
from dissemination.seals.sealing import LOOK_BACK, link
from dissemination.seals.strict import ODD, strict

LIMIT = 1_000  # findings; a log that was rewritten has one for each row
TABLE = Activity.__table__
WHO = ("id", "contact_id", "recorded_by", "digest", "person", "salt")
ERASED = Contact.erased_at.is_not(None).label("erased")


def _proved():
    return [strict(TABLE.c[name]) for name in (*digests.FACTS, *WHO)]


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


Check = Callable[[int], Iterator[Finding]]
_further: list[Check] = []


def register(check: Check) -> None:
    """Have `check(district_id)` asked at each verification: what a higher package keeps for good."""
    if check not in _further:
        _further.append(check)


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
    tip = _tip_of(district_id)
    end = yield from _along_the_chain(district_id, tip["position"] if tip else 0)
    yield from _tip(district_id, tip, end)
    yield from _without_seal(district_id, end.activity_id)
    yield from _copies(district_id)
    yield from _against_heads(district_id, told, end.position)
    for check in _further:
        yield from check(district_id)


@dataclass
class _End:
    """How far the seals go: the last position and its chain, and the highest row that has one; `at_tip`: what
    the tip must say of the last two."""

    chain: bytes
    position: int = 0
    activity_id: int = 0
    at_tip: tuple[int, bytes] | None = None


def _along_the_chain(district_id: int, tip: int):
    """Row by row in the order of the seals; returns where they end. `tip` is the position of the tip."""
    query = (
        select(*[strict(c).label(f"seal_{c.name}") for c in LogSeal.__table__.c], ERASED, *_proved())
        .select_from(LogSeal)
        .outerjoin(TABLE, TABLE.c.id == LogSeal.activity_id)
        .outerjoin(Contact, Contact.id == TABLE.c.contact_id)
        .where(LogSeal.district_id == district_id)
        .order_by(LogSeal.position)
        .execution_options(yield_per=1_000)
    )
    end = _End(genesis(district_id))
    end.at_tip = (0, end.chain) if tip == 0 else None
    for row in db.session.execute(query).mappings():
        position, row_id, chain = (row[f"seal_{name}"] for name in ("position", "activity_id", "chain"))
        if ODD in (position, row_id, chain):
            yield Finding("seal", None if position is ODD else position)
            continue
        for gone in range(end.position + 1, position):
            yield Finding("deleted", gone)
        if row["id"] is None:
            yield Finding("deleted", position, row_id)
        else:
            yield from _row(row, district_id, position)
            if _as_written(row) and link(end.chain, position, row_id, row["digest"]) != chain:
                yield Finding("moved", position, row_id)
        end.position, end.chain, end.activity_id = position, chain, max(end.activity_id, row_id)
        if position == tip:
            end.at_tip = end.activity_id, chain
    return end


def _tip_of(district_id: int):
    """The tip as it is now, read strictly; None without one."""
    query = select(*[strict(c) for c in LogTip.__table__.c]).where(LogTip.district_id == district_id)
    return db.session.execute(query).mappings().first()


def _tip(district_id: int, tip, end: _End) -> Iterator[Finding]:
    """The tip against the seals and against its mark. Others may have sealed since it was read."""
    if tip is None:
        if end.position and _tip_of(district_id) is None:
            yield Finding("tip")
        return
    if ODD in tip.values() or None in tip.values():
        yield Finding("tip")
        return
    position, chain = tip["position"], tip["chain"]
    if position > end.position:
        yield Finding("truncated", position, tip["activity_id"], printed(position, chain.hex()))
    elif (tip["activity_id"], chain) != end.at_tip or marks.of_tip(tip) != tip["mark"]:
        yield Finding("tip", position)
    elif position < end.position:
        later = _tip_of(district_id)
        if later is None or ODD in later.values() or later["position"] < end.position:
            yield Finding("tip", position)


def _row(row, district_id: int, position: int | None) -> Iterator[Finding]:
    """What is wrong with one row by itself."""
    if row["digest"] is None:
        yield Finding("inserted", position, row["id"])
    elif row["district_id"] != district_id or not _as_written(row) or not _person_stands(row):
        yield Finding("changed", position, row["id"])


def _as_written(row) -> bool:
    if ODD in row.values() or not row["person"]:
        return False
    try:
        return digests.digest_of(row, row["person"]) == row["digest"]
    except (AttributeError, TypeError, ValueError):  # an empty column that we never leave empty
        return False


def _person_stands(row) -> bool:
    """The person is who it was; or the row was parted from one, and names a contact that is empty."""
    if row["salt"] is None:
        return bool(row["erased"])
    return digests.person_of(row["salt"], row["contact_id"], row["recorded_by"]) == row["person"]


def _without_seal(district_id: int, last: int) -> Iterator[Finding]:
    """Rows that have no seal: new ones, which the next sealing takes, and old ones, put in between."""
    query = (
        select(*_proved(), ERASED)
        .outerjoin(LogSeal, LogSeal.activity_id == TABLE.c.id)
        .outerjoin(Contact, Contact.id == TABLE.c.contact_id)
        .where(TABLE.c.district_id == district_id, LogSeal.activity_id.is_(None))
        .order_by(TABLE.c.id)
        .execution_options(yield_per=1_000)
    )
    for row in db.session.execute(query).mappings():
        if row["id"] <= last - LOOK_BACK:
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
    heads, told_last = _told_heads(district_id)
    before, remembered = b"", set()
    for head in heads:
        if ODD in head.values() or head["at"] is None or marks.of_head(head, before) != head["mark"]:
            yield Finding("told", None if head["position"] is ODD else head["position"])
        if ODD not in (head["position"], head["chain"]):
            remembered.add((head["position"], head["chain"].hex()))
        before = b"" if head["mark"] is ODD else head["mark"]
    if told_last is not None and told_last != before:
        yield Finding("told")
    for position, chain in sorted(remembered | set(told)):
        found = chain_at(district_id, position)
        if found is not None and found.hex().startswith(chain):
            continue
        gone = found is None and position > reached
        yield Finding("truncated" if gone else "rewritten", position, None, printed(position, chain))


def _told_heads(district_id: int):
    """The heads that were told, and the mark of the last as the tip has it: of one moment."""
    kept = select(*[strict(c) for c in LogHead.__table__.c]).where(LogHead.district_id == district_id)
    last = select(strict(LogTip.__table__.c.told)).where(LogTip.district_id == district_id)
    mark, heads = db.session.scalar(last), db.session.execute(kept.order_by(LogHead.id)).mappings().all()
    while (now := db.session.scalar(last)) != mark:  # somebody told one meanwhile
        mark, heads = now, db.session.execute(kept.order_by(LogHead.id)).mappings().all()
    return heads, mark
