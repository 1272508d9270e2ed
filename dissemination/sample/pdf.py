"""A small real PDF made of lines of text: the sample's attendance sheets and publications.

PDF 1.4 with the built-in Helvetica (ISO 32000-1 §9.6.2.2), A4. Not for documents that people rely on.
"""

from collections.abc import Iterable
from textwrap import wrap

LINES_A_PAGE = 50
WIDTH = 95  # characters of 10 points


def document(title: str, lines: Iterable[str]) -> bytes:
    """A PDF with `title` on its first page and `lines` below, wrapped, on as many pages as needed."""
    wrapped = [part for line in lines for part in (wrap(line, WIDTH) or [""])]
    pages = [wrapped[i : i + LINES_A_PAGE] for i in range(0, len(wrapped), LINES_A_PAGE)] or [[]]
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for n, page in enumerate(pages):
        content = _content(title if n == 0 else "", page)
        objects += [
            (
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> "
                f"/Contents {5 + 2 * n} 0 R >>"
            ).encode(),
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        ]
    return _file(objects)


def _content(title: str, lines: list[str]) -> bytes:
    shown = [b"BT /F1 14 Tf 50 790 Td (%s) Tj ET" % _text(title)] if title else []
    shown.append(b"BT /F1 10 Tf 14 TL 50 760 Td")
    shown += [b"(%s) Tj T*" % _text(line) for line in lines]
    return b"\n".join([*shown, b"ET"])


def _text(text: str) -> bytes:
    raw = text.encode("cp1252", "replace")
    return raw.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def _file(objects: list[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(out)
