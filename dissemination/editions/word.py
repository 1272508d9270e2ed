"""The plan as a Word document (DOCX, ECMA-376): real headings, lists and tables with repeated head rows."""

import re
import zipfile
from datetime import datetime
from io import BytesIO
from typing import Any

from dissemination.districts.models import District
from dissemination.editions.document import Edition, data

LOCALES = {"it": "it-IT", "en": "en-GB"}
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # what XML 1.0 cannot hold


def render(edition: Edition, district: District, language: str) -> bytes:
    """The DOCX of a version. The same version gives the same bytes."""
    from docx import Document

    filled = data(edition, district, language)
    document = Document()
    _prepare(document, filled, edition.at)
    _cover(document, filled)
    across = False
    for block in filled["blocks"]:
        across = _turned(document, block["across"], across)
        MAKERS[block["kind"]](document, block, language)
    out = BytesIO()
    document.save(out)
    return _fixed(out.getvalue(), edition.at)


def _prepare(document, filled: dict, at: datetime) -> None:
    from docx.shared import Pt

    properties = document.core_properties
    properties.title, properties.author = _clean(filled["title"])[:255], _clean(filled["managing_body"])[:255]
    properties.language, properties.comments = LOCALES[filled["language"]], ""
    properties.created = properties.modified = at.replace(tzinfo=None, microsecond=0)
    properties.last_modified_by = ""
    normal = document.styles["Normal"]
    normal.font.size = Pt(11)
    _language(normal.element.get_or_add_rPr(), filled["language"])


def _language(properties, language: str) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    mark = OxmlElement("w:lang")
    mark.set(qn("w:val"), LOCALES[language])
    properties.append(mark)


def _clean(text: str) -> str:
    return UNSEEN.sub("", text)


def _cover(document, filled: dict) -> None:
    document.add_paragraph(_clean(filled["district"]))
    if filled["managing_body"] != filled["district"]:
        document.add_paragraph(_clean(filled["managing_body"]))
    document.add_paragraph(filled["subtitle"])
    document.add_paragraph(_clean(filled["title"]), style="Title")
    for line in (filled["days"], filled["status"], filled["version"]):
        document.add_paragraph(_clean(line))
    document.add_page_break()


def _turned(document, wanted: bool, now: bool) -> bool:
    """Begin a section of pages across, or upright again, when the next block wants the other way."""
    from docx.enum.section import WD_ORIENT, WD_SECTION

    if wanted != now:
        section = document.add_section(WD_SECTION.NEW_PAGE)
        section.orientation = WD_ORIENT.LANDSCAPE if wanted else WD_ORIENT.PORTRAIT
        section.page_width, section.page_height = section.page_height, section.page_width
    return wanted


def _write(paragraph, item: dict, language: str, *, bold: bool = False, small: bool = False) -> None:
    from docx.shared import Pt

    for n, line in enumerate(_clean(item["text"]).split("\n")):
        run = paragraph.add_run()
        if n:
            run.add_break()
        run.add_text(line)
        run.bold = bold or None
        if small:
            run.font.size = Pt(8.5)
        if item["lang"] != language:
            _language(run._r.get_or_add_rPr(), item["lang"])


def _heading(document, block: dict, language: str) -> None:
    _write(document.add_heading("", level=block["level"]), block, language)


def _text(document, block: dict, language: str) -> None:
    for part in block["text"].split("\n\n"):
        if part.strip():
            _write(document.add_paragraph(), {"text": part.strip(), "lang": block["lang"]}, language)


def _list(document, block: dict, language: str) -> None:
    for n, item in enumerate(block["items"], start=1):
        if block["ordered"]:  # Word would go on counting from the list before
            paragraph = document.add_paragraph(f"{n}. ")
        else:
            paragraph = document.add_paragraph(style="List Bullet")
        _write(paragraph, item, language)


def _tree(document, block: dict, language: str) -> None:
    from docx.shared import Mm

    def branch(items: list[dict], level: int) -> None:
        for item in items:
            paragraph = document.add_paragraph()
            paragraph.paragraph_format.left_indent = Mm(8 * level)
            paragraph.add_run(f"{item['number']} ").bold = True
            _write(paragraph, item, language)
            if item["note"]:
                paragraph.add_run(_clean(f" ({item['note']})"))
            branch(item["items"], level + 1)

    branch(block["items"], 0)


def _table(document, block: dict, language: str) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    document.add_paragraph(_clean(block["caption"]), style="Caption")
    table = document.add_table(rows=0, cols=len(block["head"]), style="Table Grid")
    head = [{"text": text, "lang": language} for text in block["head"]]
    for n, row in enumerate([head, *block["rows"]]):
        cells = table.add_row().cells
        for x, item in enumerate(row):
            paragraph = cells[x].paragraphs[0]
            _write(paragraph, item, language, bold=n == 0, small=True)
            if x in block["numbers"]:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    repeated = OxmlElement("w:tblHeader")
    repeated.set(qn("w:val"), "true")
    table.rows[0]._tr.get_or_add_trPr().append(repeated)


MAKERS: dict[str, Any] = {
    "heading": _heading, "text": _text, "list": _list, "tree": _tree, "table": _table,
}  # fmt: skip


def _fixed(archive: bytes, at: datetime) -> bytes:
    """The same archive with every file dated `at`, so that the same plan gives the same bytes."""
    out = BytesIO()
    stamp = (max(at.year, 1980), at.month, at.day, at.hour, at.minute, at.second // 2 * 2)
    with zipfile.ZipFile(BytesIO(archive)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            info = zipfile.ZipInfo(name, stamp)
            info.compress_type, info.create_system = zipfile.ZIP_DEFLATED, 3
            info.external_attr = 0o644 << 16
            new.writestr(info, old.read(name))
    return out.getvalue()
