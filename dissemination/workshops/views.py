"""The pages of workshops: `public.py` for everybody, `desk.py` for the organisers."""

from dissemination.workshops import naming as naming  # neighbours ask it for names
from dissemination.workshops.desk import desk
from dissemination.workshops.materials_desk import desk as materials_desk
from dissemination.workshops.public import public
from dissemination.workshops.questions_desk import desk as questions_desk
from dissemination.workshops.series_desk import desk as series_desk
from dissemination.workshops.speakers_desk import desk as speakers_desk
from dissemination.workshops.templates_desk import desk as templates_desk

blueprints = (public, desk, questions_desk, materials_desk, series_desk, speakers_desk, templates_desk)
