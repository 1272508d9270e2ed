"""The blueprints of this package, and the panel that it puts on a workshop's page."""

from sqlalchemy import bindparam, select

from dissemination.kernel.clock import now
from dissemination.kernel.database import UtcDateTime
from dissemination.registrations import mine  # noqa: F401 (adds its pages to `public`)
from dissemination.registrations.desk import desk
from dissemination.registrations.models import Room
from dissemination.registrations.public import panel, public
from dissemination.registrations.queries import seats_left_many
from dissemination.workshops import slots
from dissemination.workshops.models import Workshop

_now = bindparam(None, callable_=now, type_=UtcDateTime())
slots.register(
    panel,
    left=seats_left_many,
    marks=(
        select(Room.taken).where(Room.workshop_id == Workshop.id).scalar_subquery(),
        select(Room.waiting).where(Room.workshop_id == Workshop.id).scalar_subquery(),
        Workshop.registration_deadline <= _now,
        Workshop.starts_at <= _now,
    ),
)

blueprints = (public, desk)
