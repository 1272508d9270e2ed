"""A publication as simple Dublin Core in the `oai_dc` container (OAI-PMH 2.0 §4.1, DCMES 1.1).

The terms are those that aggregators ask for: OpenAIRE's `info:eu-repo/semantics/…` for type and access,
COAR's and DCMI's beside them. Pure, like `datacite`.
"""

from collections.abc import Iterable, Iterator, Sequence
from xml.etree import ElementTree as ET

from dissemination.bibliography.kinds import Access, Kind
from dissemination.bibliography.records import iso_date, main_text, one_line, people_of, plain
from dissemination.bibliography.rights import ACCESS_TERM, italian_field_language, licence_address, open_from

NAMESPACE = "http://www.openarchives.org/OAI/2.0/oai_dc/"
SCHEMA = "http://www.openarchives.org/OAI/2.0/oai_dc.xsd"
ELEMENTS = "http://purl.org/dc/elements/1.1/"

TYPES = {
    Kind.ARTICLE: "article", Kind.CONFERENCE_PAPER: "conferenceObject",
    Kind.PROCEEDINGS: "conferenceProceedings",
    Kind.BOOK: "book", Kind.CHAPTER: "bookPart", Kind.THESIS: "studentThesis", Kind.REPORT: "report",
    Kind.FORESIGHT: "report", Kind.ROADMAP: "report", Kind.STRATEGIC_NOTE: "report", Kind.BROCHURE: "other",
    Kind.DATASET: "dataset", Kind.VIDEO: "other", Kind.PRESS: "contributionToPeriodical", Kind.OTHER: "other",
}  # fmt: skip
"""The last word of `info:eu-repo/semantics/…` (info:eu-repo publication types)."""
DCMI = {Kind.DATASET: "Dataset", Kind.VIDEO: "MovingImage"}
"""DCMI type vocabulary; `Text` for the others."""


def oai_dc(
    thing, *, page: str, publisher: str, files: Iterable[tuple] = (), related: Sequence[tuple] = (),
    access: Access | None = None, declared: bool = True,
) -> bytes:  # fmt: skip
    """`thing` as an `oai_dc:dc` document in UTF-8. The arguments are those of `datacite.xml`."""
    root = ET.Element("oai_dc:dc", {
        "xmlns:oai_dc": NAMESPACE, "xmlns:dc": ELEMENTS,
        "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
        "xsi:schemaLocation": f"{NAMESPACE} {SCHEMA}",
    })  # fmt: skip
    for name, text, language in elements(thing, page, publisher, list(files), related, access):
        if text:
            child = ET.SubElement(root, f"dc:{name}", {"xml:lang": language} if language else {})
            child.text = plain(text)
    return ET.tostring(root, encoding="utf-8", xml_declaration=declared)


def elements(thing, page, publisher, files, related, access) -> Iterator[tuple[str, str, str]]:
    """(element, text, language or "") in the order of the element set; texts may be empty."""
    texts = {"it": italian_field_language(thing), "en": "en"}
    first, second = ("en", "it") if main_text(thing, "title") == thing.title_en else ("it", "en")
    for code in (first, second):
        yield "title", one_line(getattr(thing, f"title_{code}")), texts[code]
    for person in people_of(thing, editors=False):
        yield "creator", _inverted(person), ""
    for keyword in thing.keywords:
        yield "subject", one_line(keyword), ""
    for code in (first, second):
        yield "description", getattr(thing, f"abstract_{code}"), texts[code]
    yield "publisher", one_line(thing.publisher) or one_line(publisher), ""
    for person in people_of(thing, editors=True):
        yield "contributor", _inverted(person), ""
    yield from _dates(thing, access)
    yield "type", f"info:eu-repo/semantics/{TYPES[thing.kind]}", ""
    yield "type", DCMI.get(thing.kind, "Text"), ""
    for media_type in dict.fromkeys(stored.media_type for stored, _address in files):
        yield "format", media_type, ""
    yield from _identifiers(thing, page)
    yield "source", _source(thing), ""
    yield "language", thing.language, ""
    for address in (
        *(address for _stored, address in files),
        *(identifier for _relation, identifier in related),
    ):
        yield "relation", f"https://doi.org/{address}" if address.startswith("10.") else address, ""
    for award in thing.funding or ():
        yield (
            "relation",
            " ".join(award[k] for k in ("funder", "award_number", "award_title") if award.get(k)),
            "",
        )
    yield "rights", ACCESS_TERM[access or thing.access], ""
    yield "rights", licence_address(thing.licence) or thing.licence, ""


def _dates(thing, access: Access | None) -> Iterator[tuple[str, str, str]]:
    yield "date", iso_date(thing), ""
    if open_from(thing) and (access or thing.access) is Access.EMBARGOED:
        yield "date", f"info:eu-repo/date/embargoEnd/{open_from(thing)}", ""


def _identifiers(thing, page: str) -> Iterator[tuple[str, str, str]]:
    yield "identifier", page, ""
    yield "identifier", f"https://doi.org/{thing.doi}" if thing.doi else "", ""
    yield "identifier", f"urn:isbn:{thing.isbn}" if thing.isbn else "", ""


def _inverted(person) -> str:
    return f"{person.family_name}, {person.given_name}" if person.given_name else person.family_name


def _source(thing) -> str:
    """Where it stands: the journal with its ISSN, volume, number and pages."""
    number = f"({thing.number})" if thing.number else ""
    parts = [
        thing.container,
        f"ISSN {thing.issn}" if thing.issn else "",
        f"{thing.volume}{number}",
        thing.pages,
    ]
    return ", ".join(p for p in parts if p) if thing.container else ""
