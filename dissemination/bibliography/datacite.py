"""A publication in DataCite's XML, schema 4.5 (https://schema.datacite.org/meta/kernel-4.5/).

Pure: a Record-like thing and addresses go in, bytes come out. What the reader may not open is left out by
the caller, who passes only the files that are open, and the access that holds now.
"""

from collections.abc import Iterable, Sequence
from xml.etree import ElementTree as ET

from dissemination.bibliography.kinds import Access, Kind
from dissemination.bibliography.records import (
    WHOLE_BOOKS,
    iso_date,
    main_text,
    one_line,
    people_of,
    plain,
)
from dissemination.bibliography.rights import (
    ACCESS_NAME,
    ACCESS_TERM,
    LANGUAGE,
    italian_field_language,
    licence_address,
    open_from,
)

NAMESPACE = "http://datacite.org/schema/kernel-4"
SCHEMA = "https://schema.datacite.org/meta/kernel-4.5/metadata.xsd"
UNKNOWN = ":unkn"
"""DataCite's word for a value that exists and that nobody knows (schema documentation, appendix 3)."""

TYPES = {
    Kind.ARTICLE: ("JournalArticle", "Article"), Kind.CONFERENCE_PAPER: ("ConferencePaper",
    "Conference paper"),
    Kind.PROCEEDINGS: ("ConferenceProceeding", "Proceedings"), Kind.BOOK: ("Book", "Book"),
    Kind.CHAPTER: ("BookChapter", "Book chapter"), Kind.THESIS: ("Dissertation", "Thesis"),
    Kind.REPORT: ("Report", "Report"), Kind.FORESIGHT: ("Report", "Foresight report"),
    Kind.ROADMAP: ("Report", "Roadmap"), Kind.STRATEGIC_NOTE: ("Report", "Strategic note"),
    Kind.BROCHURE: ("Text", "Brochure"), Kind.DATASET: ("Dataset", "Dataset"),
    Kind.VIDEO: ("Audiovisual", "Video"), Kind.PRESS: ("Text", "Press article"), Kind.OTHER: ("Other",
    "Other"),
}  # fmt: skip
"""(resourceTypeGeneral, resourceType) of a kind."""
WHOLE = {
    Kind.ARTICLE: "Journal", Kind.CONFERENCE_PAPER: "ConferenceProceeding", Kind.CHAPTER: "Book",
    Kind.PRESS: "Journal",
}  # fmt: skip
"""What a kind stands in; `Collection` for the others."""


def xml(
    thing, *, page: str, publisher: str, files: Iterable[tuple] = (), related: Sequence[tuple] = (),
    access: Access | None = None, declared: bool = True,
) -> bytes:  # fmt: skip
    """`thing` as a DataCite 4.5 document in UTF-8.

    `page`: absolute address of its landing page. `publisher`: who stands in when the work names none.
    `files`: (StoredFile, address) of those that may be read. `related`: (relationType, identifier), an
    identifier being a DOI or an address. `access`: what holds now, when an embargo has ended. Without
    `declared` there is no XML declaration, to be put into another document.
    """
    root = ET.Element("resource", {
        "xmlns": NAMESPACE, "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
        "xsi:schemaLocation": f"{NAMESPACE} {SCHEMA}",
    })  # fmt: skip
    stored = [file for file, _address in files]
    _identifier(root, thing, page)
    _people(root, thing)
    _titles(root, thing)
    _add(root, "publisher", one_line(thing.publisher) or one_line(publisher) or UNKNOWN)
    _add(root, "publicationYear", f"{thing.issued.year:04d}")
    general, special = TYPES[thing.kind]
    _add(root, "resourceType", special, resourceTypeGeneral=general)
    _subjects(root, thing)
    _editors(root, thing)
    _dates(root, thing)
    if LANGUAGE.fullmatch(thing.language):
        _add(root, "language", thing.language)
    _alternates(root, thing, page)
    _related(root, related)
    _many(root, "sizes", "size", [(f"{file.size} B", {}) for file in stored])
    _many(root, "formats", "format", [(file.media_type, {}) for file in stored])
    if thing.version_label:
        _add(root, "version", thing.version_label)
    _rights(root, thing, access or thing.access)
    _descriptions(root, thing)
    _funding(root, thing)
    _whole(root, thing)
    return ET.tostring(root, encoding="utf-8", xml_declaration=declared)


def _add(parent: ET.Element, name: str, text: str = "", /, **attributes: str) -> ET.Element:
    child = ET.SubElement(parent, name, {k: plain(v) for k, v in attributes.items() if v})
    child.text = plain(text)
    return child


def _many(root: ET.Element, name: str, each: str, found: list[tuple[str, dict]]) -> None:
    """A list with its wrapper, when it has any."""
    if found:
        parent = _add(root, name)
        for text, attributes in found:
            child = _add(parent, each, text)
            for key, value in attributes.items():
                if value:
                    child.set(key, plain(value))


def _identifier(root: ET.Element, thing, page: str) -> None:
    if thing.doi:
        _add(root, "identifier", thing.doi, identifierType="DOI")
    else:
        _add(root, "identifier", page, identifierType="URL")


def _people(root: ET.Element, thing) -> None:
    """The authors; schema 4.5 wants at least one creator, so one whom nobody knows stands in."""
    parent = _add(root, "creators")
    people = people_of(thing, editors=False)
    for person in people:
        _person(_add(parent, "creator"), "creatorName", person)
    if not people:
        _add(_add(parent, "creator"), "creatorName", UNKNOWN)


def _editors(root: ET.Element, thing) -> None:
    people = people_of(thing, editors=True)
    if people:
        parent = _add(root, "contributors")
        for person in people:
            _person(_add(parent, "contributor", contributorType="Editor"), "contributorName", person)


def _person(element: ET.Element, name: str, person) -> None:
    inverted = f"{person.family_name}, {person.given_name}" if person.given_name else person.family_name
    _add(element, name, inverted, nameType="Organizational" if person.organisation else "Personal")
    if not person.organisation:
        if person.given_name:
            _add(element, "givenName", person.given_name)
        _add(element, "familyName", person.family_name)
    if person.orcid:
        address = f"https://orcid.org/{person.orcid}"
        _add(element, "nameIdentifier", address, nameIdentifierScheme="ORCID", schemeURI="https://orcid.org/")
    if person.affiliation:
        _add(element, "affiliation", person.affiliation)


def _titles(root: ET.Element, thing) -> None:
    main = main_text(thing, "title")
    found: list[tuple[str, dict]] = []
    for text, language in ((thing.title_it, italian_field_language(thing)), (thing.title_en, "en")):
        if text == main:
            found.insert(0, (one_line(text), {"xml:lang": language}))
        elif text:
            found.append((one_line(text), {"xml:lang": language, "titleType": "TranslatedTitle"}))
    _many(root, "titles", "title", found[:1] if len({t for t, _ in found}) == 1 else found)


def _subjects(root: ET.Element, thing) -> None:
    _many(root, "subjects", "subject", [(one_line(keyword), {}) for keyword in thing.keywords if keyword])


def _dates(root: ET.Element, thing) -> None:
    dates = [(iso_date(thing), {"dateType": "Issued"})]
    if open_from(thing):
        dates.append((open_from(thing), {"dateType": "Available"}))
    _many(root, "dates", "date", dates)


def _alternates(root: ET.Element, thing, page: str) -> None:
    found = [(page, {"alternateIdentifierType": "URL"})] if thing.doi else []
    if thing.isbn and thing.kind in WHOLE_BOOKS:
        found.append((thing.isbn, {"alternateIdentifierType": "ISBN"}))
    if thing.url and thing.url != page:
        found.append((thing.url, {"alternateIdentifierType": "URL"}))
    _many(root, "alternateIdentifiers", "alternateIdentifier", found)


def _related(root: ET.Element, related: Sequence[tuple]) -> None:
    found = [
        (identifier, {"relatedIdentifierType": "DOI" if identifier.startswith("10.") else "URL",
                      "relationType": relation})
        for relation, identifier in related
    ]  # fmt: skip
    _many(root, "relatedIdentifiers", "relatedIdentifier", found)


def _rights(root: ET.Element, thing, access: Access) -> None:
    found = [(ACCESS_NAME[access], {"rightsURI": ACCESS_TERM[access]})]
    if thing.licence:
        found.append((
            thing.licence,
            {
                "rightsURI": licence_address(thing.licence), "rightsIdentifier": thing.licence,
                "rightsIdentifierScheme": "SPDX", "schemeURI": "https://spdx.org/licenses/",
            },
        ))  # fmt: skip
    _many(root, "rightsList", "rights", found)


def _descriptions(root: ET.Element, thing) -> None:
    found = [
        (text, {"descriptionType": "Abstract", "xml:lang": language})
        for text, language in ((thing.abstract_it, italian_field_language(thing)), (thing.abstract_en, "en"))
        if text
    ]
    _many(root, "descriptions", "description", found)


def _funding(root: ET.Element, thing) -> None:
    named = [award for award in thing.funding or () if award.get("funder")]
    if not named:
        return
    parent = _add(root, "fundingReferences")
    for award in named:
        element = _add(parent, "fundingReference")
        _add(element, "funderName", one_line(award["funder"]))
        if award.get("award_number") or award.get("award_uri"):
            _add(element, "awardNumber", award.get("award_number", ""), awardURI=award.get("award_uri", ""))
        if award.get("award_title"):
            _add(element, "awardTitle", award["award_title"])


def _whole(root: ET.Element, thing) -> None:
    """The journal, book or proceedings that it stands in, with volume, issue and pages."""
    is_report = TYPES[thing.kind][0] == "Report"
    if not any((thing.container, thing.volume, thing.number, thing.pages, thing.issn)):
        return
    element = _add(
        _add(root, "relatedItems"), "relatedItem", relatedItemType=WHOLE.get(thing.kind, "Collection"),
        relationType="IsPublishedIn",
    )  # fmt: skip
    if thing.issn:
        _add(element, "relatedItemIdentifier", thing.issn, relatedItemIdentifierType="ISSN")
    elif thing.isbn and thing.kind not in WHOLE_BOOKS:
        _add(element, "relatedItemIdentifier", thing.isbn, relatedItemIdentifierType="ISBN")
    _add(_add(element, "titles"), "title", one_line(thing.container) or UNKNOWN)
    _add(element, "publicationYear", f"{thing.issued.year:04d}")
    first, _dash, last = thing.pages.partition("–")
    for name, text in (
        ("volume", thing.volume), ("issue", "" if is_report else thing.number),
        ("number", thing.number if is_report else ""), ("firstPage", first), ("lastPage", last),
    ):  # fmt: skip
        if text:
            _add(element, name, text)
