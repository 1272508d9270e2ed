"""The part of schema.org that our pages use: which type has which property, and of what. Checks of ours."""

import re

from pyld import jsonld

BASE = "https://schema.org/"
CONTEXT = {
    "@vocab": BASE, "id": "@id", "type": "@type",
    **{name: {"@id": BASE + name, "@type": "@id"} for name in (
        "url", "sameAs", "license", "contentUrl", "mainEntityOfPage",
    )},
    **{name: {"@id": BASE + name, "@type": BASE + "Date"} for name in ("datePublished", "dateModified")},
}  # fmt: skip
"""A context of ours with schema.org's terms, for the real one is on the network."""
PARENT = {
    "CreativeWork": "Thing", "Article": "CreativeWork", "ScholarlyArticle": "Article", "NewsArticle": "Article",
    "Report": "Article", "Book": "CreativeWork", "Chapter": "CreativeWork", "Thesis": "CreativeWork",
    "Dataset": "CreativeWork", "MediaObject": "CreativeWork", "VideoObject": "MediaObject",
    "DataDownload": "MediaObject", "CreativeWorkSeries": "CreativeWork", "Periodical": "CreativeWorkSeries",
    "Newspaper": "Periodical", "PublicationVolume": "CreativeWork", "PublicationIssue": "CreativeWork",
    "Person": "Thing", "Organization": "Thing", "PropertyValue": "Thing", "Grant": "Thing",
}  # fmt: skip
DATE = r"\d{4}(-\d\d(-\d\d)?)?"
TEXT, ADDRESS = r"(?s).+", r"https?://\S+"
HAS: dict[str, dict[str, object]] = {
    "Thing": {
        "name": TEXT, "alternateName": TEXT, "description": TEXT, "url": ADDRESS, "sameAs": ADDRESS,
        "mainEntityOfPage": ADDRESS, "identifier": (TEXT, "PropertyValue"),
    },
    "CreativeWork": {
        "headline": r".{1,110}", "author": ("Person", "Organization"), "editor": ("Person", "Organization"),
        "datePublished": DATE, "dateModified": DATE, "inLanguage": r"[a-z]{2,8}(-[A-Za-z0-9]+)*", "abstract": TEXT,
        "keywords": TEXT, "publisher": ("Organization",), "sdPublisher": ("Organization",),
        "isPartOf": ("CreativeWork",), "version": TEXT, "license": ADDRESS, "isAccessibleForFree": bool,
        "conditionsOfAccess": TEXT, "funding": ("Grant",), "encoding": ("MediaObject",),
    },
    "Article": {"pageStart": TEXT, "pageEnd": TEXT}, "Chapter": {"pageStart": TEXT, "pageEnd": TEXT},
    "Report": {"reportNumber": TEXT}, "Book": {"isbn": TEXT, "numberOfPages": int},
    "Dataset": {"distribution": ("DataDownload",)},
    "MediaObject": {
        "contentUrl": ADDRESS, "encodingFormat": r"\w+/\S+", "contentSize": r"\d+ B", "sha256": r"[0-9a-f]{64}",
        "uploadDate": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d",
    },
    "CreativeWorkSeries": {"issn": r"\d{4}-\d{3}[\dX]"}, "PublicationVolume": {"volumeNumber": TEXT},
    "PublicationIssue": {"issueNumber": TEXT},
    "Person": {"familyName": TEXT, "givenName": TEXT, "affiliation": ("Organization",)},
    "PropertyValue": {"propertyID": TEXT, "value": TEXT}, "Grant": {"funder": ("Organization",)},
}  # fmt: skip
NEEDED = {
    "ScholarlyArticle": {"headline", "datePublished"}, "Dataset": {"name", "description"},
    "VideoObject": {"name", "uploadDate"}, "Report": {"name", "datePublished"},
}  # fmt: skip
"""What search engines ask for beside what schema.org allows."""


def expanded(document):
    """The one node that `document` says, expanded (JSON-LD 1.1)."""
    (node,) = jsonld.expand(document, {"documentLoader": _local})
    return node


def _local(address, _options):
    assert address == "https://schema.org"
    return {"contextUrl": None, "documentUrl": address, "document": {"@context": CONTEXT}}


def kinds(name):
    """The type and those that it is a kind of."""
    found = [name]
    while found[-1] in PARENT:
        found.append(PARENT[found[-1]])
    return found


def check(node):
    """Every property stands on a type that has it, and holds what it may. Names of the properties."""
    (address,) = node["@type"]
    own = address.removeprefix(BASE)
    allowed = {}
    for kind in kinds(own):
        assert kind == "Thing" or kind in PARENT, f"{kind} is no type of schema.org known here"
        allowed |= HAS.get(kind, {})
    found = {name.removeprefix(BASE): values for name, values in node.items() if not name.startswith("@")}
    for name, values in found.items():
        assert name in allowed, f"{own} has no {name}"
        for value in values:
            assert _fits(value, allowed[name]), f"{own}.{name}: {value}"
    assert NEEDED.get(own, set()) <= set(found), f"{own} lacks {NEEDED[own] - set(found)}"
    return set(found)


def _fits(value, wanted):
    if isinstance(wanted, tuple):
        if "@type" in value and "@value" not in value:
            check(value)
            return any(kind in wanted for kind in kinds(value["@type"][0].removeprefix(BASE)))
        return any(w == TEXT for w in wanted) and bool(value.get("@value"))
    plain = value.get("@value", value.get("@id"))
    if wanted in (bool, int):
        return type(plain) is wanted
    return isinstance(plain, str) and re.fullmatch(str(wanted), plain) is not None
