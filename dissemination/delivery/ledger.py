"""What is being sent, written down beside the sending: a thread with its own database session.

The network never waits for a disk. While messages travel, the ledger records in one transaction what
became of earlier ones and marks the next rows `in_data`. At most `limit` rows are marked and not
recorded at any moment: that is what a kill leaves uncertain.
"""

import json
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache

from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.dialects import postgresql, sqlite

from dissemination.delivery import leases, relay, sendings
from dissemination.delivery.models import Fate, Suppression
from dissemination.delivery.sendings import DEADLINE
from dissemination.delivery.transport import Outcome
from dissemination.kernel.clock import now
from dissemination.kernel.database import as_stored, db, is_sqlite, transaction

AHEAD = 400  # rows that leave before further rows of a sending are written
HELD_BACK = 0.1  # seconds between two looks at a sending that is throttled
SINGLES = 0.25  # seconds between two looks for single mails while bulk mail is sent
BACK_OFF = (1, 5, 15, 30, 60, 120, 240)  # minutes after the first, second … deferral
HANDED = (Fate.ACCEPTED, Fate.REFUSED)
deliveries = leases.deliveries


def back_off(attempts: int, jitter: float) -> timedelta:
    """How long to wait after `attempts` deferrals; `jitter` from 0 to 1 spreads it by a fifth either way."""
    return timedelta(minutes=BACK_OFF[min(attempts, len(BACK_OFF)) - 1] * (0.8 + 0.4 * jitter))


class Ledger:
    """The rows that one round of sending holds.

    `marked` may be sent now, `outcomes` are decided and not yet recorded.
    The sending thread takes from `marked` and adds to `outcomes`; everything else is the ledger's own.
    """

    def __init__(
        self, app: Flask, *, limit: int, stop: Callable[[], bool], jitter: Callable[[], float] = random.random,
        to_sink: bool = False, advance: Callable[[], int] = lambda: 0,
    ):  # fmt: skip
        self.app, self.limit, self.stop, self.jitter = app, limit, stop, jitter
        self.to_sink = to_sink  # rehearsals, and nothing else
        self.advance = advance  # writes the next rows of sendings; how many
        self.is_unwritten = True  # it may have something to write
        self.unwritten_taken = 0  # rows taken since it wrote
        self.holds_back = False  # more is due than may leave at this moment
        self.owner = leases.new_owner()
        self.marked: deque = deque()
        self.outcomes: list[tuple[Outcome, object]] = []
        self.under_way = 0  # marked and not recorded
        self.is_empty = False  # nothing is left to mark
        self.singles_at = 0.0  # when to look for single mails again
        self.renewed = time.monotonic()
        self.failure: BaseException | None = None
        self.notify: Callable[[], object] = lambda: None  # tells a sleeping network loop of new rows
        self._turn = threading.Condition()
        self._ending = self._hurry = self._called = False
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)

    def open(self) -> None:
        """Begin."""
        self._thread.start()

    def take(self, most: int, *, wait: bool) -> list:
        """Up to `most` rows that are marked; [] when none is ready yet, or with `wait` when none is left.

        Raises what stopped the ledger.
        """
        if wait and not self.marked:
            with self._turn:
                self._hurry = True
                self._turn.notify_all()
                self._turn.wait_for(lambda: self.marked or self.is_empty or self.failure)
        if self.failure:
            raise self.failure
        taken = [self.marked.popleft() for _ in range(min(most, len(self.marked)))]
        if len(self.marked) < self.limit // 2 and not self.is_empty:
            self._nudge()
        return taken

    def add(self, outcome: Outcome, row) -> None:
        """Note what became of a message."""
        self.outcomes.append((outcome, row))
        if len(self.outcomes) >= self.limit // 4:
            self._nudge()

    def close(self) -> None:
        """Record what is left, give back what was not begun, and end. Raises what stopped the ledger."""
        with self._turn:
            self._ending = True
            self._turn.notify_all()
        self._thread.join()
        if self.failure:
            raise self.failure

    def _nudge(self) -> None:
        if not self._called:  # once is enough: the lock costs more than a message
            self._called = True
            with self._turn:
                self._turn.notify_all()

    def _run(self) -> None:
        with self.app.app_context():
            try:
                self._work()
            except BaseException as error:
                self.failure = error
            finally:
                db.session.remove()
        with self._turn:
            self._turn.notify_all()
        self.notify()

    def _work(self) -> None:
        while not self._ending:
            self._write()
            self._advance()
            with self._turn:
                self._hurry = self._hurry and bool(self.outcomes)
                self._called = False
                self._turn.notify_all()
                self._turn.wait_for(self._is_called, timeout=self._patience())
        self._put_down()

    def _patience(self) -> float:
        """How long to wait for the network, in seconds."""
        if self.holds_back:
            return 0.001 if self.is_unwritten else HELD_BACK
        return 1

    def _advance(self) -> None:
        """Keep the rows of a sending ahead of those that leave; an idle moment goes further ahead."""
        idle = not self.outcomes and (self.holds_back or not self.under_way)
        if self.is_unwritten and not self._ending and (idle or self.unwritten_taken >= AHEAD):
            self.unwritten_taken = 0
            self.is_unwritten = self.advance() > 0

    def _is_called(self) -> bool:
        if self._ending or self._hurry:
            return True
        few = len(self.marked) < self.limit // 2 and not self.is_empty and not self.holds_back
        return len(self.outcomes) >= self.limit // 4 or (few and self.under_way < self.limit)

    def _write(self) -> None:
        """One transaction: the outcomes so far, the next marks, and further leases."""
        moment = now()
        if self.stop():
            self.is_empty = True
        room = 0 if self.is_empty else self.limit - self.under_way + len(self.outcomes)
        if not self.outcomes and room <= 0 and not self._is_to_renew():
            return
        decided, self.outcomes = self.outcomes, []
        try:
            with transaction():
                record(decided, jitter=self.jitter)
                if self._is_to_renew():
                    self.renewed = time.monotonic()
                    leases.renew(self.owner, at=moment)
                marked = self._take(room, moment) if room > 0 else []
        except BaseException:
            self.outcomes = decided + self.outcomes
            raise
        self.under_way += len(marked) - len(decided)
        self.is_empty = self.is_empty or (room > 0 and not marked and not self.holds_back)
        self.marked.extend(marked)
        if marked or self.is_empty:
            self.notify()

    def _is_to_renew(self) -> bool:
        return time.monotonic() - self.renewed > leases.LEASE.total_seconds() / 4

    def _take(self, most: int, moment: datetime) -> list:
        """Single mails go first, also while bulk mail is being sent."""
        rows: list = []
        if not self.to_sink and time.monotonic() > self.singles_at:
            rows = leases.take_singles(self.owner, most=most, at=moment)
            if not rows:
                self.singles_at = time.monotonic() + SINGLES
        self.holds_back = False
        if len(rows) < most:
            found, self.holds_back = leases.take_bulk(
                self.owner, most=most - len(rows), at=moment, to_sink=self.to_sink
            )
            self.unwritten_taken += len(found)
            rows += found
        return rows

    def _put_down(self) -> None:
        ids = [row.id for row in self.marked]
        self.marked.clear()
        decided, self.outcomes = self.outcomes, []
        if ids or decided:
            with transaction():
                record(decided, jitter=self.jitter)
                leases.release(self.owner, ids)


_VALUES = {  # [[id, reply, state, reason, tried, next, finished], …] as JSON
    True: "json_each(:data) AS v WHERE deliveries.id = v.value ->> 0",
    False: "json_array_elements(CAST(:data AS json)) AS v WHERE deliveries.id = (v.value ->> 0)::bigint",
}
_RECORD = """UPDATE deliveries SET state = v.value ->> 2, last_reply = v.value ->> 1, reason = v.value ->> 3,
 attempts = attempts + {tried}, next_at = {next}, finished_at = {finished},
 lease_owner = NULL, lease_until = NULL
 FROM {values} AND state NOT IN ('queued', 'deferred', 'accepted', 'refused', 'skipped', 'cancelled')"""
_TYPES = {
    True: {"tried": "(v.value ->> 4)", "next": "v.value ->> 5", "finished": "v.value ->> 6"},
    False: {
        "tried": "(v.value ->> 4)::integer", "next": "(v.value ->> 5)::timestamptz",
        "finished": "(v.value ->> 6)::timestamptz",
    },
}  # fmt: skip


@cache
def _record_statement(on_sqlite: bool):
    sql = _RECORD.format(values=_VALUES[on_sqlite], **_TYPES[on_sqlite])
    return text(sql.replace("::", "\\:\\:"))


def record(outcomes: list, *, jitter: Callable[[], float]) -> None:
    """Write what became of messages: (outcome, row) pairs, in one statement."""
    if not outcomes:
        return
    moment = now()
    at = _written(moment)
    others = [row.id for outcome, row in outcomes if outcome.fate is not Fate.ACCEPTED]
    deadlines = _deadlines(others) if others else {}
    rows = [
        [row.id, o.reply, "accepted", "", 1, row.next_at, at]
        if o.fate is Fate.ACCEPTED
        else _decision(o, row, deadlines[row.id], moment, jitter)
        for o, row in outcomes
    ]
    db.session.execute(_record_statement(is_sqlite()), {"data": json.dumps(rows)})
    if len(others) < len(outcomes):
        relay.all_is_well(moment)
    sendings.count_done(
        Counter(row.sending for o, row in outcomes if row.sending and o.fate in HANDED), moment
    )
    for outcome, row in outcomes:
        if outcome.dead_address:
            _suppress(row, outcome.reply, moment)


def _written(moment: datetime) -> str:
    """`moment` as text that either database reads."""
    stored = as_stored(moment)
    return stored if isinstance(stored, str) else stored.isoformat()


def _deadlines(ids: list[int]) -> dict[int, datetime]:
    query = select(deliveries.c.id, deliveries.c.deadline).where(deliveries.c.id.in_(ids))
    return dict(db.session.execute(query).all())


def _decision(outcome: Outcome, row, deadline: datetime, moment: datetime, jitter) -> list:
    fate, reason, next_at = outcome.fate, outcome.reason, row.next_at
    tried = int(fate is not Fate.QUEUED)
    if fate is Fate.DEFERRED:
        if not row.attempts and row.sending:
            deadline = max(deadline, moment + DEADLINE)
        later = moment + back_off(row.attempts + tried, jitter())
        if later > deadline:
            fate, reason = Fate.REFUSED, "deadline"
        else:
            next_at = _written(later)
    finished = None if fate in (Fate.QUEUED, Fate.DEFERRED) else _written(moment)
    return [row.id, outcome.reply, fate.value, reason, tried, next_at, finished]


def _suppress(row, reply: str, moment: datetime) -> None:
    """Never write to this address again: the server said that nobody is there."""
    insert = (sqlite if is_sqlite() else postgresql).insert(Suppression)
    db.session.execute(
        insert.values(
            district_id=row.district_id, address=row.address.lower(), reason=reply[:300], at=moment
        ).on_conflict_do_nothing()
    )
