"""One BibTeX entry, its fields as they stand in the file, to a Record.

The fields are those of BibTeX and of biblatex (manual §2). Names are split before their LaTeX is decoded,
or a brace that holds a name together would be gone. What has no column is kept as it stood in
`extra["bibtex"]`; personal notes of reference managers are not kept.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l

from dissemination.bibliography import records
from dissemination.bibliography.braces import split_names, verbatim, whole_group
from dissemination.bibliography.kinds import Access, Kind
from dissemination.bibliography.latex import decode
from dissemination.bibliography.records import Person, Record
from dissemination.bibliography.vocabulary import KIND_OF, LANGUAGES, MONTH_NUMBER, NO_RECORD, TYPE_OF

PRIVATE = re.compile(
    r"file|owner|timestamp|groups|comment|annote|annotation|review|priority|ranking|readstatus|printed|"
    r"qualityassured|creationdate|modificationdate|date-(?:added|modified)|mendeley-.*|bdsk-.*|local-url|"
    r"__.*|indextitle|indexsorttitle|sort(?:title|name|key|year)|presort|crossref|xdata|xref|ids|options|"
    r"execute|shorthandintro|langidopts|keyword"
)
"""Notes to oneself and instructions to a typesetter: not facts of the publication, so not kept."""
_EXTRA_NAME = re.compile(r"[a-z][a-z0-9:+_-]{0,59}")
EXTRA_MOST, EXTRA_LENGTH = 60, 4000
FUNDING = ("funder", "award_number", "award_title", "award_uri")
"""What a row of `Record.funding` may say."""
SUBTITLE_OF = {
    "journaltitle": "journalsubtitle", "journal": "journalsubtitle", "booktitle": "booksubtitle",
    "maintitle": "mainsubtitle",
}  # fmt: skip
"""Fields that name what a publication stands in, in the order in which they are looked for."""


@dataclass(frozen=True)
class Problem:
    """What is wrong at a line of the file. `lost`: the entry cannot be imported."""

    line: int
    message: str
    lost: bool = False


@dataclass
class Entry:
    """An entry: its fields by lower-case name, values without delimiters but with their LaTeX."""

    type: str
    key: str
    line: int
    fields: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)


_NOTE = re.compile(r'(\d{1,5})\s*=\s*"([^"]*)"')


class EntryReader:
    """Reads one entry, field by field; what is left over goes to `extra`."""

    def __init__(self, entry: Entry, language: str, names: dict | None = None):
        self.entry, self.left, self.default_language = entry, dict(entry.fields), language
        self.names: dict[str, tuple] = {} if names is None else names  # shared by the entries of a file
        self.problems: list[Problem] = []
        self.unknown: set[str] = set()
        self.extra: dict = {}

    def problem(self, message, name: str = "", *, lost: bool = False) -> None:
        """Note a problem at the line of field `name`, or of the entry."""
        self.problems.append(Problem(self.entry.lines.get(name, self.entry.line), message, lost))

    def raw(self, *names: str) -> str:
        """The first of the fields `names` that is there, as it stands, taken away."""
        for name in names:
            found = self.left.get(name)
            if found and (found := found.strip()):
                del self.left[name]
                return found
        return ""

    def text(self, *names: str) -> str:
        """The first of the fields `names` that is there, as plain text in one line, taken away."""
        found = self.raw(*names)
        return self.line(found) if found else ""

    def line(self, source: str) -> str:
        """`source` as plain text in one line."""
        text = self.plain(source)
        return " ".join(text.split()) if "\n" in text else text

    def plain(self, source: str) -> str:
        """`source` without its LaTeX; paragraphs stay. (The file has lost its control characters before.)"""
        if not source:
            return ""
        text, unknown = decode(source)
        if unknown:
            self.unknown |= unknown
        return text

    def record(self) -> Record | None:
        """The entry as a Record, or None when it lacks what every publication has (see `problems`)."""
        if self.entry.type in NO_RECORD:
            return None
        kind = self._kind()
        issued = self._issued()
        titles = self._titles()
        if not any(titles.values()):
            self.problem(_l("The entry has no title: it cannot be imported."), lost=True)
        if issued is None or not any(titles.values()):
            return None
        people = self._people("author", editor=False) + self._people("editor", editor=True)
        if not people and kind is not Kind.OTHER:
            self.problem(_l("The entry has neither author nor editor."))
        plain_facts: dict[str, Any] = {**titles, **self._abstracts(), **self._identifiers()}
        made = Record(
            kind=kind, issued=issued[0], issued_precision=issued[1], citation_key=self.entry.key,
            authors=people, language=self.language, **plain_facts,
            container=self._container(),
            volume=self.text("volume"), number=self.text("number", "issue"),
            pages=records.page_range(self.text("pages", "eid")),
            publisher=self.text("publisher", "institution", "school", "organization"),
            licence=self._licence(), keywords=self._keywords(), version_label=self.text("version"),
            access=self._access(), embargo_until=self._embargo(), funding=self._funding(),
        )  # fmt: skip
        self._shorten(made)
        made.extra = self._extra()
        if self.unknown:
            names = ", ".join("\\" + n for n in sorted(self.unknown)[:10])
            self.problem(
                _l("Unknown LaTeX commands, of which only the text was kept: %(names)s", names=names)
            )
        return made

    def _kind(self) -> Kind:
        self.language = self._language()
        kind = KIND_OF.get(self.entry.type)
        if kind is None:
            self.problem(_l("The entry type @%(type)s is not known: read as “other”.", type=self.entry.type))
            kind = Kind.OTHER
        marked = self.left.get("entrysubtype", "")
        if marked in set(Kind) and TYPE_OF[Kind(marked)] == self.entry.type:
            kind = Kind(self.left.pop("entrysubtype"))
        if TYPE_OF[kind] != self.entry.type:
            self.extra["bibtex_type"] = self.entry.type
        return kind

    def _language(self) -> str:
        for name in ("langid", "language"):
            value = self.left.get(name, "").strip().lower()
            code = LANGUAGES.get(value.removeprefix("lang"))
            if code is None and re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{1,6})?", value):
                code = value
            if code:
                del self.left[name]
                return code
        return self.default_language

    def _issued(self) -> tuple[date, str] | None:
        """The date of issue with its precision (biblatex `date`, else `year`, `month` and `day`)."""
        name = "date" if self.left.get("date", "").strip() else "year"
        written = self.text("date") or self.text("year")
        if not written:
            self.problem(_l("The entry has no year: it cannot be imported."), lost=True)
            return None
        found = re.match(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?(?!\d)", written)
        if not found or found[1] == "0000":
            self.problem(_l("“%(text)s” is not a year or a date: the entry cannot be imported.",
                            text=written[:60]), name, lost=True)  # fmt: skip
            return None
        year, month, day = (int(part or 0) for part in found.groups())
        if found[0] != written:
            self.extra["date"] = written
            self.problem(
                _l("The date “%(text)s” was read as %(read)s.", text=written[:60], read=found[0]), name
            )
        if name == "year" and not month:
            month, day = self._month()
        else:
            self.left.pop("year", None), self.left.pop("month", None), self.left.pop("day", None)
        try:
            return date(year, month or 1, day or 1), "day" if day else "month" if month else "year"
        except ValueError:
            self.problem(
                _l("The date “%(text)s” does not exist: only its year was kept.", text=written), name
            )
            return date(year, 1, 1), "year"

    def _month(self) -> tuple[int, int]:
        """Month and day from `month` ("mar", "3", "10 gennaio") and `day`; 0 for what is not there."""
        written = self.text("month").lower()
        words = re.findall(r"[a-z]+", written)
        numbers = [int(n) for n in re.findall(r"\d+", written)[:2]]
        month = next((MONTH_NUMBER[w[:3]] for w in words if w[:3] in MONTH_NUMBER), 0)
        if not month and numbers:
            month = numbers.pop(0)
        if not 1 <= month <= 12:
            if written:
                self.problem(
                    _l("“%(text)s” is not a month: only the year was kept.", text=written[:60]), "month"
                )
            return 0, 0
        day = self.text("day")
        return month, int(day) if day.isdecimal() and len(day) <= 2 else numbers[0] if numbers else 0

    def _titles(self) -> dict[str, str]:
        title, subtitle = self.text("title"), self.text("subtitle")
        if title and subtitle:
            title = f"{title}{' ' if title[-1] in '?!:.' else ': '}{subtitle}"
        return self._two_languages("title", title or self.text("maintitle", "issuetitle"))

    def _abstracts(self) -> dict[str, str]:
        return self._two_languages("abstract", self.plain(self.raw("abstract")), self.plain)

    def _two_languages(self, name: str, main: str, read=None) -> dict[str, str]:
        """`name-it` and `name-en`; the unmarked text is in the work's language, Italian for a third."""
        own, other = ("en", "it") if self.language == "en" else ("it", "en")
        read = read or self.line
        texts = {code: read(self.raw(f"{name}-{code}")) for code in (own, other)}
        if not texts[own] and main != texts[other]:
            texts[own] = main
        return {f"{name}_{code}": text for code, text in texts.items()}

    def _container(self) -> str:
        for name in SUBTITLE_OF:
            found = self.text(name)
            if found:
                subtitle = self.text(
                    {"maintitle": "mainsubtitle", "booktitle": "booksubtitle"}.get(name, "journalsubtitle")
                )
                return f"{found}: {subtitle}" if subtitle else found
        return ""

    def _people(self, name: str, *, editor: bool) -> list[Person]:
        source = self.raw(name)
        if not source:
            return []
        names = split_names(source)
        if names and names[-1].strip().lower() == "others":
            names.pop()
            self.extra.setdefault("others", []).append(name)
        orcid, affiliation = (self._notes(f"{name}+an:{note}") for note in ("orcid", "affiliation"))
        people = []
        for n, one in enumerate(names, 1):
            family, given, organisation = self._known_name(one, name)
            if family:
                number = records.clean_orcid(orcid[n]) or "" if n in orcid else ""
                place = self.plain(affiliation.get(n, ""))[:300]
                people.append(Person(family[:300], given[:200], organisation, editor, place, number))
        return people

    def _notes(self, name: str) -> dict[int, str]:
        """A data annotation of biblatex (manual §3.7): `1="text"; 3="text"`."""
        if name not in self.left:
            return {}
        return {int(number): text for number, text in _NOTE.findall(self.raw(name))}

    def _known_name(self, source: str, field_name: str) -> tuple[str, str, bool]:
        """`_name`, once for each spelling in a file: the same people come back."""
        if source not in self.names:
            before = len(self.problems), len(self.unknown)
            found = self._name(source, field_name)
            if before != (len(self.problems), len(self.unknown)):
                return found  # tell the problem each time
            self.names[source] = found
        return self.names[source]

    def _name(self, source: str, field_name: str) -> tuple[str, str, bool]:
        """(family, given, is an organisation) of one name that still has its LaTeX."""
        from bibtexparser.middlewares import names  # see `bibtex`

        if "{" not in source and "\\" not in source and source.count(",") == 1:
            family, given = (self.plain(part) for part in source.split(","))
            return (family, given, False) if family else (given, "", False)
        if whole_group(source):
            return self.plain(source.strip()[1:-1]), "", True
        if re.match(r"\s*(?:family|given|prefix|suffix)\s*=", source):
            return self._named_parts(source)
        try:
            parts = names.parse_single_name_into_parts(source)
        except names.InvalidNameError:
            shown = " ".join(source.split())[:80]
            self.problem(
                _l("The name “%(name)s” may be split wrongly. Names are joined by “and”.", name=shown),
                field_name,
            )
            parts = names.parse_single_name_into_parts(source, strict=False)
        family = self.plain(" ".join([*parts.von, *parts.last, *parts.jr]))
        given = self.plain(" ".join(parts.first))
        return (family, given, False) if family else (given, "", False)

    def _named_parts(self, source: str) -> tuple[str, str, bool]:
        """The extended name format of biblatex: `family=Hasselblad, given=Anna, prefix=von`."""
        parts = {
            key.strip().lower(): self.plain(value.strip().strip('"'))
            for key, _, value in (part.partition("=") for part in re.split(r",\s*(?=[\w-]+\s*=)", source))
        }
        family = [parts.get("prefix", ""), parts.get("family", ""), parts.get("suffix", "")]
        return " ".join(p for p in family if p), parts.get("given", ""), False

    def _identifiers(self) -> dict[str, str]:
        found = {"url": self._address()}
        for name, clean in (
            ("doi", records.clean_doi), ("isbn", records.clean_isbn), ("issn", records.clean_issn)
        ):  # fmt: skip
            written = verbatim(self.raw(name))
            value = clean(written) if written else ""
            if value is None:
                self.problem(_l("“%(text)s” is not a valid %(kind)s: left out.", text=written[:80],
                                kind=name.upper()), name)  # fmt: skip
            found[name] = value or ""
        return found

    def _address(self) -> str:
        written = verbatim(self.raw("url"))
        if not written and "\\url" in self.left.get("howpublished", ""):
            written = verbatim(
                re.sub(r".*\\url\s*\{([^{}]*)\}.*", r"\1", self.raw("howpublished"), flags=re.S)
            )
        value = records.clean_url(written) if written else ""
        if value is None:
            self.problem(_l("“%(text)s” is not a web address: left out.", text=written[:80]), "url")
        return value or ""

    def _licence(self) -> str:
        known = {code.lower(): code for code in records.LICENCES}
        for name in ("license", "licence", "copyright"):
            code = known.get(self.left.get(name, "").strip().lower())
            if code:
                del self.left[name]
                return code
        return ""

    def _access(self) -> Access:
        written = self.left.get("access", "")
        return Access(self.left.pop("access")) if written in set(Access) else Access.OPEN

    def _embargo(self) -> date | None:
        try:
            found = date.fromisoformat(self.left.get("embargo", ""))
        except ValueError:
            return None
        del self.left["embargo"]
        return found

    def _funding(self) -> list[dict]:
        notes = {name: self._notes(f"funding+an:{name.replace('_', '')}") for name in FUNDING}
        numbers = sorted({n for found in notes.values() for n in found})[:50]
        rows = [{n: self.plain(found[i]) for n, found in notes.items() if i in found} for i in numbers]
        return records.clean_funding(rows)

    def _keywords(self) -> list[str]:
        found = (k.strip() for k in re.split(r"[;,]", self.text("keywords")))
        return list(dict.fromkeys(k for k in found if k))[:100]

    def _shorten(self, made: Record) -> None:
        values = vars(made)
        for name, limit in records.LIMITS.items():
            value = values[name]
            if len(value) > limit:
                setattr(made, name, value[:limit].rstrip())
                self.problem(
                    _l("The text in “%(field)s” was cut after %(n)d characters.", field=name, n=limit)
                )

    def _extra(self) -> dict:
        kept = {
            name: " ".join(value.split())
            for name, value in self.left.items()
            if value.strip() and len(value) <= EXTRA_LENGTH and _EXTRA_NAME.fullmatch(name)
            and not PRIVATE.fullmatch(name)
        }  # fmt: skip
        if kept:
            self.extra["bibtex"] = dict(list(kept.items())[:EXTRA_MOST])
        return self.extra
