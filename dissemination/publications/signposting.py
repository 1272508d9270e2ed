"""Typed links in HTTP headers (RFC 8288), by which programs find their way from a page to what it is about.

After the FAIR Signposting Profile, level 1 (https://signposting.org/FAIR/): a landing page names its
persistent identifier, its files, what describes it, authors, licence and type; files and descriptions point
back to it.
"""

from dataclasses import dataclass
from urllib.parse import quote

from dissemination.publications.described import Described
from dissemination.publications.jsonld import SCHEMA_TYPE
from dissemination.publications.models import Publication
from dissemination.publications.texts import licence_address

VERSIONS = {"IsNewVersionOf": "predecessor-version", "IsPreviousVersionOf": "successor-version"}
"""Versions of the work, in the relations of RFC 5829."""
LONGEST = 6000
"""Characters of a header: servers and proxies refuse more than some 8,000. Authors and files beyond are left
out; the descriptions that it names hold all of them."""
FORMATS = {
    "datacite": ("application/vnd.datacite.datacite+xml", ".datacite.xml", "DataCite XML",
                 "http://datacite.org/schema/kernel-4"),
    "dc": ("application/xml", ".dc.xml", "Dublin Core", "http://www.openarchives.org/OAI/2.0/oai_dc/"),
    "jsonld": ("application/ld+json", ".jsonld", "JSON-LD", "https://schema.org"),
    "csl": ("application/vnd.citationstyles.csl+json", ".json", "CSL-JSON", ""),
    "bib": ("application/x-bibtex", ".bib", "BibTeX", ""),
    "ris": ("application/x-research-info-systems", ".ris", "RIS", ""),
}  # fmt: skip
"""What describes a publication: media type, ending of its address, its name, and the profile it follows."""


@dataclass(frozen=True)
class Link:
    """One link: where to, in which relation, and of which media type."""

    target: str
    relation: str
    type: str = ""
    profile: str = ""

    def __str__(self) -> str:
        """As a `Link` header says it. Whatever a header or the syntax forbids is percent-encoded."""
        target = quote(self.target, safe=":/?#[]@!$&'()*+,;=%~-._")
        found = f'<{target}>; rel="{self.relation}"'
        if self.type:
            found += f'; type="{self.type}"'
        return found + (f'; profile="{self.profile}"' if self.profile else "")


def of_page(publication: Publication, about: Described) -> list[Link]:
    """The links of its landing page."""
    licence = licence_address(publication.licence)
    orcids = dict.fromkeys(p.orcid for p in publication.authors if p.orcid and not p.editor)
    always = [
        *(Link(about.page + end, "describedby", kind, profile)
          for kind, end, _name, profile in FORMATS.values()),
        *([Link(licence, "license")] if licence else []),
        *(Link(page, VERSIONS[name], "text/html") for name, page in about.related if name in VERSIONS),
        Link(f"https://schema.org/{SCHEMA_TYPE[publication.kind]}", "type"),
        Link("https://schema.org/AboutPage", "type"),
    ]  # fmt: skip
    found, room = [cite_as(publication, about)], LONGEST - len(header(always))
    items = [Link(url, "item", stored.media_type) for stored, url in about.files]
    for link in (*items[:1], *(Link(f"https://orcid.org/{orcid}", "author") for orcid in orcids), *items[1:]):
        room -= len(str(link)) + 2
        if room > 0:
            found.append(link)
    return [*found, *always]


def cite_as(publication: Publication, about: Described) -> Link:
    """The identifier to cite it by (RFC 8574): its DOI, else its address here, which does not change."""
    return Link(f"https://doi.org/{publication.doi}" if publication.doi else about.page, "cite-as")


def of_file(publication: Publication, page: str) -> list[Link]:
    """The links of a file: the page that it belongs to, and its licence."""
    licence = licence_address(publication.licence)
    return [Link(page, "collection", "text/html"), *([Link(licence, "license")] if licence else [])]


def of_description(page: str) -> list[Link]:
    """The links of what describes a publication."""
    return [Link(page, "describes", "text/html")]


def header(links: list[Link]) -> str:
    """The value of a `Link` header."""
    return ", ".join(map(str, links))
