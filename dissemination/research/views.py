"""The pages of research: the desk's laboratories, meetings and agreements, and the public list."""

from dissemination.research.agreements_desk import desk as agreements_desk
from dissemination.research.desk import desk
from dissemination.research.meetings_desk import desk as meetings_desk
from dissemination.research.public import public

blueprints = (desk, meetings_desk, agreements_desk, public)
