"""The blueprints of this package, and what it shows on the personal page of a registration."""

from dissemination.feedback.desk import desk
from dissemination.feedback.public import public, section
from dissemination.registrations import sections

sections.register(section, position=40)
blueprints = (public, desk)
