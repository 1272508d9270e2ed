"""RIS, read and written; and Web of Science's tagged export, which is read as if it were RIS.

After the format's description by Reference Manager (tags of two characters, two spaces, a dash, a space),
taken as loosely as programs write it. What has a column goes there; other facts are kept in `extra["ris"]`
and written again; notes and links of a person's own library are not kept.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from flask_babel import lazy_gettext as _l

from dissemination.bibliography.building import Builder, language_of, person, untagged
from dissemination.bibliography.fields import EXTRA_LENGTH, EXTRA_MOST, Problem
from dissemination.bibliography.kinds import Kind
from dissemination.bibliography.reading import MAX_ENTRIES, Found, Reading, Tell, TooMuch, text_of, too_many
from dissemination.bibliography.records import Record, clean_doi, clean_isbn, iso_date, main_text, people_of

TYPE_OF = {
    Kind.ARTICLE: "JOUR", Kind.CONFERENCE_PAPER: "CPAPER", Kind.PROCEEDINGS: "CONF", Kind.BOOK: "BOOK",
    Kind.CHAPTER: "CHAP", Kind.THESIS: "THES", Kind.REPORT: "RPRT", Kind.FORESIGHT: "RPRT",
    Kind.STRATEGIC_NOTE: "RPRT", Kind.BROCHURE: "PAMP", Kind.ROADMAP: "RPRT",
    Kind.DATASET: "DATA", Kind.VIDEO: "VIDEO", Kind.PRESS: "NEWS", Kind.OTHER: "GEN",
}  # fmt: skip
KIND_OF = {
    **dict.fromkeys(("JOUR", "EJOUR", "INPR", "ABST", "MGZN", "JFULL", "JOURNAL ARTICLE"), Kind.ARTICLE),
    **dict.fromkeys(("CPAPER", "CONFERENCE PAPER"), Kind.CONFERENCE_PAPER), "CONF": Kind.PROCEEDINGS,
    **dict.fromkeys(("BOOK", "EBOOK", "EDBOOK", "SER", "WHOLE BOOK"), Kind.BOOK),
    **dict.fromkeys(("CHAP", "ECHAP", "ENCYC", "DICT", "BOOK CHAPTER"), Kind.CHAPTER), "THES": Kind.THESIS,
    **dict.fromkeys(("RPRT", "REPORT", "GOVDOC"), Kind.REPORT), "PAMP": Kind.BROCHURE,
    **dict.fromkeys(("DATA", "AGGR", "DBASE"), Kind.DATASET),
    **dict.fromkeys(("VIDEO", "MPCT", "ADVS"), Kind.VIDEO), "NEWS": Kind.PRESS,
    **dict.fromkeys((
        "GEN", "ELEC", "WEB", "BLOG", "ICOMM", "UNPB", "UNPD", "PAT", "STAND", "STAT", "BILL", "CASE", "COMP",
        "MANSCPT", "MAP", "MUSIC", "PCOMM", "SLIDE", "SOUND", "ART", "CHART", "CLSWK", "CTLG", "EQUA",
        "FIGURE",
        "GRNT", "HEAR", "LEGAL", "MULTI", "ANCIENT",
    ), Kind.OTHER),
}  # fmt: skip
WHOLE_OF = {Kind.CHAPTER: ("T2", "BT"), Kind.ARTICLE: ("JF", "JO", "T2", "JA", "J2")}
CONTAINERS = ("T2", "JF", "JO", "BT", "JA", "J2", "T3")
DROPPED = frozenset(
    ("N1", "RN", "L1", "L2", "L3", "L4", "LK", "U1", "U2", "U3", "U4", "U5", "LB", "Y2", "H1", "H2")
)
"""Notes, files and labels of somebody's own library: not facts of the publication."""
SINGLE_LINE = re.compile(r"([A-Z][A-Z0-9])(?:  -(?: |$)| {1,3}-(?: |$))")
_WOS = re.compile(r"(?:\A|\n)PT [A-Z]\n(?:AU|AF|TI|SO|BA|CA) ")
_LONG = ("AB", "N2")
MOST_TAGS = 5000  # of an entry; the largest collaborations have 3,000 authors


@dataclass
class _Entry:
    line: int
    type: str
    tags: list[tuple[str, str, int]] = field(default_factory=list)  # tag, value, line
    full: bool = False  # it had more lines than are read

    def all(self, *names: str) -> list[tuple[str, int]]:
        """(value, line) of each of the tags `names`, taken away; empty ones left out."""
        found = [(value.strip(), line) for tag, value, line in self.tags if tag in names and value.strip()]
        self.tags = [t for t in self.tags if t[0] not in names]
        return found

    def first(self, *names: str) -> tuple[str, int]:
        """(value, line) of the first of `names` that is there; its repetitions stay."""
        for name in names:
            for n, (tag, value, line) in enumerate(self.tags):
                if tag == name and value.strip():
                    del self.tags[n]
                    return " ".join(value.split()), line
        return "", self.line


def looks_like(text: str) -> bool:
    """Whether `text` is RIS or Web of Science's export."""
    return bool(re.search(r"(?m)^\ufeff?TY {1,3}-", text[:20_000]) or _WOS.search(text[:20_000]))


def read(data: bytes, *, language: str = "it", tell: Tell = None) -> Reading:
    """The records of a RIS file. `language` (ISO 639-1) is that of entries that do not say theirs."""
    reading = Reading(format="RIS", tell=tell)
    try:
        text = text_of(data, reading.problems)
        entries = list(_wos(text) if _WOS.search(text) else _entries(text, reading.problems))
        if len(entries) > MAX_ENTRIES:
            raise too_many()
    except TooMuch as much:
        return Reading([], [Problem(1, much.args[0], lost=True)], "RIS")
    for entry in entries:
        reader = _Reader(entry, language)
        record = reader.made()
        reading.problems += reader.builder.problems
        if record is not None:
            reading.add(Found(record, entry.line, entry.type))
    if not entries and not any(p.lost for p in reading.problems):
        reading.problems.append(
            Problem(1, _l("No RIS entry was found. An entry starts with “TY  - ”."), lost=True)
        )
    reading.problems.sort(key=lambda p: p.line)
    return reading


def _entries(text: str, problems: list[Problem]) -> Iterator[_Entry]:
    entry: _Entry | None = None
    for number, line in enumerate(text.split("\n"), 1):
        line = line.lstrip("\ufeff")
        found = SINGLE_LINE.match(line)
        if not found:
            _go_on(entry, line)
            continue
        tag, value = found[1], line[found.end() :].strip()
        if tag == "TY":
            if entry is not None:
                problems.append(Problem(entry.line, _l("The line “ER  - ” that ends the entry is missing.")))
                yield entry
            entry = _Entry(number, value[:40])
        elif entry is None:
            if tag != "ER":
                message = _l(
                    "“%(tag)s” stands outside of an entry: the line “TY  - ” is missing before it.", tag=tag
                )
                problems.append(Problem(number, message, lost=True))
        elif tag == "ER":
            yield entry
            entry = None
        else:
            _take(entry, tag, value, number, problems)
    if entry is not None:
        problems.append(Problem(entry.line, _l("The line “ER  - ” that ends the entry is missing.")))
        yield entry


def _take(entry: _Entry, tag: str, value: str, number: int, problems: list[Problem]) -> None:
    """One more line with a tag, as long as the entry may have more."""
    if len(entry.tags) < MOST_TAGS:
        entry.tags.append((tag, value, number))
    elif not entry.full:
        entry.full = True
        message = _l("The entry has more than %(n)d lines: what follows is left out.", n=MOST_TAGS)
        problems.append(Problem(number, message))


def _go_on(entry: _Entry | None, line: str) -> None:
    """A line without a tag continues the one before; outside of entries it is somebody's remark."""
    if entry is None or not entry.tags or entry.full:
        return
    tag, value, number = entry.tags[-1]
    if tag in _LONG:
        entry.tags[-1] = tag, f"{value}\n{line.strip()}" if len(value) < 100_000 else value, number
    elif line.strip() and len(value) < 20_000:
        entry.tags[-1] = tag, f"{value} {line.strip()}", number


_WOS_TYPES = {"J": "JOUR", "B": "BOOK", "S": "CHAP", "C": "CPAPER", "P": "PAT"}
_WOS_TAGS = {
    "TI": "TI", "SO": "T2", "LA": "LA", "AB": "AB", "PU": "PB", "SN": "SN", "EI": "SN", "BN": "SN",
    "PY": "PY",
    "VL": "VL", "IS": "IS", "BP": "SP", "EP": "EP", "AR": "AR", "DI": "DO", "UT": "ID", "DE": "KW",
    "ID": "KW",
    "AF": "AU", "BE": "ED", "CA": "CA",
}  # fmt: skip


def _wos(text: str) -> Iterator[_Entry]:
    """The entries of Web of Science's export, their tags turned into those of RIS."""
    entry, tag, month = None, "", ""
    for number, line in enumerate(text.split("\n"), 1):
        head, value = line[:2], line[3:].strip()
        if head.strip():
            tag = head
        if head == "PT":
            entry, month = _Entry(number, _WOS_TYPES.get(value, "GEN")), ""
        elif head == "ER" and entry is not None:
            year = next((v for t, v, _n in entry.tags if t == "PY"), "")
            if year and month:
                entry.tags.append(("DA", f"{year} {month}", number))
            yield entry
            entry = None
        elif entry is not None and value:
            month = value if tag == "PD" else month
            _take_over(entry, tag, value, number, new=bool(head.strip()))
            if tag == "AF" and head.strip():  # full names: those of AU were shorter
                entry.tags = [t for t in entry.tags if t[0] != "au"]


def _take_over(entry: _Entry, tag: str, value: str, number: int, *, new: bool) -> None:
    if len(entry.tags) >= MOST_TAGS:
        return
    if tag in ("AU", "AF", "BE"):
        full = any(t[0] == "AU" for t in entry.tags)
        if tag != "AU" or not full:
            entry.tags.append(("au" if tag == "AU" else _WOS_TAGS[tag], value, number))
    elif tag in _WOS_TAGS and new:
        entry.tags.append((_WOS_TAGS[tag], value, number))
    elif tag in _WOS_TAGS and entry.tags:
        last, before, line = entry.tags[-1]
        if last == _WOS_TAGS[tag] and len(before) < 20_000:
            entry.tags[-1] = last, f"{before} {value}", line


class _Reader:
    """Reads one entry."""

    def __init__(self, entry: _Entry, language: str):
        self.entry, self.builder = entry, Builder(entry.line, language)

    def made(self) -> Record | None:
        """The entry as a Record, or None when it lacks what every publication has."""
        entry, builder = self.entry, self.builder
        written, line = entry.first("LA")
        code = language_of(written)
        if written and not code:
            builder.problem(_l("The language “%(text)s” is not known.", text=written[:40]), line)
        builder.language = code or builder.language
        container, kind = self._container_and_kind()
        title = untagged(entry.first("TI", "T1", "CT", "ST", "BT", "T2" if not container else "")[0])
        abstract, other = self._abstracts()
        facts = {
            **builder.own("title", *_apart(title, untagged(entry.first("TT")[0]))),
            **builder.own("abstract", abstract, other), **self._numbers(),
            "citation_key": entry.first("ID")[0], "container": container, "pages": self._pages(),
            "volume": entry.first("VL", "VO")[0], "number": entry.first("IS", "CP")[0],
            "publisher": entry.first("PB")[0], "version_label": entry.first("ET")[0],
            "keywords": [k for text, _n in entry.all("KW") for k in re.split(r"[;\n]", text)],
        }  # fmt: skip
        people = self._people()
        dates = [entry.first("PY", "Y1"), entry.first("DA"), entry.first("PY", "Y1")]
        issued = builder.issued(*(text for text, _n in dates), line=dates[0][1])
        self._keep()
        return builder.record(kind, issued=issued, people=people, **facts)

    def _container_and_kind(self) -> tuple[str, Kind]:
        marked = next((v for t, v, _n in self.entry.tags if t == "M3"), "").strip()
        kind = KIND_OF.get(self.entry.type.upper())
        if kind is None:
            message = _l("The type “%(type)s” is not known: read as “other”.", type=self.entry.type)
            self.builder.problem(message)
            kind = Kind.OTHER
        names = WHOLE_OF.get(kind, ()) + CONTAINERS
        if kind in (Kind.BOOK, Kind.PROCEEDINGS) and not any(t[0] in ("TI", "T1") for t in self.entry.tags):
            names = tuple(n for n in names if n != "BT")
        container = untagged(self.entry.first(*names)[0])
        if marked in set(Kind) and TYPE_OF[Kind(marked)] == self.entry.type:
            kind = Kind(marked)
            self.entry.first("M3")
        elif kind is Kind.PROCEEDINGS and container:
            kind = Kind.CONFERENCE_PAPER  # what other programs mean by CONF
        return container, kind

    def _people(self):
        found = []
        for names, editor in ((("AU", "au", "A1"), False), (("ED", "A2"), True)):
            for text, _line in self.entry.all(*names):
                one = person(text, editor=editor)
                if one and one.inverted.lower() in ("others", "et al", "et al."):
                    self.builder.extra["others"] = [
                        *self.builder.extra.get("others", []),
                        "editor" if editor else "author",
                    ]
                elif one:
                    found.append(one)
        for text, _line in self.entry.all("CA"):  # Web of Science: a group as author
            one = person(text + ",")
            found += [one] if one else []
        return found

    def _abstracts(self) -> tuple[str, str]:
        """The abstract, and the one in the other language (N2, where AB stands too)."""
        texts = ["\n".join(text for text, _n in self.entry.all(name)) for name in _LONG]
        first, second = (untagged(text) for text in texts)
        return (first, second if second != first else "") if first else (second, "")

    def _pages(self) -> str:
        first, last = self.entry.first("SP", "AR")[0], self.entry.first("EP")[0]
        return f"{first}–{last}" if first and last else first or last

    def _numbers(self) -> dict[str, str]:
        """DOI, ISBN, ISSN (which share the tag SN) and web address."""
        builder, entry = self.builder, self.entry
        doi, line = entry.first("DO")
        if not doi:
            hidden = next(((t, v) for t, v, _n in entry.tags if t in ("M3", "UR") and clean_doi(v)), None)
            doi = hidden[1] if hidden else ""
            if hidden and hidden[0] == "M3":
                entry.first("M3")
        found = {"doi": builder.doi(doi, line), "isbn": "", "issn": ""}
        for text, number in entry.all("SN"):
            if clean_isbn(text):
                found["isbn"] = found["isbn"] or clean_isbn(text) or ""
            else:
                parts = re.split(r"[;,\s]+(?=\d)", re.sub(r"\([^)]*\)", "", text))
                found["issn"] = found["issn"] or builder.issn(_dashed(parts[0]), number)
        address, line = entry.first("UR")
        return found | {"url": builder.url(address, line)}

    def _keep(self) -> None:
        kept: dict[str, list[str]] = {}
        for tag, value, _line in self.entry.tags:
            value = " ".join(value.split())
            if (
                value
                and tag not in DROPPED
                and tag.isupper()
                and len(value) <= EXTRA_LENGTH
                and len(kept) < EXTRA_MOST
            ):
                kept.setdefault(tag, []).append(value)
        if kept:
            self.builder.extra["ris"] = {tag: values[:20] for tag, values in kept.items()}


def _apart(main: str, other: str) -> tuple[str, str]:
    """(in the work's language, in the other one): a text that stands twice is in the other one alone."""
    return ("", other) if main == other else (main, other)


def _dashed(text: str) -> str:
    return f"{text[:4]}-{text[4:]}" if re.fullmatch(r"\d{7}[\dXx]", text) else text


def written(things) -> str:
    """A RIS file (UTF-8, CRLF) of all `things`."""
    return "".join("".join(f"{tag}  - {value}\r\n" for tag, value in _lines(t)) + "\r\n" for t in things)


def _lines(thing) -> Iterator[tuple[str, str]]:
    first, _dash, last = thing.pages.partition("–")
    first, last = (first, last) if first and last else (thing.pages, "")
    other = "it" if thing.language == "en" else "en"
    kind, others = TYPE_OF[thing.kind], thing.extra.get("others", ())
    pairs = [
        ("TY", kind),
        *(("AU", name(p)) for p in people_of(thing, editors=False)),
        *(("ED", name(p)) for p in people_of(thing, editors=True)),
        *((tag, "et al.") for tag, who in (("AU", "author"), ("ED", "editor")) if who in others),
        ("TI", main_text(thing, "title")), ("TT", _translated(thing, "title", other)), ("T2",
        thing.container),
        ("PY", f"{thing.issued.year:04d}"), ("DA", iso_date(thing).replace("-", "/")), ("VL", thing.volume),
        ("IS", thing.number), ("SP", first), ("EP", last), ("PB", thing.publisher), ("ET",
        thing.version_label),
        ("DO", thing.doi), ("SN", thing.isbn), ("SN", thing.issn), ("UR", thing.url), ("LA", thing.language),
        *(("KW", k) for k in thing.keywords), ("ID", thing.citation_key),
        ("M3", thing.kind.value if KIND_OF[kind] is not thing.kind or kind == "CONF" else ""),
    ]  # fmt: skip
    own = thing.extra.get("ris", {})
    pairs += [(tag, value) for tag, values in own.items() if tag.isalnum() for value in values]
    yield from ((tag, " ".join(str(value).split())) for tag, value in pairs if value)
    abstract, second = main_text(thing, "abstract"), getattr(thing, f"abstract_{other}")
    second = second if second != abstract else ""
    yield from ((tag, _wrapped(text)) for tag, text in (("AB", abstract), ("N2", second)) if text)
    yield "ER", ""


def _translated(thing, name: str, other: str) -> str:
    """The text in the other language. The same as the main one says that it is in that language alone."""
    own = getattr(thing, f"{name}_{'en' if other == 'it' else 'it'}")
    text = getattr(thing, f"{name}_{other}")
    return text if text != own else ""


def _wrapped(text: str) -> str:
    """Paragraphs as lines that go on: none may look like a tag."""
    lines = text.split("\n")
    return "\r\n".join([lines[0], *(f" {line}" if SINGLE_LINE.match(line) else line for line in lines[1:])])


def name(who) -> str:
    """ "Rossi, Maria"; "Ente," for an organisation (EndNote's convention)."""
    if who.organisation:
        return f"{who.family_name},"
    return f"{who.family_name}, {who.given_name}" if who.given_name else who.family_name
