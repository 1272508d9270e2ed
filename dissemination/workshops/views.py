"""The pages of workshops: `public.py` for everybody, `desk.py` for the organisers."""

from dissemination.workshops.desk import desk
from dissemination.workshops.public import public

blueprints = (public, desk)
