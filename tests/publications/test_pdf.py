"""Files that were made to do harm: the child process ends, ours goes on."""

import zlib

import pytest

from dissemination.publications import pdf
from dissemination.publications.pdf import Found
from tests.publications.pdfs import pdf as made


def document(content: bytes, *, more: str = "") -> bytes:
    """A PDF file of one page with a compressed content stream."""
    packed = zlib.compress(content, 9)
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {more} >>".encode(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(packed), packed),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = b"%PDF-1.7\n", []
    for n, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (n, body)
    start = len(out)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + (
        b"xref\n0 6\n0000000000 65535 f \n%strailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF"
        % (table, start)
    )


TEXT = b"BT /F1 9 Tf (ciao) Tj ET\n"


def test_the_text_of_a_file_and_its_pages():
    assert pdf.read(document(TEXT)) == Found("read", "ciao", 1)
    found = pdf.read(made("uno", "due", "tre"))
    assert (found.text.split(), found.pages) == (["uno", "due", "tre"], 3)


def test_script_in_a_file_is_not_run_and_not_read():
    script = "/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>"
    assert pdf.read(document(TEXT, more=script)) == Found("read", "ciao", 1)


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.7", b"%PDF-1.7\n" + b"\xff" * 5000, b"%PDF-1.7\nxref\n0 99999999\n", b"", b"%PDF-1.4 trailer << /Root 1 0 R >>",
        document(TEXT).replace(b"/Kids [3 0 R]", b"/Kids [2 0 R]"),  # a tree that holds itself
        document(TEXT)[:300], document(TEXT).replace(b"/FlateDecode", b"/NoSuchCode"),
    ],
)  # fmt: skip
def test_what_is_no_sound_pdf_is_broken_or_without_text(data):
    assert pdf.read(data, seconds=5).state in ("broken", "no_text")


def test_a_file_that_takes_too_long_is_given_up():
    endless = document(TEXT * 2_000_000)
    assert len(endless) < 500_000
    assert pdf.read(endless, seconds=1).state == "too_heavy"


def test_a_file_that_grows_beyond_the_memory_is_given_up():
    bomb = document(b" " * 300_000_000)
    assert len(bomb) < 500_000
    assert pdf.read(bomb, memory=256 * 1024 * 1024, seconds=20).state in ("too_heavy", "broken")


def test_a_file_over_the_limit_of_size_is_not_even_opened(monkeypatch):
    monkeypatch.setattr(pdf, "MOST_BYTES", 10)
    monkeypatch.setattr(pdf.subprocess, "run", None)
    assert pdf.read(document(TEXT)) == Found("too_heavy")


def test_the_child_knows_none_of_our_settings(monkeypatch):
    seen = {}
    run = pdf.subprocess.run
    monkeypatch.setenv("SECRET_KEY", "geheim")
    monkeypatch.setattr(pdf.subprocess, "run", lambda *a, **kw: (seen.update(kw["env"]), run(*a, **kw))[1])
    assert pdf.read(document(TEXT)).state == "read"
    assert "SECRET_KEY" not in seen
