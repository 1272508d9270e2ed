"""A publication's facts on their way into its row: cleaned, completed, made searchable."""

from collections.abc import Callable

from flask_babel import lazy_gettext as _l

from dissemination.bibliography.kinds import Access
from dissemination.bibliography.records import (
    Person,
    clean_funding,
    one_line,
    page_range,
    paragraphs,
    search_text_of,
)
from dissemination.kernel.refusals import Refusal
from dissemination.publications import affiliations
from dissemination.publications.models import Author, Publication

LINES = (
    "title_it",
    "title_en",
    "citation_key",
    "container",
    "volume",
    "number",
    "pages",
    "publisher",
    "version_label",
)
TEXTS = ("abstract_it", "abstract_en")
FACTS = frozenset({
    *LINES, *TEXTS, "kind", "language", "issued", "issued_precision", "doi", "isbn", "issn", "url", "licence",
    "access", "embargo_until", "funding", "version_label", "previous_id",
    "keywords", "extra", "sector_id", "macro_area_id", "activity_line_id", "application_area_id", "authors",
})  # fmt: skip
"""What `add` and `revise` take: columns of Publication, and `authors` as a list of `records.Person`."""


class TitleMissing(Refusal):
    """A publication has a title in Italian or in English."""

    status = 422
    message = _l("Write a title in Italian or in English.")
    field = "title_it"


def clean(facts: dict) -> dict:
    """`facts` with their texts cleaned. Raises TypeError for a name that is not in FACTS."""
    unknown = facts.keys() - FACTS
    if unknown:
        raise TypeError(f"unknown facts: {', '.join(sorted(unknown))}")
    facts = dict(facts)
    for name in facts.keys() & set(LINES):
        facts[name] = one_line(facts[name] or "")
    for name in facts.keys() & set(TEXTS):
        facts[name] = paragraphs(facts[name] or "")
    if "funding" in facts:
        facts["funding"] = clean_funding(facts["funding"])
    if "pages" in facts:
        facts["pages"] = page_range(facts["pages"])
    return facts


def titled(facts: dict) -> str:
    """The title that names the publication's address. Raises TitleMissing."""
    title = facts.get("title_it") or facts.get("title_en")
    if not title:
        raise TitleMissing
    return title


RESERVED = frozenset({"new", "imports", "duplicates", "reading-list"})
"""Addresses of pages of our own, at the desk and in public."""


def describe(publication: Publication, facts: dict) -> None:
    """Put clean `facts` into the row. Raises TitleMissing."""
    for name, value in facts.items():
        if name != "authors":
            setattr(publication, name, value)
    for name in DEFAULTS.keys() - facts.keys():
        if getattr(publication, name) is None:
            setattr(publication, name, DEFAULTS[name]())
    if not (publication.title_it or publication.title_en):
        raise TitleMissing
    if "authors" in facts:
        people = sorted(facts["authors"], key=lambda person: person.editor)  # authors, then editors
        companies = affiliations.linked(publication.district_id, people, publication.authors)
        publication.authors = [
            Author(**_author(n, person), company_id=company)
            for n, (person, company) in enumerate(zip(people, companies, strict=True))
        ]
    publication.search_text = search_text_of(publication)


EMPTY = (*LINES, *TEXTS, "doi", "isbn", "issn", "url", "licence")
DEFAULTS: dict[str, Callable] = dict.fromkeys(EMPTY, str) | {
    "keywords": list, "funding": list, "access": lambda: Access.OPEN, "extra": dict,
    "language": lambda: "it", "issued_precision": lambda: "day",
}  # fmt: skip
"""Column defaults apply at the flush; the search text is made before it."""


def _author(position: int, person: Person) -> dict:
    return {
        "position": position, "editor": person.editor, "family_name": one_line(person.family_name)[:300],
        "given_name": one_line(person.given_name)[:200], "organisation": person.organisation,
        "affiliation": one_line(person.affiliation)[:300], "orcid": person.orcid,
    }  # fmt: skip
