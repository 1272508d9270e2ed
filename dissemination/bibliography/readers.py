"""Any bibliography: which format it is in is found by looking at it, never by its name alone."""

import re

from flask_babel import lazy_gettext as _l

from dissemination.bibliography import bibtex, csljson, datacitejson, jsontext, ris, table
from dissemination.bibliography.fields import Problem
from dissemination.bibliography.reading import Reading, Tell, TooMuch, text_of

FORMATS = ("BibTeX", "RIS", "CSL-JSON", "Crossref JSON", "DataCite JSON", "CSV")


def read(data: bytes, *, language: str = "it", tell: Tell = None) -> Reading:
    """The records of a file in one of FORMATS. `language` (ISO 639-1): of entries that do not say theirs.

    `tell` hears how many were read so far. Never raises for what is in the file.
    """
    try:
        text = text_of(data, [])
    except TooMuch as much:
        return Reading([], [Problem(1, much.args[0], lost=True)])
    start = text.lstrip()[:20_000]
    if start[:1] in ("{", "["):
        return _json(text, data, language, tell)
    if ris.looks_like(text):
        return ris.read(data, language=language, tell=tell)
    if re.search(r"(?m)^[ \t]*@[ \t]*\w{1,40}\s{0,9}[{(]", text):
        return bibtex.read(data, language=language, tell=tell)
    if table.headings_of(text.partition("\n")[0]):
        return table.read(data, language=language, tell=tell)
    if "@" in start and not start.startswith("<"):
        return bibtex.read(data, language=language, tell=tell)
    known = ", ".join(FORMATS)
    message = _l("The file is in none of the formats that can be read: %(formats)s.", formats=known)
    return Reading([], [Problem(1, message, lost=True)])


def _json(text: str, data: bytes, language: str, tell: Tell) -> Reading:
    """CSL-JSON, Crossref's and DataCite's, entry by entry: a file may hold some of each."""
    reading = Reading(format="CSL-JSON", tell=tell)
    try:
        text_of(data, reading.problems)
        found = jsontext.entries(text, reading.problems)
    except TooMuch as much:
        return Reading([], [Problem(1, much.args[0], lost=True)], reading.format)
    theirs = [(item, line) for item, line in found if datacitejson.is_entry(item)]
    if theirs:
        reading.format = "DataCite JSON"
        datacitejson.read_entries(theirs, reading, language)
    csljson.read_entries([(i, line) for i, line in found if not datacitejson.is_entry(i)], reading, language)
    reading.found.sort(key=lambda f: f.line)
    if not found and not reading.problems:
        reading.problems.append(Problem(1, _l("The file holds no entry."), lost=True))
    return reading
