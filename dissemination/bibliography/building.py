"""A record out of plain texts, as RIS, JSON and CSV hold them: cleaned, checked, and what is wrong said."""

import re
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l

from dissemination.bibliography import records
from dissemination.bibliography.fields import Problem
from dissemination.bibliography.kinds import Access, Kind
from dissemination.bibliography.records import LIMITS, Person, Record, one_line, page_range, paragraphs
from dissemination.bibliography.vocabulary import LANGUAGES, MONTH_NUMBER

_BLOCK = re.compile(r"</(?:jats:)?(?:p|title|sec|div|li)\s*>|<br\s*/?>", re.IGNORECASE)
_TAG = re.compile(r"</?(?:jats:|mml:)?[a-zA-Z][\w:-]{0,30}(?:\s[^<>]{0,300})?/?>")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|[A-Za-z]{2,12});")
TAGS = re.compile(
    r"</?(?:jats:|mml:)?(?:i|b|em|strong|sup|sub|sc|scp|u|tt|span|p|title|sec|list|list-item|italic|bold|div|br|"
    r"math|mrow|mi|mo|mn|msub|msup|inline-formula|tex-math|underline|monospace|li|ul|ol|a|h[1-6])"
    r"(?:\s[^<>]{0,300})?/?>", re.IGNORECASE,
)  # fmt: skip
"""Marks of HTML and JATS that exporters write into titles and abstracts; other angle brackets are text."""
LONGEST = 100_000  # characters of a text that are looked at: no column holds so many
_ISO = re.compile(r"\s*(\d{4})(?:[-/.](\d{1,2}))?(?:[-/.](\d{1,2}))?(?!\d)")
_LOCAL = re.compile(r"\s*(?:(\d{1,2})[/.-])?(\d{1,2})[/.-](\d{4})(?!\d)")
_WORDS = re.compile(r"[a-z]{3,}")


def untagged(text: str) -> str:
    """`text` without the marks in TAGS and with character references resolved; blocks become lines."""
    text = text[:LONGEST]
    if "<" in text:
        text = TAGS.sub("", _BLOCK.sub("\n", text))
    if "&" in text and _ENTITY.search(text):
        from html import unescape

        text = unescape(text)
    return text


def read_date(text: str) -> tuple[date, str, bool] | None:
    """(date, precision, whether all of `text` says it) of a date as people and programs write it.

    None when it holds no year. Day and month that do not exist are left out.
    """
    found = _ISO.match(text)
    local = None if found else _LOCAL.match(text)
    if found:
        year, month, day = (int(part or 0) for part in found.groups())
        rest = text[found.end() :]
    elif local:
        day, month, year = (int(part or 0) for part in local.groups())
        rest = text[local.end() :]
    else:
        anywhere = re.search(r"(?<!\d)\d{4}(?!\d)", text)
        if not anywhere:
            return None
        year, month, day, rest = int(anywhere[0]), 0, 0, text[: anywhere.start()] + text[anywhere.end() :]
    if not month:
        names = _WORDS.findall(rest.lower())
        month = next((MONTH_NUMBER[w[:3]] for w in names if w[:3] in MONTH_NUMBER), 0)
        number = re.search(r"(?<!\d)\d{1,2}(?!\d)", rest) if month else None
        day, rest = int(number[0]) if number else 0, "" if month else rest
    if not 1 <= year <= 9999:
        return None
    try:
        made = date(year, month or 1, day or 1)
    except ValueError:
        return date(year, 1, 1), "year", False
    precision = "day" if month and day else "month" if month else "year"
    return made if precision == "day" else made.replace(day=1), precision, not rest.strip(" /-")


def language_of(text: str) -> str:
    """The ISO 639-1 code of a language's name or code, "" for what is neither."""
    word = one_line(text).lower().removeprefix("lang")
    found = LANGUAGES.get(word) or _THREE.get(word.partition("-")[0], "")
    return found or (word if re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{1,6})?", word) else "")


_THREE = {
    "ita": "it", "eng": "en", "deu": "de", "ger": "de", "fra": "fr", "fre": "fr", "spa": "es", "por": "pt",
}  # fmt: skip
_COPYRIGHT = re.compile(
    r"https?://creativecommons\.org/(?:licenses|publicdomain)/(?P<name>[a-z-]+)/(?P<version>[\d.]+)",
    re.IGNORECASE,
)  # fmt: skip


def licence_of(text: str) -> str:
    """The SPDX identifier that we know for a licence's name or Creative Commons address, else ""."""
    known = {code.lower(): code for code in records.LICENCES}
    address = _COPYRIGHT.match(text.strip())
    if address:
        name = "cc0" if address["name"].lower() == "zero" else f"cc-{address['name'].lower()}"
        return known.get(f"{name}-{address['version']}", "")
    return known.get(re.sub(r"[ _]+", "-", text.strip().lower()), "")


class Builder:
    """Collects one record; problems go to the line on which they stand."""

    def __init__(self, line: int, language: str):
        self.line, self.language = line, language
        self.problems: list[Problem] = []
        self.extra: dict = {}

    def problem(self, message, line: int = 0, *, lost: bool = False) -> None:
        """Note a problem at `line`, or at the start of the record."""
        self.problems.append(Problem(line or self.line, message, lost))

    def issued(self, *written: str, line: int = 0) -> tuple[date, str] | None:
        """The date of issue: the most precise of `written` in the year of the first. Says it is missing."""
        found: tuple[date, str] | None = None
        texts = [one_line(text) for text in written if text and text.strip()]
        for text in texts:
            read = read_date(text)
            if read is None:
                continue
            if found is None or (read[0].year == found[0].year and _FINENESS[read[1]] > _FINENESS[found[1]]):
                found = read[:2]
                if not read[2]:
                    shown = read[0].isoformat()[: {"year": 4, "month": 7}.get(read[1], 10)]
                    self.problem(
                        _l("The date “%(text)s” was read as %(read)s.", text=text[:60], read=shown), line
                    )
        if found is None and texts:
            self.problem(
                _l("“%(text)s” is not a year or a date: the entry cannot be imported.", text=texts[0][:60]),
                line, lost=True,
            )  # fmt: skip
        elif found is None:
            self.problem(_l("The entry has no year: it cannot be imported."), line, lost=True)
        return found

    def own(self, name: str, text: str, other: str = "") -> dict[str, str]:
        """`{name}_it` and `{name}_en`: `text` is in the work's language, `other` in the other one."""
        own, second = ("en", "it") if self.language == "en" else ("it", "en")
        return {f"{name}_{own}": text, f"{name}_{second}": other}

    def doi(self, text: str, line: int = 0) -> str:
        """A valid DOI, else "" (said so)."""
        return self._identifier(text, records.clean_doi, "DOI", line)

    def isbn(self, text: str, line: int = 0) -> str:
        """A valid ISBN, else "" (said so)."""
        return self._identifier(text, records.clean_isbn, "ISBN", line)

    def issn(self, text: str, line: int = 0) -> str:
        """A valid ISSN, else "" (said so)."""
        return self._identifier(text, records.clean_issn, "ISSN", line)

    def _identifier(self, text: str, clean, name: str, line: int) -> str:
        text = one_line(text)
        value = clean(text) if text else ""
        if value is None:
            self.problem(_l("“%(text)s” is not a valid %(kind)s: left out.", text=text[:80], kind=name), line)
        return value or ""

    def url(self, text: str, line: int = 0) -> str:
        """A web address, else "" (said so)."""
        text = one_line(text)
        value = records.clean_url(text) if text else ""
        if value is None:
            self.problem(_l("“%(text)s” is not a web address: left out.", text=text[:80]), line)
        return value or ""

    def orcid(self, text: str, line: int = 0) -> str:
        """A valid ORCID iD, else "" (said so)."""
        return self._identifier(text, records.clean_orcid, "ORCID", line)

    def embargo(self, text: str, line: int = 0) -> date | None:
        """The last day of an embargo, YYYY-MM-DD."""
        try:
            return date.fromisoformat(text.strip()) if text else None
        except ValueError:
            message = _l("“%(text)s” is not a day that exists: the embargo is left out.", text=text[:60])
            self.problem(message, line)
            return None

    def record(
        self, kind: Kind, *, issued: tuple[date, str] | None, people: list[Person], **facts: Any
    ) -> Record | None:
        """The record; None when it lacks a title or a date (see `problems`). `facts` as in Record."""
        texts: dict[str, Any] = {name: one_line(facts.pop(name, "")) for name in _LINES}
        texts["pages"] = page_range(texts["pages"])
        texts |= {name: paragraphs(facts.pop(name, "")) for name in ("abstract_it", "abstract_en")}
        if not (texts["title_it"] or texts["title_en"]):
            self.problem(_l("The entry has no title: it cannot be imported."), lost=True)
            return None
        if issued is None:
            return None
        if not people and kind is not Kind.OTHER:
            self.problem(_l("The entry has neither author nor editor."))
        for name, limit in LIMITS.items():
            if len(texts.get(name, "")) > limit:
                texts[name] = texts[name][:limit].rstrip()
                self.problem(
                    _l("The text in “%(field)s” was cut after %(n)d characters.", field=name, n=limit)
                )
        keywords = [one_line(k) for k in facts.pop("keywords", ())]
        facts.setdefault("access", Access.OPEN)
        facts["funding"] = records.clean_funding(facts.get("funding"))
        return Record(
            kind=kind, issued=issued[0], issued_precision=issued[1], language=self.language[:10],
            authors=[_fitting(person) for person in people], extra=self.extra,
            keywords=list(dict.fromkeys(k for k in keywords if k))[:100], **texts, **facts,
        )  # fmt: skip


_FINENESS = {"year": 0, "month": 1, "day": 2}
_LINES = (
    "citation_key", "title_it", "title_en", "container", "volume", "number", "pages", "publisher", "doi",
    "isbn",
    "issn", "url", "licence", "version_label",
)  # fmt: skip


def _fitting(person: Person) -> Person:
    return Person(
        one_line(person.family_name)[:300], one_line(person.given_name)[:200], person.organisation,
        person.editor,
        one_line(person.affiliation)[:300], person.orcid,
    )  # fmt: skip


def person(text: str, *, editor: bool = False) -> Person | None:
    """One name as RIS and spreadsheets hold it: "Rossi, Maria", "Rossi, Maria, Jr.", "Ente,".

    A trailing comma marks an organisation (EndNote's convention); a name without comma is kept whole, as
    nobody can know which of its words is the family's. None for an empty one.
    """
    text = one_line(text)
    if len(text) > 2 and text[0] == "{" and text[-1] == "}":
        return Person(text[1:-1].strip(), organisation=True, editor=editor)
    if text.endswith(",") and not re.search(r",\s*(?:[^\W\d_]\.[\s-]?)+,$", text):
        return Person(text[:-1].strip(), organisation=True, editor=editor) if text.strip(", ") else None
    family, given, *suffix = [part.strip() for part in text.split(",")] + [""]
    family = " ".join(part for part in (family, *suffix) if part)
    return Person(family or given, given if family else "", editor=editor) if family or given else None
