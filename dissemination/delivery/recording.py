"""Writing down what became of messages, and what that says of their servers, domains and addresses.

Every outcome is in its row before the transaction ends. What is only for the eye (rates, "the server is
well") is added up and written once a second.
"""

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import select, text, update

from dissemination.delivery import domains, leases, relay, sendings, suppressed
from dissemination.delivery.models import Fate, SuppressionKind
from dissemination.delivery.sendings import DEADLINE
from dissemination.delivery.transport import Outcome
from dissemination.kernel.clock import now
from dissemination.kernel.database import as_stored, db, is_sqlite, writing

NOTED = timedelta(seconds=1)  # between two writings of what is added up
BACK_OFF = (1, 5, 15, 30, 60, 120, 240)  # minutes after the first, second … deferral
HANDED = (Fate.ACCEPTED, Fate.REFUSED)
deliveries = leases.deliveries


def back_off(attempts: int, jitter: float) -> timedelta:
    """How long to wait after `attempts` deferrals; `jitter` from 0 to 1 spreads it by a fifth either way."""
    return timedelta(minutes=BACK_OFF[min(attempts, len(BACK_OFF)) - 1] * (0.8 + 0.4 * jitter))


class Recorder:
    """Writes the outcomes of one round. `write` inside a transaction, `written` when it is committed."""

    def __init__(self, jitter: Callable[[], float]):
        self.jitter = jitter
        self.done: Counter[int] = Counter()  # by sending
        self.via: set[str] = set()  # servers that took something
        self.well: set[str] = set()  # domains that took something, while one is known to be slow
        self.is_slow_known = True
        self.noted_at: datetime | None = None
        self._flushed = False
        self._before: tuple = ()

    @property
    def is_behind(self) -> bool:
        """Whether something is added up and not written."""
        return bool(self.done or self.via)

    def write(self, outcomes: list, *, last: bool = False) -> None:
        """Write (outcome, row) pairs; may be called again for the same ones when the transaction failed."""
        if not self._before:
            self._before = (Counter(self.done), set(self.via), set(self.well))
        self.done, self.via, self.well = Counter(self._before[0]), set(self._before[1]), set(self._before[2])
        moment = now()
        self._flushed = last or self.noted_at is None or abs(moment - self.noted_at) >= NOTED
        others = [(o, row) for o, row in outcomes if o.fate is not Fate.ACCEPTED]
        taken = [(o, row) for o, row in outcomes if o.fate is Fate.ACCEPTED] if others else outcomes
        self._take_down(taken, moment)
        if others:
            _write_others(others, moment, self.jitter)
            self.done.update(row.sending for o, row in others if row.sending and o.fate in HANDED)
        slowed = {domains.of(row.address): o.reply for o, row in others if o.slow_down}
        if slowed or (self._flushed and self.well):
            domains.note(self.well, slowed, at=moment)
            self.is_slow_known = True
        if self._flushed:
            self._note(moment)

    def _take_down(self, taken: list, moment: datetime) -> None:
        if not taken:
            return
        values = {
            "data": json.dumps({row.id: o.reply for o, row in taken}, ensure_ascii=False),
            "at": as_stored(moment),
        }
        writing().execute(_accepted_statement(is_sqlite()), values)
        self.done.update([row.sending for _o, row in taken if row.sending])
        self.via.update({o.via for o, _row in taken} - {""})
        if self.is_slow_known:
            self.well.update(domains.of(row.address) for _o, row in taken)

    def _note(self, moment: datetime) -> None:
        for name in sorted(self.via):
            relay.all_is_well(name, moment)
        sendings.count_done(self.done, moment)
        self.is_slow_known = domains.any_slow()

    def written(self) -> None:
        """The transaction is committed."""
        self._before = ()
        if self._flushed:
            self.done, self.via, self.well = Counter(), set(), set()
            self.noted_at = now()


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


# What is taken, as JSON {id: reply}: most messages, so without the columns that stay as they are.
_TAKEN = """UPDATE deliveries SET state = 'accepted', last_reply = v.value, reason = '',
 attempts = attempts + 1, finished_at = :at, lease_owner = NULL, lease_until = NULL FROM {source} AS v
 WHERE deliveries.id = CAST(v.key AS {number})
 AND state NOT IN ('queued', 'deferred', 'accepted', 'refused', 'skipped', 'cancelled')"""


@cache
def _accepted_statement(on_sqlite: bool):
    if on_sqlite:
        return text(_TAKEN.format(source="json_each(:data)", number="integer"))
    return text(_TAKEN.format(source="json_each_text(CAST(:data AS json))", number="bigint"))


@cache
def _record_statement(on_sqlite: bool):
    sql = _RECORD.format(values=_VALUES[on_sqlite], **_TYPES[on_sqlite])
    return text(sql.replace("::", "\\:\\:"))


def _write_others(others: list, moment: datetime, jitter: Callable[[], float]) -> None:
    """Those that were not accepted: each with its decision, and what it means for its address."""
    late = [
        row.id for o, row in others if o.fate is Fate.DEFERRED and row.sending and not row.attempts
    ]  # a throttled or paused sending may begin late: the days count from the first attempt
    if late:
        later = moment + DEADLINE
        first = deliveries.c.id.in_(late) & (deliveries.c.deadline < later)
        db.session.execute(update(deliveries).where(first).values(deadline=later))
    deadlines = _deadlines([row.id for _o, row in others])
    rows = [_decision(o, row, deadlines[row.id], moment, jitter) for o, row in others]
    db.session.execute(_record_statement(is_sqlite()), {"data": json.dumps(rows)})
    given_up = {line[0] for line in rows if line[3] == "deadline"}
    for outcome, row in others:
        if outcome.dead_address:
            suppressed.suppress(
                row.district_id, row.address, outcome.reply, kind=SuppressionKind.BOUNCE, source="SMTP",
                delivery_id=row.id,
            )  # fmt: skip
        elif outcome.soft or row.id in given_up:
            suppressed.soft(row.district_id, row.address, outcome.reply, delivery_id=row.id)


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
        later = moment + back_off(row.attempts + tried, jitter())
        if later > deadline:
            fate, reason = Fate.REFUSED, "deadline"
        else:
            next_at = _written(later)
    finished = None if fate in (Fate.QUEUED, Fate.DEFERRED) else _written(moment)
    return [row.id, outcome.reply, fate.value, reason, tried, next_at, finished]
