"""DataCite XML and Dublin Core: what the schemas ask for, for every kind and with hostile texts."""

import re
from datetime import date
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from dissemination.bibliography import datacite, datacitejson, dublincore
from dissemination.bibliography.kinds import Access, Kind
from dissemination.bibliography.records import Person, Record

PAGE = "https://moda.example/moda/publications/lana"
FILES = [(SimpleNamespace(media_type="application/pdf", size=12, name="a.pdf"), f"{PAGE}/files/1")]
D = f"{{{datacite.NAMESPACE}}}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
GENERAL = set(datacitejson.GENERAL) | {"Text", "Other"}
REQUIRED = ["identifier", "creators", "titles", "publisher", "publicationYear", "resourceType"]


def full(kind=Kind.ARTICLE, **more):
    facts = {
        "title_it": "Lana & <b>seta</b> ]]>", "title_en": "Wool", "abstract_it": "Uno\n\ndue", "doi": "10.1000/a&b<c>",
        "container": "Rivista", "volume": "1", "number": "2", "pages": "3–9", "issn": "0097-8493",
        "isbn": "978-88-06-21964-2", "publisher": "Editore", "url": "https://x.example/?a=1&b=2", "licence": "CC-BY-4.0",
        "version_label": "2", "keywords": ["lana"], "language": "it",
        "funding": [{"funder": "UE", "award_number": "1", "award_title": "T", "award_uri": "https://a.example"}, {"award_title": "x"}],
        "authors": [
            Person("Rossi", "Maria", affiliation="CNR", orcid="0000-0002-1825-0097"), Person("Ente", organisation=True),
            Person("Verdi", "Ugo", editor=True),
        ],
    }  # fmt: skip
    return Record(kind, date(2024, 3, 5), **(facts | more))


def xml(thing, **more):
    return ElementTree.fromstring(datacite.xml(thing, page=PAGE, publisher="Distretto", **more))


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("thing", [full, lambda kind: Record(kind, date(900, 1, 1), "year", title_en="T")])
def test_datacite_has_what_the_schema_requires(kind, thing):
    root = xml(thing(kind), files=FILES)
    assert root.tag == f"{D}resource"
    names = [child.tag.removeprefix(D) for child in root]
    assert [name for name in names if name in REQUIRED] == REQUIRED
    assert len(names) == len(set(names))
    assert all((e.text or "").strip() or len(e) or e.attrib for e in root.iter())
    assert re.fullmatch(r"\d{4}", root.findtext(f"{D}publicationYear"))
    assert root.find(f"{D}resourceType").get("resourceTypeGeneral") in GENERAL
    assert all(e.findtext(f"{D}creatorName") for e in root.iter(f"{D}creator"))
    assert all(e.findtext(f"{D}funderName") for e in root.iter(f"{D}fundingReference"))


def test_datacite_says_everything():
    root = xml(
        full(access=Access.EMBARGOED, embargo_until=date(2026, 12, 31)),
        related=[("IsNewVersionOf", "10.1/x")],
        files=FILES,
    )

    def all_of(path):
        return [(e.text, dict(e.attrib)) for e in root.findall("/".join(D + p for p in path.split("/")))]

    assert all_of("identifier") == [("10.1000/a&b<c>", {"identifierType": "DOI"})]
    assert all_of("titles/title") == [
        ("Lana & <b>seta</b> ]]>", {LANG: "it"}), ("Wool", {LANG: "en", "titleType": "TranslatedTitle"}),
    ]  # fmt: skip
    assert all_of("creators/creator/creatorName") == [
        ("Rossi, Maria", {"nameType": "Personal"}), ("Ente", {"nameType": "Organizational"}),
    ]  # fmt: skip
    assert all_of("creators/creator/nameIdentifier")[0][0] == "https://orcid.org/0000-0002-1825-0097"
    assert all_of("contributors/contributor/contributorName") == [("Verdi, Ugo", {"nameType": "Personal"})]
    assert all_of("dates/date") == [
        ("2024-03-05", {"dateType": "Issued"}),
        ("2027-01-01", {"dateType": "Available"}),
    ]
    assert all_of("relatedIdentifiers/relatedIdentifier") == [
        ("10.1/x", {"relatedIdentifierType": "DOI", "relationType": "IsNewVersionOf"})
    ]
    assert [a["rightsURI"] for _t, a in all_of("rightsList/rights")] == [
        "info:eu-repo/semantics/embargoedAccess", "https://creativecommons.org/licenses/by/4.0/",
    ]  # fmt: skip
    assert all_of("fundingReferences/fundingReference/awardNumber") == [
        ("1", {"awardURI": "https://a.example"})
    ]
    whole = "relatedItems/relatedItem"
    assert [all_of(f"{whole}/{n}")[0][0] for n in ("relatedItemIdentifier", "volume", "issue", "firstPage", "lastPage")] == [
        "0097-8493", "1", "2", "3", "9",
    ]  # fmt: skip
    assert (all_of("formats/format"), all_of("sizes/size")) == ([("application/pdf", {})], [("12 B", {})])


def test_without_a_doi_the_page_is_the_identifier_and_the_district_the_publisher():
    root = xml(Record(Kind.REPORT, date(2024, 1, 1), "year", title_it="T"))
    found = root.find(f"{D}identifier")
    assert (found.text, found.get("identifierType"), root.findtext(f"{D}publisher")) == (
        PAGE,
        "URL",
        "Distretto",
    )
    assert root.findtext(f"{D}creators/{D}creator/{D}creatorName") == ":unkn"


def dc(thing, **more):
    root = ElementTree.fromstring(dublincore.oai_dc(thing, page=PAGE, publisher="Distretto", **more))
    assert root.tag == f"{{{dublincore.NAMESPACE}}}dc"
    return [(e.tag.removeprefix(f"{{{dublincore.ELEMENTS}}}"), e.text) for e in root]


ELEMENTS = {"title", "creator", "subject", "description", "publisher", "contributor", "date", "type", "format", "identifier", "source", "language", "relation", "coverage", "rights"}  # fmt: skip


@pytest.mark.parametrize("kind", Kind)
def test_dublin_core_uses_its_fifteen_elements_only(kind):
    for thing in (full(kind), Record(kind, date(2024, 1, 1), title_it="T")):
        found = dc(thing, files=FILES)
        assert {name for name, _text in found} <= ELEMENTS
        assert all(text.strip() for _name, text in found)


def test_dublin_core_says_type_access_and_embargo_in_openaires_words():
    found = dc(full(access=Access.EMBARGOED, embargo_until=date(2026, 12, 31)))
    for pair in (
        ("date", "2024-03-05"), ("date", "info:eu-repo/date/embargoEnd/2027-01-01"), ("type", "info:eu-repo/semantics/article"),
        ("rights", "info:eu-repo/semantics/embargoedAccess"), ("identifier", PAGE), ("creator", "Rossi, Maria"),
        ("identifier", "https://doi.org/10.1000/a&b<c>"), ("source", "Rivista, ISSN 0097-8493, 1(2), 3–9"),
    ):  # fmt: skip
        assert pair in found
    ended = dc(full(access=Access.EMBARGOED, embargo_until=date(2026, 12, 31)), access=Access.OPEN)
    assert ("rights", "info:eu-repo/semantics/openAccess") in ended
    assert not [text for _name, text in ended if "embargoEnd" in text]


def test_no_control_character_reaches_the_xml():
    nasty = full(
        title_it="a\x00b\x0b\ud800c",
        keywords=["\x1f k"],
        abstract_en="\ufffe",
        authors=[Person("\x02R", "\x03")],
    )
    for body in (
        datacite.xml(nasty, page=PAGE, publisher="D"),
        dublincore.oai_dc(nasty, page=PAGE, publisher="D"),
    ):
        assert "abc" in "".join(ElementTree.fromstring(body).itertext())
    assert not datacite.xml(nasty, page=PAGE, publisher="D", declared=False).startswith(b"<?xml")
