"""One pass over a sheet's XML for what openpyxl does not tell when it reads in a stream: formulas without a
value, and merged cells. It keeps a few numbers per row, whatever the file says, and stops at too many rows.
"""

import re
from collections import defaultdict
from typing import IO
from xml.parsers import expat

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
ADDRESS = re.compile(r"([A-Z]{1,3})([0-9]{1,9})")
CHUNK = 1 << 16
WIDEST = 16_384  # cells of a row: what spreadsheet programs have, and what a row takes in memory


class TooMuch(Exception):
    """More rows with values, or more cells, than anybody may import."""


class Faults:
    """Cells that no reader gives right. Asked row by row, downwards."""

    def __init__(self, columns: int):
        self.columns = columns
        self.formulas: dict[int, int] = defaultdict(int)  # row -> its columns as bits
        self.merged: list[tuple[int, int, int, int]] = []  # first row, last row, first column, last column
        self._until = [0] * (columns + 1)  # column -> the last row of what is merged there so far
        self._sorted: list[tuple[int, int, int, int]] | None = None

    def row(self, number: int) -> tuple[int, int]:
        """(columns with a formula without value, merged columns) of a row, as bits."""
        if self._sorted is None:
            self._sorted = sorted(self.merged, reverse=True)
        while self._sorted and self._sorted[-1][0] <= number:
            _first, last, left, right = self._sorted.pop()
            for column in range(left, min(right, self.columns) + 1):
                self._until[column] = max(self._until[column], last)
        merged = sum(1 << column for column, last in enumerate(self._until) if last >= number)
        return self.formulas.get(number, 0), merged


def find(source: IO[bytes], *, columns: int, rows: int) -> Faults:
    """The faults of a sheet in its first `columns`. Raises TooMuch, expat.ExpatError."""
    sheet = _Sheet(Faults(columns), rows)
    while chunk := source.read(CHUNK):
        sheet.parser.Parse(chunk, False)
    sheet.parser.Parse(b"", True)
    return sheet.found


class _Sheet:
    def __init__(self, found: Faults, most: int):
        self.found, self.most = found, most
        self.at = self.column = self.filled = self.cells = self.in_row = 0
        self.formula = self.valued = self.text = self.reads = self.has = False
        self.parser = expat.ParserCreate(namespace_separator="}")
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.data
        self.parser.StartDoctypeDeclHandler = self.doctype

    def doctype(self, *_said) -> None:
        raise ValueError("a DOCTYPE")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.removeprefix(MAIN)
        if tag == "c":
            said = ADDRESS.fullmatch(attributes.get("r", ""))
            self.column = _column(said[1]) if said else self.column + 1
            self.cells, self.in_row = self.cells + 1, self.in_row + 1
            if self.in_row > WIDEST or self.cells > self.most * self.found.columns:
                raise TooMuch
            self.formula = self.valued = False
            self.text = attributes.get("t") == "str"
        elif tag == "row":
            number = attributes.get("r", "")
            self.at = int(number) if number.isdecimal() and len(number) < 10 else self.at + 1
            self.column, self.in_row, self.has = 0, 0, False
        elif tag == "f":
            self.formula = True
        elif tag == "v":
            self.reads = True
            self.valued = self.valued or self.text  # a formula that came to an empty text has its value
        elif tag == "mergeCell":
            self.merge(attributes.get("ref", ""))

    def data(self, _text: str) -> None:
        if self.reads:
            self.valued = self.has = True

    def end(self, name: str) -> None:
        tag = name.removeprefix(MAIN)
        if tag == "v":
            self.reads = False
        elif tag == "c":
            if self.formula and not self.valued and self.column <= self.found.columns:
                self.found.formulas[self.at] |= 1 << self.column
        elif tag == "row" and self.has:
            self.filled += 1
            if self.filled > self.most:
                raise TooMuch

    def merge(self, ref: str) -> None:
        ends = [ADDRESS.fullmatch(part) for part in ref.replace("$", "").split(":")]
        first, last = ends[0], ends[-1]
        if first is None or last is None:
            raise ValueError(f"merged cells {ref!r}")
        area = (int(first[2]), int(last[2]), _column(first[1]), _column(last[1]))
        if area[2] <= self.found.columns:
            self.found.merged.append(area)


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
