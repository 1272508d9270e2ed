"""Publications written for other programs and for readers: BibTeX, RIS, CSL-JSON, a plain citation.

Everything works on a Publication as on a Record. What BibTeX has no field for goes into fields of ours
(`title-en`, `abstract-en`, biblatex data annotations for ORCID and affiliation), so that reading the file
back gives the same record. Other programs ignore these.
"""

import re
from collections.abc import Iterator

from dissemination.bibliography import citing, csljson
from dissemination.bibliography import ris as ris_format
from dissemination.bibliography.braces import whole_group
from dissemination.bibliography.fields import FUNDING, KIND_OF, TYPE_OF
from dissemination.bibliography.kinds import Access
from dissemination.bibliography.latex import balanced, encode
from dissemination.bibliography.records import iso_date, main_text, people_of
from dissemination.bibliography.vocabulary import CONTAINER_FIELD, LANGID, MONTHS, PUBLISHER_FIELD
from dissemination.kernel.languages import language
from dissemination.kernel.text import fold

csl, ris = csljson.written, ris_format.written


def bibtex(things) -> str:
    """A BibTeX file (UTF-8) of all `things`; citation keys are made unique."""
    return "".join(bibtex_parts(things))


def bibtex_parts(things) -> Iterator[str]:
    """The same, entry by entry, for files too large to hold."""
    taken: set[str] = set()
    for thing in things:
        yield ("\n" if taken else "") + _bibtex_entry(thing, _key(thing, taken))


def _key(thing, taken: set[str]) -> str:
    key = re.sub(r"[^\w:./+-]", "", thing.citation_key, flags=re.ASCII)
    if not key:
        first = fold(thing.authors[0].family_name) if thing.authors else "anon"
        word = fold(main_text(thing, "title")).split()
        key = re.sub(r"[^a-z0-9]", "", first)[:20] + str(thing.issued.year)
        key += re.sub(r"[^a-z0-9]", "", word[0])[:12] if word else ""
    candidate, n = key, 1
    while candidate.lower() in taken:
        n += 1
        candidate = f"{key}-{n}"
    taken.add(candidate.lower())
    return candidate


def _bibtex_entry(thing, key: str) -> str:
    kind = _entry_type(thing)
    fields = {
        **_names(thing), **_both_languages(thing, "title"),
        CONTAINER_FIELD.get(kind, "booktitle"): encode(thing.container),
        **_dates(thing), "volume": encode(thing.volume), "number": encode(thing.number),
        "pages": encode(thing.pages).replace("–", "--"),
        PUBLISHER_FIELD.get(kind, "publisher"): encode(thing.publisher),
        "doi": thing.doi.replace("{", "").replace("}", ""), "isbn": thing.isbn, "issn": thing.issn,
        "url": thing.url, "license": thing.licence, "version": encode(thing.version_label),
        "access": "" if thing.access is Access.OPEN else thing.access.value,
        "embargo": thing.embargo_until.isoformat() if thing.embargo_until else "", **_funding(thing),
        "langid": LANGID.get(thing.language, thing.language),
        "keywords": ", ".join(encode(k) for k in thing.keywords), **_both_languages(thing, "abstract"),
    }  # fmt: skip
    if KIND_OF[kind] is not thing.kind:
        fields["entrysubtype"] = thing.kind.value
    for name, value in thing.extra.get("bibtex", {}).items():
        fields.setdefault(name, value if balanced(value) else encode(value))
    lines = [f"  {name} = {{{value}}},\n" for name, value in fields.items() if value]
    if thing.issued_precision != "year":
        lines.append(f"  month = {MONTHS[thing.issued.month - 1]},\n")
    return f"@{kind}{{{key},\n{''.join(lines)}}}\n"


def _funding(thing) -> dict[str, str]:
    """Awards, as biblatex's data annotations (manual §3.7), which number what they speak of."""
    fields = {}
    for name in FUNDING:
        notes = [
            f'{n}="{encode(row[name])}"' for n, row in enumerate(thing.funding or (), 1) if row.get(name)
        ]
        fields[f"funding+an:{name.replace('_', '')}"] = "; ".join(notes)
    return fields


def _entry_type(thing) -> str:
    """What it was imported as, while that still fits its kind."""
    imported = thing.extra.get("bibtex_type", "")
    fits = KIND_OF.get(imported) is thing.kind
    return imported if fits else TYPE_OF[thing.kind]


def _dates(thing) -> dict[str, str]:
    written = thing.extra.get("date", "")  # a range, of which the first date is ours
    date = written if written.startswith(iso_date(thing)) else iso_date(thing)
    return {"date": encode(date), "year": f"{thing.issued.year:04d}"}


def _both_languages(thing, name: str) -> dict[str, str]:
    """The text in the work's language as `name`, the other one as `name-it` or `name-en`."""
    own, other = ("en", "it") if thing.language == "en" else ("it", "en")
    texts = {code: getattr(thing, f"{name}_{code}") for code in (own, other)}
    fields = {name: encode(texts[own] or texts[other]), f"{name}-{other}": encode(texts[other])}
    if texts[own] == texts[other]:
        fields[f"{name}-{own}"] = encode(texts[own])
    return fields


def _names(thing) -> dict[str, str]:
    fields = {}
    for field_name, editors in (("author", False), ("editor", True)):
        people = people_of(thing, editors=editors)
        names = [_name(p) for p in people]
        if field_name in thing.extra.get("others", ()):
            names.append("others")
        fields[field_name] = " and ".join(names)
        for note in ("orcid", "affiliation"):
            marks = [f'{n}="{encode(getattr(p, note))}"' for n, p in enumerate(people, 1) if getattr(p, note)]
            fields[f"{field_name}+an:{note}"] = "; ".join(marks)
    return fields


def _name(person) -> str:
    family, given = encode(person.family_name), encode(person.given_name)
    if person.organisation:
        return f"{{{family}}}"
    if (
        not given
        and family == person.family_name
        and re.fullmatch(r"[^\W\d_]\w*", family)
        and family.istitle()
    ):
        return family
    return f"{_held(family)}, {_held(given) or '{}'}"


def _held(part: str) -> str:
    """A part of a name, in braces when BibTeX would take it apart otherwise."""
    plain = re.fullmatch(r"[\w'’.\- ]*", part) and not re.search(r"(?i)\band\b|\bothers\b", part)
    return part if plain and not whole_group(part) else f"{{{part}}}"


def person_inverted(person) -> str:
    """ "Rossi, Maria"; the plain name of an organisation."""
    return f"{person.family_name}, {person.given_name}" if person.given_name else person.family_name


def citation(thing) -> str:
    """A citation for a reader in APA's style, in the reader's language."""
    return citing.text(citing.cite(thing, "apa", language()))
