"""Turning the audience of a sending into rows, batch by batch, while the first messages leave already.

Each batch is one transaction: rows, and how far it is. A kill between two batches loses nothing and a
repeated one adds nothing (the unique key of deliveries). Reading the recipients happens outside of it.
"""

import logging
from itertools import islice

from sqlalchemy import select, update

from dissemination.delivery import outbox, sendings
from dissemination.delivery.mail import Mail, Recipient
from dissemination.delivery.models import Letter, Sending
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction

log = logging.getLogger("dissemination.sending")
table = sendings.sendings


def advance(sending_id: int, *, most: int | None = None) -> int:
    """Write the rows of the next batch of a sending; how many recipients were read.

    Two workers may do this at once: the second finds that the cursor has moved, and leaves it. What the
    expander raises is kept in the row for the desk, and tried again.
    """
    db.session.rollback()
    found = db.session.get(Sending, sending_id, populate_existing=True)
    if found is None or found.expanded_at or found.cancelled_at:
        return 0
    place = (found.part, found.cursor)
    part, due, what = found.parts[found.part], found.starts_at, (found.subject_kind, found.subject_id)
    mail = Mail.from_source(
        db.session.scalars(select(Letter.source).where(Letter.id == part["letter"])).one()
    )
    most = most or outbox.EXPANSION
    try:
        listed = outbox.expanders[what[0]](what[1], part["audience"], found.cursor)
        batch = list(islice(listed, most))
    except Exception as problem:  # of the floors above: shown at the desk, tried again
        db.session.rollback()
        log.exception("the recipients of %s %s cannot be listed", *what)
        _note_trouble(sending_id, f"{type(problem).__name__}: {problem}")
        return 0
    db.session.rollback()
    with transaction():
        if not _move(sending_id, place, batch=batch, is_last=len(batch) < most):
            return 0
        if batch:
            kept = _still(what, part["audience"], [one for _cursor, one in batch])
            added = outbox.insert_rows(mail, part["letter"], what, kept, at=max(due or now(), now()))
            db.session.execute(
                update(table).where(table.c.id == sending_id).values(expanded=table.c.expanded + added)
            )
        _finish_if_last(sending_id)
    return len(batch)


def _still(what: tuple[str, int], audience: dict, batch: list[Recipient]) -> list[Recipient]:
    """Those of `batch` who have not left since they were listed."""
    keeper = outbox.keepers.get(what[0])
    if keeper is None:
        return batch
    ids = keeper(what[1], audience, [one.contact_id for one in batch if one.contact_id is not None])
    return [one for one in batch if one.contact_id is None or one.contact_id in ids]


def _move(sending_id: int, place: tuple[int, str], *, batch: list, is_last: bool) -> bool:
    """Claim the batch behind `place`; False when somebody else did, or when it was cancelled."""
    to = (place[0] + 1, "") if is_last else (place[0], batch[-1][0])
    claimed = db.session.execute(
        update(table)
        .where(
            table.c.id == sending_id, table.c.part == place[0], table.c.cursor == place[1],
            table.c.expanded_at.is_(None), table.c.cancelled_at.is_(None),
        )
        .values(part=to[0], cursor=to[1][:200], trouble="")
    )  # fmt: skip
    return claimed.rowcount == 1  # type: ignore[attr-defined]


def _finish_if_last(sending_id: int) -> None:
    row = db.session.execute(
        select(table.c.part, table.c.parts, table.c.total, table.c.expanded).where(table.c.id == sending_id)
    ).one()
    if row.part < len(row.parts):
        return
    # Who was counted and left before the row was written is told as skipped; more than counted are told too.
    db.session.execute(
        update(table)
        .where(table.c.id == sending_id)
        .values(expanded_at=now(), total=max(row.total, row.expanded), gone=max(0, row.total - row.expanded))
    )


def _note_trouble(sending_id: int, what: str) -> None:
    with transaction():
        db.session.execute(update(table).where(table.c.id == sending_id).values(trouble=what[:500]))


def advance_all(*, to_sink: bool = False) -> int:
    """One batch of every sending that may go and has rows to be written; how many recipients were read."""
    ones = sendings.open_ones(to_sink=to_sink)
    moment = now()
    return sum(advance(one.id) for one in ones if one.is_to_be_written and sendings.may_go(one, moment))


def retry_troubled() -> None:
    """A job: try again those whose recipients could not be listed."""
    for one in sendings.open_ones(to_sink=False) + sendings.open_ones(to_sink=True):
        if one.expanded_at is None and one.trouble and sendings.may_go(one, now()):
            advance(one.id)
