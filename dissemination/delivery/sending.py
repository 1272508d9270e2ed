"""The sending loop: lease, mark, send, record. The rows decide; a crash at any point loses nothing.

A row is marked `in_data` and committed before its message is handed to a carrier, and its fate is
written in small batches afterwards. What was marked but not recorded when a worker dies becomes
`uncertain`: shown, never silently lost and never silently repeated.
"""

import random
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from dissemination.delivery import leases, relay, verp
from dissemination.delivery.encoding import BadAddress, envelope_address
from dissemination.delivery.letters import Letter, Slip, compile_letter, fill
from dissemination.delivery.mail import Mail
from dissemination.delivery.models import Fate, Suppression
from dissemination.delivery.models import Letter as StoredLetter
from dissemination.delivery.smtp import Courier, connect_to
from dissemination.delivery.transport import Carrier, Folder, Outcome, Prepared, RelayDown
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, is_sqlite, transaction

WINDOW = 16  # messages per connection that may be marked and not yet recorded: what a kill leaves uncertain
SINGLES = 0.25  # seconds between two looks for single mails while bulk mail is sent
LETTERS = 16  # compiled letters kept at hand
BACK_OFF = (1, 5, 15, 30, 60, 120, 240)  # minutes after the first, second … deferral
deliveries = leases.deliveries


def back_off(attempts: int, jitter: float) -> timedelta:
    """How long to wait after `attempts` deferrals; `jitter` from 0 to 1 spreads it by a fifth either way."""
    return timedelta(minutes=BACK_OFF[min(attempts, len(BACK_OFF)) - 1] * (0.8 + 0.4 * jitter))


def deliver_due(
    *, stop: Callable[[], bool] = lambda: False, jitter: Callable[[], float] = random.random,
    force: bool = False, carrier: Carrier | None = None,
) -> int:  # fmt: skip
    """Send what is due until nothing is, or until `stop()`; the number of messages tried.

    Returns 0 while the mail server is known to be down, unless `force`. Never raises for a server or a
    message: what happened is in the rows.
    """
    recover()
    moment = now()
    idle = not leases.is_due(moment) or (relay.is_paused(moment) and not force)
    db.session.rollback()
    if idle:
        return 0
    settings = current_app.config["SETTINGS"].mail
    hand = Hand(limit=settings.connections * WINDOW, stop=stop, jitter=jitter)
    try:
        (carrier or _carrier(hand)).run(hand)
    except RelayDown as down:
        with transaction():
            relay.pause(str(down), at=now())
        current_app.logger.warning("mail server down: %s", down)
    finally:
        hand.put_down()
    return hand.tried


def _carrier(hand: "Hand") -> Carrier:
    settings = current_app.config["SETTINGS"].mail
    if settings.server:
        return Courier(connect_to(settings), connections=settings.connections, timeout=settings.timeout)
    return Folder(settings.folder, hand.file_name)


def recover() -> int:
    """Take back what dead workers held; how many messages became uncertain."""
    moment = now()
    condition = leases.lost(moment)
    db.session.rollback()
    if condition is None:
        return 0
    with transaction():
        return leases.recover(condition, at=moment)


class Hand:
    """The rows that one round of sending holds: the source of a carrier.

    `leased` wait for their turn, `out` are marked and not yet decided, `outcomes` are decided and not yet
    recorded. At most `limit` rows are marked and not recorded at any moment.
    """

    def __init__(self, *, limit: int, stop: Callable[[], bool], jitter: Callable[[], float]):
        self.owner = leases.new_owner()
        self.limit, self.stop, self.jitter = limit, stop, jitter
        self.leased: deque = deque()
        self.out: dict[int, object] = {}
        self.outcomes: list[tuple[Outcome, object]] = []
        self.letters: OrderedDict[int, Letter | Exception] = OrderedDict()
        self.senders: dict[int, str] = {}
        self.tried = 0
        self.is_empty = False  # nothing more was due when last asked
        self.singles_at = 0.0  # when to look for single mails again
        self.renewed = time.monotonic()
        self.secret = str(current_app.secret_key)

    def take(self) -> list[Prepared]:
        """Mark the next messages and hand them out; [] when enough are out or nothing is due."""
        if self.is_empty or len(self.out) > self.limit * 3 // 4:
            return []
        if self.stop():
            self.is_empty = True
            return []
        if not self.leased:
            self.write(lambda: self.lease_more())
        prepared = self.prepare(self.limit - len(self.out))
        marked: set[int] = set()

        def mark():
            marked.update(leases.mark(self.owner, [m.id for m in prepared], at=now()))
            if len(self.leased) < self.limit or time.monotonic() > self.singles_at:
                self.lease_more()

        if prepared or self.outcomes:
            self.write(mark)
        self.is_empty = not prepared and not self.leased
        for message in prepared:
            if message.id not in marked:
                del self.out[message.id]  # called back meanwhile
        taken = [m for m in prepared if m.id in marked]
        return taken or (self.take() if prepared else [])

    def lease_more(self) -> None:
        """Lease single mails first, in front; then fill up with bulk mail."""
        moment, most = now(), max(self.limit, 32)
        if not self.leased or time.monotonic() > self.singles_at:
            self.singles_at = time.monotonic() + SINGLES
            single = leases.lease(self.owner, most=most, at=moment, bulk=False)
            self.leased.extendleft(reversed(single))
        if len(self.leased) < most:
            self.leased.extend(leases.lease(self.owner, most=2 * most, at=moment, bulk=True))

    def write(self, act: Callable[[], None]) -> None:
        """One write transaction: the outcomes so far, then `act`."""
        decided, self.outcomes = self.outcomes, []
        try:
            with transaction():
                record(decided, jitter=self.jitter)
                act()
        except BaseException:
            self.outcomes = decided + self.outcomes
            raise

    def prepare(self, most: int) -> list[Prepared]:
        """The next messages of the hand, filled; what cannot be filled is decided at once."""
        prepared: list[Prepared] = []
        while self.leased and len(prepared) < most:
            row = self.leased.popleft()
            self.out[row.id] = row
            try:
                prepared.append(self.message(row))
            except BadAddress:
                self.report(Outcome(row.id, Fate.REFUSED, "", reason="bad_address"))
            except Exception as problem:  # templates and data of any kind: shown at the desk, tried later
                self.report(Outcome(row.id, Fate.DEFERRED, f"{problem}"[:500], reason="letter_broken"))
        return prepared

    def message(self, row) -> Prepared:
        """The finished message of one row."""
        letter = self.letter(row.letter_id)
        recipient = envelope_address(row.address)
        slip = Slip(row.address, row.name, row.merge, row.calendar, row.message_id, row.created_at)
        sender = verp.sign(row.id, self.senders[row.letter_id], secret=self.secret)
        return Prepared(row.id, sender=sender, recipient=recipient, data=fill(letter, slip))

    def letter(self, letter_id: int) -> Letter:
        """The letter, compiled when it is used for the first time. Raises what compiling it raised."""
        if letter_id not in self.letters:
            try:
                self.letters[letter_id], self.senders[letter_id] = stored_letter(letter_id)
            except Exception as problem:
                current_app.logger.exception("letter %s cannot be compiled", letter_id)
                self.letters[letter_id] = problem
            if len(self.letters) > LETTERS:
                self.letters.popitem(last=False)
        found = self.letters[letter_id]
        if isinstance(found, Exception):
            raise found.with_traceback(None)
        return found

    def report(self, outcome: Outcome) -> None:
        """Note what became of a message; written with the next transaction."""
        row = self.out.pop(outcome.id, None)
        if row is not None:
            self.outcomes.append((outcome, row))
            self.tried += outcome.fate is not Fate.QUEUED

    def tick(self) -> None:
        """Keep the leases alive while a slow server takes its time; record what waits too long."""
        if time.monotonic() - self.renewed > leases.LEASE.total_seconds() / 4:
            self.renewed = time.monotonic()
            self.write(lambda: leases.renew(self.owner, at=now()))

    def put_down(self) -> None:
        """Record what is left and give back what was not begun."""
        ids = [row.id for row in self.leased]
        self.leased.clear()
        if ids or self.outcomes:
            self.write(lambda: leases.release(self.owner, ids))

    def file_name(self, delivery_id: int) -> str:
        """The name of a message's file: when it was written, and its row."""
        row = self.out[delivery_id]
        return f"{row.created_at:%Y%m%dT%H%M%SZ}-{delivery_id:06d}.eml"  # type: ignore[attr-defined]


def stored_letter(letter_id: int) -> tuple[Letter, str]:
    """A letter and the address it is sent from, compiled and stored when it was not."""
    row = db.session.execute(
        select(StoredLetter.segments, StoredLetter.source, StoredLetter.content_hash).where(
            StoredLetter.id == letter_id
        )
    ).one()
    db.session.rollback()  # rendering happens outside of any transaction
    mail = Mail.from_source(row.source)
    sender = envelope_address(mail.sender.address)
    if row.segments is not None:
        return Letter.load(row.segments), sender
    letter = compile_letter(mail, seed=row.content_hash)
    with transaction():
        db.session.execute(
            update(StoredLetter)
            .where(StoredLetter.id == letter_id, StoredLetter.segments.is_(None))
            .values(segments=letter.dump())
        )
    return letter, sender


DECIDED = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("b_id"))
    .where(or_(*(deliveries.c.state == s for s in (Fate.IN_DATA, Fate.LEASED, Fate.UNCERTAIN))))
    .values(
        state=bindparam("b_state"), last_reply=bindparam("b_reply"), reason=bindparam("b_reason"),
        attempts=bindparam("b_attempts"), next_at=bindparam("b_next"), finished_at=bindparam("b_finished"),
        lease_owner=None, lease_until=None,
    )
)  # fmt: skip


def record(outcomes: list, *, jitter: Callable[[], float]) -> None:
    """Write what became of messages: (outcome, row) pairs, in one statement."""
    if not outcomes:
        return
    moment = now()
    db.session.connection().execute(
        DECIDED, [_decision(outcome, row, moment, jitter) for outcome, row in outcomes]
    )
    for outcome, row in outcomes:
        if outcome.dead_address:
            _suppress(row, outcome.reply, moment)
    if any(outcome.fate is Fate.ACCEPTED for outcome, _ in outcomes):
        relay.all_is_well(moment)


def _decision(outcome: Outcome, row, moment: datetime, jitter: Callable[[], float]) -> dict:
    fate, reason, next_at = outcome.fate, outcome.reason, row.next_at
    attempts = row.attempts + (fate is not Fate.QUEUED)
    if fate is Fate.DEFERRED:
        next_at = moment + back_off(attempts, jitter())
        if next_at > row.deadline:
            fate, reason, next_at = Fate.REFUSED, "deadline", row.next_at
    finished = None if fate in (Fate.QUEUED, Fate.DEFERRED) else moment
    return {
        "b_id": row.id, "b_state": fate, "b_reply": outcome.reply, "b_reason": reason,
        "b_attempts": attempts, "b_next": next_at, "b_finished": finished,
    }  # fmt: skip


def _suppress(row, reply: str, moment: datetime) -> None:
    """Never write to this address again: the server said that nobody is there."""
    insert = (sqlite if is_sqlite() else postgresql).insert(Suppression)
    db.session.execute(
        insert.values(
            district_id=row.district_id, address=row.address.lower(), reason=reply[:300], at=moment
        ).on_conflict_do_nothing()
    )
