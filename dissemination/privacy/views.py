"""The blueprints of this package."""

from dissemination.privacy import person  # noqa: F401 (adds its pages to `desk`)
from dissemination.privacy.desk import desk
from dissemination.privacy.public import public

blueprints = (public, desk)
