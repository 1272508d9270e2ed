"""The pages of submissions: `public.py` for authors, `desk.py` for the organisers."""

from dissemination.submissions.desk import desk
from dissemination.submissions.public import public

blueprints = (public, desk)
