"""A work cited for readers: APA (7th edition), IEEE and Chicago (18th, author-date), in Italian and English.

A citation is a list of runs, some in italics, so that a page and a copied text are made of the same. Titles
stay as they are written: nobody can know which of their capitals are names. Pure.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from dissemination.bibliography.kinds import Kind
from dissemination.bibliography.records import main_text, people_of


class Run(NamedTuple):
    """A piece of a citation."""

    text: str
    italic: bool = False


STYLES = {"apa": "APA", "ieee": "IEEE", "chicago": "Chicago"}
LANGUAGES = ("it", "en")
_EN = {
    "ed": "Ed.", "eds": "Eds.", "and": "and", "et al": "et al.", "in": "in", "In": "In",
    "edited by": "edited by",
    "p": "p.", "pp": "pp.", "vol": "vol.", "no": "no.", "No": "No.", "n.d.": "n.d.", "thesis": "Thesis",
    "data": "Data set", "video": "Video", "available": "[Online]. Available:", "open": "“", "close": "”",
    "short ed": "Ed.", "short eds": "Eds.", "version": "Version",
    "months": "January February March April May June July August September October November December",
    "short": "Jan. Feb. Mar. Apr. May Jun. Jul. Aug. Sep. Oct. Nov. Dec.",
}  # fmt: skip
_IT = {
    "ed": "a cura di", "eds": "a cura di", "and": "e", "et al": "et al.", "in": "in", "In": "In",
    "edited by": "a cura di", "p": "p.", "pp": "pp.", "vol": "vol.", "no": "n.", "No": "n.", "n.d.": "s.d.",
    "thesis": "Tesi", "data": "Insieme di dati", "video": "Video", "available": "[In linea]. Disponibile:",
    "open": "«", "close": "»", "short ed": "a cura di", "short eds": "a cura di", "version": "Versione",
    "months": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "short": "gen. feb. mar. apr. mag. giu. lug. ago. set. ott. nov. dic.",
}  # fmt: skip
WORDS = {"it": _IT, "en": _EN}
PERIODIC = (Kind.ARTICLE, Kind.PRESS)
PARTS = (Kind.CHAPTER, Kind.CONFERENCE_PAPER)
REPORTS = (Kind.REPORT, Kind.FORESIGHT, Kind.ROADMAP, Kind.STRATEGIC_NOTE)
DATED = (Kind.PRESS, Kind.VIDEO)
"""What is cited with its day, not its year alone."""


def cite(thing, style: str, language: str) -> list[Run]:
    """`thing` in a style of STYLES, with the words of a language of LANGUAGES. Raises KeyError."""
    writer = {"apa": _apa, "ieee": _ieee, "chicago": _chicago}[style]
    return _tidy(writer(thing, WORDS[language]))


def text(runs: Iterable[Run]) -> str:
    """The citation as plain text."""
    return "".join(run.text for run in runs)


def _tidy(runs: list[Run]) -> list[Run]:
    """Without empty runs, and without a full stop or comma after a mark that ends the title already."""
    found: list[Run] = []
    for run in runs:
        words = run.text
        before = found[-1].text if found else ""
        if words[:1] == "." and re.search(r"[.?!…][”»]?$", before):
            words = words[1:]
        if words:
            found.append(Run(words, run.italic))
    return found


def _whole(thing) -> tuple[list, list]:
    """(who stands at the head, editors who are named later)."""
    authors, editors = people_of(thing, editors=False), people_of(thing, editors=True)
    return (authors, editors) if authors else (editors, [])


def _led_by_editors(thing) -> bool:
    return not people_of(thing, editors=False) and bool(people_of(thing, editors=True))


def _others(thing, people: list) -> bool:
    return bool(people) and ("editor" if people[0].editor else "author") in thing.extra.get("others", ())


def _initials(given: str) -> str:
    """ "Maria Grazia" → "M. G.", "Jean-Paul" → "J.-P."."""
    words = re.findall(r"[^\s.]+", given)
    parts = ("-".join(f"{part[0]}." for part in word.split("-") if part) for word in words)
    return " ".join(filter(None, parts))


def _address(thing) -> str:
    return f"https://doi.org/{thing.doi}" if thing.doi else thing.url


def _date(thing, words: dict, *, short: bool = False) -> str:
    """Day and month as the language says them, without the year; as far as they are known."""
    if thing.issued_precision == "year":
        return ""
    month = words["short" if short else "months"].split()[thing.issued.month - 1]
    if thing.issued_precision == "month":
        return month
    return f"{month} {thing.issued.day}" if words is _EN else f"{thing.issued.day} {month}"


# --- APA: https://apastyle.apa.org/style-grammar-guidelines/references


def _apa(thing, words: dict) -> list[Run]:
    people, editors = _whole(thing)
    title = main_text(thing, "title")
    head = _apa_names(thing, people, words)
    if _led_by_editors(thing):
        head += f" ({words['eds' if len(people) > 1 else 'ed']})"
    stands_alone = thing.kind not in PERIODIC + PARTS or not thing.container
    titled = Run(title, stands_alone)
    year = f"{thing.issued.year}"
    if thing.kind in DATED and _date(thing, words):
        year = f"{year}, {_date(thing, words)}"
    runs = (
        [Run(f"{head}{'' if head.endswith('.') else '.'} " if head else ""), Run(f"({year}). ")]
        if head
        else []
    )
    runs += [titled] if head else [titled, Run(f". ({year})")]
    runs += [Run(_apa_note(thing, words)), Run(".")]
    if not stands_alone:
        runs += _apa_periodical(thing) if thing.kind in PERIODIC else _apa_book(thing, editors, words)
    elif thing.container:
        runs += [Run(" "), Run(thing.container, True), Run(".")]
    publisher = "" if thing.kind in PERIODIC or thing.publisher == head else thing.publisher
    runs += [Run(f" {publisher}"), Run(".")] if publisher else []
    return [*runs, Run(f" {_address(thing)}" if _address(thing) else "")]


def _apa_names(thing, people: list, words: dict) -> str:
    names = [_apa_name(p) for p in people]
    if _others(thing, people):
        return ", ".join([*names[:19], words["et al"]])
    if len(names) > 20:
        return ", ".join(names[:19]) + f", . . . {names[-1]}"
    return f"{', '.join(names[:-1])}, & {names[-1]}" if len(names) > 1 else "".join(names)


def _apa_name(person) -> str:
    given = _initials(person.given_name)
    return f"{person.family_name}, {given}" if given else person.family_name


def _apa_note(thing, words: dict) -> str:
    """What stands behind the title: number of a report, version, kind of a thesis or of data."""
    notes = []
    if thing.kind in REPORTS and thing.number:
        notes.append(f"{words['No']} {thing.number}")
    if thing.version_label:
        notes.append(f"{words['version']} {thing.version_label}")
    if thing.volume and thing.kind not in PERIODIC + PARTS:
        notes.append(f"{words['vol'].capitalize()} {thing.volume}")
    mark = {Kind.THESIS: "thesis", Kind.DATASET: "data", Kind.VIDEO: "video"}.get(thing.kind)
    note = f" ({'; '.join(notes)})" if notes else ""
    return note + (f" [{words[mark]}]" if mark else "")


def _apa_periodical(thing) -> list[Run]:
    runs = [Run(" "), Run(thing.container, True)]
    if thing.volume:
        runs += [Run(", "), Run(thing.volume, True)]
    if thing.number:
        runs.append(Run(f"({thing.number})" if thing.volume else f", ({thing.number})"))
    return [*runs, Run(f", {thing.pages}" if thing.pages else ""), Run(".")]


def _apa_book(thing, editors: list, words: dict) -> list[Run]:
    led = ""
    if editors:
        names = [f"{_initials(p.given_name)} {p.family_name}".strip() for p in editors]
        led = f"{_listed(names, '&')} ({words['eds' if len(editors) > 1 else 'ed']}), "
    inner = [f"{words['vol'].capitalize()} {thing.volume}"] if thing.volume else []
    inner += [_pages(thing, words)] if thing.pages else []
    return [
        Run(f" {words['In']} {led}"), Run(thing.container, True),
        Run(f" ({', '.join(inner)})" if inner else ""), Run(".")
    ]  # fmt: skip


def _pages(thing, words: dict) -> str:
    return f"{words['pp' if '–' in thing.pages or ',' in thing.pages else 'p']} {thing.pages}"


# --- IEEE Reference Style Guide for Authors


def _ieee(thing, words: dict) -> list[Run]:
    people, editors = _whole(thing)
    title = main_text(thing, "title")
    head = _ieee_names(thing, people, words)
    if _led_by_editors(thing):
        head += f", {words['short eds' if len(people) > 1 else 'short ed']}"
    runs = [Run(f"{head}, ")] if head else []
    inside = thing.kind in PERIODIC + PARTS and bool(thing.container)
    if inside or thing.kind in (*REPORTS, Kind.THESIS):
        mark = "" if title[-1:] in "?!" else ","
        runs.append(
            Run(f"{words['open']}{title}{mark}{words['close']}" if words is _EN else f"«{title}»{mark}")
        )
    else:
        runs += [Run(title, True), Run(".")]
    parts = _ieee_parts(thing, editors, words, inside=inside)
    day = _date(thing, words, short=True) if inside else ""
    glue = ", " if words is _EN and thing.issued_precision == "day" else " "
    year = glue.join(filter(None, (day, str(thing.issued.year))))
    pages = [[Run(_pages(thing, words))]] if thing.pages and thing.kind in PARTS else []
    runs += _joined_by_commas([*parts, [Run(year)], *pages])
    if thing.doi:
        return [*runs, Run(f", doi: {thing.doi}.")]
    return [*runs, Run("."), Run(f" {words['available']} {thing.url}" if thing.url else "")]


def _ieee_names(thing, people: list, words: dict) -> str:
    names = [f"{_initials(p.given_name)} {p.family_name}".strip() for p in people]
    if len(names) > 6 or _others(thing, people):
        return f"{names[0]} {words['et al']}"
    if len(names) > 2:
        return f"{', '.join(names[:-1])}, {words['and']} {names[-1]}"
    return f" {words['and']} ".join(names)


def _ieee_parts(thing, editors: list, words: dict, *, inside: bool) -> list[list[Run]]:
    parts: list[list[Run]] = []
    if inside:
        lead = [Run(f"{words['in']} ")] if thing.kind in PARTS else []
        parts.append([*lead, Run(thing.container, True)])
    if inside and editors:
        names = _ieee_names(thing, editors, words)
        parts.append([Run(f"{names}, {words['short eds' if len(editors) > 1 else 'short ed']}")])
    if thing.publisher and thing.kind not in PERIODIC:
        parts.append([Run(thing.publisher)])
    if thing.kind is Kind.THESIS:
        parts.insert(0, [Run(words["thesis"].lower())])
    for name, value in (("vol", thing.volume), ("no", thing.number)):
        if value:
            parts.append([Run(f"{words[name]} {value}")])
    if thing.version_label:
        parts.append([Run(f"{words['version'].lower()} {thing.version_label}")])
    if thing.pages and thing.kind not in PARTS:
        parts.append([Run(_pages(thing, words))])
    return parts


def _joined_by_commas(parts: list[list[Run]]) -> list[Run]:
    runs: list[Run] = []
    for n, part in enumerate(parts):
        runs += [Run(", " if n else " "), *part]
    return runs


# --- Chicago: https://www.chicagomanualofstyle.org/tools_citationguide/citation-guide-2.html


def _chicago(thing, words: dict) -> list[Run]:
    people, editors = _whole(thing)
    title = main_text(thing, "title")
    head = _chicago_names(thing, people, words)
    if _led_by_editors(thing):
        head += f", {words['eds' if len(people) > 1 else 'ed'].lower()}"
    runs = [Run(head), Run(". " if head else ""), Run(f"{thing.issued.year}. ")]
    if not head:
        runs = []
    quoted = (thing.kind in PERIODIC + PARTS and thing.container) or thing.kind is Kind.THESIS
    if quoted:
        stop = "" if title[-1:] in ".?!" else "."
        runs.append(Run(f"“{title}{stop}”" if words is _EN else f"«{title}»{stop}"))
    else:
        runs += [Run(title, True), Run(".")]
    if not head:
        runs.append(Run(f" {thing.issued.year}."))
    runs += _chicago_place(thing, editors, words, quoted=bool(quoted))
    return [*runs, Run(f" {_address(thing)}." if _address(thing) else "")]


def _chicago_names(thing, people: list, words: dict) -> str:
    names = [
        ", ".join(filter(None, (p.family_name, p.given_name))) if n == 0 else _straight(p)
        for n, p in enumerate(people)
    ]
    if len(names) > 6 or _others(thing, people):
        return ", ".join([*names[:3], words["et al"]])
    if len(names) > 2 or (len(names) == 2 and words is _EN and people[0].given_name):
        return f"{', '.join(names[:-1])}, {words['and']} {names[-1]}"
    return f" {words['and']} ".join(names)


def _chicago_place(thing, editors: list, words: dict, *, quoted: bool) -> list[Run]:
    if quoted and thing.kind in PERIODIC:
        return _chicago_periodical(thing, words)
    if thing.kind is Kind.THESIS:
        return [Run(f" {words['thesis']}"), Run(f", {thing.publisher}." if thing.publisher else ".")]
    if quoted:
        runs = _chicago_book(thing, editors, words)
    else:
        numbers = [
            f"{words[n].capitalize()} {v}" for n, v in (("vol", thing.volume), ("no", thing.number)) if v
        ]
        numbers += [f"{words['version']} {thing.version_label}"] if thing.version_label else []
        runs = [Run(f" {thing.container}." if thing.container else "")]
        runs.append(Run(f" {', '.join(numbers)}." if numbers else ""))
    return [*runs, Run(f" {thing.publisher}." if thing.publisher else "")]


def _chicago_periodical(thing, words: dict) -> list[Run]:
    runs = [Run(" "), Run(thing.container, True), Run(f" {thing.volume}" if thing.volume else "")]
    if thing.number:
        runs.append(Run(f" ({thing.number})" if thing.volume else f", {words['no']} {thing.number}"))
    day = _date(thing, words) if thing.kind in DATED else ""
    runs.append(Run(f", {day}" if day else ""))
    return [*runs, Run(f": {_range(thing, words)}." if thing.pages else ".")]


def _chicago_book(thing, editors: list, words: dict) -> list[Run]:
    names = [_straight(p) for p in editors]
    together = _listed(names, words["and"])
    return [
        Run(f" {words['In']} "), Run(thing.container, True),
        Run(f", {words['edited by']} {together}" if names else ""),
        Run(f", {words['vol']} {thing.volume}" if thing.volume else ""),
        Run(f", {_range(thing, words)}" if thing.pages else ""), Run("."),
    ]  # fmt: skip


def _straight(person) -> str:
    return f"{person.given_name} {person.family_name}".strip()


def _listed(names: list[str], last: str) -> str:
    """ "A", "A and B", "A, B, and C"."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])}{',' if len(names) > 2 else ''} {last} {names[-1]}"


def _range(thing, words: dict) -> str:
    return _shortened(thing.pages) if words is _EN else thing.pages


def _shortened(pages: str) -> str:
    """ "167–195" → "167–95": how Chicago writes a range (§9.63)."""
    found = re.fullmatch(r"(\d+)–(\d+)", pages)
    if not found or len(found[1]) != len(found[2]) or len(found[1]) < 3 or int(found[1]) % 100 == 0:
        return pages
    first, last = found.groups()
    same = next((n for n, (a, b) in enumerate(zip(first, last, strict=True)) if a != b), len(first) - 1)
    keep = len(first) - same
    if int(first) % 100 >= 10:
        keep = max(keep, 2)
    return f"{first}–{last[-keep:]}" if keep < len(first) else pages
