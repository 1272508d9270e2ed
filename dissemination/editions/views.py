"""The pages of the plan as a document."""

from dissemination.editions import copies_desk, printing_desk
from dissemination.editions.desk import desk, imports
from dissemination.editions.public import public

blueprints = (public, desk, imports)
__all__ = ["blueprints", "copies_desk", "printing_desk"]
