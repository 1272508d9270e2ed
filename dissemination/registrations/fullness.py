"""How full a workshop is, and its door: what decides who may come in now. Read from the seat counters."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import Connection, Result, and_, bindparam, select
from sqlalchemy.orm import aliased
from werkzeug.exceptions import NotFound

from dissemination.districts.models import District
from dissemination.kernel.database import db
from dissemination.registrations import rooms
from dissemination.registrations.models import Attends, Room
from dissemination.workshops.models import Cancellation, Closing, Mode, Workshop


@dataclass(frozen=True)
class Seats:
    """How full a workshop, or one way of it, is. `left` is 0 while anybody waits: free seats are theirs.

    `capacity` None: as many as want. `reserved` are kept for companies. Of a hybrid workshop `parts` are
    the room and online, and the rest are their sums.
    """

    capacity: int | None
    taken: int
    waiting: int
    reserved: int = 0
    parts: tuple["Seats", ...] = ()

    @property
    def is_limited(self) -> bool:
        """Whether there is a last seat."""
        return self.capacity is not None

    @property
    def left(self) -> int:
        """Seats that the next person to register would get (`rooms.ENDLESS`: as many as want)."""
        if self.parts:
            return min(rooms.ENDLESS, sum(part.left for part in self.parts))
        if self.waiting:
            return 0
        if self.capacity is None:
            return rooms.ENDLESS
        return max(0, self.capacity - self.taken - self.reserved)


NOBODY = (0, 0, 0)


def _seats(workshop, counted: dict[Attends, tuple[int, int, int]], attends: Attends | None) -> Seats:
    """`counted`: way -> (taken, waiting, reserved)."""
    offered = rooms.ways(workshop)
    if len(offered) == 1:  # of a way that is no longer offered too, until a job has moved these people
        return Seats(workshop.seats, *(sum(n) for n in zip(NOBODY, *counted.values(), strict=True)))
    parts = tuple(
        Seats(rooms.capacity(workshop, way), *counted.get(way, NOBODY))
        for way in offered
        if attends is None or way is attends
    )
    if len(parts) == 1:
        return parts[0]
    limits = [part.capacity for part in parts]
    total = None if None in limits else sum(filter(None, limits))
    taken, waiting, reserved = (
        sum(getattr(part, name) for part in parts) for name in ("taken", "waiting", "reserved")
    )
    return Seats(total, taken, waiting, reserved, parts=parts)


@dataclass(frozen=True)
class Door:
    """What decides who may come in now, read with one query; `state` is the workshop's own rule."""

    id: int
    slug: str
    version: int
    published_at: datetime
    registration_deadline: datetime
    starts_at: datetime
    ends_at: datetime
    venue: str
    online_url: str
    needs_approval: bool
    is_private: bool
    cancellation: int | None
    closing: int | None
    capacity: int  # `workshops.seats`
    online_seats: int | None
    counted: dict[Attends, tuple[int, int, int]]
    state = Workshop.state
    mode: ClassVar[Any] = Workshop.mode

    @property
    def ways(self) -> tuple[Attends, ...]:
        """How one can take part."""
        return rooms.ways(self)

    @property
    def seats(self) -> Seats:
        """How full it is."""
        return self.seats_of(None)

    def seats_of(self, attends: Attends | None) -> Seats:
        """How full one way is."""
        return _seats(_Limits(self.mode, self.capacity, self.online_seats), self.counted, attends)


class _Limits(NamedTuple):
    """What `rooms` asks of a workshop."""

    mode: Mode
    seats: int
    online_seats: int | None


def door(district: District, slug: str) -> Door:
    """The door of a workshop that the public may see. Raises NotFound (404)."""
    found = _door(db.session.execute(_DOOR, {"district": district.id, "slug": slug}))
    if found is None:
        raise NotFound
    return found


def door_at(connection: Connection, district_slug: str, slug: str) -> Door | None:
    """The same without a session, by the names in the address; None when there is none."""
    return _door(connection.execute(_DOOR_AT, {"district_slug": district_slug, "slug": slug}))


def _door(found: Result) -> Door | None:
    facts: Any = found.one_or_none()
    if facts is None:
        return None
    known = (*facts[:-6], _counted(facts[-6:]))
    return Door(*known)


def _counted(numbers) -> dict[Attends, tuple[int, int, int]]:
    """(taken, waiting, reserved) of the room and of online, None where nobody came yet, by way."""
    pairs = ((Attends.ROOM, numbers[:3]), (Attends.ONLINE, numbers[3:]))
    return {way: tuple(counts) for way, counts in pairs if counts[0] is not None}


_IN_ROOM, _ONLINE = aliased(Room), aliased(Room)
_COUNTS = tuple(
    column for room in (_IN_ROOM, _ONLINE) for column in (room.taken, room.waiting, room.reserved)
)


def _with_rooms(query):
    """`query` (of Workshop) joined with both rooms, for `_COUNTS`."""
    for room, way in ((_IN_ROOM, Attends.ROOM), (_ONLINE, Attends.ONLINE)):
        query = query.outerjoin(room, and_(room.workshop_id == Workshop.id, room.attends == way))
    return query


_DOORS = _with_rooms(
    select(
        Workshop.id,
        Workshop.slug,
        Workshop.version,
        Workshop.published_at,
        Workshop.registration_deadline,
        Workshop.starts_at,
        Workshop.ends_at,
        Workshop.venue,
        Workshop.online_url,
        Workshop.needs_approval,
        Workshop.is_private,
        Cancellation.workshop_id,
        Closing.workshop_id,
        Workshop.seats,
        Workshop.online_seats,
        *_COUNTS,
    )
    .outerjoin(Cancellation, Cancellation.workshop_id == Workshop.id)
    .outerjoin(Closing, Closing.workshop_id == Workshop.id)
).where(Workshop.slug == bindparam("slug"), Workshop.published_at.is_not(None))
_DOOR = _DOORS.where(Workshop.district_id == bindparam("district"))
_DOOR_AT = _DOORS.join(District, District.id == Workshop.district_id).where(
    District.slug == bindparam("district_slug")
)


def seats(workshop: Workshop, attends: Attends | None = None) -> Seats:
    """How full `workshop` is now, or one way of it."""
    rows = db.session.execute(
        select(Room.attends, Room.taken, Room.waiting, Room.reserved).where(Room.workshop_id == workshop.id)
    )
    counted = {way: (taken, waiting, reserved) for way, taken, waiting, reserved in rows}
    return _seats(workshop, counted, attends)


def seats_left(workshop: Workshop, attends: Attends | None = None) -> int:
    """Seats that the next person to register would get; 0 while anybody waits."""
    return seats(workshop, attends).left


def seats_many(workshop_ids: Iterable[int]) -> dict[int, Seats]:
    """`seats` of many workshops in one query: workshop id -> seats."""
    rows = db.session.execute(
        _with_rooms(
            select(
                Workshop.id, Workshop.venue, Workshop.online_url, Workshop.seats, Workshop.online_seats,
                *_COUNTS,
            )
        ).where(Workshop.id.in_(list(workshop_ids)))
    )  # fmt: skip
    found = {}
    for workshop_id, venue, url, capacity, online, *counts in rows:
        mode = Mode.MIXED if venue and url else Mode.ONLINE if url else Mode.ONSITE
        found[workshop_id] = _seats(_Limits(mode, capacity, online), _counted(counts), None)
    return found


def seats_left_many(workshop_ids: Iterable[int]) -> dict[int, int]:
    """`seats_left` of many workshops in one query: workshop id -> seats."""
    return {workshop_id: counted.left for workshop_id, counted in seats_many(workshop_ids).items()}
