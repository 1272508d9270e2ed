"""Spreadsheets as they come: formulas, merged cells, styled emptiness, a hundred thousand lines, bombs."""

import io
import time
import zipfile
from datetime import date

import pytest
from openpyxl.styles import Font

from dissemination.pastyears import reading
from tests.pastyears.conftest import workbook


def texts(data, sheet=""):
    return [[cell.text for cell in line.cells] for line in reading.lines(data, sheet)]


@pytest.fixture(autouse=True)
def context(app):
    """Messages are translated."""


def test_csv_of_excel_and_of_others(app):
    for data in (b"Data;Importo\r\n1/2/2026;1,5\r\n", b"Data,Importo\n1/2/2026,\"1,5\"\n",
                 b"Data\tImporto\n1/2/2026\t1,5\n"):  # fmt: skip
        assert texts(data) == [["Data", "Importo"], ["1/2/2026", "1,5"]]
    assert texts("Città;x\nForlì;1\n".encode("cp1252")) == [["Città", "x"], ["Forlì", "1"]]
    assert texts("\ufeffCittà;x\n\n;\nForlì;1\n".encode()) == [["Città", "x"], ["Forlì", "1"]]


@pytest.mark.parametrize(
    "data", [b"", b"\0\0\0", b"PK\x03\x04 not a zip", b'a;b\n"open;1\n'], ids=["nothing", "binary", "zip", "quote"]
)  # fmt: skip
def test_what_cannot_be_read_is_said(data):
    with pytest.raises(reading.NotReadable):
        list(reading.lines(data))


def test_dates_numbers_and_truths_of_a_workbook():
    data = workbook([[date(2026, 3, 11), 12.5, 7, True, " a "]], header=["a", "b", "c", "d", "e"])
    assert texts(data)[1] == ["2026-03-11", "12.5", "7", "1", "a"]
    assert [cell.number for cell in list(reading.lines(data))[1].cells] == [False, True, True, False, False]


def test_dates_of_the_epoch_of_1904():
    from openpyxl import Workbook
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    book.active.append(["Data"])
    book.active.append([date(2026, 3, 11)])
    out = io.BytesIO()
    book.save(out)
    assert texts(out.getvalue()) == [["Data"], ["2026-03-11"]]


def test_a_formula_gives_its_last_value_or_is_named_by_its_cell():
    data = workbook([["=1+1", 3], ["=A2", 4]], header=["a", "b"])
    assert [line.cells[0].problem.split(":")[0] for line in reading.lines(data)][1:] == [
        "una formula senza valore"
    ] * 2
    # As a spreadsheet program saves it: the formula with what it came to.
    calculated = _rewritten(data, b"<f>1+1</f>", b"<f>1+1</f><v>2</v>")
    assert [line.cells[0].text for line in reading.lines(calculated)][1] == "2"
    assert [bool(line.cells[0].problem) for line in reading.lines(calculated)] == [False, False, True]


def _rewritten(data, old, new):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        for item in source.infolist():
            content = source.read(item)
            if b"1+1" in content:
                for empty in (b"<v></v>", b"<v />", b"<v/>"):
                    content = content.replace(old + empty, new)
                assert new in content
            target.writestr(item, content)
    return out.getvalue()


def test_merged_cells_are_at_fault_by_their_address():
    data = workbook([["x", 1], [None, 2]], header=["a", "b"], change=lambda sheet: sheet.merge_cells("A2:A3"))
    problems = [[bool(c.problem) for c in line.cells] for line in reading.lines(data)]
    assert problems == [[False, False], [True, False], [True, False]]


def test_the_error_of_a_formula_is_no_value():
    data = workbook([["#N/A", "#REF!"]], header=["a", "b"])
    assert [bool(c.problem) for c in list(reading.lines(data))[1].cells] == [True, True]


def test_a_styled_cell_far_below_is_no_data():
    def style(sheet):
        sheet["A1048576"].font = Font(bold=True)

    data = workbook([["x"]], header=["a"], change=style)
    assert texts(data) == [["a"], ["x"]]


def test_more_than_100000_lines_are_refused(monkeypatch):
    data = b"a\n" + b"1\n" * 100_000
    assert sum(1 for _ in reading.lines(data)) == 100_001
    with pytest.raises(reading.NotReadable, match=r"100\.000|100,000"):
        list(reading.lines(data + b"1\n"))


def test_what_unpacks_to_more_than_200_mb_is_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", b"0" * (reading.MOST_UNPACKED + 1))
    assert len(out.getvalue()) < 1_000_000
    with pytest.raises(reading.NotReadable, match="200 MB"):
        reading.sheets(out.getvalue())


@pytest.mark.parametrize(
    ("column", "row", "said"), [(1, 1, "A1"), (26, 9, "Z9"), (27, 2, "AA2"), (703, 1, "AAA1")]
)
def test_addresses_are_those_of_a_spreadsheet(column, row, said):
    assert reading.address(column, row) == said


def test_unicode_text_of_excel_and_its_word_to_itself():
    assert texts("Città\tx\r\nForlì\t1\r\n".encode("utf-16")) == [["Città", "x"], ["Forlì", "1"]]
    found = list(reading.lines(b"sep=,\r\na,b\r\n1;2,3\r\n"))
    assert [[c.text for c in line.cells] for line in found] == [["a", "b"], ["1;2", "3"]]
    assert [line.number for line in found] == [2, 3]


def test_a_hidden_sheet_is_not_the_one_that_is_read():
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(workbook([["x"]], header=["nascosto"])))
    shown = book.create_sheet("Vera")
    shown.append(["a"])
    book.worksheets[0].sheet_state = "hidden"
    book.active = 1
    out = io.BytesIO()
    book.save(out)
    assert reading.sheets(out.getvalue()) == ["Vera", "Attività"]


def test_merged_cells_without_end_are_looked_through_once():
    """Forty thousand merged areas in a small file: each cell was held against each of them."""
    areas = "".join(f'<mergeCell ref="C{n}:D{n}"/>' for n in range(100_000, 140_000))
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in range(2, 10_000))
    data = _with_sheet(f"<sheetData>{rows}</sheetData><mergeCells>{areas}</mergeCells>")
    assert len(data) < 300_000
    began = time.process_time()
    assert len(list(reading.lines(data))) == 9_998
    assert time.process_time() - began < 20
    overlapping = _with_sheet(
        '<sheetData><row r="2"><c r="A2"><v>1</v></c><c r="B2"><v>1</v></c></row><row r="5"><c r="B5"><v>1</v></c>'
        '</row></sheetData><mergeCells><mergeCell ref="B1:B4"/><mergeCell ref="B1:C2"/></mergeCells>'
    )
    found = {
        (line.number, n) for line in reading.lines(overlapping) for n, c in enumerate(line.cells) if c.problem
    }
    assert found == {(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (4, 1)}


def test_a_million_rows_are_refused_before_they_are_read(monkeypatch):
    monkeypatch.setattr(reading, "MOST_LINES", 1_000)
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in range(1, 5_000))
    with pytest.raises(reading.NotReadable, match=r"100\.000"):
        next(reading.lines(_with_sheet(f"<sheetData>{rows}</sheetData>")))


def test_a_row_of_millions_of_cells_is_refused_before_it_is_held():
    data = _with_sheet(f'<sheetData><row r="1">{"<c><v>1</v></c>" * 20_000}</row></sheetData>')
    with pytest.raises(reading.NotReadable, match=r"100\.000"):
        next(reading.lines(data))


def test_parts_that_are_held_in_memory_as_a_whole_have_their_own_limit(monkeypatch):
    monkeypatch.setattr(reading, "MOST_OF", {"styles.xml": 100})
    with pytest.raises(reading.NotReadable, match="200 MB"):
        reading.sheets(workbook([["x"]]))


def test_what_a_file_is_once_it_is_unpacked():
    data = _with_sheet("<sheetData>" + "<row/>" * 1_000_000 + "</sheetData>")
    assert len(data) < 100_000
    assert reading.unpacked(data) > 6_000_000
    assert reading.unpacked(b"PK\x03\x04 not a zip") == 14


def _with_sheet(inside):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook([["x"]]))) as source, zipfile.ZipFile(
        out, "w", zipfile.ZIP_DEFLATED
    ) as target:  # fmt: skip
        for item in source.infolist():
            content = source.read(item)
            if item.filename == "xl/worksheets/sheet1.xml":
                content = (
                    '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/'
                    f'2006/main">{inside}</worksheet>'
                ).encode()
            target.writestr(item, content)
    return out.getvalue()
