"""PDF files for tests, made by pypdf: pages with a line of text each, and files under a password."""

from io import BytesIO

from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject


def pdf(*pages: str) -> bytes:
    """A PDF file with a page for each text."""
    return _bytes(_writer(pages))


def encrypted_pdf(text: str, password: str) -> bytes:
    """A PDF file of one page that opens with `password` (RC4, which needs no further library)."""
    writer = _writer([text])
    writer.encrypt(user_password=password, owner_password="owner", algorithm="RC4-128")
    return _bytes(writer)


def _writer(pages) -> PdfWriter:
    writer = PdfWriter()
    font = DictionaryObject({
        NameObject("/Type"): NameObject("/Font"), NameObject("/Subtype"): NameObject("/Type1"),
        NameObject("/BaseFont"): NameObject("/Helvetica"), NameObject("/Encoding"): NameObject("/WinAnsiEncoding"),
    })  # fmt: skip
    for text in pages:
        page = writer.add_blank_page(width=595, height=842)
        page[NameObject("/Resources")] = DictionaryObject({
            NameObject("/Font"): DictionaryObject({NameObject("/F1"): font})
        })  # fmt: skip
        stream = DecodedStreamObject()
        shown = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
        stream.set_data(f"BT /F1 12 Tf 50 700 Td ({shown}) Tj ET".encode("cp1252") if text else b"")
        page[NameObject("/Contents")] = writer._add_object(stream)
    return writer


def _bytes(writer: PdfWriter) -> bytes:
    out = BytesIO()
    writer.write(out)
    return out.getvalue()
