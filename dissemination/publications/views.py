"""The pages of publications: `public.py` for everybody, `desk.py` and `uploads.py` for the organisers."""

from dissemination.publications import life_desk as life_desk  # adds its pages to the desk's blueprint
from dissemination.publications import links_desk as links_desk
from dissemination.publications import naming as naming  # neighbours ask it for names
from dissemination.publications import reader_pages, uploads
from dissemination.publications.public import public

blueprints = (public, uploads.desk, reader_pages.readers)  # uploads puts its pages on the desk's blueprint
