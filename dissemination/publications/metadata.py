"""What programs read on a publication's page: Highwire and Dublin Core tags, JSON-LD.

After Google Scholar's inclusion guidelines (one `citation_author` per author, the PDF below the page's own
address), DCMI's HTML encoding (`DC.`) and schema.org. Addresses are absolute and come in from outside.
"""

from dissemination.bibliography.formats import person_inverted
from dissemination.bibliography.records import iso_date, main_text, people_of
from dissemination.kernel.files import StoredFile
from dissemination.publications.models import Kind, Publication
from dissemination.publications.texts import licence_address

SCHEMA_TYPE = {
    Kind.ARTICLE: "ScholarlyArticle", Kind.CONFERENCE_PAPER: "ScholarlyArticle", Kind.PROCEEDINGS: "Book",
    Kind.BOOK: "Book", Kind.CHAPTER: "Chapter", Kind.THESIS: "Thesis", Kind.REPORT: "Report",
    Kind.FORESIGHT: "Report", Kind.STRATEGIC_NOTE: "Report", Kind.BROCHURE: "CreativeWork",
    Kind.ROADMAP: "Report", Kind.DATASET: "Dataset", Kind.VIDEO: "VideoObject", Kind.PRESS: "NewsArticle",
    Kind.OTHER: "CreativeWork",
}  # fmt: skip
CONTAINER_TAG = {
    Kind.ARTICLE: "citation_journal_title", Kind.CONFERENCE_PAPER: "citation_conference_title",
    Kind.CHAPTER: "citation_inbook_title",
}  # fmt: skip
PUBLISHER_TAG = {
    Kind.THESIS: "citation_dissertation_institution", Kind.REPORT: "citation_technical_report_institution",
    Kind.FORESIGHT: "citation_technical_report_institution",
    Kind.ROADMAP: "citation_technical_report_institution",
    Kind.STRATEGIC_NOTE: "citation_technical_report_institution",
}  # fmt: skip


def highwire(publication: Publication, *, page: str, files: list[tuple[StoredFile, str]]) -> list[tuple]:
    """(name, content) of the `citation_*` tags, in the order in which Google Scholar wants them."""
    first, _dash, last = publication.pages.partition("–")
    is_report = publication.kind in PUBLISHER_TAG and publication.kind is not Kind.THESIS
    tags = [
        ("citation_title", main_text(publication, "title")),
        *_author_tags(publication),
        ("citation_publication_date", iso_date(publication).replace("-", "/")),
        (CONTAINER_TAG.get(publication.kind, ""), publication.container),
        ("citation_volume", publication.volume),
        ("citation_technical_report_number" if is_report else "citation_issue", publication.number),
        ("citation_firstpage", first),
        ("citation_lastpage", last),
        (PUBLISHER_TAG.get(publication.kind, "citation_publisher"), publication.publisher),
        ("citation_doi", publication.doi),
        ("citation_isbn", publication.isbn),
        ("citation_issn", publication.issn),
        ("citation_language", publication.language),
        *(("citation_keywords", keyword) for keyword in publication.keywords),
        ("citation_abstract_html_url", page),
        *(("citation_pdf_url", url) for stored, url in files if stored.media_type == "application/pdf"),
    ]
    return [(name, content) for name, content in tags if name and content]


def _author_tags(publication: Publication):
    for person in people_of(publication, editors=False):
        yield "citation_author", person_inverted(person)
        yield "citation_author_institution", person.affiliation
        yield "citation_author_orcid", person.orcid
    for person in people_of(publication, editors=True):
        yield "citation_editor", person_inverted(person)


def dublin_core(publication: Publication, *, page: str) -> list[tuple[str, str, str]]:
    """(name, content, language or "") of the Dublin Core tags."""
    own = publication.language
    tags = [
        ("DC.title", publication.title_it, "it" if own in ("it", "en") else own),
        ("DC.title", publication.title_en, "en"),
        *(("DC.creator", person_inverted(p), "") for p in people_of(publication, editors=False)),
        *(("DC.contributor", person_inverted(p), "") for p in people_of(publication, editors=True)),
        ("DC.date", iso_date(publication), ""),
        ("DC.type", SCHEMA_TYPE[publication.kind], ""),
        ("DC.publisher", publication.publisher, ""),
        ("DC.description", publication.abstract_it, "it"),
        ("DC.description", publication.abstract_en, "en"),
        *(("DC.subject", keyword, "") for keyword in publication.keywords),
        ("DC.identifier", f"https://doi.org/{publication.doi}" if publication.doi else page, ""),
        ("DC.source", publication.container, ""),
        ("DC.language", own, ""),
        ("DC.rights", licence_address(publication.licence), ""),
    ]
    return [tag for tag in tags if tag[1]]


def json_ld(publication: Publication, *, page: str, files: list[tuple[StoredFile, str]]) -> dict:
    """The publication as schema.org, without empty properties."""
    title = main_text(publication, "title")
    others = [t for t in (publication.title_it, publication.title_en) if t and t != title]
    first, _dash, last = publication.pages.partition("–")
    found = {
        "@context": "https://schema.org",
        "@type": SCHEMA_TYPE[publication.kind],
        "@id": page,
        "url": page,
        "name": title,
        "headline": title[:110],
        "alternateName": others[0] if others else "",
        "author": [_person(p) for p in people_of(publication, editors=False)],
        "editor": [_person(p) for p in people_of(publication, editors=True)],
        "datePublished": iso_date(publication),
        "inLanguage": publication.language,
        "abstract": main_text(publication, "abstract"),
        "keywords": publication.keywords,
        "publisher": {"@type": "Organization", "name": publication.publisher}
        if publication.publisher
        else "",
        "isPartOf": _whole(publication),
        "pageStart": first,
        "pageEnd": last,
        "isbn": publication.isbn if SCHEMA_TYPE[publication.kind] == "Book" else "",
        "identifier": _identifier(publication),
        "sameAs": f"https://doi.org/{publication.doi}" if publication.doi else publication.url,
        "license": licence_address(publication.licence),
        "isAccessibleForFree": True if publication.open_access else None,
        "encoding": [_file(stored, url) for stored, url in files],
    }
    return {name: value for name, value in found.items() if value}


def _file(stored: StoredFile, url: str) -> dict:
    return {
        "@type": "MediaObject", "contentUrl": url, "encodingFormat": stored.media_type,
        "contentSize": f"{stored.size} B", "sha256": stored.sha256,
    }  # fmt: skip


def _organisation(name: str) -> dict:
    return {"@type": "Organization", "name": name} if name else {}


def _person(person) -> dict:
    if person.organisation:
        return _organisation(person.family_name)
    found = {
        "@type": "Person", "name": f"{person.given_name} {person.family_name}".strip(),
        "familyName": person.family_name, "givenName": person.given_name,
    }  # fmt: skip
    if person.affiliation:
        found["affiliation"] = _organisation(person.affiliation)
    if person.orcid:
        found["@id"] = f"https://orcid.org/{person.orcid}"
    return {name: value for name, value in found.items() if value}


def _whole(publication: Publication) -> dict | str:
    """The journal, book or proceedings that it stands in."""
    if not publication.container:
        return ""
    whole = {
        "@type": "Periodical" if publication.kind is Kind.ARTICLE else "Book",
        "name": publication.container,
    }
    if publication.issn and publication.kind is Kind.ARTICLE:
        whole["issn"] = publication.issn
    if publication.isbn and publication.kind is not Kind.ARTICLE:
        whole["isbn"] = publication.isbn
    if not publication.volume:
        return whole
    volume = {"@type": "PublicationVolume", "volumeNumber": publication.volume, "isPartOf": whole}
    if not publication.number:
        return volume
    return {"@type": "PublicationIssue", "issueNumber": publication.number, "isPartOf": volume}


def _identifier(publication: Publication) -> dict | str:
    if not publication.doi:
        return ""
    return {"@type": "PropertyValue", "propertyID": "DOI", "value": publication.doi}
