"""What the worker does for publications: read the text of new files, open what embargoes kept from the search."""

from dissemination.publications.extracting import note_ends, read_waiting

JOBS = [(30, read_waiting), (300, note_ends)]
