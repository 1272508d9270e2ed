"""A bibliographic record as a value: what every import format is read into and every export written from.

Knows nothing of the database. Its field names are the columns of `models.Publication`.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date

from stdnum import isbn, isni, issn
from stdnum.exceptions import ValidationError

from dissemination.bibliography.kinds import Access, Kind
from dissemination.bibliography.words import kept
from dissemination.kernel.text import fold

LICENCES = (
    "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "CC-BY-NC-SA-4.0", "CC-BY-ND-4.0", "CC-BY-NC-ND-4.0",
    "CC0-1.0",
)  # fmt: skip
"""SPDX identifiers that the form offers (https://spdx.org/licenses/). Empty: all rights reserved."""

_RANGE = re.compile(r"(?<=\d)\s*[-‐‑–—]+\s*(?=\d)")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_DOI = re.compile(r"10\.\d{4,9}/\S+")
_DOI_ADDRESS = re.compile(r"^(?:https?://(?:dx\.)?doi\.org/|doi:\s*)", re.IGNORECASE)
_WEB_ADDRESS = re.compile(r"https?://[^\s\\{}<>\"^`|]+", re.IGNORECASE)


@dataclass(frozen=True)
class Person:
    """An author or editor; an organisation has only `family_name`."""

    family_name: str
    given_name: str = ""
    organisation: bool = False
    editor: bool = False
    affiliation: str = ""
    orcid: str = ""

    @property
    def inverted(self) -> str:
        """ "Rossi, Maria"; the plain name of an organisation."""
        return f"{self.family_name}, {self.given_name}" if self.given_name else self.family_name


@dataclass
class Record:
    """One publication's bibliographic facts. Texts are plain Unicode, without LaTeX or HTML."""

    kind: Kind
    issued: date
    issued_precision: str = "day"  # year | month | day
    citation_key: str = ""
    title_it: str = ""
    title_en: str = ""
    abstract_it: str = ""
    abstract_en: str = ""
    language: str = "it"
    container: str = ""
    volume: str = ""
    number: str = ""
    pages: str = ""
    publisher: str = ""
    doi: str = ""
    isbn: str = ""
    issn: str = ""
    url: str = ""
    licence: str = ""
    access: Access = Access.OPEN
    embargo_until: date | None = None  # the last day of an embargo
    version_label: str = ""
    # DataCite's fundingReferences: {"funder", "award_number", "award_title", "award_uri"}, none empty
    funding: list[dict] = field(default_factory=list)
    keywords: list[str] = field(default_factory=list)
    extra: dict = field(default_factory=dict)
    authors: list[Person] = field(default_factory=list)


LIMITS = {
    "citation_key": 120, "title_it": 1000, "title_en": 1000, "abstract_it": 20_000, "abstract_en": 20_000,
    "language": 10, "container": 1000, "volume": 40, "number": 40, "pages": 60, "publisher": 200, "doi": 200,
    "isbn": 20, "issn": 10, "url": 500, "licence": 60, "version_label": 40,
}  # fmt: skip
"""How long the texts of a record may be, in characters: what its columns hold."""


def plain(text: str) -> str:
    """`text` in Unicode NFC, without control characters that no database or XML file takes."""
    if text.isascii() and text.isprintable():
        return text
    return unicodedata.normalize("NFC", _CONTROL.sub("", text))


def one_line(text: str) -> str:
    """`text` without control characters, line breaks and surplus space."""
    return " ".join(plain(text).split())


def clean_doi(text: str) -> str | None:
    """The DOI in `text` without its resolver's address; None when there is none (ISO 26324)."""
    found = _DOI_ADDRESS.sub("", text.strip())
    return found if len(found) <= 200 and _DOI.fullmatch(found) else None


def clean_isbn(text: str) -> str | None:
    """The first ISBN in `text` whose check digit is right, hyphens as written; else None (ISO 2108)."""
    for part in re.split(r"[,;]|\band\b", text):
        candidate = re.sub(r"\([^)]*\)|ISBN:?", "", part, flags=re.IGNORECASE).strip()
        if isbn.is_valid(candidate) and len(candidate) <= 20:
            return candidate
    return None


def clean_issn(text: str) -> str | None:
    """The first ISSN in `text` as `1234-5679`, else None (ISO 3297)."""
    for part in re.split(r"[,;\s]+", text):
        if issn.is_valid(part):
            return issn.format(part)
    return None


def clean_orcid(text: str) -> str | None:
    """The ORCID iD in `text` as `0000-0002-1825-0097`, else None (ISO 7064 MOD 11-2)."""
    digits = re.sub(r"^https?://orcid\.org/", "", text.strip(), flags=re.IGNORECASE)
    try:
        compact = isni.validate(digits)
    except ValidationError:
        return None
    return "-".join(compact[i : i + 4] for i in range(0, 16, 4))


def clean_url(text: str) -> str | None:
    """`text` when it is an http or https address of at most 500 characters, else None."""
    found = text.strip()
    return found if len(found) <= 500 and _WEB_ADDRESS.fullmatch(found) else None


def clean_funding(rows) -> list[dict]:
    """Rows of `Record.funding` as one-line texts, without empty ones; an award's URI is of any scheme."""
    found = [{name: one_line(text)[:500] for name, text in row.items()} for row in rows or ()]
    return [row for row in ({n: t for n, t in row.items() if t} for row in found) if row]


def keys_of(*, doi: str, isbn: str, title_it: str, title_en: str, year: int) -> list[str]:
    """The keys under which two records are the same publication: DOI, ISBN, title with year.

    A chapter carries the ISBN of its book: callers leave it out for parts of a book.
    """
    found = [f"doi:{doi.lower()}"] if doi else []
    if isbn:
        found.append("isbn:" + _isbn_key(isbn))
    return found + [f"title:{year}:{_title_key(t)}" for t in (title_it, title_en) if t]


def _title_key(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", fold(title)).strip() or title


def _isbn_key(text: str) -> str:
    try:
        return isbn.to_isbn13(isbn.compact(text)).replace("-", "")
    except ValidationError:
        return text


WHOLE_BOOKS = frozenset({Kind.BOOK, Kind.PROCEEDINGS, Kind.REPORT, Kind.THESIS, Kind.FORESIGHT})
"""Kinds whose ISBN names the publication itself, not the book that it is a part of."""


def keys_of_record(thing) -> list[str]:
    """`keys_of` for a Record or a Publication."""
    return keys_of(
        doi=thing.doi, isbn=thing.isbn if thing.kind in WHOLE_BOOKS else "", title_it=thing.title_it,
        title_en=thing.title_en, year=thing.issued.year,
    )  # fmt: skip


def search_text_of(thing) -> str:
    """What a search looks through, of a Record or a Publication with its authors (see `words.kept`)."""
    names = " ".join([f"{a.family_name} {a.given_name}" for a in thing.authors])
    number = f"{thing.isbn} {isbn.compact(thing.isbn)}" if thing.isbn else ""
    own = f"{thing.container} {' '.join(thing.keywords)}"
    return kept((
        ("it", thing.title_it), ("en", thing.title_en), (thing.language, own), ("it", thing.abstract_it),
        ("en", thing.abstract_en),
        ("", f"{names} {thing.publisher} {thing.doi} {number} {thing.issn} {thing.issued.year}"),
    ))  # fmt: skip


def page_range(text: str) -> str:
    """Pages with an en dash between numbers, whatever dash was typed: "12-15" → "12–15"."""
    return _RANGE.sub("–", one_line(text)) if text else ""


def paragraphs(text: str) -> str:
    """A longer text: one space between words, lines kept, at most one empty line between paragraphs."""
    lines = [one_line(line) for line in re.split(r"\r\n|[\r\n]", text)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def is_open(licence: str) -> bool:
    """Whether a licence lets anybody read and share (Creative Commons, or public domain)."""
    return licence.startswith("CC")


def main_text(thing, name: str) -> str:
    """Of `title_it` and `title_en` (`name` = "title") the one in the work's language, else the other."""
    first, second = ("en", "it") if thing.language == "en" else ("it", "en")
    return getattr(thing, f"{name}_{first}") or getattr(thing, f"{name}_{second}")


def iso_date(thing) -> str:
    """The date of issue as far as it is known: "2024", "2024-03" or "2024-03-05" (ISO 8601)."""
    return thing.issued.isoformat()[: {"year": 4, "month": 7}.get(thing.issued_precision, 10)]


def people_of(thing, *, editors: bool) -> list:
    """The authors, or the editors, in order."""
    return [a for a in thing.authors if a.editor is editors]
