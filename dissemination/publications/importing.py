"""What an import would do: each record of a file beside what the district already has. Writes nothing."""

from dataclasses import dataclass

from sqlalchemy import Row

from dissemination.bibliography import readers
from dissemination.bibliography.fields import Problem
from dissemination.bibliography.reading import Found, Reading, Tell
from dissemination.bibliography.records import keys_of_record
from dissemination.kernel.memory import without_collecting
from dissemination.publications import queries


@dataclass(frozen=True)
class Line:
    """A record of the file. It is a duplicate of a publication (`known`) or of an earlier line (`twin`)."""

    number: int  # its place among the records of the file, from 0
    found: Found
    known: Row | None = None
    twin: int | None = None

    @property
    def is_new(self) -> bool:
        """Neither in the district nor earlier in the file."""
        return self.known is None and self.twin is None


@dataclass(frozen=True)
class Preview:
    """Every record of a file, and every problem on its line."""

    lines: list[Line]
    problems: list[Problem]
    format: str = ""

    @property
    def new(self) -> list[Line]:
        """The lines that are no duplicates."""
        return [line for line in self.lines if line.is_new]

    @property
    def duplicates(self) -> list[Line]:
        """The lines that the district, or the file itself, has already."""
        return [line for line in self.lines if not line.is_new]

    def problems_of(self, line: Line) -> list[Problem]:
        """The problems between the start of `line` and that of the next record."""
        following = self.lines[line.number + 1].found.line if line.number + 1 < len(self.lines) else None
        return [
            p for p in self.problems
            if not p.lost and p.line >= line.found.line and (following is None or p.line < following)
        ]  # fmt: skip


def preview(district_id: int, data: bytes, *, language: str, tell: Tell = None) -> Preview:
    """Read a bibliography; compare it with the district's publications by DOI, ISBN and title with year."""
    with without_collecting():
        return _compared(district_id, readers.read(data, language=language, tell=tell))


def _compared(district_id: int, reading: Reading) -> Preview:
    known = queries.known(district_id)
    seen: dict[str, int] = {}
    lines = []
    for number, found in enumerate(reading.found):
        keys = keys_of_record(found.record)
        twin = next((seen[key] for key in keys if key in seen), None)
        lines.append(Line(number, found, next((known[k] for k in keys if k in known), None), twin))
        for key in keys:
            seen.setdefault(key, found.line)
    return Preview(lines, reading.problems, reading.format)
