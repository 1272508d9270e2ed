"""The waiting list: whose turn it is, and what leaving sets free. All under the room's row lock.

The order is that of `number`. A seat is never idle while somebody who fits waits, and among those who fit
the earliest goes first. Who fits: a person, when a seat is free or one is kept for her company; a group,
when there are seats for all of it, for it is seated whole or not at all. A group that does not fit yet
keeps its place at the head and those behind who fit go before; what is free the next time is measured
against it first. (pretix leaves this open for fear of idle seats, pretix#974: we let nobody wait for
seats that somebody else can use, and nobody loses her place.) Who has not proven her address keeps her
place and is passed over until she does, so nobody can block the list with invented addresses.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.registrations import history, hours, invitations, mails, mails_of_seats, rooms
from dissemination.registrations.models import (
    SEATED,
    Attends,
    By,
    Registration,
    Room,
    SeatPool,
    Standing,
    What,
)
from dissemination.workshops.models import State, Workshop


@dataclass
class Unit:
    """Who is seated together: a person, or a group's waiting members."""

    ids: list[int] = field(default_factory=list)
    companies: Counter = field(default_factory=Counter)  # company id -> how many
    proven: bool = True

    @property
    def size(self) -> int:
        """How many seats it takes."""
        return len(self.ids)


def hold(registration: Registration) -> Room:
    """Hold the rooms, then the registration (always in this order), as they stand now; its own room."""
    workshop = registration.workshop
    found = rooms.held(workshop, registration.attends, *rooms.ways(workshop))
    db.session.refresh(registration, with_for_update={"of": Registration})
    db.session.expire(registration, ["invitations"])
    return found[registration.attends]


def units(workshop: Workshop, attends: Attends) -> list[Unit]:
    """Who waits, next first."""
    rows = db.session.execute(
        select(Registration.id, Registration.group_id, Registration.company_id, Registration.proof_due)
        .where(
            Registration.workshop_id == workshop.id, Registration.attends == attends,
            Registration.standing == Standing.WAITING,
        )
        .order_by(Registration.number)
    )  # fmt: skip
    found: dict[object, Unit] = {}
    for key, group_id, company_id, proof_due in rows:
        unit = found.setdefault(("group", group_id) if group_id else key, Unit())
        unit.ids.append(key)
        unit.companies[company_id] += 1
        unit.proven &= proof_due is None
    return list(found.values())


def pools(room: Room) -> dict[int, SeatPool]:
    """The pools of a held room with seats left for their company: company id -> pool."""
    if room.reserved == 0:
        return {}
    query = select(SeatPool).where(
        SeatPool.workshop_id == room.workshop_id, SeatPool.attends == room.attends,
        SeatPool.released_at.is_(None), SeatPool.until > now(), SeatPool.used < SeatPool.seats,
    )  # fmt: skip
    return {
        pool.company_id: pool for pool in db.session.scalars(query.execution_options(populate_existing=True))
    }


def promote(
    workshop: Workshop, attends: Attends | None = None, *, fresh: Iterable[int] = ()
) -> list[Registration]:
    """Give free seats of one way (else of each) to whoever waits, in order; who they are.

    They are written to, but for `fresh` (ids): people who are registered or approved just now, who get the
    seat at once; the others are offered it when the workshop makes offers. Nothing happens once the
    workshop has begun or is off.
    """
    if workshop.state is not State.PUBLISHED or workshop.starts_at <= now():
        return []
    offered = rooms.ways(workshop)
    held = rooms.held(workshop, attends) if attends else rooms.held(workshop)
    lucky: list[Registration] = []
    for room in held.values():
        if room.attends in offered:
            lucky += _promote(workshop, room, frozenset(fresh))
    return lucky


def _promote(workshop: Workshop, room: Room, fresh: frozenset[int]) -> list[Registration]:
    if room.waiting == 0:
        return []
    free, kept = rooms.free_seats(workshop, room), pools(room)
    if free <= 0 and not kept:
        return []
    left = Counter({company: pool.seats - pool.used for company, pool in kept.items()})
    chosen: list[Unit] = []
    for unit in units(workshop, room.attends):
        own = sum(min(left[company], n) for company, n in unit.companies.items())
        if not unit.proven or unit.size - own > free:
            continue
        chosen.append(unit)
        free -= unit.size - own
        left.subtract({company: min(left[company], n) for company, n in unit.companies.items()})
        if free <= 0 and not +left:
            break
    return _seat_units(workshop, room, chosen, kept, fresh)


def _seat_units(workshop, room, chosen: list[Unit], kept, fresh: frozenset[int]) -> list[Registration]:
    until, seated = hours.offer_until(workshop, now()), []
    people = _people([key for unit in chosen for key in unit.ids])
    for unit in chosen:
        members = [people[key] for key in unit.ids]
        is_fresh = bool(fresh.intersection(unit.ids))
        seat(members, room, kept=kept, until=None if is_fresh else until)
        seated += members
        if not is_fresh:
            _tell(members)
    db.session.flush()
    return seated


def _people(ids: list[int]) -> dict[int, Registration]:
    if not ids:
        return {}
    query = select(Registration).where(Registration.id.in_(ids)).options(joinedload(Registration.contact))
    query = query.with_for_update(of=Registration).execution_options(populate_existing=True)
    return {row.id: row for row in db.session.scalars(query)}


def seat(
    members: Iterable[Registration], room: Room, *, kept: dict[int, SeatPool], until: datetime | None = None,
    who: By = By.SYSTEM, account=None, reason: str = "",
) -> None:  # fmt: skip
    """Give each of `members` a seat of the held `room`, or offer it `until` then. Writes no mail.

    The caller has seen that the seats are there; those kept for a company (`kept`) are used first.
    """
    for registration in members:
        before = registration.standing
        if before is Standing.WAITING:
            room.waiting -= 1
        if before not in SEATED:
            sit(registration, room, kept)
        registration.standing = Standing.OFFERED if until else Standing.CONFIRMED
        registration.offer_until = until
        if until is None:
            registration.confirmed_at = now()
        history.note(
            registration, What.OFFERED if until else What.SEATED, who, account=account, reason=reason,
            details={"standing": [before.value, registration.standing.value]},
        )  # fmt: skip


def sit(registration: Registration, room: Room, kept: dict[int, SeatPool]) -> None:
    """Count a seat of the held `room` as hers; one kept for her company (`kept`) is used first."""
    room.taken += 1
    pool = kept.get(registration.company_id) if registration.company_id else None
    if pool is not None and pool.used < pool.seats:
        pool.used += 1
        room.reserved -= 1
        registration.pool_id = pool.id


def _tell(members: list[Registration]) -> None:
    for registration in members:
        if registration.standing is Standing.OFFERED:
            invitations.put(
                mails_of_seats.offer(registration, len(members)), registration,
                f"offer {registration.offer_until:%Y%m%d%H%M}",
            )  # fmt: skip
        else:
            invitations.invite(registration, mails.promoted, former=registration.invitations)


def vacate(registration: Registration, room: Room) -> None:
    """Take the registration out of the counters of its held `room`; a pool gets its seat back."""
    if registration.standing is Standing.WAITING:
        room.waiting -= 1
    elif registration.standing in SEATED:
        room.taken -= 1
        if registration.pool_id is not None:
            _return_to_pool(registration, room)
    registration.offer_until = None


def _return_to_pool(registration: Registration, room: Room) -> None:
    pool = db.session.get_one(SeatPool, registration.pool_id, populate_existing=True)
    pool.used -= 1
    if pool.released_at is None:
        room.reserved += 1
    registration.pool_id = None
