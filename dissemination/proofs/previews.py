"""Looking at a file of evidence without saving it: pictures and PDF as they are, texts as text."""

from dataclasses import dataclass

from dissemination.kernel.files import StoredFile

PICTURES = frozenset({"image/png", "image/jpeg", "image/gif"})
TEXTS = frozenset({"text/plain", "text/html", "application/json", "message/rfc822", "text/csv"})
PDF = "application/pdf"
SHOWN = 100_000  # characters of a text
INLINE = PICTURES | {PDF}


@dataclass(frozen=True)
class Preview:
    """How a file can be shown: "picture", "pdf", "text" (with its beginning) or "" (only to be saved)."""

    way: str
    text: str = ""
    cut: bool = False


def way_of(stored: StoredFile) -> str:
    """The way in which a file of that type is shown."""
    if stored.media_type in PICTURES:
        return "picture"
    if stored.media_type == PDF:
        return "pdf"
    return "text" if stored.media_type in TEXTS else ""


def of(stored: StoredFile, content: bytes) -> Preview:
    """The preview of a file. A text is shown escaped, whatever it says it is; HTML is never rendered."""
    way = way_of(stored)
    if way != "text":
        return Preview(way)
    text = content[: SHOWN * 4].decode("utf-8", "replace")
    return Preview(way, text[:SHOWN], cut=len(text) > SHOWN)
