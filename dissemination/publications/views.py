"""The pages of publications: `public.py` for everybody, `desk.py` and `uploads.py` for the organisers."""

from dissemination.publications import life_desk, links_desk, naming, reader_pages, uploads
from dissemination.publications.public import public

blueprints = (public, uploads.desk, reader_pages.readers)  # uploads puts its pages on the desk's blueprint
