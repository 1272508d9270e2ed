"""What goes to the Region: PDF, workbook, evidence, open data. Each is opened and read again."""

import csv
import hashlib
import io
import zipfile
from datetime import date, timedelta
from decimal import Decimal

import openpyxl
import pytest
from flask_babel import force_locale
from pypdf import PdfReader

from dissemination.kernel.database import db, transaction
from dissemination.plan.models import Indicator
from dissemination.reporting import actions, bundle, charts, delivered, document, opendata, workbook
from dissemination.reporting.frozen import FrozenFile
from tests.reporting.conftest import JULY, SHEET


@pytest.fixture
def signed(period, sign):
    """The first half of 2026, signed off."""
    return sign(period)


@pytest.fixture
def report(signed):
    """What was signed, as the documents take it."""
    return delivered.signed_report(signed)


def text_of(pdf):
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def tags(pdf):
    """Every element of the tag tree: (tag, the dictionary)."""
    root = PdfReader(io.BytesIO(pdf)).trailer["/Root"]["/StructTreeRoot"]
    found, waiting = [], [root]
    while waiting:
        element = waiting.pop().get_object()
        if isinstance(element, list):
            waiting += element
        elif isinstance(element, dict):
            if "/S" in element:
                found.append((element["/S"], element))
            if "/K" in element:
                waiting.append(element["/K"])
    return found


def test_the_cover_says_who_signed_and_the_head_of_the_log(report, signed):
    words = text_of(document.render(report, "it"))
    cover = " ".join(words.split())
    assert "Relazione sul 1° semestre 2026" in cover
    assert "20/07/2026 10:00 da Bice (approvazione n. 1)" in cover
    assert report.frozen.head.printed.replace("-", "") in "".join(words.split()).replace("-", "")
    assert signed.sha256 in "".join(words.split())


def test_both_languages_are_whole(report):
    for language, words in (("it", ("Workshop e seminari realizzati", "Obiettivo: 4 (25 % raggiunto)")),
                            ("en", ("Workshops held", "Target: 4 (25 % reached)"))):  # fmt: skip
        made = document.render(report, language)
        text = " ".join(text_of(made).split())
        assert all(w in text for w in words), language
        assert PdfReader(io.BytesIO(made)).trailer["/Root"]["/Lang"] == language


def test_the_tag_tree_has_headings_tables_with_heads_and_pictures_with_words(report):
    made = document.render(report, "it")
    found = tags(made)
    kinds = [kind for kind, _element in found]
    assert {
        "/Document",
        "/H1",
        "/H2",
        "/H3",
        "/Table",
        "/THead",
        "/TH",
        "/TD",
        "/L",
        "/LI",
        "/Figure",
    } <= set(kinds)
    alternatives = [element.get("/Alt") for kind, element in found if kind == "/Figure"]
    assert all(alternatives)
    assert any("1° semestre 2026: obiettivo 4, conseguito 1." in alt for alt in alternatives)
    assert kinds.count("/H1") >= 6
    assert PdfReader(io.BytesIO(made)).trailer["/Root"]["/MarkInfo"]["/Marked"]


def test_the_report_says_that_it_keeps_pdf_ua(report):
    xmp = PdfReader(io.BytesIO(document.render(report, "en"))).xmp_metadata
    assert "pdfuaid:part" in xmp.stream.get_data().decode()


def test_a_draft_says_so_on_every_page(half, h1):
    made = document.render(delivered.draft(half.plan, h1), "it")
    pages = PdfReader(io.BytesIO(made)).pages
    assert all("BOZZA" in page.extract_text() for page in pages)


def test_the_same_period_gives_the_same_bytes_but_for_the_time_of_making(signed, report, july):
    before = dict(delivered.files(report))
    july.move_to(JULY + timedelta(days=3, hours=5))
    db.session.expire_all()
    later = delivered.signed_report(signed)
    after = dict(delivered.files(later))
    same = {name for name in before if before[name] == after[name]}
    assert same == {"report.it.xlsx", "report.en.xlsx", "evidence.zip", "open-data.csv"}
    assert document.data(report, "it") != document.data(later, "it")
    from dataclasses import replace

    again = replace(later, made_at=report.made_at)
    assert document.data(again, "it") == document.data(report, "it")
    assert dict(delivered.files(again)) == before
    assert delivered.package(again) == delivered.package(report)


def test_later_facts_change_nothing_in_a_signed_report(half, signed, report):
    before = dict(delivered.files(report))
    with transaction():
        half.log("workshop.held", date(2026, 6, 30))
        half.companies[0].name = "Altra ragione sociale"
        db.session.query(Indicator).filter_by(code="DV-01").one().name_it = "Altro nome"
    assert dict(delivered.files(delivered.signed_report(signed))) == before


def sheet_of(content, name):
    return openpyxl.load_workbook(io.BytesIO(content))[name]


def test_the_workbook_has_a_sheet_for_each_indicator_with_the_ids_of_its_rows(half, report):
    content = workbook.render(report, "it")
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.sheetnames == [
        "Riepilogo",
        *[f.code for f in report.frozen.figures],
        "Evidenze",
        "Rettifiche",
    ]
    rows = list(book["DV-03"].iter_rows(values_only=True))
    at = next(n for n, row in enumerate(rows) if row[1] == "Id della riga")
    assert [row[:7] for row in rows[at + 1 :]] == [
        ("registro delle attività", r.id, "no" if r is half.rows[3] else "sì", r.happened_on and _midnight(r.happened_on),
         "Tracciabilità", c.name, c.tax_id)
        for r, c in zip(half.rows[1:4], half.companies, strict=True)
    ]  # fmt: skip


def _midnight(day):
    from datetime import datetime, time

    return datetime.combine(day, time())


def test_each_sheet_has_as_many_rows_as_its_figure_says(report):
    book = openpyxl.load_workbook(io.BytesIO(workbook.render(report, "en")))
    for f in report.frozen.figures:
        rows = list(book[f.code].iter_rows(values_only=True))
        at = next(n for n, row in enumerate(rows) if row[1] == "Row id")
        assert len(rows) - at - 1 == len(f.rows), f.code


def test_the_workbook_holds_values_and_no_formula(half, period, sign):
    with transaction():
        half.companies[0].name = '=HYPERLINK("http://x.example")'
    content = workbook.render(delivered.signed_report(sign(period)), "it")
    cells = [c for s in openpyxl.load_workbook(io.BytesIO(content)) for row in s.iter_rows() for c in row]
    assert {c.data_type for c in cells} <= {"s", "n", "d"}
    assert '=HYPERLINK("http://x.example")' in {c.value for c in cells}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert not any(b"<f>" in archive.read(n) for n in archive.namelist())


def test_the_summary_has_every_figure_as_a_number(report):
    rows = {
        row[0]: row for row in sheet_of(workbook.render(report, "en"), "Summary").iter_rows(values_only=True)
    }
    assert rows["DV-01"][5:7] == (4, 1)
    assert rows["DV-03"][6] == 2
    assert rows["PF-01"][6:9] == (25, 2500, 10000)


def test_the_manifest_and_the_checksums_are_those_of_the_members(report):
    with zipfile.ZipFile(io.BytesIO(bundle.render(report))) as archive:
        names = archive.namelist()
        assert names == [
            f"a/2026-03-11 tracciabilita-{report.frozen.files[0].subject_id}/attendance_sheet-1.pdf",
            "manifest.csv", "SHA256SUMS",
        ]  # fmt: skip
        assert archive.read(names[0]) == SHEET
        lines = list(csv.DictReader(io.StringIO(archive.read("manifest.csv").decode())))
        assert [(x["path"], x["state"], x["sha256"], x["bytes"]) for x in lines] == [
            (names[0], "ok", hashlib.sha256(SHEET).hexdigest(), str(len(SHEET)))
        ]
        sums = dict(
            reversed(line.split("  ", 1)) for line in archive.read("SHA256SUMS").decode().splitlines()
        )
        assert sums == {n: hashlib.sha256(archive.read(n)).hexdigest() for n in names[:-1]}
        assert {m.compress_type for m in archive.infolist()} == {zipfile.ZIP_STORED}


def test_a_file_that_was_lost_is_named_and_not_silently_missing(app, report):
    import pathlib

    stored = report.frozen.files[0]
    folder = app.config["SETTINGS"].files_url.removeprefix("file://")
    pathlib.Path(folder, stored.sha256[:2], stored.sha256).unlink()
    with zipfile.ZipFile(io.BytesIO(bundle.render(report))) as archive:
        lines = list(csv.DictReader(io.StringIO(archive.read("manifest.csv").decode())))
        assert archive.namelist() == ["manifest.csv", "SHA256SUMS"]
    assert [(x["path"], x["state"], x["sha256"]) for x in lines] == [("", "lost", stored.sha256)]


def test_evidence_stands_in_the_order_of_the_plan_under_paths_that_no_system_refuses():
    def file(line, on, title, name):
        return FrozenFile(line, on, title, "workshops", 7, "sheet", 1, name, "", 1, "0" * 64, "", [])

    files = [file("a", date(2026, 1, 2), "../../etc: Più", "../x.PDF"), file("a", date(2026, 1, 2), "../../etc: Più", "y"),
             file("", None, "", "z.tar.gz")]  # fmt: skip
    assert bundle._paths(files) == [
        "a/2026-01-02 etc-piu-7/sheet-1.pdf", "a/2026-01-02 etc-piu-7/sheet-2", "other/undated x-7/sheet-1.gz",
    ]  # fmt: skip


def open_data(report):
    return list(csv.DictReader(io.StringIO(opendata.render(report).decode("utf-8-sig"))))


def test_open_data_are_numbers_of_public_indicators_without_anybody(half, period, sign):
    with transaction():
        db.session.query(Indicator).filter_by(code="DV-05").one().public = False
    rows = open_data(delivered.signed_report(sign(period)))
    assert {r["code"] for r in rows} == {i.code for i in half.plan.indicators} - {"DV-05"}
    everything = opendata.render(delivered.signed_report(period.sign_off)).decode()
    assert all(c.name not in everything and c.tax_id not in everything for c in half.companies)
    assert "Bice" not in everything
    total = next(r for r in rows if r["code"] == "DV-03" and not r["split"])
    assert (total["actual"], total["target"]) == ("2", "4")


def test_a_class_with_few_companies_is_left_blank(half, report):
    rows = [r for r in open_data(report) if r["code"] == "DV-03" and r["split"] == "sector"]
    assert [(r["class"], r["actual"], r["few"]) for r in rows] == [("tessile", "", "yes")]


@pytest.mark.parametrize(
    ("companies", "hidden"),
    [
        ({"a": 9, "b": 8}, set()),
        ({"a": 9, "b": 2, "c": 5}, {"b", "c"}),
        ({"a": 1, "b": 2, "c": 5}, {"a", "b"}),
    ],
)
def test_one_small_class_hides_the_next_smallest_too(companies, hidden):
    classes = [{"value": v, "companies": n, "rows": n} for v, n in companies.items()]
    assert opendata.hidden_classes({"overlaps": False, "classes": classes}) == hidden


def test_a_reopened_sign_off_says_so_on_its_cover(period, signed, bice):
    with transaction():
        actions.reopen(period, because="Manca un foglio", by=bice)
    words = " ".join(text_of(document.render(delivered.signed_report(signed), "it")).split())
    assert "non è più in vigore. È stata riaperta: Manca un foglio" in words


def test_the_command_writes_all_files_and_their_checksums(app, half, period, sign, tmp_path):
    run = app.test_cli_runner().invoke
    made = run(args=["report", "--district", "moda", "--period", "2026-H1", "--out", str(tmp_path / "draft")])
    assert (made.exit_code, "A draft" in made.output) == (0, True)
    sign(period)
    made = run(args=["report", "--district", "moda", "--period", "2026-H1", "--out", str(tmp_path / "out")])
    assert "As signed off on 2026-07-20 08:00 UTC" in made.output
    sums = dict(
        reversed(x.split("  ", 1)) for x in (tmp_path / "out" / "SHA256SUMS").read_text().splitlines()
    )
    assert sums == {
        n: hashlib.sha256((tmp_path / "out" / n).read_bytes()).hexdigest() for n in delivered.WRITERS
    }


@pytest.mark.parametrize(
    ("args", "said"),
    [(["--district", "x", "--period", "2026"], "no district 'x'"), (["--district", "moda", "--period", "2026-H3"], "'2026-H3' is not")],
)  # fmt: skip
def test_the_command_says_what_is_wrong(app, moda, tmp_path, args, said):
    made = app.test_cli_runner().invoke(args=["report", *args, "--out", str(tmp_path)])
    assert made.exit_code == 2
    assert said in made.output


def test_the_workbook_speaks_the_readers_language(report):
    book = openpyxl.load_workbook(io.BytesIO(workbook.render(report, "it")))
    assert book["Riepilogo"]["B3"].value == "20/07/2026 10:00"
    heads = next(row for row in book["DV-03"].iter_rows(values_only=True) if row[1] == "Id della riga")
    row = list(book["DV-03"].iter_rows(values_only=True))[-1]
    assert row[heads.index("Provincia")] == "Prato"
    assert list(book["AD-01"].iter_rows(values_only=True))[-1][0] == "adesione"


def test_a_second_sign_off_says_what_it_replaces_and_what_changed(half, period, signed, sign, bice):
    with transaction():
        actions.reopen(period, because="Manca un foglio", by=bice)
        half.log("workshop.held", date(2026, 6, 30))
    second = delivered.signed_report(sign(period))
    words = " ".join(text_of(document.render(second, "it")).split())
    assert (
        "sostituisce quella approvata il 20/07/2026 (n. 1), riaperta il 20/07/2026: Manca un foglio" in words
    )
    assert "Che cosa è cambiato dall'approvazione n. 1" in words.replace("’", "'")
    assert "inserito in seguito (1 riga)" in words
    lines = list(sheet_of(workbook.render(second, "it"), "Rettifiche").iter_rows(values_only=True))
    assert ("1° semestre 2026", 1, "DV-01", "Workshop e seminari realizzati", 1, 2) in [x[:6] for x in lines]
    first = " ".join(text_of(document.render(delivered.signed_report(signed), "it")).split())
    assert "sostituisce" not in first


def test_the_chart_names_half_years_and_targets_as_people_write_them(app):
    with app.test_request_context(), force_locale("it"):
        drawn = charts.bars([("2026-H1", Decimal(1250), Decimal(2000))], "EUR")
        assert all(f">{words}<" in drawn for words in ("1° sem. 2026", "1.250", "2.000"))
    assert charts.is_wide([None] * 10)
