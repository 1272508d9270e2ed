"""Spreadsheets as lines of cells: CSV, and XLSX read in a stream. Writes nothing, decides nothing.

A cell of XLSX that holds a formula gives the value that was last calculated; where there is none, or where
cells are merged, the cell is at fault by its address. Limits: MOST_BYTES, MOST_LINES, MOST_UNPACKED.
"""

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

from flask_babel import gettext as _

from dissemination.pastyears import faults

MOST_BYTES, MOST_LINES, MOST_UNPACKED, MOST_COLUMNS = 25 * 1024 * 1024, 100_000, 200 * 1024 * 1024, 60
EMPTY = 1_000  # so many empty rows end a sheet: a styled cell at row 1,048,576 is no data
LONGEST = 2_000  # characters of a cell that are kept
# Parts of a workbook that openpyxl holds in memory as a whole.
MOST_OF = {"sharedstrings.xml": 60 * 1024 * 1024, "styles.xml": 5 * 1024 * 1024}


class NotReadable(ValueError):
    """The file cannot be read at all; the text says why."""


@dataclass(frozen=True)
class Cell:
    """A cell as text; `number` when the file holds a number, `problem` when it cannot be used."""

    text: str
    number: bool = False
    problem: str = ""


NOTHING = Cell("")


@dataclass(frozen=True)
class Line:
    """A line of the file with its number, as a spreadsheet counts them."""

    number: int
    cells: list[Cell]

    @property
    def is_empty(self) -> bool:
        """Nothing stands in it."""
        return not any(cell.text or cell.problem for cell in self.cells)


def address(column: int, row: int) -> str:
    """ "C12" for column 3 of line 12."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def is_workbook(data: bytes) -> bool:
    """Whether these are the bytes of an XLSX rather than of a CSV."""
    return data.startswith(b"PK\x03\x04")


def sheets(data: bytes) -> list[str]:
    """The names of the sheets; [""] for CSV. Raises NotReadable."""
    if len(data) > MOST_BYTES:
        raise NotReadable(_("The file is larger than 25 MB. Split it."))
    if not is_workbook(data):
        return [""]
    book = _book(data)
    try:
        # What somebody hid comes last: the first is what is read when nobody chooses.
        return [s.title for s in sorted(book.worksheets, key=lambda s: s.sheet_state != "visible")]
    finally:
        book.close()


def lines(data: bytes, sheet: str = "") -> Iterator[Line]:
    """The lines of a file that are not empty, the header first.

    Raises NotReadable, also on the way: after MOST_LINES lines, or where the file breaks off.
    """
    source = _of_workbook(data, sheet) if is_workbook(data) else _of_csv(data)
    count = 0
    for line in source:
        if line.is_empty:
            continue
        count += 1
        if count > MOST_LINES + 1:
            raise NotReadable(_("There are more than 100,000 lines. Split the file."))
        yield line


# CSV.


def _of_csv(data: bytes) -> Iterator[Line]:
    text = _decoded(data)
    first, _newline, rest = text.partition("\n")
    delimiter, before = max(";,\t", key=first.count), 0
    if first.lower().startswith("sep=") and len(first.strip()) == 5:  # what Excel says to itself
        delimiter, text, before = first[4], rest, 1
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            yield Line(reader.line_num + before, [Cell(c.strip()[:LONGEST]) for c in cells[:MOST_COLUMNS]])
    except csv.Error as error:
        raise NotReadable(
            _("Line %(n)d cannot be read as CSV: %(error)s", n=reader.line_num + before, error=str(error))
        ) from None


def _decoded(data: bytes) -> str:
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))  # "Unicode text" of Excel
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text and text.strip():
            return text
    raise NotReadable(_("This is neither a CSV nor an XLSX file."))


# XLSX.


def _book(data: bytes):
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if _is_too_large(packed):
                raise NotReadable(_("Unpacked, the file is larger than 200 MB. Split it."))
            if any(_declares(packed, part) for part in packed.infolist()):  # entities that unfold without end
                raise ValueError("a DOCTYPE")
            for part in packed.infolist():
                if _hides_its_size(packed, part):
                    _scanned(packed, part.filename)
        return load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    except NotReadable:
        raise
    except Exception:  # openpyxl has no error of its own for what it cannot read
        raise NotReadable(
            _("This is not an XLSX file that can be read. Save it again as XLSX or CSV.")
        ) from None


def unpacked(data: bytes) -> int:
    """How large a file is once it is read: far more than its bytes where an XLSX repeats itself."""
    if not is_workbook(data):
        return len(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            return sum(part.file_size for part in packed.infolist())
    except zipfile.BadZipFile:
        return len(data)


def _is_too_large(packed: zipfile.ZipFile) -> bool:
    parts = packed.infolist()
    return sum(part.file_size for part in parts) > MOST_UNPACKED or any(
        part.filename.lower().endswith(name) and part.file_size > most
        for part in parts for name, most in MOST_OF.items()
    )  # fmt: skip


def _declares(packed: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Whether a part of the file is XML with a DOCTYPE, which no spreadsheet program writes."""
    with packed.open(part) as source:
        return b"<!DOCTYPE" in source.read(4096)


def _of_workbook(data: bytes, name: str) -> Iterator[Line]:
    book = _book(data)
    try:
        sheets = [sheet for sheet in book.worksheets if sheet.title == name] or book.worksheets
        if not sheets:
            raise NotReadable(_("The file has no sheet."))
        sheet = sheets[0]
        found = _faults(data, sheet._worksheet_path)
        sheet.reset_dimensions()  # what the file says of its size is often wrong
        empty = 0
        for number, values in enumerate(sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS), start=1):
            uncalculated, merged = found.row(number)
            cells = [_cell(v, _fault(n, uncalculated, merged)) for n, v in enumerate(values, start=1)]
            while cells and cells[-1] == NOTHING:
                cells.pop()
            line = Line(number, cells)
            empty = empty + 1 if line.is_empty else 0
            if empty > EMPTY:
                return
            yield line
    except NotReadable:
        raise
    except Exception:
        raise NotReadable(_("The file breaks off in the middle. Save it again as XLSX or CSV.")) from None
    finally:
        book.close()


def _hides_its_size(packed: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Whether it is a sheet that does not begin with its dimension, for which openpyxl reads all of it."""
    if not part.filename.startswith("xl/worksheets/") or part.file_size < 4096:
        return False
    with packed.open(part) as source:
        return b"<dimension" not in source.read(4096)


def _faults(data: bytes, path: str) -> faults.Faults:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        return _scanned(packed, path)


def _scanned(packed: zipfile.ZipFile, path: str) -> faults.Faults:
    with packed.open(path) as source:
        try:
            return faults.find(source, columns=MOST_COLUMNS, rows=MOST_LINES + 1)
        except faults.TooMuch:
            raise NotReadable(_("There are more than 100,000 lines. Split the file.")) from None


def _fault(column: int, uncalculated: int, merged: int) -> str:
    """What is wrong with a cell; "" for nothing."""
    if uncalculated >> column & 1:
        return _("a formula without a value: open the file in a spreadsheet program and save it again")
    if merged >> column & 1:
        return _("merged cells: undo the merging and write the value into each cell")
    return ""


def _cell(value, problem: str) -> Cell:
    if problem:
        return Cell("" if value is None else str(value)[:LONGEST], problem=problem)
    if value is None:
        return Cell("")
    if isinstance(value, bool):
        return Cell("1" if value else "0")
    if isinstance(value, datetime):
        return Cell(value.date().isoformat() if value.time() == time(0) else value.isoformat(" "))
    if isinstance(value, date):
        return Cell(value.isoformat())
    if isinstance(value, int | float):
        whole = float(value).is_integer()
        return Cell(str(int(value)) if whole else repr(value), number=True)
    text = str(value).strip()[:LONGEST]
    if text.startswith("#") and text.rstrip("!?").upper() in (
        "#N/A",
        "#REF",
        "#VALUE",
        "#NAME",
        "#DIV/0",
        "#NUM",
        "#NULL",
    ):
        return Cell(text, problem=_("the error %(error)s of a formula", error=text))
    return Cell(text)
