"""Sendings: mail about one subject to many, and who may say when and how fast it goes.

One row of `sendings` per subject steers all its bulk deliveries: pausing 200,000 recipients changes one
row. Workers ask `may_go` and `allowance` in the transaction that takes rows, so a pause, a throttle or
quiet hours hold for all of them from the next batch on. Single mails (`outbox.put`) are not steered.
"""

from datetime import datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import CursorResult, and_, case, func, select, text, update

from dissemination.delivery.mail import one_line
from dissemination.delivery.models import Delivery, Fate, Sending
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, insert_into, is_sqlite
from dissemination.kernel.subjects import kind_of

Window = tuple[time, time, str]  # quiet from, until, and the zone's name
DEADLINE = timedelta(days=3)  # how long a deferred mail is tried, from its first attempt
BURST = timedelta(seconds=1)  # what of a throttled rate may leave at once
RECKONED = timedelta(seconds=2)  # how often the rate is reckoned anew
STALE = timedelta(seconds=30)  # a rate older than this is none
sendings = Sending.__table__
WAITING = (Fate.QUEUED, Fate.DEFERRED)  # not yet handed to a server
OPEN = (Fate.QUEUED, Fate.DEFERRED, Fate.IN_DATA)


def require_transaction() -> None:
    """Raises RuntimeError outside transaction()."""
    if not db.session().info.get("writing"):
        raise RuntimeError("outbox needs transaction(): a mail is put together with the fact it tells of")


def subject(about) -> tuple[str, int]:
    """(subject_kind, subject_id) of a model row, which is flushed when it has no id yet."""
    if about.id is None:
        db.session.flush()
    return kind_of(about), about.id


def of(about) -> Sending | None:
    """The sending about `about`, as the database has it now; None when nothing was put to many."""
    kind, subject_id = subject(about)
    query = select(Sending).where(Sending.subject_kind == kind, Sending.subject_id == subject_id)
    return db.session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def ensure(about, *, district_id: int) -> None:
    """Make the row of `about` if there is none."""
    kind, subject_id = subject(about)
    insert = insert_into(sendings)
    moment = now()
    db.session.execute(
        insert.values(
            district_id=district_id, subject_kind=kind, subject_id=subject_id, created_at=moment,
            expanded_at=moment,
        ).on_conflict_do_nothing()
    )  # fmt: skip


def change(about, **values) -> bool:
    """Write `values` into the row of `about`; whether there is one."""
    require_transaction()
    kind, subject_id = subject(about)
    changed: CursorResult = db.session.execute(
        update(sendings)
        .where(sendings.c.subject_kind == kind, sendings.c.subject_id == subject_id)
        .values(**values)
    )  # type: ignore[assignment]
    for known in db.session:
        if isinstance(known, Sending):
            db.session.expire(known)
    return changed.rowcount == 1


def reopen(kind: str, subject_id: int, **values) -> None:
    """Let workers look at it again: something was put or queued anew."""
    db.session.execute(
        update(sendings)
        .where(sendings.c.subject_kind == kind, sendings.c.subject_id == subject_id)
        .values(is_open=True, version=sendings.c.version + 1, **values)
    )


def quiet(window: Window | None) -> dict:
    """The columns of quiet hours. Raises ValueError for an unknown zone or hours that are none."""
    if window is None:
        return {"quiet_from": None, "quiet_until": None}
    start, end, zone = window
    if start == end:
        raise ValueError("quiet hours that begin when they end: give None for none")
    ZoneInfo(zone)
    return {"quiet_from": start, "quiet_until": end, "zone": zone}


# ---- what the desk does ----------------------------------------------------------------------------


def pause(about) -> bool:
    """Hand nothing more to servers until `resume`; what is under way is finished. False: no such sending."""
    return change(about, paused_at=now())


def resume(about) -> bool:
    """Go on after `pause`."""
    return change(about, paused_at=None)


def throttle(about, per_second: int | None) -> bool:
    """At most `per_second` messages in each second, all workers together; None: as fast as it goes.

    Raises ValueError for less than one.
    """
    if per_second is not None and per_second < 1:
        raise ValueError("at least one message per second; use pause() for none")
    return change(about, per_second=per_second, paced_to=None)


def keep_quiet(about, window: Window | None) -> bool:
    """Send nothing between two wall-clock times of a zone, also over midnight; None: at any hour."""
    return change(about, **quiet(window))


def start_at(about, moment: datetime | None) -> bool:
    """Send nothing before `moment` (aware); None: now."""
    return change(about, starts_at=moment)


# ---- what a worker asks ----------------------------------------------------------------------------


class Open(NamedTuple):
    """A sending that a worker may find rows of."""

    id: int
    subject_kind: str
    subject_id: int
    version: int
    starts_at: datetime | None
    paused_at: datetime | None
    cancelled_at: datetime | None
    expanded_at: datetime | None
    per_second: int | None
    domain_rates: dict[str, float]
    paced_to: datetime | None
    quiet_from: time | None
    quiet_until: time | None
    zone: str
    to_sink: bool
    trouble: str

    @property
    def is_to_be_written(self) -> bool:
        """Whether rows of it are still to be written, and can be."""
        return self.expanded_at is None and not self.trouble


_OPEN = (
    select(*(getattr(sendings.c, name) for name in Open._fields))
    .where(sendings.c.is_open)
    .order_by(sendings.c.id)
)


def open_ones(*, to_sink: bool) -> list[Open]:
    """Every sending that is not known to be done, oldest first."""
    found = db.session.execute(_OPEN).all()
    return [one for row in found if (one := Open(*row)).to_sink == to_sink]


def may_go(one: Open, at: datetime) -> bool:
    """Whether messages of it may leave at that moment."""
    if one.paused_at or one.cancelled_at or (one.starts_at and one.starts_at > at):
        return False
    if one.quiet_from is None or one.quiet_until is None:
        return True
    clock = at.astimezone(ZoneInfo(one.zone)).time()
    if one.quiet_from < one.quiet_until:
        return not one.quiet_from <= clock < one.quiet_until
    return one.quiet_until <= clock < one.quiet_from


def allowance(one: Open, most: int, at: datetime) -> int:
    """How many of `most` may leave now under the throttle. On PostgreSQL the row is locked until the end.

    A clock that jumps back does not stop it: an allowance used up to further than a burst ahead is void.
    """
    if one.per_second is None:
        return most
    paced = db.session.scalar(select(sendings.c.paced_to).where(sendings.c.id == one.id).with_for_update())
    return min(most, paced_count(paced, one.per_second, at))


def paced_count(
    paced_to: datetime | None, per_second: float, at: datetime, *, burst: timedelta = BURST
) -> int:
    """How many may leave at `at` when the allowance is used up to `paced_to`."""
    elapsed = at - _clamped(paced_to, at, burst)
    return max(0, int(elapsed.total_seconds() * per_second + 1e-6))


def paced_after(
    paced_to: datetime | None, per_second: float, at: datetime, used: int, *, burst: timedelta = BURST
) -> datetime:
    """Up to when the allowance is used up after `used` more."""
    return _clamped(paced_to, at, burst) + timedelta(seconds=used / per_second)


def _clamped(paced_to: datetime | None, at: datetime, burst: timedelta) -> datetime:
    """Not further back than a burst; one far ahead is of a clock that jumped back."""
    if paced_to is None or paced_to < at - burst or paced_to > at + 2 * burst:
        return at - burst
    return paced_to


def use_up(one: Open, used: int, at: datetime) -> None:
    """Note that `used` messages of a throttled sending leave now."""
    if one.per_second is None or not used:
        return
    paced = db.session.scalar(select(sendings.c.paced_to).where(sendings.c.id == one.id))
    after = paced_after(paced, one.per_second, at, used)
    db.session.execute(update(sendings).where(sendings.c.id == one.id).values(paced_to=after))


_LEFT = {
    True: """UPDATE sendings SET is_open = 0 WHERE id = :id AND version = :version
 AND (expanded_at IS NOT NULL OR cancelled_at IS NOT NULL) AND NOT EXISTS (SELECT 1 FROM deliveries
 WHERE subject_kind = :kind AND subject_id = :subject AND state IN ('queued', 'deferred', 'in_data'))""",
}
_LEFT[False] = _LEFT[True].replace("is_open = 0", "is_open = false")


def close_if_done(one: Open) -> None:
    """Stop looking at it when none of its rows waits any more and none is still to be written."""
    db.session.execute(
        text(_LEFT[is_sqlite()]),
        {"id": one.id, "version": one.version, "kind": one.subject_kind, "subject": one.subject_id},
    )


def count_done(counts: dict[int, int], at: datetime) -> None:
    """Note how many messages of each sending (by id) were decided, and reckon how fast it goes."""
    for id, count in counts.items():
        row = db.session.execute(
            select(sendings.c.done, sendings.c.mark_done, sendings.c.mark_at).where(sendings.c.id == id)
            .with_for_update()
        ).one()  # fmt: skip
        values: dict = {"done": row.done + count}
        age = at - row.mark_at if row.mark_at else STALE
        if age >= STALE or age < timedelta(0):
            values |= {"mark_done": row.done, "mark_at": at, "seen_rate": 0.0}
        elif age >= RECKONED:
            rate = (row.done + count - row.mark_done) / age.total_seconds()
            values |= {"mark_done": row.done + count, "mark_at": at, "seen_rate": rate}
        db.session.execute(update(sendings).where(sendings.c.id == id).values(**values))


def note_sunk(id: int, octets: int, largest: int) -> None:
    """Note what a rehearsal gave to the sink: octets in all, and of the largest message."""
    db.session.execute(
        update(sendings)
        .where(sendings.c.id == id)
        .values(
            sunk_octets=sendings.c.sunk_octets + octets,
            sunk_largest=case((sendings.c.sunk_largest < largest, largest), else_=sendings.c.sunk_largest),
        )
    )


def remaining(about) -> int:
    """How many recipients have no final fate yet, those included whose rows are still to be written."""
    kind, subject_id = subject(about)
    rows = select(func.count()).where(
        and_(Delivery.subject_kind == kind, Delivery.subject_id == subject_id, Delivery.state.in_(OPEN))
    )
    return (db.session.scalar(rows) or 0) + to_come(of(about))


def to_come(sending: Sending | None) -> int:
    """How many recipients have no row yet and will get one."""
    if sending is None or sending.expanded_at or sending.cancelled_at:
        return 0
    return max(0, sending.total - sending.expanded)


def _has_rows(one: Open, states: tuple[Fate, ...], at: datetime | None = None) -> bool:
    query = select(Delivery.id).where(
        Delivery.subject_kind == one.subject_kind, Delivery.subject_id == one.subject_id,
    ).limit(1)  # fmt: skip
    if at is not None:
        query = query.where(Delivery.next_at <= at, Delivery.bulk.is_(True))
    return any(db.session.scalar(query.where(Delivery.state == state)) is not None for state in states)


def is_waiting(at: datetime, *, to_sink: bool) -> bool:
    """Whether a sending that may go has rows that are due, or still has rows to be written."""
    return any(
        one.is_to_be_written or _has_rows(one, WAITING, at)
        for one in open_ones(to_sink=to_sink)
        if may_go(one, at)
    )


def done_ones() -> list[Open]:
    """Open sendings that nothing waits in any more: to be closed."""
    ones = open_ones(to_sink=False) + open_ones(to_sink=True)
    return [one for one in ones if (one.expanded_at or one.cancelled_at) and not _has_rows(one, OPEN)]


def reason_line(reason: str) -> str:
    """A reason as it is stored."""
    return one_line(reason)[:300]
