"""Moving: within the waiting list, out of order to a seat, between the room and online; with a reason."""

from sqlalchemy import select, update

from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.people.accounts import Account
from dissemination.registrations import entering, history, invitations, line, mails, proofs, rooms
from dissemination.registrations.models import (
    LIVING,
    Attends,
    By,
    Registration,
    Room,
    SeatPool,
    Standing,
    What,
)
from dissemination.registrations.refusals import (
    AlreadyBegun,
    NoReason,
    NoSeatThatWay,
    NoSeatToGive,
    NotLiving,
    NotThisWay,
    NotWaiting,
    WrongPlace,
)
from dissemination.workshops.models import Workshop


def move(registration: Registration, *, position: int, reason: str, by: Account | None) -> int:
    """Move her (with her group) to `position` of the waiting list, 1 being next; where she is now.

    A group is never split: the place before or after one is taken, whichever comes first. Raises NoReason,
    NotWaiting, WrongPlace.
    """
    _demand(reason)
    room = line.hold(registration)
    if registration.standing is not Standing.WAITING:
        raise NotWaiting
    waiting = line.units(registration.workshop, room.attends)
    if not 1 <= position <= sum(unit.size for unit in waiting):
        raise WrongPlace(sum(unit.size for unit in waiting))
    mine = next(unit for unit in waiting if registration.id in unit.ids)
    before = [key for unit in waiting for key in unit.ids]
    others = [unit for unit in waiting if unit is not mine]
    at, passed = 0, 0
    while at < len(others) and passed + others[at].size < position:
        passed += others[at].size
        at += 1
    order = [key for unit in (*others[:at], mine, *others[at:]) for key in unit.ids]
    _renumber(before, order)
    for row in db.session.scalars(select(Registration).where(Registration.id.in_(mine.ids))):
        details = {"position": [before.index(row.id) + 1, order.index(row.id) + 1]}
        history.note(row, What.MOVED, By.ORGANISER, account=by, reason=reason, details=details)
    line.promote(registration.workshop, room.attends)
    return order.index(registration.id) + 1


def _renumber(before: list[int], order: list[int]) -> None:
    """The same numbers in the new order; by way of negative ones, for a number is never there twice."""
    rows = db.session.execute(select(Registration.id, Registration.number).where(Registration.id.in_(before)))
    numbers = dict(rows.all())
    changed = {
        key: number
        for key, number in zip(order, sorted(numbers.values()), strict=True)
        if numbers[key] != number
    }
    for sign in (-1, 1):
        for key, number in changed.items():
            db.session.execute(
                update(Registration)
                .where(Registration.id == key)
                .values(number=sign * number)
                .execution_options(synchronize_session=False)
            )
    db.session.expire_all()


def give_seat(registration: Registration, *, reason: str, by: Account | None) -> Registration:
    """Give a free seat to a person who waits, out of order (of a group to her alone), with a reason.

    Raises NoReason, NotWaiting, NoSeatToGive.
    """
    _demand(reason)
    room, workshop = line.hold(registration), registration.workshop
    if registration.standing is not Standing.WAITING:
        raise NotWaiting
    kept = line.pools(room)
    if rooms.free_seats(workshop, room) < 1 and registration.company_id not in kept:
        raise NoSeatToGive
    line.seat([registration], room, kept=kept, who=By.ORGANISER, account=by, reason=reason)
    db.session.flush()
    if registration.proof_due is None:
        invitations.invite(registration, mails.promoted, former=registration.invitations)
    return registration


def switch(
    registration: Registration, attends: Attends, *, by: Account | None = None, reason: str = ""
) -> Registration:
    """Come online instead of to the room, or the other way round, when a seat is free there.

    Her calendar gets the new place; the seat she leaves goes to whoever waits for it. Whoever waits or was
    offered a seat gets one at once; who asks to be let in goes on asking. Raises NotThisWay, NotLiving,
    NoSeatThatWay, AlreadyBegun (not for organisers), WorkshopIsOff, WorkshopIsClosed, NoReason (organisers).
    """
    workshop = registration.workshop
    if by is None:
        proofs.acted(registration)
    else:
        _demand(reason)
    if not rooms.is_hybrid(workshop) or attends not in rooms.ways(workshop):
        raise NotThisWay
    old = line.hold(registration)
    new = rooms.held(workshop, attends)[attends]
    _check(registration, by)
    if new is old:
        return registration
    before = registration.standing
    if before is not Standing.REQUESTED and not _has_seat(registration, new):
        raise NoSeatThatWay
    line.vacate(registration, old)
    registration.attends, registration.number = attends, rooms.take_numbers(workshop, attends).number
    db.session.flush()
    new = rooms.held(workshop, attends)[attends]
    details = {"attends": [old.attends.value, attends.value]}
    history.note(registration, What.MOVED, history.whose(by), account=by, reason=reason, details=details)
    if before is not Standing.REQUESTED:
        _sit_down(registration, new, before, by)
    db.session.flush()
    line.promote(workshop)
    return registration


def _has_seat(registration: Registration, room) -> bool:
    kept = line.pools(room)
    return rooms.free_seats(registration.workshop, room) >= 1 or registration.company_id in kept


def _sit_down(registration: Registration, room, before: Standing, by: Account | None) -> None:
    """A seat of the new room; whoever had one before is told of the new place, the others are invited."""
    line.sit(registration, room, line.pools(room))
    registration.standing = Standing.CONFIRMED
    if before is not Standing.CONFIRMED:
        registration.confirmed_at = now()
        details = {"standing": [before.value, Standing.CONFIRMED.value]}
        history.note(registration, What.SEATED, history.whose(by), account=by, details=details)
    db.session.flush()
    if registration.proof_due is not None:
        return
    if before is Standing.CONFIRMED:
        invitations.switched(registration)
    else:
        entering.welcome(registration, None, former=registration.invitations)


def _check(registration: Registration, by: Account | None) -> None:
    workshop = registration.workshop
    entering.check_lasts(workshop)
    if registration.standing not in LIVING:
        raise NotLiving
    if by is None and workshop.starts_at <= now():
        raise AlreadyBegun


def _demand(reason: str) -> None:
    if not reason.strip():
        raise NoReason


def follow_mode(workshop: Workshop) -> bool:
    """The workshop is no longer held one way: these people take part the other way, as they stood.

    Nobody loses a seat, also when there are now more people than seats. Their calendars hear of the new
    place by the change itself (`jobs.tell_changed`).
    """
    offered = rooms.ways(workshop)
    every = rooms.held(workshop, *offered) | rooms.held(workshop)
    new, gone = every[offered[0]], [room for way, room in every.items() if way not in offered]
    for old in gone:
        _move_people(workshop, old, new)
        _move_pools(workshop, old, new)
        new.taken, new.waiting = new.taken + old.taken, new.waiting + old.waiting
        old.taken = old.waiting = old.reserved = 0
    db.session.flush()
    line.promote(workshop, new.attends)
    return bool(gone)


def _move_people(workshop: Workshop, old: Room, new: Room) -> None:
    people = select(Registration).where(
        Registration.workshop_id == workshop.id, Registration.attends == old.attends,
        Registration.standing.in_(LIVING),
    )  # fmt: skip
    for registration in db.session.scalars(people.order_by(Registration.number)):
        new.last_number += 1
        registration.attends, registration.number = new.attends, new.last_number
        details = {"attends": [old.attends.value, new.attends.value]}
        history.note(registration, What.MOVED, By.SYSTEM, details=details)


def _move_pools(workshop: Workshop, old: Room, new: Room) -> None:
    """Seats kept stay kept; where the company has seats kept the new way too, these are released."""
    rows = db.session.scalars(select(SeatPool).where(SeatPool.workshop_id == workshop.id)).all()
    there = {pool.company_id for pool in rows if pool.attends is new.attends}
    for pool in rows:
        if pool.attends is not old.attends or pool.released_at is not None:
            continue
        if pool.company_id in there:
            pool.released_at = now()
        else:
            pool.attends = new.attends
            new.reserved += pool.seats - pool.used
