"""Seats kept for one company until a date; what is unused then goes to everybody.

Only registrations of that company use them, and they use them first. Nothing is oversold: seats are kept
only out of those that are free, under the room's row lock.
"""

from datetime import datetime

from sqlalchemy import select

from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.people.accounts import Account
from dissemination.people.models import Company
from dissemination.registrations import line, rooms
from dissemination.registrations.models import Attends, SeatPool
from dissemination.registrations.refusals import AlreadyUsed, NothingToKeep, TooFewFree, WrongDay
from dissemination.workshops.models import Workshop


def keep_seats(
    workshop: Workshop, company: Company, *, seats: int, until: datetime, attends: Attends | None = None,
    by: Account | None = None,
) -> SeatPool:  # fmt: skip
    """Keep `seats` seats for `company` until then; what was kept before is changed to that.

    `seats` counts those that are used already. Raises NotThisWay, NothingToKeep, WrongDay, TooFewFree
    with how many there are, AlreadyUsed.
    """
    attends = rooms.way(workshop, attends)
    if rooms.capacity(workshop, attends) is None:
        raise NothingToKeep
    if not now() < until <= workshop.starts_at:
        raise WrongDay
    room = rooms.held(workshop, attends)[attends]
    pool = _of_company(workshop, company, attends)
    used = pool.used if pool else 0
    unused_before = pool.seats - pool.used if pool and pool.released_at is None else 0
    if seats < max(used, 1):
        raise AlreadyUsed(max(used, 1))
    free = rooms.free_seats(workshop, room) + unused_before
    if seats - used > free:
        raise TooFewFree(free + used)
    if pool is None:
        pool = SeatPool(
            workshop_id=workshop.id, attends=attends, company_id=company.id, used=0, created_at=now(),
            created_by=by.id if by else None,
        )  # fmt: skip
        db.session.add(pool)
    room.reserved += (seats - used) - unused_before
    pool.seats, pool.until = seats, until
    pool.released_at = pool.released_by = None
    db.session.flush()
    line.promote(workshop, attends)
    return pool


def release_pool(pool: SeatPool, by: Account | None = None) -> None:
    """Give the unused seats to everybody: whoever waits and fits gets them. Twice is once."""
    workshop = pool.workshop
    room = rooms.held(workshop, pool.attends)[pool.attends]
    db.session.refresh(pool)
    if pool.released_at is not None:
        return
    room.reserved -= pool.seats - pool.used
    pool.released_at, pool.released_by = now(), by.id if by else None
    db.session.flush()
    line.promote(workshop, room.attends)


def _of_company(workshop: Workshop, company: Company, attends: Attends) -> SeatPool | None:
    query = select(SeatPool).where(
        SeatPool.workshop_id == workshop.id, SeatPool.company_id == company.id, SeatPool.attends == attends
    )
    return db.session.scalar(query.execution_options(populate_existing=True))
