"""Who holds which rows: taking them to be sent, and taking back what a dead worker held.

Several workers may run on several machines. A row is taken in one transaction: leased to one worker and
marked `in_data`, so that nobody else sends it and nobody calls it back any more.
"""

import json
import os
import socket
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from typing import NamedTuple

from flask import current_app
from sqlalchemy import CursorResult, and_, bindparam, or_, select, text, update

from dissemination.delivery import domains, sendings
from dissemination.delivery.models import Delivery, Fate, Suppression, SuppressionKind
from dissemination.delivery.suppressed import BOUNCED, keyed
from dissemination.kernel.database import as_stored, db, is_sqlite, writing

LEASE = timedelta(minutes=2)
deliveries = Delivery.__table__
HELD = text("state = 'in_data'")  # written out, as the index ix_deliveries_held wants it
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
    owners = db.session.scalars(select(deliveries.c.lease_owner).where(HELD).distinct())
    dead = [owner for owner in owners if owner and is_dead(owner)]
    found = and_(HELD, or_(deliveries.c.lease_until < at, deliveries.c.lease_owner.in_(dead)))
    any_row = db.session.scalar(select(deliveries.c.id).where(found).limit(1))
    return None if any_row is None else found


def recover(condition, *, at: datetime) -> int:
    """Take back the rows of `lost`: nobody knows whether they were sent; how many became uncertain."""
    changed: CursorResult = db.session.execute(
        update(deliveries)
        .where(condition)
        .values(
            state=Fate.UNCERTAIN, reason="worker_died", finished_at=at, lease_owner=None, lease_until=None
        )
    )  # type: ignore[assignment]
    return changed.rowcount


def is_due(at: datetime, *, to_sink: bool = False) -> bool:
    """Whether any message waits for its turn; asked without a write transaction."""
    if not to_sink:
        for name in ("queued", "deferred"):
            if db.session.scalar(_statement(f"any_{name}", is_sqlite()), {"at": as_stored(at)}) is not None:
                return True
    return sendings.is_waiting(at, to_sink=to_sink)


class Row(NamedTuple):
    """What sending needs of a delivery; the moments as the database writes them."""

    id: int
    letter_id: int
    district_id: int
    address: str
    name: str
    merge: dict
    calendar: dict | None
    message_id: str
    created_at: str
    next_at: str
    attempts: int
    sending: int = 0  # the id of its sending; 0 for single mails


# One value of JSON for many rows, and one statement for many updates: every row that a driver steps over
# lets the sending thread in, which costs more than the row.
_PLAIN = ("id", "letter_id", "district_id", "address", "name")
_REST = ("message_id", "created_at", "next_at", "attempts")
# The conditions are written out, word by word as the partial index ix_deliveries_due has them: only then does
# SQLite see that it fits.
_SINGLE = """SELECT {columns} FROM deliveries WHERE {single} AND state = '{state}' AND next_at <= :at
 ORDER BY next_at, id LIMIT :most"""
_BULK = """SELECT {columns} FROM deliveries WHERE subject_kind = :kind AND subject_id = :subject
 AND state = '{state}' AND next_at <= :at AND {bulk} ORDER BY next_at, id LIMIT :most"""
_SQLITE = {
    # What is JSON already is not read again to be written.
    "rows": "SELECT '[' || group_concat(rtrim(json_array({plain}), ']') || ',' || merge || ','"
    " || coalesce(calendar, 'null') || ',' || ltrim(json_array({rest}), '[')) || ']' FROM ({due})",
    "mark": "UPDATE deliveries SET state = 'in_data', lease_owner = :owner, lease_until = :until"
    " WHERE id IN (SELECT value FROM json_each(:ids))",
    "single": "bulk = 0 AND state IN ('queued', 'deferred')", "bulk": "bulk = 1",
}  # fmt: skip
_POSTGRESQL = {
    "rows": "SELECT json_agg(json_build_array({plain}, merge, calendar, {rest}))"
    " FROM ({due} FOR UPDATE SKIP LOCKED) AS due",
    "mark": "UPDATE deliveries SET state = 'in_data', lease_owner = :owner, lease_until = :until"
    " WHERE id IN (SELECT value::bigint FROM json_array_elements_text(CAST(:ids AS json)))",
    "single": "NOT bulk AND state IN ('queued', 'deferred')", "bulk": "bulk",
}  # fmt: skip


@cache
def _statement(name: str, on_sqlite: bool):
    dialect = _SQLITE if on_sqlite else _POSTGRESQL
    kind, _, state = name.partition("_")
    columns = ", ".join((*_PLAIN, "merge", "calendar", *_REST))
    shape = {"single": dialect["single"], "bulk": dialect["bulk"], "state": state}
    if kind == "mark":
        sql = dialect["mark"].replace("::", "\\:\\:")
    elif kind == "any":
        sql = _SINGLE.format(columns="id", **shape).replace(":most", "1")
    else:
        due = (_SINGLE if kind == "single" else _BULK).format(columns=columns, **shape)
        sql = dialect["rows"].format(plain=", ".join(_PLAIN), rest=", ".join(_REST), due=due)
    return text(sql)


def _rows(name: str, *, most: int, at: datetime, place: sendings.Open | None = None) -> list[Row]:
    values = {"at": as_stored(at), "most": most}
    if place is not None:
        values |= {"kind": place.subject_kind, "subject": place.subject_id}
    found = writing().scalar(_statement(name, is_sqlite()), values)
    rows = json.loads(found) if isinstance(found, str) else found or ()
    sending = place.id if place else 0
    return [Row._make([*row, sending]) for row in rows]


def take_singles(owner: str, *, most: int, at: datetime) -> list[Row]:
    """Up to `most` single mails that are due, now ours and marked `in_data`, oldest first.

    They are to be sent at once. Suppressed addresses are skipped.
    """
    rows: list[Row] = []
    for name in ("single_deferred", "single_queued"):
        if len(rows) < most:
            rows += _rows(name, at=at, most=most - len(rows))
    rows.sort(key=lambda row: (row.next_at, row.id))
    return _marked(owner, rows, at=at)


class Taken(NamedTuple):
    """Rows of sendings. `more`: others are due but held back for a moment, or still to be written."""

    rows: list[Row]
    more: bool


def take_bulk(owner: str, *, most: int, at: datetime, to_sink: bool = False) -> Taken:
    """Like `take_singles`, of the sendings that may go now, each with an equal share."""
    rows: list[Row] = []
    rates: dict[str, float] = {}
    more = False
    ones = [one for one in sendings.open_ones(to_sink=to_sink) if sendings.may_go(one, at)]
    for place, one in enumerate(ones):
        share = max(1, (most - len(rows)) // (len(ones) - place))
        found, held = _of_sending(one, min(share, most - len(rows)), at)
        rows += found
        more = more or held
        if found:
            rates = domains.stricter(rates, one.domain_rates)
    marked = _marked(owner, rows, at=at, rates=rates)
    return Taken(marked, more or (bool(rows) and not marked))  # all skipped or put off: look again


def _of_sending(one: sendings.Open, share: int, at: datetime) -> tuple[list[Row], bool]:
    """The next rows of a sending, and whether more of it waits for its throttle or to be written."""
    allowed = sendings.allowance(one, share, at)
    if allowed < 1:
        return [], True
    rows = _rows("bulk_queued", most=allowed, at=at, place=one)
    if len(rows) < allowed:  # what is new goes first: what was deferred can wait for a few minutes more
        rows += _rows("bulk_deferred", most=allowed - len(rows), at=at, place=one)
    sendings.use_up(one, len(rows), at)
    if not rows:
        sendings.close_if_done(one)
    more = one.is_to_be_written or (len(rows) == allowed and allowed < share)
    return rows, more


def _marked(owner: str, rows: list[Row], *, at: datetime, rates: dict[str, float] | None = None) -> list[Row]:
    rows = _without_suppressed(rows, at=at) if rows else []
    if rows:
        everywhere = dict(current_app.config["SETTINGS"].mail.domain_rates)
        rows = domains.sift(rows, at=at, rates=domains.stricter(everywhere, rates or {}))
    if rows:
        writing().execute(
            _statement("mark", is_sqlite()),
            {"owner": owner, "until": as_stored(at + LEASE), "ids": json.dumps([row.id for row in rows])},
        )
    return rows


def _without_suppressed(rows: list[Row], *, at: datetime) -> list[Row]:
    """Those of `rows` that may be written to; the others are skipped, each with the reason."""
    by_district: dict[int, list[Row]] = {}
    for row in rows:
        by_district.setdefault(row.district_id, []).append(row)
    why: dict[int, str] = {}
    for district_id, some in by_district.items():
        known = _suppressed(district_id, some)
        for row in some if known else ():
            kind, reason = known.get(row.address.lower(), ("", ""))
            # Who unsubscribed from newsletters still gets what she asks for: a confirmation, an invitation.
            if kind and (kind != SuppressionKind.UNSUBSCRIBED or row.sending):
                why[row.id] = reason
    for id, reason in why.items():
        db.session.execute(
            update(deliveries)
            .where(deliveries.c.id == id)
            .values(state=Fate.SKIPPED, reason=f"suppressed: {reason}"[:300], finished_at=at)
        )
    return [row for row in rows if row.id not in why] if why else rows


_LISTED = {  # one value for all addresses: as many parameters as rows cost more than the looking up
    True: "SELECT address, kind, reason FROM suppressions WHERE district_id = :district"
    " AND address IN (SELECT value FROM json_each(:addresses))",
    False: "SELECT address, kind, reason FROM suppressions WHERE district_id = :district"
    " AND address IN (SELECT json_array_elements_text(CAST(:addresses AS json)))",
}


_ANY = select(Suppression.id).where(Suppression.district_id == bindparam("district")).limit(1)
_ANY_HASHED = _ANY.where(Suppression.address >= f"{BOUNCED}:", Suppression.address < f"{BOUNCED};")


def _suppressed(district_id: int, rows: list[Row]) -> dict[str, tuple[str, str]]:
    """(kind, reason) by address (lower case) of those that are suppressed, erased persons too."""
    if writing().scalar(_ANY, {"district": district_id}) is None:
        return {}
    marks = {row.address.lower(): row.address.lower() for row in rows}
    if db.session.scalar(_ANY_HASHED, {"district": district_id}) is not None:
        marks |= {keyed(BOUNCED, address): address for address in list(marks)}
    found = db.session.execute(
        text(_LISTED[is_sqlite()]),
        {"district": district_id, "addresses": json.dumps(list(marks), ensure_ascii=False)},
    )
    return {marks[address]: (kind, reason) for address, kind, reason in found.all()}


def renew(owner: str, *, at: datetime) -> None:
    """Keep what is ours for another while."""
    db.session.execute(
        update(deliveries).where(HELD, deliveries.c.lease_owner == owner).values(lease_until=at + LEASE)
    )


def release(owner: str, ids: Iterable[int]) -> None:
    """Give rows back that were not begun."""
    db.session.execute(
        update(deliveries)
        .where(
            deliveries.c.id.in_(list(ids)), deliveries.c.state == Fate.IN_DATA,
            deliveries.c.lease_owner == owner,
        )
        .values(state=Fate.QUEUED, lease_owner=None, lease_until=None)
    )  # fmt: skip
