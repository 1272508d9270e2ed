"""The pages of calls: `public.py` for everybody, `desk.py` and `services_desk.py` for the organisers."""

from dissemination.calls import services_desk
from dissemination.calls.desk import desk
from dissemination.calls.public import public

blueprints = (public, desk, services_desk.desk)
