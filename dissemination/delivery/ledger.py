"""What is being sent, written down beside the sending: a thread with its own database session.

The network never waits for a disk. While messages travel, the ledger records in one transaction what
became of earlier ones and marks the next rows `in_data`. As many rows are marked and not recorded as
leave in `SPAN`, at most `limit`: that is what a kill leaves uncertain.
"""

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime

from flask import Flask
from sqlalchemy.exc import DBAPIError

from dissemination.delivery import leases
from dissemination.delivery.recording import Recorder
from dissemination.delivery.transport import Outcome
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction

TENACITY = 60  # seconds for which the database may be away; half a lease
RETRY = 0.5  # seconds
SPAN = 0.2  # seconds of sending that are marked ahead: enough for a slow disk to write the next rows
AHEAD = 400  # rows that leave before further rows of a sending are written
HELD_BACK = 0.1  # seconds between two looks at a sending that is throttled
SINGLES = 0.25  # seconds between two looks for single mails while bulk mail is sent
log = logging.getLogger("dissemination.sending")


class Ledger:
    """The rows that one round of sending holds.

    `marked` may be sent now, `outcomes` are decided and not yet recorded.
    The sending thread takes from `marked` and adds to `outcomes`; everything else is the ledger's own.
    """

    def __init__(
        self, app: Flask, *, limit: int, stop: Callable[[], bool],
        jitter: Callable[[], float] = random.random, to_sink: bool = False,
        advance: Callable[[], int] = lambda: 0,
    ):  # fmt: skip
        self.app, self.limit, self.stop = app, limit, stop
        self.recorder = Recorder(jitter)
        self.to_sink = to_sink  # rehearsals, and nothing else
        self.advance = advance  # writes the next rows of sendings; how many
        self.is_unwritten = True  # it may have something to write
        self.unwritten_taken = 0  # rows taken since it wrote
        self.holds_back = False  # more is due than may leave at this moment
        self.owner = leases.new_owner()
        self.marked: deque = deque()
        self.outcomes: deque[tuple[Outcome, object]] = deque()  # the two threads only add and take off
        self.ahead = self.limit // 2  # rows that may be marked and not recorded at this speed
        self.enough = self.ahead // 2  # outcomes that are worth a transaction
        self.wrote_at = 0.0
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
        return [self.marked.popleft() for _ in range(min(most, len(self.marked)))]

    def add(self, outcome: Outcome, row) -> None:
        """Note what became of a message."""
        self.outcomes.append((outcome, row))
        if len(self.outcomes) >= self.enough:
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
                self._hurry = self._hurry and bool(self.outcomes) and not self.marked
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
        more = not self.is_empty and not self.holds_back
        return len(self.outcomes) >= self.enough or (more and self.ahead - self.under_way >= self.enough)

    def _write(self) -> None:
        """One transaction: the outcomes so far, the next marks, and further leases."""
        moment = now()
        if self.stop():
            self.is_empty = True
        room = 0 if self.is_empty else self.ahead - self.under_way + len(self.outcomes)
        if not self.outcomes and room <= 0 and not self._is_to_renew():
            return
        decided = self._decided()
        self._keep_pace(len(decided))
        marked: list = []

        def write() -> None:
            self.recorder.write(decided)
            if self._is_to_renew():
                self.renewed = time.monotonic()
                leases.renew(self.owner, at=moment)
            marked[:] = self._take(room, moment) if room > 0 else []

        self._commit(write)
        self.recorder.written()
        self.under_way += len(marked) - len(decided)
        self.is_empty = self.is_empty or (room > 0 and not marked and not self.holds_back)
        self.marked.extend(marked)
        if marked or self.is_empty:
            self.notify()

    def _keep_pace(self, decided: int) -> None:
        """Mark further ahead when messages leave faster: a slow server is to leave less uncertain."""
        at = time.monotonic()
        if decided and at > self.wrote_at:
            wanted = int(decided / (at - self.wrote_at) * SPAN)
            self.ahead = min(self.limit, max(self.limit // 4, (self.ahead + wanted) // 2))
            self.enough = self.ahead // 2
        self.wrote_at = at

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

    def _decided(self) -> list:
        return [self.outcomes.popleft() for _ in range(len(self.outcomes))]

    def _commit(self, write: Callable[[], None]) -> None:
        """Do `write` in a transaction; while the database is away or full, try again for TENACITY seconds.

        What a server has taken must be written down: nothing further is sent until it is.
        """
        until = time.monotonic() + TENACITY
        while True:
            try:
                with transaction():
                    write()
                return
            except DBAPIError as trouble:
                if time.monotonic() > until:
                    raise
                log.warning("the database does not take what was sent, trying again: %s", trouble.orig)
                db.session.remove()
                time.sleep(RETRY)

    def _put_down(self) -> None:
        ids = [row.id for row in self.marked]
        self.marked.clear()
        decided = self._decided()

        def write() -> None:
            self.recorder.write(decided, last=True)
            leases.release(self.owner, ids)

        if ids or decided or self.recorder.is_behind:
            self._commit(write)
            self.recorder.written()
