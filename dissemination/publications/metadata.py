"""What programs read in the head of a publication's page: Highwire and Dublin Core tags.

After Google Scholar's inclusion guidelines for webmasters, and DCMI's HTML encoding (`DC.`). JSON-LD is in
`jsonld.py`.
"""

from dissemination.bibliography import dublincore
from dissemination.bibliography.records import iso_date, main_text, people_of
from dissemination.publications.described import Described
from dissemination.publications.models import Kind, Publication

CONTAINER_TAG = {
    Kind.ARTICLE: "citation_journal_title", Kind.CONFERENCE_PAPER: "citation_conference_title",
    Kind.CHAPTER: "citation_inbook_title", Kind.PRESS: "citation_journal_title",
}  # fmt: skip
PUBLISHER_TAG = {
    Kind.THESIS: "citation_dissertation_institution", Kind.REPORT: "citation_technical_report_institution",
    Kind.FORESIGHT: "citation_technical_report_institution",
    Kind.ROADMAP: "citation_technical_report_institution",
    Kind.STRATEGIC_NOTE: "citation_technical_report_institution",
}  # fmt: skip
OURS = frozenset(
    {Kind.REPORT, Kind.FORESIGHT, Kind.ROADMAP, Kind.STRATEGIC_NOTE, Kind.BROCHURE, Kind.DATASET}
)
"""Kinds that the district publishes itself when nobody else is named."""


def publisher_of(publication: Publication, about: Described) -> str:
    """The publisher or institution: as named, else the managing body for what a district publishes itself."""
    return publication.publisher or (about.publisher if publication.kind in OURS else "")


def highwire(publication: Publication, about: Described) -> list[tuple[str, str]]:
    """(name, content) of the `citation_*` tags, in the order in which Google Scholar wants them.

    A page without title, author or year is treated by it as one without tags: so the editors stand in for
    authors, and who publishes for both. One PDF is named, and only while anybody may read it.
    """
    first, _dash, last = publication.pages.partition("–")
    is_report = publication.kind in PUBLISHER_TAG and publication.kind is not Kind.THESIS
    tags = [
        ("citation_title", main_text(publication, "title")),
        *_author_tags(publication, about),
        ("citation_publication_date", _date(publication)),
        (CONTAINER_TAG.get(publication.kind, ""), publication.container),
        ("citation_volume", publication.volume),
        ("citation_technical_report_number" if is_report else "citation_issue", publication.number),
        ("citation_firstpage", first),
        ("citation_lastpage", last),
        (PUBLISHER_TAG.get(publication.kind, "citation_publisher"), publisher_of(publication, about)),
        ("citation_doi", publication.doi),
        ("citation_isbn", publication.isbn),
        ("citation_issn", publication.issn),
        ("citation_language", publication.language),
        *(("citation_keywords", keyword) for keyword in publication.keywords),
        ("citation_abstract_html_url", about.page),
        *[("citation_pdf_url", url) for file, url in about.files if file.media_type == "application/pdf"][:1],
    ]
    return [(name, content) for name, content in tags if name and content]


def _date(publication: Publication) -> str:
    """The full date, or the year alone: no other form is asked for."""
    if publication.issued_precision == "day":
        return iso_date(publication).replace("-", "/")
    return f"{publication.issued.year:04d}"


def _author_tags(publication: Publication, about: Described):
    authors = people_of(publication, editors=False)
    editors = people_of(publication, editors=True)
    for person in authors or editors:
        yield "citation_author", _inverted(person)
        yield "citation_author_institution", person.affiliation
        yield "citation_author_orcid", person.orcid
    if not (authors or editors):
        yield "citation_author", publication.publisher or about.publisher
    for person in editors:
        yield "citation_editor", _inverted(person)


def _inverted(person) -> str:
    """ "Rossi, Maria"; the plain name of an organisation."""
    return f"{person.family_name}, {person.given_name}" if person.given_name else person.family_name


def dublin_core(publication: Publication, about: Described) -> list[tuple[str, str, str]]:
    """(name, content, language or "") of the Dublin Core tags: what harvesters are told as `oai_dc`."""
    found = dublincore.elements(
        publication, about.page, publisher_of(publication, about), about.files, about.related, about.access
    )
    return [(f"DC.{name}", text, language) for name, text, language in found if text]
