"""What programs read on a publication's page, for all types and rights of access."""

import json
import re
from datetime import UTC, date, datetime
from io import BytesIO

import pytest

from dissemination.bibliography.kinds import Access
from dissemination.bibliography.records import Person
from dissemination.kernel.database import transaction
from dissemination.publications import actions
from dissemination.publications.jsonld import SCHEMA_TYPE
from dissemination.publications.models import Kind
from dissemination.publications.signposting import Link
from tests.publications import schema_org
from tests.publications.cast import publication
from tests.publications.scholar import Page, broken_rules

HOST = "http://127.0.0.1:8000"
FULL = {
    "title_it": "Tingere a freddo", "title_en": "Cold dyeing", "abstract_it": "Di che si parla.",
    "abstract_en": "What it is about.", "container": "Quaderni tessili", "volume": "12", "number": "3",
    "pages": "10-15", "publisher": "Editrice", "doi": "10.1000/182", "isbn": "978-88-06-21964-2",
    "issn": "0097-8493", "url": "https://a.example/x", "keywords": ["colore", "acqua"], "version_label": "2.0",
    "funding": [{"funder": "Regione Toscana", "award_number": "D12", "award_title": "Acqua", "award_uri": "https://b.example/"}],
    "authors": [Person("Rossi", "Maria", affiliation="Università di Firenze", orcid="0000-0002-1825-0097"),
                Person("Regione Toscana", organisation=True), Person("Verdi", "Ugo", editor=True)],
}  # fmt: skip
BARE = {"authors": [], "licence": "", "title_it": "Solo un titolo", "title_en": ""}


def made(district, *, files=("a.pdf",), **facts):
    with transaction():
        row = publication(district, **facts)
        for name in files:
            actions.attach(row, BytesIO(b"%PDF-1.7 x" + name.encode()), name)
    return row


def tags(client, row, start="citation_"):
    page = Page(client.get(f"/moda/publications/{row.slug}").text)
    return [(n, c) for n, c in page.tags if n.startswith(start)]


def json_ld(client, row):
    text = client.get(f"/moda/publications/{row.slug}").text
    return json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', text, re.DOTALL)[1])


def links(answer):
    """(relation, target, type) of the header, in order."""
    found = re.findall(r'<([^>]*)>; rel="([^"]*)"(?:; type="([^"]*)")?', answer.headers["Link"])
    return [(relation, target, kind) for target, relation, kind in found]


@pytest.mark.parametrize("facts", [FULL, BARE], ids=["full", "bare"])
@pytest.mark.parametrize("kind", Kind)
def test_the_tags_of_every_type_follow_google_scholars_guidelines(moda, client, kind, facts):
    for precision in ("day", "month", "year"):
        row = made(moda, kind=kind, issued_precision=precision, files=("a.pdf", "b.pdf"), **facts)
        address = f"/moda/publications/{row.slug}"
        assert (kind, broken_rules(client.get(address).text, HOST + address)) == (kind, [])


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ('name="citation_title"', 'name="x"', "a title"),
        ('name="citation_author"', 'name="x"', "an author"),
        ('"citation_author" content="Rossi, Maria"', '"citation_author" content="Rossi, Maria; Verdi, Ugo"',
         "one author a tag, no list of names"),
        ('content="2026/05/04"', 'content="2026-05-04"', "the date is YYYY/MM/DD or a year"),
        ('content="2026/05/04"', 'content=""', "nothing empty"),
        ('<meta name="citation_title"', '<meta name="citation_title" content="B"><meta name="citation_title"', "once each"),
        ("/a.pdf", "/a", "the PDF ends in .pdf"),
        ('content="http://127.0.0.1:8000/moda/publications/tingere', 'content="http://c.example/moda/publications/tingere',
         "the PDF is on the same host"),
        ('content="http://127.0.0.1:8000/moda/publications/', 'content="http://127.0.0.1:8000/files/',
         "the PDF is below the abstract's folder"),
    ],
)  # fmt: skip
def test_the_checker_of_the_guidelines_finds_a_planted_breach(moda, client, old, new, rule):
    row = made(moda, **FULL)
    address = f"/moda/publications/{row.slug}"
    text = client.get(address).text
    assert broken_rules(text, HOST + address) == []
    assert old in text
    assert rule in broken_rules(text.replace(old, new), HOST + address)


def test_who_edits_or_publishes_stands_in_where_no_author_is_named(moda, client):
    edited = made(moda, kind=Kind.PROCEEDINGS, authors=[Person("Verdi", "Ugo", editor=True)])
    nobody = made(moda, kind=Kind.REPORT, authors=[])
    assert [c for n, c in tags(client, edited) if n == "citation_author"] == ["Verdi, Ugo"]
    assert [c for n, c in tags(client, nobody) if n == "citation_author"] == ["Ente gestore"]


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        (Kind.ARTICLE, {"citation_journal_title": "Quaderni tessili", "citation_issue": "3"}),
        (Kind.CONFERENCE_PAPER, {"citation_conference_title": "Quaderni tessili"}),
        (Kind.THESIS, {"citation_dissertation_institution": "Editrice"}),
        (Kind.FORESIGHT, {"citation_technical_report_institution": "Editrice", "citation_technical_report_number": "3"}),
        (Kind.BOOK, {"citation_publisher": "Editrice", "citation_isbn": "978-88-06-21964-2"}),
    ],
)  # fmt: skip
def test_each_type_has_the_tags_of_its_own(moda, client, kind, found):
    assert found.items() <= dict(tags(client, made(moda, kind=kind, **FULL))).items()


CLOSED = [Access.MEMBERS, Access.CLOSED, Access.EMBARGOED]


@pytest.mark.parametrize("access", CLOSED)
def test_no_program_is_sent_to_a_file_that_it_may_not_read(moda, client, access):
    row = made(moda, access=access, embargo_until=date(2999, 1, 1) if access is Access.EMBARGOED else None)
    answer = client.get(f"/moda/publications/{row.slug}")
    data = json_ld(client, row)
    seen = (
        "citation_pdf_url" in dict(tags(client, row)), "encoding" in data, data["isAccessibleForFree"],
        "item" in [relation for relation, _target, _type in links(answer)],
    )  # fmt: skip
    assert seen == (False, False, False, False)
    assert data["conditionsOfAccess"]
    for end in (".jsonld", ".datacite.xml", ".dc.xml"):
        assert "/files/" not in client.get(f"/moda/publications/{row.slug}{end}").text


def test_an_embargo_that_ends_at_midnight_in_rome_opens_the_tags_too(moda, client, time_machine):
    row = made(moda, access=Access.EMBARGOED, embargo_until=date(2026, 6, 30))
    seen = []
    for moment in (datetime(2026, 6, 30, 21, 59, 59, tzinfo=UTC), datetime(2026, 6, 30, 22, tzinfo=UTC)):
        time_machine.move_to(moment, tick=False)
        rights = [c for n, c in tags(client, row, "DC.rights") if c.startswith("info:")]
        seen.append(
            (
                "citation_pdf_url" in dict(tags(client, row)),
                *rights,
                json_ld(client, row)["isAccessibleForFree"],
            )
        )
    assert seen == [
        (False, "info:eu-repo/semantics/embargoedAccess", False),
        (True, "info:eu-repo/semantics/openAccess", True),
    ]  # fmt: skip


def test_the_file_named_for_google_scholar_is_the_file(moda, client):
    row = made(moda, files=("Perché «qui».PDF",))
    address = dict(tags(client, row))["citation_pdf_url"]
    assert address.endswith(f"/files/{row.files[0].id}/perche-qui.pdf")
    answer = client.get(address.removeprefix(HOST))
    assert (answer.status_code, answer.data[:5]) == (200, b"%PDF-")
    assert links(answer)[0] == ("collection", f"{HOST}/moda/publications/{row.slug}", "text/html")
    for wrong in (f"files/{row.files[0].id}/other.pdf", "files/999/perche-qui.pdf"):
        assert client.get(f"/moda/publications/{row.slug}/{wrong}").status_code == 404


def test_dublin_core_on_the_page_is_what_harvesters_are_told(moda, client):
    row = made(moda, kind=Kind.ARTICLE, **FULL)
    given = [(n.removeprefix("DC."), c) for n, c in tags(client, row, "DC.")]
    told = re.findall(
        r"<dc:(\w+)[^>]*>([^<]*)</dc:", client.get(f"/moda/publications/{row.slug}.dc.xml").text
    )
    assert given == told
    assert ("creator", "Rossi, Maria") in given
    assert ("type", "info:eu-repo/semantics/article") in given


@pytest.mark.parametrize("facts", [FULL, BARE], ids=["full", "bare"])
@pytest.mark.parametrize("kind", Kind)
def test_json_ld_of_every_type_has_properties_that_its_type_has(moda, client, kind, facts):
    needs = {"abstract_it": "Di che si parla."} if kind is Kind.DATASET else {}
    row = made(moda, kind=kind, **needs | facts)
    node = schema_org.expanded(json_ld(client, row))
    assert node["@type"] == [f"https://schema.org/{SCHEMA_TYPE[kind]}"]
    assert node["@id"] == f"{HOST}/moda/publications/{row.slug}"
    assert {"name", "datePublished", "inLanguage", "isAccessibleForFree"} <= schema_org.check(node)
    same = client.get(f"/moda/publications/{row.slug}.jsonld")
    assert (same.mimetype, same.json) == ("application/ld+json", json_ld(client, row))


def test_json_ld_of_an_article_says_where_it_stands_and_who_paid(moda, client):
    data = json_ld(client, made(moda, kind=Kind.ARTICLE, **FULL))
    assert data["isPartOf"] == {
        "@type": "PublicationIssue", "issueNumber": "3",
        "isPartOf": {
            "@type": "PublicationVolume", "volumeNumber": "12",
            "isPartOf": {"@type": "Periodical", "name": "Quaderni tessili", "issn": "0097-8493"},
        },
    }  # fmt: skip
    assert data["funding"] == [{
        "@type": "Grant", "identifier": "D12", "name": "Acqua", "url": "https://b.example/",
        "funder": {"@type": "Organization", "name": "Regione Toscana"},
    }]  # fmt: skip
    assert (data["pageStart"], data["pageEnd"], data["version"]) == ("10", "15", "2.0")


def test_files_of_a_dataset_are_its_distribution(moda, client):
    data = json_ld(client, made(moda, kind=Kind.DATASET, abstract_it="Prove di tintura."))
    assert [d["@type"] for d in data["distribution"]] == ["DataDownload"]
    assert "encoding" not in data


@pytest.mark.parametrize(
    "wrong",
    [
        {"@type": "ScholarlyArticle", "headline": "a", "datePublished": "2026", "isbn": "1"},
        {"@type": "ScholarlyArticle", "headline": "a", "datePublished": "4 May"},
        {"@type": "Dataset", "name": "a"},
        {"@type": "Song", "name": "a"},
        {"@type": "Thesis", "author": {"@type": "Grant"}},
        {"@type": "Thesis", "isAccessibleForFree": "yes"},
    ],
)
def test_the_checker_of_json_ld_finds_a_planted_breach(wrong):
    with pytest.raises(AssertionError):
        schema_org.check(schema_org.expanded({"@context": "https://schema.org", **wrong}))


def test_signposts_lead_from_the_page_to_all_that_belongs_to_it(moda, client):
    row = made(moda, kind=Kind.ARTICLE, files=("a.pdf", "b.pdf"), **FULL)
    page = f"{HOST}/moda/publications/{row.slug}"
    first, second = (f"{page}/files/{f.id}/{n}.pdf" for f, n in zip(row.files, "ab", strict=True))
    assert links(client.get(f"/moda/publications/{row.slug}")) == [
        ("cite-as", "https://doi.org/10.1000/182", ""),
        ("item", first, "application/pdf"),
        ("author", "https://orcid.org/0000-0002-1825-0097", ""),
        ("item", second, "application/pdf"),
        ("describedby", f"{page}.datacite.xml", "application/vnd.datacite.datacite+xml"),
        ("describedby", f"{page}.dc.xml", "application/xml"),
        ("describedby", f"{page}.jsonld", "application/ld+json"),
        ("describedby", f"{page}.json", "application/vnd.citationstyles.csl+json"),
        ("describedby", f"{page}.bib", "application/x-bibtex"),
        ("describedby", f"{page}.ris", "application/x-research-info-systems"),
        ("license", "https://creativecommons.org/licenses/by/4.0/", ""),
        ("type", "https://schema.org/ScholarlyArticle", ""),
        ("type", "https://schema.org/AboutPage", ""),
    ]


def test_every_signpost_stands_where_it_points_and_points_back(moda, client):
    row = made(moda, title_it="Senza DOI")
    page = f"{HOST}/moda/publications/{row.slug}"
    answer = client.get(f"/moda/publications/{row.slug}")
    assert links(answer)[0] == ("cite-as", page, "")
    for relation, target, kind in links(answer):
        if relation in ("item", "describedby"):
            found = client.get(target.removeprefix(HOST))
            assert (found.status_code, found.mimetype) == (200, kind)
            back = "collection" if relation == "item" else "describes"
            assert links(found)[0] == (back, page, "text/html")
    alternates = re.findall(
        r'<link rel="alternate" type="([^"]*)" title="[^"]*" href="([^"]*)">', answer.text
    )
    described = [(kind, target) for relation, target, kind in links(answer) if relation == "describedby"]
    assert [a for a in alternates if a[0] != "application/atom+xml"] == described


def test_a_link_cannot_break_out_of_its_header():
    assert str(Link('https://doi.org/10.1000/a>; rel="x"\r\nSet-Cookie: è', "cite-as")) == (
        '<https://doi.org/10.1000/a%3E;%20rel=%22x%22%0D%0ASet-Cookie:%20%C3%A8>; rel="cite-as"'
    )


def test_a_work_of_many_authors_and_files_keeps_its_header_short(moda, client):
    crowd = [Person("Rossi", f"N{n}", orcid=f"0000-0002-1825-{n:04d}") for n in range(300)]
    names = [f"{'allegato-' * 8}{n}.pdf" for n in range(20)]
    row = made(moda, title_it="Un titolo lungo " * 5, authors=crowd, files=names)
    answer = client.get(f"/moda/publications/{row.slug}")
    assert len(answer.headers["Link"]) <= 6200
    relations = [relation for relation, _target, _type in links(answer)]
    assert [relations.count(r) for r in ("cite-as", "describedby", "license")] == [1, 6, 1]
    assert relations.count("author") > 20
    assert relations[1] == "item"


def test_drafts_and_what_was_withdrawn_have_no_descriptions(moda, ada, client):
    draft, back = made(moda, published=False), made(moda)
    with transaction():
        actions.withdraw(back, reason="errore", by=ada)
    for row in (draft, back):
        name = f"files/{row.files[0].id}/a.pdf"
        for end in (".json", ".jsonld", ".datacite.xml", ".dc.xml", f"/{name}"):
            answer = client.get(f"/moda/publications/{row.slug}{end}")
            assert (answer.status_code in (404, 410), "Link" in answer.headers) == (True, False)


@pytest.mark.parametrize(
    "title", ["</script><script>alert(1)</script>", "$E=mc^2$ & <i>x</i>", "שלום עולם", "a\u202eb"]
)
def test_hostile_and_unusual_titles_come_through_whole(moda, client, title):
    row = made(moda, title_it=title, abstract_it=title)
    text = client.get(f"/moda/publications/{row.slug}").text
    assert "<script>alert" not in text
    assert dict(tags(client, row))["citation_title"] == title
    assert json_ld(client, row)["name"] == title


def test_the_address_of_an_award_is_a_link_only_where_it_is_of_the_web(moda, client):
    awards = [{"funder": "A", "award_title": "Uno", "award_uri": "javascript:alert(1)"},
              {"funder": "B", "award_uri": "info:eu-repo/grantAgreement/EC/1"},
              {"funder": "C\x00\ufffe", "award_uri": "https://c.example/"}]  # fmt: skip
    row = made(moda, funding=awards)
    page = client.get(f"/moda/publications/{row.slug}").text
    assert ('href="javascript' in page, 'href="https://c.example/"' in page) == (False, True)
    assert "info:eu-repo/grantAgreement/EC/1" in page
    assert [a.get("url") for a in json_ld(client, row)["funding"]] == [None, None, "https://c.example/"]
    assert row.funding[2]["funder"] == "C"


@pytest.mark.parametrize(
    ("facts", "page", "spoken"),
    [
        ({"abstract_it": "Di che parla."}, "it", ""), ({"abstract_it": "Di che parla."}, "en", ' lang="it"'),
        ({"abstract_en": "About."}, "it", ' lang="en"'), ({"abstract_en": "About."}, "en", ""),
        ({"abstract_it": "Worüber.", "language": "de"}, "it", ' lang="de"'),
    ],
)  # fmt: skip
def test_an_abstract_says_its_language_where_it_is_not_the_pages(moda, client, facts, page, spoken):
    row = made(moda, **facts)
    text = client.get(f"/moda/publications/{row.slug}?lang={page}").text
    assert f'<div dir="auto"{spoken}><div class="prose">' in text
