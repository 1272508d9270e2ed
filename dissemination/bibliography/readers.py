"""Any bibliography: which format it is in is found by looking at it, never by its name alone."""

import re

from flask_babel import lazy_gettext as _l

from dissemination.bibliography import bibtex, csljson, datacitejson, jsontext, ris, table
from dissemination.bibliography.building import Builder
from dissemination.bibliography.fields import Problem
from dissemination.bibliography.reading import Found, Reading, Tell, TooMuch, text_of

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
    for item, line in found:
        is_datacite = datacitejson.is_entry(item)
        builder = Builder(line, language)
        record = (datacitejson if is_datacite else csljson).record(item, builder)
        reading.problems += builder.problems
        if record is not None:
            kind = datacitejson.type_of(item) if is_datacite else jsontext.text(item.get("type"))
            reading.add(Found(record, line, kind or "-"))
    if any(datacitejson.is_entry(item) for item, _line in found):
        reading.format = "DataCite JSON"
    reading.problems.sort(key=lambda problem: problem.line)
    if not found and not reading.problems:
        reading.problems.append(Problem(1, _l("The file holds no entry."), lost=True))
    return reading
