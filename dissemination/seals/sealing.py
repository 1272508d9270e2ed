"""Sealing: rows of the log that have no seal get the next ones, in the order of their ids.

Not while a fact is written: a chain needs one writer at a time, and registrations would queue for it. The
worker seals every half minute, and whoever needs a head (a report, a sign-off, a print) seals first.
"""

from hashlib import sha256

from sqlalchemy import exists, func, select

from dissemination.kernel.clock import now
from dissemination.kernel.database import db, insert_into, writing
from dissemination.plan.log import Activity
from dissemination.seals import marks
from dissemination.seals.models import LogHead, LogSeal, LogTip, Place
from dissemination.seals.queries import Head, genesis, head_of

# On PostgreSQL ids are committed out of order: so many ids behind the last one are looked at again.
LOOK_BACK = 50_000
BATCH = 1_000


def seal(district_id: int, *, limit: int | None = None) -> Head:
    """Seal what has no seal yet (at most `limit` rows) and return the head. Needs transaction()."""
    tip = _held(district_id)
    trusted = marks.of_tip(vars(tip)) == tip.mark
    if not trusted:
        _set_right(tip)
    rows = db.session.execute(unsealed(district_id, tip.activity_id).limit(limit)).all()
    chain, position = tip.chain, tip.position
    made = []
    for row_id, digest in rows:
        position += 1
        chain = link(chain, position, row_id, digest)
        made.append({"district_id": district_id, "position": position, "activity_id": row_id, "chain": chain})
    for start in range(0, len(made), BATCH):
        db.session.execute(insert_into(LogSeal.__table__), made[start : start + BATCH])
    if made:
        tip.position, tip.chain, tip.at = position, chain, now()
        tip.activity_id = max(tip.activity_id, rows[-1][0])
    _keep(tip, trusted=trusted)
    return head_of(tip)


def tell(head: Head, *, place: Place, about: str, by: int | None) -> LogHead:
    """Keep a head that leaves the house, marked after the one before. Needs transaction()."""
    tip = _held(head.district_id)
    trusted = marks.of_tip(vars(tip)) == tip.mark
    row = LogHead(
        district_id=head.district_id, position=head.position, activity_id=head.activity_id,
        chain=bytes.fromhex(head.chain), at=now(), place=place, about=about[:200], by=by,
    )  # fmt: skip
    row.mark = tip.told = marks.of_head(vars(row), tip.told)
    db.session.add(row)
    _keep(tip, trusted=trusted)
    return row


def _keep(tip: LogTip, *, trusted: bool) -> None:
    """Write the tip down. One that somebody edited keeps its false mark: verification goes on to tell."""
    if trusted:
        tip.mark = marks.of_tip(vars(tip))
    db.session.flush()


def _set_right(tip: LogTip) -> None:
    """Go on from where the seals really end, so that an edited tip does not stop them."""
    mine = LogSeal.district_id == tip.district_id
    last = db.session.scalars(select(LogSeal).where(mine).order_by(LogSeal.position.desc()).limit(1)).first()
    tip.position = last.position if last else 0
    tip.chain = last.chain if last else genesis(tip.district_id)
    tip.activity_id = db.session.scalar(select(func.max(LogSeal.activity_id)).where(mine)) or 0


def link(before: bytes, position: int, activity_id: int, digest: bytes | None) -> bytes:
    """The seal that follows `before`."""
    return sha256(before + b"|%d|%d|" % (position, activity_id) + (digest or b"")).digest()


def unsealed(district_id: int, last_id: int):
    """The query of rows without a seal (id, digest), as far back as LOOK_BACK."""
    sealed = exists().where(LogSeal.activity_id == Activity.id)
    return (
        select(Activity.id, Activity.digest)
        .where(func.coalesce(Activity.district_id, 0) == district_id)  # by their ids, not by this
        .where(Activity.id > last_id - LOOK_BACK, ~sealed)
        .order_by(Activity.id)
    )


def _held(district_id: int) -> LogTip:
    """The district's tip, held until the transaction ends; made the first time."""
    moment = now()
    values = {
        "district_id": district_id, "position": 0, "activity_id": 0, "chain": genesis(district_id),
        "at": moment, "began_at": moment, "told": b"",
    }  # fmt: skip
    mark = b"" if _was_sealed(district_id) else marks.of_tip(values)  # a tip that was taken away is not ours
    first = insert_into(LogTip.__table__).values(**values, mark=mark)
    writing().execute(first.on_conflict_do_nothing())
    query = select(LogTip).where(LogTip.district_id == district_id)
    return db.session.scalars(query.with_for_update().execution_options(populate_existing=True)).one()


def _was_sealed(district_id: int) -> bool:
    return bool(db.session.scalar(select(exists().where(LogSeal.district_id == district_id))))
