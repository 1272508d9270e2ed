"""Sealing: rows of the log that have no seal get the next ones, in the order of their ids.

Not while a fact is written: a chain needs one writer at a time, and registrations would queue for it. The
worker seals every half minute, and whoever needs a head (a report, a sign-off, a print) seals first.
"""

from hashlib import sha256

from sqlalchemy import exists, func, select

from dissemination.kernel.clock import now
from dissemination.kernel.database import db, insert_into, writing
from dissemination.plan.log import Activity
from dissemination.seals.models import LogSeal, LogTip
from dissemination.seals.queries import Head, genesis, head_of

# On PostgreSQL ids are committed out of order: so many ids behind the last one are looked at again.
LOOK_BACK = 50_000
BATCH = 1_000


def seal(district_id: int, *, limit: int | None = None) -> Head:
    """Seal what has no seal yet (at most `limit` rows) and return the head. Needs transaction()."""
    tip = _held(district_id)
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
        db.session.flush()
    return head_of(tip)


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
    first = insert_into(LogTip.__table__).values(
        district_id=district_id, position=0, activity_id=0, chain=genesis(district_id), at=moment,
        began_at=moment,
    )  # fmt: skip
    writing().execute(first.on_conflict_do_nothing())
    query = select(LogTip).where(LogTip.district_id == district_id)
    return db.session.scalars(query.with_for_update().execution_options(populate_existing=True)).one()
