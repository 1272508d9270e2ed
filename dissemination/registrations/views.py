"""The blueprints of this package, and the panel that it puts on a workshop's page."""

from sqlalchemy import BigInteger, bindparam, cast, select

from dissemination.kernel.clock import now
from dissemination.kernel.database import UtcDateTime
from dissemination.registrations import (  # noqa: F401 (they add pages to `public` and `desk`)
    answer_pages,
    coming,
    desk_people,
    desk_pools,
    feeds,
    materials,
    mine,
    mine_group,
    mine_seat,
    recognised,
)
from dissemination.registrations.board import desk as board
from dissemination.registrations.desk import desk
from dissemination.registrations.embed import create_embedded
from dissemination.registrations.exports import desk as exports
from dissemination.registrations.form_desk import desk as form_desk
from dissemination.registrations.gauge_pages import desk as gauge
from dissemination.registrations.models import Attends, Room
from dissemination.registrations.public import create, panel, public
from dissemination.registrations.queries import seats_left_many
from dissemination.registrations.rehearsal import desk as rehearsal
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

blueprints = (public, desk, form_desk, exports, gauge, board, rehearsal)
csrf_exempt = (create_embedded, create)  # the first looks at no session, the second at the token itself
