"""The seat counters. The row of a workshop in `rooms` is what concurrent registrations queue for.

Whoever changes a standing holds that row until the transaction ends; nothing else is locked before it
but contacts and companies.
"""

from typing import NamedTuple

from sqlalchemy import and_, bindparam, case, select, update
from sqlalchemy.dialects import postgresql, sqlite

from dissemination.kernel.database import db, is_sqlite
from dissemination.registrations.models import Room, Standing
from dissemination.workshops.models import Workshop

_rooms = Room.__table__.c
_free = and_(
    _rooms.waiting == 0,
    _rooms.taken < select(Workshop.seats).where(Workshop.id == _rooms.workshop_id).scalar_subquery(),
)
_TAKE_PLACE = (
    update(Room.__table__)
    .where(_rooms.workshop_id == bindparam("workshop"))
    .values(
        last_number=_rooms.last_number + 1,
        taken=_rooms.taken + case((_free, 1), else_=0),
        waiting=_rooms.waiting + case((_free, 0), else_=1),
    )
    .returning(_rooms.last_number, _rooms.taken, _rooms.waiting)
)


class Place(NamedTuple):
    """What a newcomer gets: the number, and behind how many she waits (herself included; 0 is a seat)."""

    number: int
    taken: int  # seats, hers included
    position: int

    @property
    def standing(self) -> Standing:
        """What the place gives."""
        return Standing.WAITING if self.position else Standing.CONFIRMED


def take_place(workshop: Workshop) -> Place:
    """The next number, with a seat when one is free and nobody waits: one conditional UPDATE."""
    row = db.session.execute(_TAKE_PLACE, {"workshop": workshop.id}).one_or_none()
    if row is None:  # the first person to come makes the room
        insert = (sqlite if is_sqlite() else postgresql).insert(Room).on_conflict_do_nothing()
        db.session.execute(insert.values(workshop_id=workshop.id, taken=0, waiting=0, last_number=0))
        row = db.session.execute(_TAKE_PLACE, {"workshop": workshop.id}).one()
    return Place(*row)


def leave(workshop: Workshop, standing: Standing) -> None:
    """Give back a seat or a place in the waiting list."""
    counter = Room.taken if standing is Standing.CONFIRMED else Room.waiting
    _change(workshop, {counter: counter - 1})


def give_back(workshop: Workshop, place: Place) -> None:
    """Undo `take_place`; its row is still held, so nobody came in between."""
    leave(workshop, place.standing)
    _change(workshop, {Room.last_number: Room.last_number - 1})


def _change(workshop: Workshop, values: dict) -> None:
    db.session.execute(
        update(Room)
        .where(Room.workshop_id == workshop.id)
        .values(values)
        .execution_options(synchronize_session=False)
    )


def held(workshop: Workshop) -> Room | None:
    """The room, held until the transaction ends, as it stands now."""
    return db.session.scalar(
        select(Room)
        .where(Room.workshop_id == workshop.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
