"""The participants report of an online platform (Teams, Zoom, Meet …): who was there from when to when.

Read as these programs write it: UTF-16 or UTF-8, tabs, commas or semicolons, a summary above the table,
column names in English or Italian, dates in the order of whoever exported it. Nothing is guessed
silently: a line that cannot be used says why, with its number.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flask_babel import gettext as _

from dissemination.attendance import times
from dissemination.attendance.times import Span
from dissemination.kernel.text import fold
from dissemination.registrations.models import Registration
from dissemination.workshops.models import Workshop

BIGGEST = 2 * 1024 * 1024  # bytes
MOST = 5000  # lines
NEAR = timedelta(hours=12)  # so far from a date of the workshop a time may lie
COLUMNS = {
    "name": (
        "name", "full name", "name (original name)", "participant name", "user name", "nome", "nome completo",
        "nome (nome originale)", "partecipante", "nome utente",
    ),
    "first": ("first name", "given name"),
    "last": ("last name", "family name", "surname", "cognome"),
    "email": (
        "email", "e-mail", "user email", "email address", "participant email", "indirizzo e-mail",
        "e-mail utente", "posta elettronica", "indirizzo email",
    ),
    "joined": (
        "join time", "time joined", "first join", "joined", "ora di ingresso", "ora di accesso",
        "primo ingresso", "prima partecipazione", "ora partecipazione", "ora di partecipazione", "entrata",
        "ingresso",
    ),
    "left": (
        "leave time", "time exited", "last leave", "left", "ora di uscita", "ultima uscita", "ora uscita",
        "ora di abbandono", "ultimo abbandono", "uscita",
    ),
}  # fmt: skip
DATES = ("%m/%d/%Y", "%d/%m/%Y", "%m/%d/%y", "%d/%m/%y", "%Y-%m-%d", "%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d")
HOURS = ("%I:%M:%S %p", "%H:%M:%S", "%I:%M %p", "%H:%M")
WHOLE = ("first join", "last leave", "prima partecipazione", "primo ingresso")  # a summary: gaps left out


class Unusable(ValueError):
    """The file is no participants report; the text says why, in the reader's language."""


@dataclass(frozen=True)
class Line:
    """A line of the report: of whom it speaks, and either its times or why it cannot be used."""

    number: int  # in the file, from 1
    name: str
    email: str
    span: Span | None
    problem: str = ""
    person: Registration | None = None  # None without a problem: nobody who holds a seat; left out


def read(data: bytes, workshop: Workshop, people: Sequence[Registration]) -> list[Line]:
    """The lines of a report of `workshop`, each with its person of `people` (contact loaded).

    Matched by e-mail address, else by the whole name when only one person has it. Raises Unusable.
    """
    rows = _rows(_text(data))
    start, columns = _header(rows)
    matcher = _Matcher(people)
    zone = workshop.district.zone
    days = [Span(day.start - NEAR, day.end + NEAR) for day in times.days(workshop)]
    lines = []
    for number, row in _body(rows, start):
        cells = {name: row[at].strip() if at < len(row) else "" for name, at in columns.items()}
        lines.append(_line(number, cells, matcher, zone, days))
    if not lines:
        raise Unusable(_("The table of participants is empty."))
    return lines


def _text(data: bytes) -> str:
    if len(data) > BIGGEST:
        raise Unusable(_("The file is larger than %(n)d MB.", n=BIGGEST // 1024 // 1024))
    marked = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    encodings = ("utf-16",) if marked else ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text and text.strip():
            return text
    raise Unusable(_("This is not a text file (CSV). In Excel: save as CSV."))


def _rows(text: str) -> list[list[str]]:
    lines = text.splitlines()
    if len(lines) > MOST:
        raise Unusable(_("The file has more than %(n)d lines.", n=MOST))
    separator = max("\t;,", key=lambda mark: sum(line.count(mark) for line in lines))
    try:
        return list(csv.reader(lines, delimiter=separator))
    except csv.Error as error:
        raise Unusable(_("The file cannot be read as a table: %(why)s.", why=error)) from None


def _header(rows) -> tuple[int, dict[str, int]]:
    """Where the table begins (the row after its names) and which column is what.

    Of several tables the one with each coming and going is better than one with the first and last.
    """
    found = []
    for n, row in enumerate(rows):
        names = [_plain(cell) for cell in row]
        columns = {
            key: names.index(name) for key, known in COLUMNS.items() for name in known if name in names
        }
        if {"joined", "left"} <= columns.keys() and {"name", "email", "last"} & columns.keys():
            found.append((any(name in WHOLE for name in names), n + 1, columns))
    if not found:
        raise Unusable(
            _("There is no table with a name or e-mail, a join time and a leave time. "
              "Export the attendance or participants report of the platform as CSV.")
        )  # fmt: skip
    _whole, start, columns = min(found, key=lambda table: table[:2])
    return start, columns


def _plain(cell: str) -> str:
    return " ".join(cell.replace("\ufeff", "").strip().strip("*:").casefold().split())


def _body(rows, start: int) -> Iterator[tuple[int, list[str]]]:
    """The rows of the table with their numbers, until an empty one or the next section's title."""
    for n, row in enumerate(rows[start:], start=start + 1):
        if sum(1 for cell in row if cell.strip()) < 2:
            return
        yield n, row


def _line(number: int, cells: dict[str, str], matcher: "_Matcher", zone, days: list[Span]) -> Line:
    name = cells.get("name") or f"{cells.get('first', '')} {cells.get('last', '')}".strip()
    line = Line(number=number, name=name[:200], email=cells.get("email", "")[:254], span=None)
    joined, left = (_moment(cells.get(key, ""), zone, days) for key in ("joined", "left"))
    if joined is None or left is None:
        unread = cells.get("joined" if joined is None else "left", "")
        return replace(line, problem=_("“%(text)s” is no date and time of this workshop.", text=unread[:60]))
    if left < joined:
        return replace(line, problem=_("It ends before it begins."))
    person, doubt = matcher.find(name, line.email)
    return replace(line, span=Span(joined, left), problem=doubt, person=person)


def _moment(text: str, zone, days: list[Span]) -> datetime | None:
    """The moment in `text` that lies on (or near) a date of the workshop, whichever way it is written."""
    words = " ".join(re.sub(r"[\u202f\u00a0,]|\bGMT\b", " ", text).split())
    words = re.sub(r"(?i)\b([ap])\.?\s?m\.?$", r"\1m", words)
    candidates = []
    try:
        candidates.append(datetime.fromisoformat(text.strip()))
    except ValueError:
        for day in DATES:
            for hour in HOURS:
                try:
                    candidates.append(datetime.strptime(words, f"{day} {hour}"))  # noqa: DTZ007 (zone below)
                except ValueError:
                    continue
    aware = [c if c.tzinfo else c.replace(tzinfo=zone) for c in candidates]
    return next((c for c in aware if any(span.start <= c <= span.end for span in days)), None)


class _Matcher:
    """Finds the person of a line."""

    def __init__(self, people: Sequence[Registration]):
        self._by_email = {person.contact.email.casefold(): person for person in people}
        self._by_name: dict[str, set[int]] = {}
        self._people = {person.id: person for person in people}
        for person in people:
            given, family = person.contact.given_name, person.contact.family_name
            for name in (f"{given} {family}", f"{family} {given}"):
                self._by_name.setdefault(fold(name), set()).add(person.id)

    def find(self, name: str, email: str) -> tuple[Registration | None, str]:
        """(person or None, why it is in doubt or "")."""
        if email and email.casefold() in self._by_email:
            return self._by_email[email.casefold()], ""
        plain = fold(re.sub(r"\([^)]*\)", " ", name).replace(",", " "))
        ids = self._by_name.get(plain, set())
        if len(ids) > 1:
            return None, _("Several registered people are called so: write the e-mail address in the file.")
        return (self._people[next(iter(ids))], "") if ids else (None, "")
