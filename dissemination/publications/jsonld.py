"""A publication as schema.org's terms in JSON-LD: what search engines read on its page.

Each property stands only on types that have it (schema.org 28): pages on articles and chapters, an ISBN on
books, downloads of a dataset as its `distribution`.
"""

from dissemination.bibliography.kinds import Access
from dissemination.bibliography.records import clean_url, iso_date, main_text, people_of
from dissemination.kernel.files import StoredFile
from dissemination.publications.described import Described
from dissemination.publications.metadata import publisher_of
from dissemination.publications.models import Kind, Publication
from dissemination.publications.texts import licence_address

SCHEMA_TYPE = {
    Kind.ARTICLE: "ScholarlyArticle", Kind.CONFERENCE_PAPER: "ScholarlyArticle", Kind.PROCEEDINGS: "Book",
    Kind.BOOK: "Book", Kind.CHAPTER: "Chapter", Kind.THESIS: "Thesis", Kind.REPORT: "Report",
    Kind.FORESIGHT: "Report", Kind.STRATEGIC_NOTE: "Report", Kind.BROCHURE: "CreativeWork",
    Kind.ROADMAP: "Report", Kind.DATASET: "Dataset", Kind.VIDEO: "VideoObject", Kind.PRESS: "NewsArticle",
    Kind.OTHER: "CreativeWork",
}  # fmt: skip
WHOLE_TYPE = {Kind.ARTICLE: "Periodical", Kind.PRESS: "Newspaper"}
CONDITIONS = {
    Access.EMBARGOED: "Embargoed access", Access.MEMBERS: "Restricted to member companies",
    Access.CLOSED: "Closed access",
}  # fmt: skip
PAGED = frozenset({"ScholarlyArticle", "NewsArticle", "Report", "Chapter"})


def json_ld(publication: Publication, about: Described) -> dict:
    """The publication as schema.org, without empty properties."""
    title, kind = main_text(publication, "title"), SCHEMA_TYPE[publication.kind]
    others = [t for t in (publication.title_it, publication.title_en) if t and t != title]
    abstract = main_text(publication, "abstract")
    publisher = publisher_of(publication, about)
    found = {
        "@context": "https://schema.org", "@type": kind, "@id": about.page, "url": about.page,
        "mainEntityOfPage": about.page, "name": title, "headline": title[:110],
        "alternateName": others[0] if others else "",
        "author": [_person(p) for p in people_of(publication, editors=False)],
        "editor": [_person(p) for p in people_of(publication, editors=True)],
        "datePublished": iso_date(publication),
        "dateModified": publication.revised_at.date().isoformat() if publication.revised_at else "",
        "inLanguage": publication.language, "abstract": abstract, "description": abstract,
        "keywords": publication.keywords, "publisher": _organisation(publisher),
        "sdPublisher": _organisation(about.publisher), "isPartOf": _whole(publication),
        "identifier": _identifier(publication), "version": publication.version_label,
        "sameAs": f"https://doi.org/{publication.doi}" if publication.doi else publication.url,
        "license": licence_address(publication.licence),
        "isAccessibleForFree": about.access is Access.OPEN,
        "conditionsOfAccess": CONDITIONS.get(about.access, ""),
        "funding": [_grant(award) for award in publication.funding],
        **_own(publication, kind), **_files(kind, about),
    }  # fmt: skip
    return {name: value for name, value in found.items() if value or value is False}


def _own(publication: Publication, kind: str) -> dict:
    """What only works of this type have."""
    first, _dash, last = publication.pages.partition("–")
    found: dict = {}
    if kind in PAGED:
        found |= {"pageStart": first, "pageEnd": last}
    if kind == "Book":
        found |= {"isbn": publication.isbn, "numberOfPages": int(first) if _is_count(first, last) else None}
    if kind == "Report":
        found["reportNumber"] = publication.number
    if kind == "VideoObject" and publication.published_at:
        found["uploadDate"] = publication.published_at.isoformat(timespec="seconds")
    return found


def _is_count(first: str, last: str) -> bool:
    return first.isascii() and first.isdecimal() and len(first) < 6 and not last


def _files(kind: str, about: Described) -> dict:
    files = [_file(stored, url) for stored, url in about.files]
    if kind != "Dataset":
        return {"encoding": files}
    return {"distribution": [file | {"@type": "DataDownload"} for file in files]}


def _file(stored: StoredFile, url: str) -> dict:
    return {
        "@type": "MediaObject", "contentUrl": url, "encodingFormat": stored.media_type,
        "contentSize": f"{stored.size} B", "sha256": stored.sha256, "name": stored.name,
    }  # fmt: skip


def _organisation(name: str) -> dict:
    return {"@type": "Organization", "name": name} if name else {}


def _grant(award: dict) -> dict:
    found = {
        "@type": "Grant", "identifier": award.get("award_number"), "name": award.get("award_title"),
        "url": clean_url(award.get("award_uri", "")), "funder": _organisation(award.get("funder", "")),
    }  # fmt: skip
    return {name: value for name, value in found.items() if value}


def _person(person) -> dict:
    if person.organisation:
        return _organisation(person.family_name)
    found = {
        "@type": "Person", "name": f"{person.given_name} {person.family_name}".strip(),
        "familyName": person.family_name, "givenName": person.given_name,
        "affiliation": _organisation(person.affiliation),
    }  # fmt: skip
    if person.orcid:
        found["@id"] = f"https://orcid.org/{person.orcid}"
    return {name: value for name, value in found.items() if value}


def _whole(publication: Publication) -> dict:
    """The journal, newspaper, book or proceedings that it stands in."""
    if not publication.container:
        return {}
    whole: dict = {"@type": WHOLE_TYPE.get(publication.kind, "Book"), "name": publication.container}
    if publication.kind not in WHOLE_TYPE:
        if publication.isbn and SCHEMA_TYPE[publication.kind] != "Book":
            whole["isbn"] = publication.isbn
        return whole
    if publication.issn:
        whole["issn"] = publication.issn
    if publication.volume:
        whole = {"@type": "PublicationVolume", "volumeNumber": publication.volume, "isPartOf": whole}
    if publication.number:
        whole = {"@type": "PublicationIssue", "issueNumber": publication.number, "isPartOf": whole}
    return whole


def _identifier(publication: Publication) -> list[dict]:
    named = (("DOI", publication.doi), ("ISBN", publication.isbn), ("ISSN", publication.issn))
    return [
        {"@type": "PropertyValue", "propertyID": name, "value": value}
        for name, value in named
        if value and (name == "DOI" or SCHEMA_TYPE[publication.kind] not in ("ScholarlyArticle", "Chapter"))
    ]
