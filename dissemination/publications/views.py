"""The pages of publications: `public.py` for everybody, `desk.py` and `uploads.py` for the organisers."""

from dissemination.publications import exports, uploads
from dissemination.publications.public import public

PAGES = (exports,)  # it puts its pages on the public blueprint
blueprints = (public, uploads.desk)  # uploads puts its pages on the desk's blueprint
