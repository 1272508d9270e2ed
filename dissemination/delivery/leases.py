"""Who holds which rows: leasing, marking, and taking back what a dead worker held.

Several workers may run on several machines. A row is leased by one conditional UPDATE; it is marked
`in_data` by another that succeeds only if the row is still ours and nobody called it back.
"""

import os
import socket
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import count

from sqlalchemy import CursorResult, and_, or_, select, tuple_, update

from dissemination.delivery.models import Delivery, Fate, Suppression
from dissemination.kernel.database import db

LEASE = timedelta(minutes=2)
HELD = (Fate.LEASED, Fate.IN_DATA)
deliveries = Delivery.__table__
COLUMNS = (
    deliveries.c.id, deliveries.c.district_id, deliveries.c.letter_id, deliveries.c.address,
    deliveries.c.name, deliveries.c.merge, deliveries.c.calendar, deliveries.c.message_id,
    deliveries.c.created_at, deliveries.c.attempts, deliveries.c.deadline, deliveries.c.next_at,
)  # fmt: skip
_rounds = count(1)


def _started(pid: int | str) -> str:
    """When a process of this machine started, in clock ticks; "" when there is none."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return stat.read().rpartition(b")")[2].split()[19].decode()
    except OSError:
        return ""


def _here() -> str:
    """This machine and its process numbers, so that a number is never looked up in the wrong place."""
    try:
        namespace = os.stat("/proc/self/ns/pid").st_ino
    except OSError:
        namespace = 0
    return f"{socket.gethostname()[:20]}/{namespace}/"


def new_owner() -> str:
    """A name for one round of sending; says which process it is, so that its death can be noticed."""
    return f"{_here()}{os.getpid()}/{_started('self')}/{next(_rounds)}"[:60]


def is_dead(owner: str) -> bool:
    """Whether `owner` was a process of this machine that is gone. False when that cannot be known."""
    here = _here()
    if not owner.startswith(here) or not _started("self"):
        return False
    pid, started = owner.removeprefix(here).split("/")[:2]
    return _started(pid) != started


def lost(at: datetime):
    """The condition of rows whose holder is dead or let the lease expire; None when there are none."""
    owners = db.session.scalars(
        select(deliveries.c.lease_owner).where(deliveries.c.state.in_(HELD)).distinct()
    )
    dead = [owner for owner in owners if owner and is_dead(owner)]
    expired = and_(deliveries.c.state.in_(HELD), deliveries.c.lease_until < at)
    found = or_(expired, and_(deliveries.c.state.in_(HELD), deliveries.c.lease_owner.in_(dead)))
    any_row = db.session.scalar(select(deliveries.c.id).where(found).limit(1))
    return None if any_row is None else found


def recover(condition, *, at: datetime) -> int:
    """Take back the rows of `lost`: leased ones are queued again, the fate of those in DATA is uncertain."""
    db.session.execute(
        update(deliveries)
        .where(condition, deliveries.c.state == Fate.LEASED)
        .values(state=Fate.QUEUED, lease_owner=None, lease_until=None)
    )
    changed: CursorResult = db.session.execute(
        update(deliveries)
        .where(condition, deliveries.c.state == Fate.IN_DATA)
        .values(
            state=Fate.UNCERTAIN, reason="worker_died", finished_at=at, lease_owner=None, lease_until=None
        )
    )  # type: ignore[assignment]
    return changed.rowcount


def is_due(at: datetime) -> bool:
    """Whether any message waits for its turn; asked without a write transaction."""
    due = select(deliveries.c.id).where(deliveries.c.next_at <= at).limit(1)
    return any(
        db.session.scalar(due.where(deliveries.c.state == state, deliveries.c.bulk == bulk)) is not None
        for state in (Fate.QUEUED, Fate.DEFERRED)
        for bulk in (False, True)
    )


def lease(owner: str, *, most: int, at: datetime, bulk: bool) -> list:
    """Up to `most` rows that are due, now ours, oldest first; suppressed addresses are skipped."""
    rows: list = []
    for state in (Fate.DEFERRED, Fate.QUEUED):
        if len(rows) < most:
            rows += _lease(owner, state=state, most=most - len(rows), at=at, bulk=bulk)
    rows.sort(key=lambda row: (row.next_at, row.id))
    return _without_suppressed(rows, at=at) if rows else rows


def _lease(owner: str, *, state: Fate, most: int, at: datetime, bulk: bool):
    due = (
        select(deliveries.c.id)
        .where(deliveries.c.state == state, deliveries.c.bulk == bulk, deliveries.c.next_at <= at)
        .order_by(deliveries.c.next_at, deliveries.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)  # falls away on SQLite
    )
    return db.session.execute(
        update(deliveries)
        .where(deliveries.c.id.in_(due.scalar_subquery()))
        .values(state=Fate.LEASED, lease_owner=owner, lease_until=at + LEASE)
        .returning(*COLUMNS)
    ).all()


def _without_suppressed(rows: list, *, at: datetime) -> list:
    pairs = {(row.district_id, row.address.lower()) for row in rows}
    found = {
        (s.district_id, s.address): s.reason
        for s in db.session.execute(
            select(Suppression.district_id, Suppression.address, Suppression.reason).where(
                tuple_(Suppression.district_id, Suppression.address).in_(pairs)
            )
        )
    }
    if not found:
        return rows
    kept = []
    for row in rows:
        reason = found.get((row.district_id, row.address.lower()))
        if reason is None:
            kept.append(row)
            continue
        db.session.execute(
            update(deliveries)
            .where(deliveries.c.id == row.id)
            .values(
                state=Fate.SKIPPED, reason=f"suppressed: {reason}"[:300], finished_at=at, lease_owner=None
            )
        )
    return kept


def mark(owner: str, ids: list[int], *, at: datetime) -> set[int]:
    """Say that these rows are about to be sent; the ids of those that still may."""
    return set(
        db.session.scalars(
            update(deliveries)
            .where(
                deliveries.c.id.in_(ids), deliveries.c.state == Fate.LEASED, deliveries.c.lease_owner == owner
            )
            .values(state=Fate.IN_DATA, lease_until=at + LEASE)
            .returning(deliveries.c.id)
        )
    )


def renew(owner: str, *, at: datetime) -> None:
    """Keep what is ours for another while."""
    db.session.execute(
        update(deliveries)
        .where(deliveries.c.state.in_(HELD), deliveries.c.lease_owner == owner)
        .values(lease_until=at + LEASE)
    )


def release(owner: str, ids: Iterable[int]) -> None:
    """Give rows back that were not begun."""
    db.session.execute(
        update(deliveries)
        .where(
            deliveries.c.id.in_(list(ids)), deliveries.c.state.in_(HELD), deliveries.c.lease_owner == owner
        )
        .values(state=Fate.QUEUED, lease_owner=None, lease_until=None)
    )
