"""Publications from a spreadsheet saved as CSV: a row each, its columns named in Italian or English."""

import csv
import re
from io import StringIO
from typing import Any

from flask_babel import lazy_gettext as _l

from dissemination.bibliography.building import Builder, language_of, licence_of, person
from dissemination.bibliography.fields import Problem
from dissemination.bibliography.kinds import Kind
from dissemination.bibliography.reading import MAX_ENTRIES, Found, Reading, Tell, TooMuch, text_of, too_many
from dissemination.bibliography.records import Person, Record
from dissemination.kernel.text import fold

COLUMNS = {
    "kind": ("tipo", "type", "kind"), "title": ("titolo", "title"), "title_it": ("titolo italiano",
    "italian title"),
    "title_en": ("titolo inglese", "english title"), "authors": ("autori", "autore", "authors", "author"),
    "editors": ("curatori", "curatore", "editors", "editor"),
    "issued": ("data", "anno", "data di pubblicazione", "date", "year", "publication date"),
    "language": ("lingua", "language"),
    "container": ("rivista", "in", "rivista libro o atti", "journal", "container",
    "journal book or proceedings"),
    "volume": ("volume",), "number": ("numero", "fascicolo", "number", "issue"), "pages": ("pagine", "pages"),
    "publisher": ("editore", "ente", "editore o ente", "publisher", "institution",
    "publisher or institution"),
    "doi": ("doi",), "isbn": ("isbn",), "issn": ("issn",), "url": ("indirizzo", "indirizzo web", "url",
    "link", "web address"),
    "licence": ("licenza", "licence", "license"), "keywords": ("parole chiave", "keywords"),
    "abstract": ("riassunto", "abstract"), "abstract_it": ("riassunto italiano", "abstract italiano",
    "italian abstract"),
    "abstract_en": ("riassunto inglese", "abstract inglese", "english abstract"), "citation_key": ("chiave",
    "key", "id"),
    "version_label": ("versione", "version"),
}  # fmt: skip
"""Our name of a column -> what its heading may be, folded and without punctuation."""
KINDS = {
    "articolo": Kind.ARTICLE, "article": Kind.ARTICLE, "articolo di rivista": Kind.ARTICLE,
    "journal article": Kind.ARTICLE,
    "intervento a convegno": Kind.CONFERENCE_PAPER, "contributo in atti": Kind.CONFERENCE_PAPER,
    "conference paper": Kind.CONFERENCE_PAPER, "atti": Kind.PROCEEDINGS, "atti di convegno": Kind.PROCEEDINGS,
    "proceedings": Kind.PROCEEDINGS, "libro": Kind.BOOK, "book": Kind.BOOK, "capitolo": Kind.CHAPTER,
    "capitolo di libro": Kind.CHAPTER, "chapter": Kind.CHAPTER, "book chapter": Kind.CHAPTER,
    "tesi": Kind.THESIS,
    "thesis": Kind.THESIS, "rapporto": Kind.REPORT, "report": Kind.REPORT,
    "rapporto di foresight": Kind.FORESIGHT,
    "foresight report": Kind.FORESIGHT, "roadmap": Kind.ROADMAP, "nota strategica": Kind.STRATEGIC_NOTE,
    "strategic note": Kind.STRATEGIC_NOTE, "opuscolo": Kind.BROCHURE, "brochure": Kind.BROCHURE,
    "insieme di dati": Kind.DATASET, "dataset": Kind.DATASET, "video": Kind.VIDEO, "stampa": Kind.PRESS,
    "articolo di stampa": Kind.PRESS, "press article": Kind.PRESS, "altro": Kind.OTHER, "other": Kind.OTHER,
} | {kind.value.replace("_", " "): kind for kind in Kind}  # fmt: skip
EMPTY_MOST = 10 * MAX_ENTRIES
"""So many rows are looked at, empty ones too."""
_HEADINGS = {heading: name for name, headings in COLUMNS.items() for heading in headings}
SAMPLE = ("kind", "title_it", "title_en", "authors", "issued", "container", "volume", "number", "pages",
"publisher",
          "doi", "isbn", "issn", "url", "licence", "language", "keywords", "abstract_it",
          "abstract_en")  # fmt: skip


def headings_of(line: str) -> dict[int, str]:
    """Column number -> our name, of a heading line; empty when it names neither title nor author."""
    found: dict[int, str] = {}
    for number, cell in enumerate(_cells(line)):
        name = _HEADINGS.get(re.sub(r"[^a-z0-9]+", " ", fold(cell)).strip())
        if name and name not in found.values():
            found[number] = name
    return found if {"title", "title_it", "title_en"} & set(found.values()) else {}


def _cells(line: str) -> list[str]:
    """The cells of a heading line; none of one that is too long to be one."""
    try:
        return next(csv.reader([line], delimiter=_delimiter(line)), []) if len(line) < 20_000 else []
    except csv.Error:
        return []


def _delimiter(line: str) -> str:
    return max(";\t,", key=line.count)


def read(data: bytes, *, language: str = "it", tell: Tell = None) -> Reading:
    """The records of a CSV file. `language` (ISO 639-1) is that of rows that do not say theirs."""
    reading = Reading(format="CSV", tell=tell)
    try:
        text = text_of(data, reading.problems)
        _rows(text, reading, language)
    except TooMuch as much:
        return Reading([], [Problem(1, much.args[0], lost=True)], "CSV")
    except csv.Error as error:
        reading.problems.append(Problem(1, _l("The table cannot be read: %(why)s.", why=error), lost=True))
    reading.problems.sort(key=lambda p: p.line)
    return reading


def _rows(text: str, reading: Reading, language: str) -> None:
    start = text.partition("\n")[0]
    names = headings_of(start)
    if not names:
        message = _l("The first line must name the columns, among them “Title” or “Titolo”.")
        reading.problems.append(Problem(1, message, lost=True))
        return
    unread = [c for n, c in enumerate(_cells(start)) if n not in names and c.strip()]
    if unread:
        shown = ", ".join(c.strip()[:40] for c in unread[:10])
        reading.problems.append(
            Problem(1, _l("These columns are not known and are left out: %(names)s.", names=shown))
        )
    rows = csv.reader(StringIO(text), delimiter=_delimiter(start))
    next(rows)
    line, count = rows.line_num + 1, 0
    for number, cells in enumerate(rows):
        if number > EMPTY_MOST:
            raise too_many()
        if any(cell.strip() for cell in cells):
            count += 1
            if count > MAX_ENTRIES:
                raise too_many()
            _row({name: cells[n] for n, name in names.items() if n < len(cells)}, line, reading, language)
        line = rows.line_num + 1
    if not count:
        reading.problems.append(Problem(1, _l("The file holds no entry."), lost=True))


def _row(cells: dict[str, str], line: int, reading: Reading, language: str) -> None:
    builder = Builder(line, language)
    record = _record(cells, builder)
    reading.problems += builder.problems
    if record is not None:
        reading.add(Found(record, line, cells.get("kind", "").strip()[:40] or "-"))


def _record(cells: dict[str, str], builder: Builder) -> Record | None:
    builder.language = language_of(cells.get("language", "")) or builder.language
    facts: dict[str, Any] = {}
    for name in ("title", "abstract"):
        facts |= builder.own(name, cells.get(name, ""))
        for code in ("it", "en"):
            facts[f"{name}_{code}"] = cells.get(f"{name}_{code}", "").strip() or facts[f"{name}_{code}"]
    for name in ("container", "volume", "number", "pages", "publisher", "citation_key", "version_label"):
        facts[name] = cells.get(name, "")
    facts |= {
        "doi": builder.doi(cells.get("doi", "")), "isbn": builder.isbn(cells.get("isbn", "")),
        "issn": builder.issn(cells.get("issn", "")), "url": builder.url(cells.get("url", "")),
        "keywords": re.split(r"[;,]", cells.get("keywords", "")), "licence": licence_of(cells.get("licence",
        "")),
    }  # fmt: skip
    if cells.get("licence", "").strip() and not facts["licence"]:
        builder.problem(
            _l("The licence “%(text)s” is not known: left out.", text=cells["licence"].strip()[:60])
        )
    people = _people(cells.get("authors", ""), editor=False) + _people(cells.get("editors", ""), editor=True)
    issued = builder.issued(cells.get("issued", ""))
    return builder.record(_kind(cells.get("kind", ""), builder), issued=issued, people=people, **facts)


def _kind(text: str, builder: Builder) -> Kind:
    word = re.sub(r"[^a-z0-9]+", " ", fold(text)).strip()
    if word and word not in KINDS:
        builder.problem(_l("The type “%(type)s” is not known: read as “other”.", type=text.strip()[:40]))
    return KINDS.get(word, Kind.OTHER)


def _people(text: str, *, editor: bool) -> list[Person]:
    """Names parted by semicolons or line ends: "Rossi, Maria; Bianchi, Ugo; {CNR}"."""
    found = (person(name, editor=editor) for name in re.split(r"[;\n]", text))
    return [one for one in found if one]
