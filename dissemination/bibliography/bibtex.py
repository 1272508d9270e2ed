"""Reading a BibTeX or biblatex file: bytes to records, with every problem on its line.

The library splits the text into blocks; joining strings, inheritance and fields are ours, because it
resolves neither `dtv # { and sons}` nor crossrefs. Nothing here touches the database. Limits: MAX_BYTES,
MAX_ENTRIES; a file beyond them is read not at all rather than in part.
"""

import logging
import re
from typing import TYPE_CHECKING

from flask_babel import lazy_gettext as _l

from dissemination.bibliography.fields import Entry, EntryReader, Problem
from dissemination.bibliography.reading import (
    MAX_ENTRIES,
    Found,
    Reading,
    Tell,
    TooMuch,
    text_of,
    too_many,
)
from dissemination.bibliography.vocabulary import MONTHS, NO_RECORD, PARTS, words
from dissemination.kernel.memory import without_collecting

if TYPE_CHECKING:  # the library takes 4 MiB, and few web processes ever read a file
    from bibtexparser.model import Entry as Block

logging.getLogger("bibtexparser").setLevel(logging.ERROR)  # it logs what people's files hold

MAX_BRACES = 2_000_000
MAX_STRINGS = 10_000_000
DEPTH = 5  # crossrefs of crossrefs
NOT_INHERITED = frozenset(words(
    "crossref xref xdata ids entryset related relatedtype relatedstring doi url urldate eprint eprinttype "
    "abstract keywords pages file note annotation options shorttitle sorttitle indextitle indexsorttitle "
    "title-it title-en abstract-it abstract-en entrysubtype langid language"
))  # fmt: skip
"""What a part does not take over from its whole (biblatex manual, app. B, and what names one work only)."""
TITLES = {"title": "booktitle", "subtitle": "booksubtitle", "titleaddon": "booktitleaddon"}


def read(data: bytes, *, language: str = "it", tell: Tell = None) -> Reading:
    """The records of a .bib file. `language` (ISO 639-1) is that of entries that do not say theirs.

    Never raises for what is in the file: all of it is in `problems`, sorted by line.
    """
    with without_collecting():
        return _read(data, language, tell)


def _read(data: bytes, language: str, tell: Tell) -> Reading:
    reading = Reading(format="BibTeX", tell=tell)
    try:
        text = text_of(data, reading.problems)
        entries = _entries(text, reading.problems)
    except TooMuch as much:
        return Reading([], [Problem(1, much.args[0], lost=True)], "BibTeX")
    by_key = {e.key.lower(): e for e in reversed(entries)}  # the first one with a key wins
    names: dict[str, tuple] = {}
    for entry in entries:
        _inherit(entry, by_key, reading.problems, DEPTH)
        reader = EntryReader(entry, language, names)
        record = reader.record()
        reading.problems += reader.problems
        if record is not None:
            reading.add(Found(record, entry.line, entry.type))
        elif entry.type == "set":
            reading.problems.append(
                Problem(entry.line, _l("An @set only groups other entries: it is not imported."), lost=True)
            )
    if not entries and not any(p.lost for p in reading.problems):
        reading.problems.append(Problem(1, _l("No BibTeX entry was found. Is this a .bib file?"), lost=True))
    reading.problems.sort(key=lambda p: p.line)
    return reading


class _Strings(dict):
    """The @strings of a file, by name. Forty lines, each twice the one before, would fill the memory."""

    length = 0

    def put_in(self, name: str) -> str | None:
        """The text of `name`, None for an unknown one. Raises TooMuch when all together is too long."""
        text = self.get(name)
        self.length += len(text or "")
        if self.length > MAX_STRINGS:
            raise TooMuch(_l("The @string abbreviations of this file make it too long. Write them out."))
        return text


def _entries(text: str, problems: list[Problem]) -> list[Entry]:
    """The entries of `text` with their strings put in, in order."""
    from bibtexparser import model
    from bibtexparser.splitter import Splitter

    if text.count("{") > MAX_BRACES or len(re.findall(r"@\w+\s*[{(]", text)) > MAX_ENTRIES:
        raise too_many()
    # The splitter takes a backslash before a brace or a line end for an escape; after `\\` it is none.
    text = re.sub(r"\\\\(?=[{}\",=\n])", r"\\\\ ", text)
    text = re.sub(r"\\(?=\n)", r"\\ ", text)
    strings = _Strings({name: name for name in MONTHS})
    entries = []
    for block in Splitter(text).split().blocks:
        if isinstance(block, model.String):
            strings[block.key.lower()] = _value(block.value, strings)[0]
            continue
        accepted = _accepted(block, problems)
        if accepted is not None:
            entries.append(_entry(accepted, strings, problems))
    return entries


def _accepted(block, problems: list[Problem]) -> "Block | None":
    """The entry in `block`, if there is one; what is wrong with it goes to `problems`."""
    from bibtexparser import model

    line = (block.start_line or 0) + 1
    if isinstance(block, model.DuplicateBlockKeyBlock):
        if not isinstance(block.ignore_error_block, model.Entry):
            return None
        first = (block.previous_block.start_line or 0) + 1
        message = _l("The key “%(key)s” was used before, at line %(first)d.", key=block.key, first=first)
        problems.append(Problem(line, message))
        return block.ignore_error_block
    if isinstance(block, model.DuplicateFieldKeyBlock):
        names = ", ".join(sorted(block.duplicate_keys))
        message = _l("A field stands twice: %(names)s. The first one was read.", names=names)
        problems.append(Problem(line, message))
        return block.ignore_error_block if isinstance(block.ignore_error_block, model.Entry) else None
    if isinstance(block, model.ParsingFailedBlock):
        start = " ".join((block.raw or "").split())[:60]
        message = _l(
            "This entry is broken: a brace, a comma or its key is missing (%(start)s …).", start=start
        )
        problems.append(Problem(line, message, lost=True))
        return None
    return block if isinstance(block, model.Entry) else None


def _entry(block: "Block", strings: _Strings, problems: list[Problem]) -> Entry:
    entry = Entry(block.entry_type.lower(), " ".join(block.key.split())[:120], (block.start_line or 0) + 1)
    for written in block.fields:
        line = (written.start_line or 0) + 1
        name: str | None = written.key.lower()
        rest = written.value
        while name is not None:
            value, unknown, rest = _value(rest, strings)
            if unknown:
                problems.append(Problem(line, _l("“%(name)s” is not a @string of this file.", name=unknown)))
            if name not in entry.fields:
                entry.fields[name], entry.lines[name] = value, line
            if not rest.strip():
                break
            # `title = {A} year = 2020`: a comma is missing, what follows is the next field.
            problems.append(Problem(line, _l("A comma is missing after “%(name)s”.", name=name)))
            following = re.match(r"\s*([A-Za-z][\w:+-]*)\s*=", rest)
            name, rest = (following[1].lower(), rest[following.end() :]) if following else (None, "")
    return entry


_MARK = re.compile(r'(?<!\\)[{}"]')
_PIECE = re.compile(r"\s*(?:(?P<number>\d+)(?![\w])|(?P<name>[^\s#{}\",=()]+))\s*")


def _value(source: str, strings: _Strings) -> tuple[str, str, str]:
    """(value, an unknown string's name, what is left over) of `{a} # b # "c"`."""
    if source[:1] == "{" and source[-1:] == "}" and "#" not in source:
        inner = source[1:-1]
        if "=" not in inner or "}" not in inner:  # else a comma may be missing
            return inner, "", ""
    pieces, unknown, place = [], "", 0
    while place < len(source):
        piece, place = _piece(source, place, strings)
        if piece is None:
            break
        text, missing = piece
        pieces.append(text)
        unknown = unknown or missing
        glue = re.compile(r"\s*#").match(source, place)
        if not glue:
            break
        place = glue.end()
    return "".join(pieces), unknown, source[place:]


def _piece(source: str, place: int, strings: _Strings):
    """((text, unknown name), where it ends) of the piece at `place`; (None, place) when there is none."""
    while place < len(source) and source[place].isspace():
        place += 1
    if place < len(source) and source[place] in '{"':
        end = _end(source, place)
        return (source[place + 1 : end], ""), end + 1
    found = _PIECE.match(source, place)
    if not found:
        return None, place
    if found["number"]:
        return (found["number"], ""), found.end()
    name = found["name"]
    value = strings.put_in(name.lower())
    return (name if value is None else value, name if value is None else ""), found.end()


def _end(source: str, place: int) -> int:
    """Where the group or quoted text that opens at `place` closes; the end of `source` when it does not."""
    quoted = source[place] == '"'
    depth = 0 if quoted else 1
    for match in _MARK.finditer(source, place + 1):  # in place: a copy for each piece would be quadratic
        mark = match[0]
        if mark == '"' and quoted and depth == 0:
            return match.start()
        depth += {"{": 1, "}": -1}.get(mark, 0)
        if mark == "}" and depth == 0 and not quoted:
            return match.start()
    return len(source)


def _inherit(entry: Entry, by_key: dict[str, Entry], problems: list[Problem], depth: int) -> None:
    """Take over from `xdata` and `crossref` what the entry does not say itself."""
    for name in ("xdata", "crossref"):
        if name not in entry.fields:
            continue
        for key in filter(None, (k.strip().lower() for k in entry.fields[name].split(","))):
            whole = by_key.get(key)
            if whole is None or whole is entry or not depth:
                line = entry.lines.get(name, entry.line)
                problems.append(
                    Problem(line, _l("The entry “%(key)s” that it refers to is not in the file.", key=key))
                )
                continue
            _inherit_from(whole, entry, by_key, depth - 1)


def _inherit_from(whole: Entry, entry: Entry, by_key: dict[str, Entry], depth: int) -> None:
    if depth and ("crossref" in whole.fields or "xdata" in whole.fields):
        _inherit(whole, by_key, [], depth)  # its own problems are told when its turn comes
    is_part = entry.type in PARTS and whole.type not in NO_RECORD
    for name, value in whole.fields.items():
        if name in NOT_INHERITED and whole.type != "xdata":
            continue
        if is_part and name == "author":
            name = "bookauthor"
        name = TITLES.get(name, name) if is_part else name
        if entry.type == "article" and whole.type == "periodical" and name in ("title", "subtitle"):
            name = f"journal{name}"
        entry.fields.setdefault(name, value)
        entry.lines.setdefault(name, entry.line)
