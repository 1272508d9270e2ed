"""The pages of publications: `public.py` for everybody, `desk.py` and `uploads.py` for the organisers."""

from dissemination.publications import uploads
from dissemination.publications.public import public

blueprints = (public, uploads.desk)  # uploads puts its pages on the desk's blueprint
