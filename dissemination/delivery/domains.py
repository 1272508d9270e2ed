"""Receiving domains: not faster than they want it, and at rest for a while when they say so.

A setting (MAIL_DOMAIN_RATE) says how many messages per second a domain gets from all workers together; a
sending may say less (`sendings.domain_rates`), and the stricter of the two holds. And a domain that answers
"not so fast" (421, 450, 4.7.x: `replies`) rests: 1 minute, then 2, 4 … up to 30; the first message that it
takes ends that. Rows of a domain that rests keep their attempts: they get a later turn.
"""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import select, text, update

from dissemination.delivery.models import MailDomain
from dissemination.delivery.sendings import paced_after, paced_count
from dissemination.kernel.database import as_stored, db, insert_into, is_sqlite, writing

PATIENCE = 3  # refusals to talk in a row before a domain rests
FIRST_REST = timedelta(minutes=1)
LONGEST_REST = timedelta(minutes=30)
table = MailDomain.__table__
_RESTING = select(table.c.domain, table.c.paused_until).where(table.c.paused_until.is_not(None))


def of(address: str) -> str:
    """The domain of an address, in lower case."""
    return address.rpartition("@")[2].lower()


def stricter(some: dict[str, float], others: dict[str, float]) -> dict[str, float]:
    """The rates of both, by domain the lower one; "*" holds for each domain that is not named."""
    if not some or not others:
        return some or others

    def lower(domain: str) -> float:
        found = (rates.get(domain, rates.get("*")) for rates in (some, others))
        return min(rate for rate in found if rate is not None)

    return {domain: lower(domain) for domain in (*some, *others)}


def sift(rows: list, *, at: datetime, rates: dict[str, float]) -> list:
    """Those of `rows` whose domain may be written to now; the others get a later turn. In a transaction."""
    resting = {d: until for d, until in writing().execute(_RESTING).all() if until > at}
    if not resting and not rates:
        return rows
    by_domain: dict[str, list] = {}
    for row in rows:
        by_domain.setdefault(of(row.address), []).append(row)
    later: list[list] = []
    for domain, some in sorted(by_domain.items()):  # one order: two workers do not wait for each other
        rate = rates.get(domain, rates.get("*"))
        if domain in resting:
            later += [[row.id, _written(resting[domain])] for row in some]
        elif rate is not None:
            later += _paced(domain, some, rate, at)
    if not later:
        return rows
    db.session.execute(_put_off(is_sqlite()), {"rows": json.dumps(later)})
    waiting = {id for id, _turn in later}
    return [row for row in rows if row.id not in waiting]


def _paced(domain: str, rows: list, rate: float, at: datetime) -> list[list]:
    """Use up the domain's allowance; [id, turn] of each row that is beyond it, one turn after the other."""
    _ensure(domain)
    query = select(table.c.paced_to, table.c.spread_to).where(table.c.domain == domain).with_for_update()
    known = db.session.execute(query).one()
    count = min(len(rows), paced_count(known.paced_to, rate, at, burst=_burst(rate)))
    turn = max(known.spread_to or at, at)
    turns = []
    for row in rows[count:]:
        turn += timedelta(seconds=1 / rate)
        turns.append([row.id, _written(turn)])
    values = {"paced_to": paced_after(known.paced_to, rate, at, count, burst=_burst(rate)), "spread_to": turn}
    db.session.execute(update(table).where(table.c.domain == domain).values(**values))
    return turns


def _burst(rate: float) -> timedelta:
    """What may leave at once: that of a second, and of a slower rate one message."""
    return timedelta(seconds=max(1.0, 1 / rate))


def any_slow() -> bool:
    """Whether a domain asked for fewer messages and has not taken one since."""
    return db.session.scalar(select(table.c.domain).where(table.c.failures > 0).limit(1)) is not None


def note(taken: Iterable[str], slowed: dict[str, str], *, at: datetime) -> None:
    """Note domains that took a message, and the last reply of those that want fewer. In a transaction."""
    for domain, reply in sorted(slowed.items()):
        _slow_down(domain, reply, at)
    known = db.session.scalars(select(table.c.domain).where(table.c.failures > 0)).all()
    well = set(known) & set(taken) - set(slowed)
    if well:
        db.session.execute(
            update(table).where(table.c.domain.in_(well)).values(failures=0, paused_until=None)
        )


def _slow_down(domain: str, reply: str, at: datetime) -> None:
    _ensure(domain)
    failures = db.session.scalar(
        update(table)
        .where(table.c.domain == domain)
        .values(failures=table.c.failures + 1, last_reply=reply[:500])
        .returning(table.c.failures)
    )
    if failures is not None and failures >= PATIENCE:
        rest = min(LONGEST_REST, FIRST_REST * 2 ** min(failures - PATIENCE, 10))
        db.session.execute(update(table).where(table.c.domain == domain).values(paused_until=at + rest))


def _ensure(domain: str) -> None:
    insert = insert_into(table)
    db.session.execute(insert.values(domain=domain[:253], failures=0, last_reply="").on_conflict_do_nothing())


def _written(moment: datetime) -> str:
    stored = as_stored(moment)
    return stored if isinstance(stored, str) else stored.isoformat()


@cache
def _put_off(on_sqlite: bool):
    if on_sqlite:
        return text(
            "UPDATE deliveries SET next_at = v.value ->> 1 FROM json_each(:rows) AS v"
            " WHERE deliveries.id = v.value ->> 0"
        )
    return text(
        "UPDATE deliveries SET next_at = CAST(v.value ->> 1 AS timestamptz)"
        " FROM json_array_elements(CAST(:rows AS json)) AS v"
        " WHERE deliveries.id = CAST(v.value ->> 0 AS bigint)"
    )
