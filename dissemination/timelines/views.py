"""The pages of timelines: the desk's, the report on workshops, and the company's own by link."""

from dissemination.timelines.desk import desk
from dissemination.timelines.effects_desk import desk as effects_desk
from dissemination.timelines.public import public

blueprints = (desk, effects_desk, public)
