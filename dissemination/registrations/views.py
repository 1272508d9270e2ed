"""The blueprints of this package, and the panel that it puts on a workshop's page."""

from sqlalchemy import BigInteger, bindparam, cast, select

from dissemination.kernel.clock import now
from dissemination.kernel.database import UtcDateTime
from dissemination.registrations import mine  # noqa: F401 (adds its pages to `public`)
from dissemination.registrations.desk import desk
from dissemination.registrations.models import Attends, Room
from dissemination.registrations.public import panel, public
from dissemination.registrations.queries import seats_left_many
from dissemination.workshops import slots
from dissemination.workshops.models import Workshop


def _counters(way: Attends):
    """The three counters of one room as one number: any change of any of them is another number."""
    taken, reserved = cast(Room.taken, BigInteger), cast(Room.reserved, BigInteger)
    packed = taken * 2**40 + reserved * 2**20 + Room.waiting
    return select(packed).where(Room.workshop_id == Workshop.id, Room.attends == way).scalar_subquery()


_now = bindparam(None, callable_=now, type_=UtcDateTime())
slots.register(
    panel,
    left=seats_left_many,
    marks=(
        _counters(Attends.ROOM),
        _counters(Attends.ONLINE),
        Workshop.registration_deadline <= _now,
        Workshop.starts_at <= _now,
    ),
)

blueprints = (public, desk)
