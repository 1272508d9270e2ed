"""What every reader of a bibliography shares: limits, bytes to text, and what it gives back.

A file beyond MAX_BYTES or MAX_ENTRIES is read not at all rather than in part. A reader never raises for
what is in a file: all of that is in `Reading.problems`.
"""

import codecs
from collections.abc import Callable
from dataclasses import dataclass, field

from flask_babel import lazy_gettext as _l

from dissemination.bibliography.fields import Problem
from dissemination.bibliography.records import Record, plain

MAX_BYTES = 20 * 1024 * 1024
MAX_ENTRIES = 20_000
TELL_EACH = 500
Tell = Callable[[int], None] | None
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True)
class Found:
    """A record that can be imported, where it stands in the file, and the type it was written as."""

    record: Record
    line: int
    type: str


@dataclass
class Reading:
    """What a file holds. `format` is the name of the format that it was read as.

    `tell` is called with the number of records found so far, after each TELL_EACH.
    """

    found: list[Found] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    format: str = ""
    tell: Tell = None

    def add(self, found: Found) -> None:
        """One more record."""
        self.found.append(found)
        if self.tell is not None and len(self.found) % TELL_EACH == 0:
            self.tell(len(self.found))


class TooMuch(Exception):
    """More than the stated limits; carries the message."""


def text_of(data: bytes, problems: list[Problem]) -> str:
    """The text of a file, its line ends as `\\n`: UTF-8 or UTF-16 by its mark, else Latin-1 (said so).

    Raises TooMuch.
    """
    if len(data) > MAX_BYTES:
        raise TooMuch(_l("The file has more than %(n)d MB. Split it.", n=MAX_BYTES // 1024 // 1024))
    name = next((name for mark, name in MARKS if data.startswith(mark)), None)
    if name:
        text = data.decode(name, errors="replace")
    else:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            text = data.decode("cp1252", errors="replace")
            message = _l("The file is not UTF-8: it was read as Latin-1. Check the accents.")
            problems.append(Problem(line, message))
    return plain(text.replace("\r\n", "\n").replace("\r", "\n"))


def too_many() -> TooMuch:
    """For a file of more than MAX_ENTRIES entries."""
    return TooMuch(_l("The file has more than %(n)d entries. Split it.", n=MAX_ENTRIES))
