"""PDF documents: data stay data, the same input gives the same bytes."""

from datetime import UTC, datetime
from io import BytesIO

import pytest
import typst
from pypdf import PdfReader

from dissemination.kernel import pdf

AT = datetime(2027, 3, 11, 13, 0, tzinfo=UTC)
TEMPLATE = """#let data = json(bytes(sys.inputs.data))
#set document(title: data.title)
#set text(lang: "it")
= #data.title
#data.text
"""
WORDS = '#panic("no") $x$ *b* \\ "quoted" ]] #sys.inputs Perché èàù'


@pytest.fixture
def templates(app, tmp_path):
    (tmp_path / "note.typ").write_text(TEMPLATE)
    app.template_folder = str(tmp_path)
    return tmp_path


def test_what_people_wrote_is_printed_and_never_run(templates):
    made = pdf.render("note.typ", {"title": "Presenze", "text": WORDS}, standards=pdf.PDF_UA, at=AT)
    reader = PdfReader(BytesIO(made))
    text = reader.pages[0].extract_text()
    assert '#panic("no") $x$ *b*' in text.replace("“", '"').replace("”", '"')
    assert "Perché èàù" in text
    assert reader.metadata.title == "Presenze"
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert reader.trailer["/Root"]["/Lang"] == "it"


def test_letters_that_no_font_has_are_boxes_and_stop_nothing(templates):
    words = "李小龍 Łukasz Ђорђе Ελένη Nguyễn 김 🧵 fine"
    made = pdf.render(
        "note.typ", {"title": "A", "text": words, "list": ["李", {"x": "🧵"}]}, standards=pdf.PDF_UA, at=AT
    )
    text = PdfReader(BytesIO(made)).pages[0].extract_text()
    assert "□□□ Łukasz Ђорђе Ελένη Nguyễn □ □ fine" in " ".join(text.split())


def test_the_same_data_and_moment_give_the_same_bytes(templates):
    data = {"title": "A", "text": "b"}
    first = pdf.render("note.typ", data, at=AT)
    assert pdf.render("note.typ", data, at=AT) == first
    assert pdf.render("note.typ", {**data, "text": "c"}, at=AT) != first


def test_a_document_that_cannot_keep_the_standard_is_refused(templates):
    (templates / "bare.typ").write_text("No title.")
    with pytest.raises(typst.TypstError):
        pdf.render("bare.typ", {}, standards=pdf.PDF_UA, at=AT)


def test_a_template_reads_nothing_outside_its_folder(templates):
    (templates / "nosy.typ").write_text('#read("../secrets.json")')
    (templates.parent / "secrets.json").write_text("{}")
    with pytest.raises(typst.TypstError):
        pdf.render("nosy.typ", {}, at=AT)
