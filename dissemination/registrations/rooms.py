"""The seat counters. The rows of a workshop in `rooms` are what concurrent registrations queue for.

A workshop has a counter for each way to take part: the room, online, or both. Whoever changes a
standing holds the row of its way until the transaction ends; nothing else is locked before it but
contacts, companies and the counters of unasked mails. Whoever needs both rows takes them at once, in
one order (`held`).
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Integer, and_, bindparam, case, func, select, update

from dissemination.kernel.database import db, insert_into, writing
from dissemination.registrations.models import Attends, Room, Standing
from dissemination.registrations.refusals import NotThisWay
from dissemination.workshops.models import Mode, Workshop

ENDLESS = 1_000_000  # stands for "as many as want"
_WAYS = {
    Mode.ONSITE: (Attends.ROOM,), Mode.ONLINE: (Attends.ONLINE,), Mode.MIXED: (Attends.ROOM, Attends.ONLINE),
}  # fmt: skip


def ways(workshop) -> tuple[Attends, ...]:
    """How one can take part in `workshop` (or its door)."""
    return _WAYS[workshop.mode]


def way(workshop, attends: Attends | None) -> Attends:
    """`attends`, or the workshop's first way. Raises NotThisWay."""
    offered = ways(workshop)
    if attends is None:
        return offered[0]
    if attends not in offered:
        raise NotThisWay
    return attends


def is_hybrid(workshop) -> bool:
    """Whether a person chooses between the room and online."""
    return workshop.mode is Mode.MIXED


def capacity(workshop, attends: Attends) -> int | None:
    """Seats of one way; None: as many as want."""
    if is_hybrid(workshop) and attends is Attends.ONLINE:
        return workshop.online_seats
    return workshop.seats


# The one conditional UPDATE.

_rooms = Room.__table__.c
_size = bindparam("size", type_=Integer)
_this = Workshop.id == _rooms.workshop_id


def _read(column):
    return select(column).where(_this).correlate(Room.__table__).scalar_subquery()


_other = Room.__table__.alias("other")
_others = (  # of a way that the workshop no longer offers; a job moves these people
    select(func.coalesce(func.sum(_other.c.taken + _other.c.reserved), 0))
    .where(_other.c.workshop_id == _rooms.workshop_id, _other.c.attends != _rooms.attends)
    .correlate(Room.__table__)
    .scalar_subquery()
)


def _take(seats):
    free = and_(_rooms.waiting == 0, _rooms.taken + _rooms.reserved + _size <= seats)
    return _numbered(
        taken=_rooms.taken + case((free, _size), else_=0),
        waiting=_rooms.waiting + case((free, 0), else_=_size),
    )


def _numbered(**values):
    return (
        update(Room.__table__)
        .where(
            _rooms.workshop_id == bindparam("workshop"),
            _rooms.attends == bindparam("way", type_=_rooms.attends.type),
        )
        .values(last_number=_rooms.last_number + _size, **values)
        .returning(_rooms.last_number, _rooms.taken, _rooms.waiting, _rooms.reserved)
    )


_TAKE_ONLY = _take(_read(Workshop.seats) - _others)
_TAKE_ROOM = _take(_read(Workshop.seats))
_TAKE_ONLINE = _take(func.coalesce(_read(Workshop.online_seats), ENDLESS))
_TAKE_NUMBER = _numbered()


class Place(NamedTuple):
    """What newcomers get: the last of their numbers, and behind how many they wait (themselves included)."""

    number: int
    taken: int  # seats of this way, theirs included
    position: int  # of the last of them in the waiting list; 0 is a seat for each
    reserved: int  # unused seats of companies' pools
    size: int = 1

    @property
    def is_seat(self) -> bool:
        """A seat for each of them; else all wait."""
        return self.position == 0

    @property
    def numbers(self) -> range:
        """The numbers, in the order in which the people were given."""
        return range(self.number - self.size + 1, self.number + 1)


def take_place(workshop: Workshop, attends: Attends, *, size: int = 1) -> Place:
    """The next `size` numbers, with seats when that many are free and nobody waits: one UPDATE."""
    if not is_hybrid(workshop):
        return _execute(_TAKE_ONLY, workshop, attends, size)
    return _execute(_TAKE_ROOM if attends is Attends.ROOM else _TAKE_ONLINE, workshop, attends, size)


def take_numbers(workshop: Workshop, attends: Attends, *, size: int = 1) -> Place:
    """The next `size` numbers and nothing else: of people who ask to be let in."""
    return _execute(_TAKE_NUMBER, workshop, attends, size)


def _execute(statement, workshop: Workshop, attends: Attends, size: int) -> Place:
    values = {"workshop": workshop.id, "way": attends, "size": size}
    connection = writing()
    row: Any = connection.execute(statement, values).one_or_none()
    if row is None:  # the first person to come makes the room
        _make(workshop, [attends])
        row = connection.execute(statement, values).one()
    return Place(row.last_number, row.taken, row.waiting, row.reserved, size)


def _make(workshop: Workshop, attends: Iterable[Attends]) -> None:
    insert = insert_into(Room).on_conflict_do_nothing()
    for one in attends:
        db.session.execute(
            insert.values(workshop_id=workshop.id, attends=one, taken=0, reserved=0, waiting=0, last_number=0)
        )


def give_back(workshop: Workshop, attends: Attends, place: Place, standing: Standing) -> None:
    """Undo what gave `place` and `standing`; its row is still held, so nobody came since."""
    values = {Room.last_number: Room.last_number - place.size}
    counter = {Standing.CONFIRMED: Room.taken, Standing.WAITING: Room.waiting}.get(standing)
    if counter is not None:
        values[counter] = counter - place.size
    _change(workshop, attends, values)


def use_pool_seats(workshop: Workshop, attends: Attends, *, size: int) -> None:
    """`size` seats just taken were kept for the company: as many others become free."""
    _change(workshop, attends, {Room.reserved: Room.reserved - size})


def _change(workshop: Workshop, attends: Attends, values: dict) -> None:
    db.session.execute(
        update(Room)
        .where(Room.workshop_id == workshop.id, Room.attends == attends)
        .values(values)
        .execution_options(synchronize_session=False)
    )


def held(workshop: Workshop, *attends: Attends) -> dict[Attends, Room]:
    """The rooms (of the given ways, else all there are), held until the transaction ends, as they stand.

    A way that is named gets its room when there is none.
    """
    db.session.flush()
    query = select(Room).where(Room.workshop_id == workshop.id)
    if attends:
        query = query.where(Room.attends.in_(attends))
    query = query.order_by(Room.attends).with_for_update().execution_options(populate_existing=True)
    found = {room.attends: room for room in db.session.scalars(query)}
    missing = [one for one in sorted(set(attends)) if one not in found]
    if missing:
        _make(workshop, missing)
        found = {room.attends: room for room in db.session.scalars(query)}
    return found


def free_seats(workshop: Workshop, room: Room) -> int:
    """Seats of a held room that nobody has and that are kept for nobody; negative when seats were lowered."""
    seats = capacity(workshop, room.attends)
    taken = room.taken + room.reserved
    if not is_hybrid(workshop):
        everybody = select(func.sum(Room.taken + Room.reserved)).where(Room.workshop_id == workshop.id)
        taken = db.session.scalar(everybody) or 0
    return (ENDLESS if seats is None else seats) - taken
