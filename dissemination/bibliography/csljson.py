"""CSL-JSON read and written (schema 1.0.2), and Crossref's JSON, which is close to it.

What CSL has no field for is written below `custom`, which its schema leaves to the program; so a file of ours
comes back whole. A title's marks of HTML and an abstract's of JATS are taken off.
"""

from dataclasses import replace
from typing import Any

from flask_babel import lazy_gettext as _l

from dissemination.bibliography.building import TAGS, Builder, language_of, licence_of, untagged
from dissemination.bibliography.jsontext import first, objects, text
from dissemination.bibliography.kinds import Access, Kind
from dissemination.bibliography.records import (
    LICENCES,
    Person,
    Record,
    iso_date,
    main_text,
    page_range,
    people_of,
)

TYPE_OF = {
    Kind.ARTICLE: "article-journal", Kind.CONFERENCE_PAPER: "paper-conference", Kind.PROCEEDINGS: "book",
    Kind.BOOK: "book", Kind.CHAPTER: "chapter", Kind.THESIS: "thesis", Kind.REPORT: "report",
    Kind.FORESIGHT: "report", Kind.STRATEGIC_NOTE: "report", Kind.ROADMAP: "report",
    Kind.BROCHURE: "pamphlet",
    Kind.DATASET: "dataset", Kind.VIDEO: "motion_picture", Kind.PRESS: "article-newspaper",
    Kind.OTHER: "document",
}  # fmt: skip
KIND_OF = {
    **dict.fromkeys((
        "article-journal", "article", "article-magazine", "review", "review-book", "journal-article",
        "preprint",
        "posted-content", "peer-review",
    ), Kind.ARTICLE),
    **dict.fromkeys(("paper-conference", "proceedings-article", "speech"), Kind.CONFERENCE_PAPER),
    **dict.fromkeys(("proceedings", "proceedings-series"), Kind.PROCEEDINGS),
    **dict.fromkeys((
        "book", "monograph", "edited-book", "reference-book", "book-set", "book-series", "collection",
        "periodical",
        "classic",
    ), Kind.BOOK),
    **dict.fromkeys((
        "chapter", "book-chapter", "book-section", "book-part", "book-track", "reference-entry", "entry",
        "entry-dictionary", "entry-encyclopedia",
    ), Kind.CHAPTER),
    **dict.fromkeys(("thesis", "dissertation"), Kind.THESIS),
    **dict.fromkeys(("report", "report-series", "report-component", "standard"), Kind.REPORT),
    "pamphlet": Kind.BROCHURE, "dataset": Kind.DATASET, "database": Kind.DATASET,
    "motion_picture": Kind.VIDEO,
    "broadcast": Kind.VIDEO, "article-newspaper": Kind.PRESS, "post-weblog": Kind.OTHER,
    **dict.fromkeys((
        "document", "webpage", "post", "manuscript", "patent", "software", "map", "graphic", "figure",
        "interview",
        "legislation", "legal_case", "bill", "treaty", "hearing", "regulation", "personal_communication",
        "song",
        "musical_score", "performance", "event", "component", "other", "grant", "journal", "journal-issue",
    ), Kind.OTHER),
}  # fmt: skip
"""CSL 1.0.2's types and Crossref's (https://api.crossref.org/types)."""
REPORTS = ("report",)
OTHERS = ("others", "et al.", "et al")
CUSTOM = "district"


def record(item: dict, builder: Builder) -> Record | None:
    """One object of CSL-JSON 1.0.2 or of Crossref's API; `None` where it has nothing to be kept by."""
    kind = _kind(item, builder)
    builder.language = language_of(text(item.get("language"))) or builder.language
    title = untagged(first(item.get("title")))
    subtitle = untagged(first(item.get("subtitle")))
    if subtitle and subtitle.casefold() not in title.casefold():
        title = f"{title}{' ' if title[-1:] in '?!:.' else ': '}{subtitle}"
    people = _people(item, builder)
    facts: dict[str, Any] = {
        **builder.own("title", title), **builder.own("abstract", untagged(text(item.get("abstract")))),
        "citation_key": text(item.get("citation-key")) or text(item.get("id")),
        "container": untagged(first(item.get("container-title"))), "volume": text(item.get("volume")),
        "number": text(item.get("issue") or item.get("number") or item.get("report-number")),
        "pages": text(item.get("page") or item.get("article-number")),
        "publisher": text(item.get("publisher")),
        "doi": builder.doi(text(item.get("DOI"))), "isbn": builder.isbn(_list(item.get("ISBN"))),
        "issn": builder.issn(_list(item.get("ISSN"))), "url": builder.url(_address(item)),
        "version_label": text(item.get("version") or item.get("edition")), "licence": _licence(item),
        "keywords": _keywords(item), "funding": _funding(item),
    }  # fmt: skip
    issued = builder.issued(*_dates(item))
    facts, people, kind = _ours(item, facts, people, kind, builder)
    return builder.record(kind, issued=issued, people=people, **facts)


def _kind(item: dict, builder: Builder) -> Kind:
    name = text(item.get("type"))
    kind = KIND_OF.get(name)
    if kind is None:
        builder.problem(_l("The type “%(type)s” is not known: read as “other”.", type=name[:40]))
        kind = Kind.OTHER
    return kind


def _list(value: Any) -> str:
    return text(value, separator="; ")


def _dates(item: dict) -> list[str]:
    names = ("issued", "published", "published-print", "published-online", "created")
    found = [_date(item[name]) for name in names if item.get(name)]
    return [one for one in found if one][:1]


def _date(value: Any) -> str:
    """A date variable: `date-parts`, `raw`, `literal`, or a plain text."""
    if not isinstance(value, dict):
        return text(value)
    parts = value.get("date-parts")
    if isinstance(parts, list) and parts and isinstance(parts[0], list):
        numbers = [text(part) for part in parts[0][:3]]
        if numbers and numbers[0].isdecimal():
            return "-".join([numbers[0].zfill(4), *(n.zfill(2) for n in numbers[1:] if n.isdecimal())])
    return text(value.get("raw")) or text(value.get("literal"))


def _address(item: dict) -> str:
    """The address, unless it only repeats the DOI."""
    address = first(item.get("URL"))
    doi = text(item.get("DOI"))
    return "" if doi and address.lower().endswith(doi.lower()) and "doi.org/" in address else address


def _people(item: dict, builder: Builder) -> list[Person]:
    found = []
    for name in ("author", "editor"):
        for one in objects(item.get(name)):
            made = _person(one, builder, editor=name == "editor")
            if made.organisation and made.family_name.lower() in OTHERS:
                builder.extra["others"] = [*builder.extra.get("others", []), name]
            elif made.family_name:
                found.append(made)
    return found


def _person(one: dict, builder: Builder, *, editor: bool) -> Person:
    orcid = builder.orcid(text(one.get("ORCID")))
    places = one.get("affiliation")
    place = "; ".join(filter(None, (text(p) for p in places))) if isinstance(places, list) else text(places)
    parts = ("non-dropping-particle", "family", "suffix")
    family = " ".join(filter(None, (text(one.get(part)) for part in parts)))
    given = " ".join(filter(None, (text(one.get("given")), text(one.get("dropping-particle")))))
    if family:
        return Person(family, given, False, editor, place, orcid)
    name = text(one.get("literal")) or text(one.get("name"))
    return Person(name or given, "", bool(name), editor, place, orcid)


def _licence(item: dict) -> str:
    """The licence of the published version (Crossref: `license`, each with its URL)."""
    written = item.get("license")
    if isinstance(written, list):
        return next(filter(None, (licence_of(text(one.get("URL"))) for one in objects(written))), "")
    return licence_of(text(written))


def _keywords(item: dict) -> list[str]:
    subject = item.get("subject")
    if isinstance(subject, list):
        return [text(one) for one in subject]
    written = text(item.get("keyword"))
    return [k.strip() for k in written.replace(";", ",").split(",")]


def _funding(item: dict) -> list[dict]:
    """Crossref's `funder`: each award of a funder is a row."""
    rows = []
    for one in objects(item.get("funder"))[:50]:
        awards = one.get("award") if isinstance(one.get("award"), list) else []
        for number in [text(a) for a in awards or [] if text(a)] or [""]:
            row = {"funder": text(one.get("name"))[:300], "award_number": number[:100]}
            rows.append({name: value for name, value in row.items() if value})
    return [row for row in rows if row]


def _ours(item: dict, facts: dict, people: list[Person], kind: Kind, builder: Builder):
    """What a file of ours says below `custom`."""
    custom = item.get("custom")
    own = custom.get(CUSTOM) if isinstance(custom, dict) else None
    if not isinstance(own, dict):
        return facts, people, kind
    for name in ("title_it", "title_en", "abstract_it", "abstract_en", "licence", "pages", "citation_key"):
        if isinstance(own.get(name), str):
            facts[name] = own[name]
    facts["licence"] = facts["licence"] if facts["licence"] in LICENCES else ""
    if isinstance(own.get("keywords"), list):
        facts["keywords"] = [text(k) for k in own["keywords"]]
    if own.get("access") in set(Access):
        facts["access"] = Access(own["access"])
    facts["embargo_until"] = builder.embargo(text(own.get("embargo_until")))
    names = ("funder", "award_number", "award_title", "award_uri")
    facts["funding"] = facts["funding"] + [
        {name: text(row[name]) for name in names if text(row.get(name))}
        for row in objects(own.get("funding"))[:50]
    ]
    kind = (
        Kind(own["kind"])
        if own.get("kind") in set(Kind) and TYPE_OF[Kind(own["kind"])] == item.get("type")
        else kind
    )
    notes = objects(own.get("people"))
    if len(notes) == len(people):
        people = [_noted(person, note, builder) for person, note in zip(people, notes, strict=True)]
    return facts, people, kind


def _noted(person: Person, note: dict, builder: Builder) -> Person:
    orcid = builder.orcid(text(note.get("orcid")))
    return replace(person, affiliation=text(note.get("affiliation")), orcid=orcid)


def written(thing) -> dict:
    """One item of CSL-JSON."""
    day = [int(part) for part in iso_date(thing).split("-")]
    kind = TYPE_OF[thing.kind]
    others = thing.extra.get("others", ())
    item = {
        "id": thing.citation_key or getattr(thing, "slug", "") or "item",
        "type": kind,
        "title": main_text(thing, "title"),
        "author": _names(thing, editors=False) + ([{"literal": "et al."}] if "author" in others else []),
        "editor": _names(thing, editors=True) + ([{"literal": "et al."}] if "editor" in others else []),
        "issued": {"date-parts": [day]},
        "container-title": thing.container,
        "volume": thing.volume,
        "number" if kind in REPORTS else "issue": thing.number,
        "page": thing.pages.replace("–", "-"),
        "publisher": thing.publisher,
        "DOI": thing.doi,
        "ISBN": thing.isbn,
        "ISSN": thing.issn,
        "URL": thing.url,
        "abstract": main_text(thing, "abstract"),
        "keyword": ", ".join(thing.keywords),
        "language": thing.language,
        "version": thing.version_label,
        "custom": _custom(thing),
    }
    return {name: value for name, value in item.items() if value}


def _names(thing, *, editors: bool) -> list[dict]:
    return [
        {"family": p.family_name, "given": p.given_name} if p.given_name and not p.organisation
        else {"literal": p.family_name} if p.organisation else {"family": p.family_name}
        for p in people_of(thing, editors=editors)
    ]  # fmt: skip


def _custom(thing) -> dict:
    """What has no field in CSL, or would not come back from it as it is."""
    texts = ("title_it", "title_en", "abstract_it", "abstract_en")
    plain = _is_plain(thing)
    people = [
        {n: v for n in ("affiliation", "orcid") if (v := getattr(p, n))}
        for p in (*people_of(thing, editors=False), *people_of(thing, editors=True))
    ]
    own = {
        "kind": "" if KIND_OF[TYPE_OF[thing.kind]] is thing.kind else thing.kind.value,
        **({} if plain else {name: getattr(thing, name) for name in texts}),
        "licence": thing.licence, "funding": thing.funding,
        "access": "" if thing.access is Access.OPEN else thing.access.value,
        "embargo_until": thing.embargo_until.isoformat() if thing.embargo_until else "",
        "pages": "" if page_range(thing.pages.replace("–", "-")) == thing.pages else thing.pages,
        "keywords": thing.keywords if any(set(k) & set(",;") for k in thing.keywords) else None,
        "people": people if any(people) else None,
    }  # fmt: skip
    kept = {name: value for name, value in own.items() if value or name in texts}
    if not thing.citation_key:
        kept["citation_key"] = ""  # CSL wants an `id` of everything
    return {CUSTOM: kept} if kept else {}


def _is_plain(thing) -> bool:
    """Whether title and abstract come back from CSL's own fields."""
    own, other = ("en", "it") if thing.language == "en" else ("it", "en")
    for name in ("title", "abstract"):
        text, second = getattr(thing, f"{name}_{own}"), getattr(thing, f"{name}_{other}")
        if second or TAGS.search(text) or "&" in text:
            return False
    return True
