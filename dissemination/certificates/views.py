"""The blueprints of this package, and what it shows on the personal page of a registration."""

from dissemination.certificates.desk import desk
from dissemination.certificates.public import public, section
from dissemination.registrations import sections

sections.register(section, position=30)
blueprints = (public, desk)
