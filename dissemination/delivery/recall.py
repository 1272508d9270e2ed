"""Calling back what waits: a sending is stopped by its row; the rows of its recipients are marked in batches.

Who calls 200,000 messages back waits for the first of them only. The worker marks the others, and what a
server put off meanwhile: of a cancelled sending nothing leaves, marked or not.
"""

from itertools import takewhile

from sqlalchemy import CursorResult, func, select, update

from dissemination.delivery import sendings
from dissemination.delivery.mail import one_line
from dissemination.delivery.models import Delivery, Fate, Sending
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction

AT_ONCE = 5000


def _waiting(kind: str, subject_id: int) -> tuple:
    return (
        Delivery.subject_kind == kind, Delivery.subject_id == subject_id,
        Delivery.state.in_(sendings.WAITING),
    )  # fmt: skip


def waiting(kind: str, subject_id: int) -> int:
    """How many messages about a subject wait for their turn."""
    return db.session.scalar(select(func.count(Delivery.id)).where(*_waiting(kind, subject_id))) or 0


def call_back(kind: str, subject_id: int, reason: str, *, most: int | None = None) -> int:
    """Mark what waits about a subject; how many. At most so many of a sending, whose row stops the others."""
    singles = _mark((*_waiting(kind, subject_id), Delivery.bulk.is_(False)), reason)
    which = select(Delivery.id).where(*_waiting(kind, subject_id)).limit(most)
    return singles + _mark((Delivery.id.in_(which),), reason)


def _mark(which: tuple, reason: str) -> int:
    sendings.require_transaction()
    changed: CursorResult = db.session.execute(
        update(Delivery)
        .where(*which)
        .values(state=Fate.CANCELLED, reason=one_line(reason)[:300], finished_at=now(), lease_owner=None)
        .execution_options(synchronize_session=False)
    )  # type: ignore[assignment]
    for known in db.session:
        if isinstance(known, Delivery):
            db.session.expire(known)
    return changed.rowcount


def settle(kind: str, subject_id: int) -> None:
    """Mark all that was called back, before something else about the subject may go."""
    query = select(Sending.cancel_reason).where(
        Sending.subject_kind == kind, Sending.subject_id == subject_id, Sending.cancelled_at.is_not(None)
    )
    reason = db.session.scalar(query)
    if reason is not None:
        call_back(kind, subject_id, reason)


def let_go_on(kind: str, subject_id: int, **values) -> None:
    """Let workers look at a sending again, for what was put or queued anew and not for what was called back.

    `values` are columns of the sending to write with it.
    """
    table = sendings.sendings.c
    written = func.coalesce(
        table.expanded_at, table.cancelled_at
    )  # of what was called back no more rows come
    values |= {"cancelled_at": None, "expanded_at": written}
    sendings.reopen(kind, subject_id, **values)


def call_back_rest() -> int:
    """A job: mark what still waits of sendings that were called back, batch by batch; how many."""
    query = select(Sending.subject_kind, Sending.subject_id, Sending.cancel_reason).where(
        Sending.is_open, Sending.cancelled_at.is_not(None)
    )
    found = db.session.execute(query).all()
    db.session.rollback()
    return sum(sum(takewhile(bool, _batches(*one))) for one in found)


def _batches(kind: str, subject_id: int, reason: str):
    while True:
        with transaction():
            count = call_back(kind, subject_id, reason, most=AT_ONCE)
        yield count
