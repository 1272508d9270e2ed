"""The blueprints of this package."""

from dissemination.guests import adding, mailing  # noqa: F401 (they add their pages to `desk`)
from dissemination.guests.desk import desk
from dissemination.guests.public import public

blueprints = (public, desk)
