"""RIS, CSL-JSON, Crossref, DataCite and CSV as other programs write them, and as nobody should."""

import json
from datetime import date

import pytest

from dissemination.bibliography import readers, table
from dissemination.bibliography.kinds import Access, Kind
from dissemination.bibliography.reading import MAX_BYTES, MAX_ENTRIES
from dissemination.bibliography.records import Person


def read(text, **more):
    return readers.read(text if isinstance(text, bytes) else text.encode(), **more)


def one(text, **more):
    reading = read(text, **more)
    assert len(reading.found) == 1, [str(p.message) for p in reading.problems]
    return reading.found[0].record


def told(text, **more):
    return [(p.line, p.lost, str(p.message)) for p in read(text, **more).problems]


RIS = """TY  - JOUR
AU  - Müller-Lüdenscheidt, K.
AU  - Regione Toscana,
A2  - Verdi, Ugo, Jr.
AU  - et al.
T1  - Fibre <i>riciclate</i> &amp; lana
JF  - Rivista Tessile
JA  - Riv. Tess.
Y1  - 2024/03/05/
SP  - 12
EP  - 19
SN  - 00978493
DO  - https://doi.org/10.1000/fibre.1
KW  - lana; cotone
KW  - riciclo
LA  - English
AB  - Prima riga
che continua.

Secondo paragrafo.
N1  - da leggere
L1  - file:///C:/casa/segreto.pdf
CY  - Prato
ER  - 
"""


def test_ris_as_other_programs_write_it():
    record = one(RIS)
    assert record.authors == [
        Person("Müller-Lüdenscheidt", "K."), Person("Regione Toscana", organisation=True),
        Person("Verdi Jr.", "Ugo", editor=True),
    ]  # fmt: skip
    assert (record.title_en, record.title_it, record.container) == (
        "Fibre riciclate & lana",
        "",
        "Rivista Tessile",
    )
    assert (record.issued, record.issued_precision, record.pages) == (date(2024, 3, 5), "day", "12–19")
    assert (record.issn, record.doi, record.language) == ("0097-8493", "10.1000/fibre.1", "en")
    assert record.keywords == ["lana", "cotone", "riciclo"]
    assert record.abstract_en == "Prima riga\nche continua.\n\nSecondo paragrafo."
    assert record.extra == {"others": ["author"], "ris": {"JA": ["Riv. Tess."], "CY": ["Prato"]}}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_ris_with_a_byte_order_mark_or_in_latin_1(encoding):
    assert one(RIS.encode(encoding)).authors[0].family_name == "Müller-Lüdenscheidt"
    assert bool(told(RIS.encode(encoding))) == (encoding == "cp1252")


def test_conf_is_a_paper_when_it_stands_in_something():
    head = "TY  - CONF\nTI  - T\nPY  - 2020\nAU  - A, B\n"
    assert (one(head + "T2  - Atti\nER  - ").kind, one(head + "ER  - ").kind) == (
        Kind.CONFERENCE_PAPER, Kind.PROCEEDINGS,
    )  # fmt: skip


def test_problems_of_ris_stand_on_their_lines():
    text = (
        "AU  - Nessuno, N.\nTY  - JOUR\nTI  - Uno\nPY  - 2020\nAU  - A, B\nDO  - storto\nSN  - 1234-5678\n"
        "TY  - XYZ\nTI  - Due\nPY  - s.d.\nER  - \nTY  - BOOK\nPY  - 2020\nER  - \n"
    )
    assert told(text) == [
        (1, True, "“AU” stands outside of an entry: the line “TY  - ” is missing before it."),
        (2, False, "The line “ER  - ” that ends the entry is missing."),
        (6, False, "“storto” is not a valid DOI: left out."),
        (7, False, "“1234-5678” is not a valid ISSN: left out."),
        (8, False, "The type “XYZ” is not known: read as “other”."),
        (10, True, "“s.d.” is not a year or a date: the entry cannot be imported."),
        (12, True, "The entry has no title: it cannot be imported."),
    ]


WOS = """FN Clarivate Analytics Web of Science
VR 1.0
PT J
AU Rossi, M
   Verdi, U
AF Rossi, Maria
   Verdi, Ugo
TI Recycled fibres in
   the district
SO TEXTILE REVIEW
LA English
DE wool; cotton
PD JUN 8
PY 2004
VL 43
BP 7003
EP 7016
DI 10.1000/wos.1
UT WOS:1
ER

EF"""


def test_web_of_science_is_read_with_full_names():
    record = one(WOS)
    assert record.authors == [Person("Rossi", "Maria"), Person("Verdi", "Ugo")]
    assert (record.title_en, record.issued, record.pages) == (
        "Recycled fibres in the district", date(2004, 6, 8), "7003–7016",
    )  # fmt: skip
    assert (record.container, record.keywords, record.citation_key) == (
        "TEXTILE REVIEW",
        ["wool", "cotton"],
        "WOS:1",
    )


CROSSREF = {
    "status": "ok", "message-type": "work", "message": {
        "type": "journal-article", "title": ["Recycled <b>fibres</b>"], "subtitle": ["A study"],
        "container-title": ["Textile Review"], "DOI": "10.1000/X.1", "URL": "https://doi.org/10.1000/x.1",
        "author": [
            {"given": "Maria", "family": "Rossi", "ORCID": "http://orcid.org/0000-0002-1825-0097",
             "affiliation": [{"name": "Università di Firenze"}, {"name": "CNR"}]},
            {"name": "Consorzio Lana", "sequence": "additional"},
        ],
        "issued": {"date-parts": [[2024, 5]]}, "volume": "3", "issue": "2", "page": "1-9", "ISSN": ["0097-8493"],
        "abstract": "<jats:title>Abstract</jats:title><jats:p>Wool &amp; cotton.</jats:p><jats:p>Two.</jats:p>",
        "publisher": "Pub", "language": "en", "subject": ["Materials"],
        "license": [{"URL": "https://creativecommons.org/licenses/by/4.0/"}],
        "funder": [{"name": "European Commission", "award": ["101", "102"]}, {"name": "Regione"}],
    },
}  # fmt: skip


def test_crossref_json_is_read():
    record = one(json.dumps(CROSSREF))
    assert record.authors == [
        Person("Rossi", "Maria", affiliation="Università di Firenze; CNR", orcid="0000-0002-1825-0097"),
        Person("Consorzio Lana", organisation=True),
    ]
    assert (record.kind, record.title_en, record.licence) == (
        Kind.ARTICLE,
        "Recycled fibres: A study",
        "CC-BY-4.0",
    )
    assert (record.issued, record.issued_precision, record.url) == (date(2024, 5, 1), "month", "")
    assert record.abstract_en == "Abstract\nWool & cotton.\nTwo."
    assert record.funding == [
        {"funder": "European Commission", "award_number": "101"},
        {"funder": "European Commission", "award_number": "102"}, {"funder": "Regione"},
    ]  # fmt: skip


def test_a_page_of_crossrefs_results_is_read():
    page = {"status": "ok", "message": {"total-results": 1, "items": [CROSSREF["message"]]}}
    assert one(json.dumps(page)).doi == "10.1000/X.1"


DATACITE = {
    "data": {"id": "10.5281/zenodo.1", "type": "dois", "attributes": {
        "doi": "10.5281/zenodo.1",
        "creators": [
            {"name": "Rossi, Maria", "nameType": "Personal", "givenName": "Maria", "familyName": "Rossi",
             "affiliation": ["CNR"], "nameIdentifiers": [
                {"nameIdentifier": "https://orcid.org/0000-0002-1825-0097", "nameIdentifierScheme": "ORCID"}]},
            {"name": "Regione Toscana", "nameType": "Organizational"}, {"name": ":unkn"},
        ],
        "contributors": [
            {"name": "Verdi, Ugo", "contributorType": "Editor"}, {"name": "Altri", "contributorType": "Other"}
        ],
        "titles": [
            {"title": "Fibre", "lang": "it"}, {"title": "Fibres", "lang": "en", "titleType": "TranslatedTitle"}
        ],
        "publisher": {"name": "Zenodo"}, "publicationYear": 2024, "language": "it",
        "dates": [{"date": "2024-05-06", "dateType": "Issued"}, {"date": "2023", "dateType": "Created"}],
        "types": {"resourceTypeGeneral": "Dataset", "resourceType": "Misure"},
        "subjects": [{"subject": "lana"}], "version": "1.2",
        "descriptions": [{"description": "<p>Dati.</p>", "descriptionType": "Abstract"}],
        "rightsList": [{"rightsUri": "https://creativecommons.org/publicdomain/zero/1.0/legalcode"},
                       {"rightsUri": "info:eu-repo/semantics/closedAccess"}],
        "fundingReferences": [{"funderName": "UE", "awardNumber": "1", "awardTitle": "T", "awardUri": "https://x.example"}],
        "container": {"type": "Series", "title": "Serie", "volume": "2", "firstPage": "3", "identifier": "0097-8493",
                      "identifierType": "ISSN"},
    }}
}  # fmt: skip


def test_datacite_json_is_read():
    record = one(json.dumps(DATACITE))
    assert record.authors == [
        Person("Rossi", "Maria", affiliation="CNR", orcid="0000-0002-1825-0097"),
        Person("Regione Toscana", organisation=True), Person("Verdi", "Ugo", editor=True),
    ]  # fmt: skip
    assert (record.kind, record.title_it, record.title_en, record.publisher) == (
        Kind.DATASET, "Fibre", "Fibres", "Zenodo",
    )  # fmt: skip
    assert (record.issued, record.version_label, record.licence, record.access) == (
        date(2024, 5, 6), "1.2", "CC0-1.0", Access.CLOSED,
    )  # fmt: skip
    assert (record.container, record.volume, record.pages, record.issn, record.abstract_it) == (
        "Serie", "2", "3", "0097-8493", "Dati.",
    )  # fmt: skip
    assert record.funding == [
        {"funder": "UE", "award_number": "1", "award_title": "T", "award_uri": "https://x.example"}
    ]


def test_entries_of_json_keep_their_lines_and_a_broken_rest_is_said():
    text = '[\n {"type": "book",\n  "title": "A", "issued": {"raw": "2020"}},\n\n {"type": "book", "title": "B"},\n {"type": '
    reading = read(text)
    assert [(f.line, f.record.title_it) for f in reading.found] == [(2, "A")]
    assert [(p.line, p.lost, str(p.message)) for p in reading.problems] == [
        (2, False, "The entry has neither author nor editor."),
        (5, True, "The entry has no year: it cannot be imported."),
        (6, True, "This is not JSON (Expecting value): nothing was read from here on."),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000, '{"a":' * 100_000, "[" + "9" * 10_000 + "]", '["x", 3, null]', "[{}]", "{}", "[[[]]]", '{"data": 3}',
        '[{"title": {"a": [1]}, "author": "x", "issued": [1], "type": ["book"], "DOI": {}}]',
        '[{"titles": [1, {"title": 5}], "creators": "x", "types": 3, "dates": {}, "publicationYear": "MMXX"}]',
        '[{"title": "A", "issued": {"date-parts": [[99999, 1]]}}]', '[{"title": "A", "issued": {"date-parts": [[]]}}]',
        '[{"title": "A", "issued": {"date-parts": "x"}, "custom": {"district": {"people": 3, "embargo_until": "x"}}}]',
        "TY  - ", "TY  - JOUR\nER  - ", "TY  - JOUR\nPY  - 99999999999\nTI  - T\nER  - ", "TY  - JOUR\n" + "KW  - x\n" * 5000,
        "PT J\nAU ", "FN X\nPT J\nPD JUN\nER", "Titolo\n\n", 'Titolo;Autori\n"aperta', "Titolo\n" + '"' * 999, "\0", "", "  ",
        "Titolo;Anno\nA;31/02/2020\nB;0000\nC;99999",
    ],
)  # fmt: skip
def test_no_file_breaks_a_reader(text):
    reading = read(text)
    assert all(f.record.title_it or f.record.title_en for f in reading.found)
    assert reading.found or any(p.lost for p in reading.problems)


@pytest.mark.parametrize(
    "text",
    [
        '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><resource>&b;</resource>',
        "%PDF-1.7 …", "caro diario",
    ],
)  # fmt: skip
def test_what_is_no_bibliography_is_not_read_at_all(text):
    ((line, lost, message),) = told(text)
    assert (line, lost, message[:42]) == (1, True, "The file is in none of the formats that ca")


@pytest.mark.parametrize(
    "start, entry",
    [
        ("", "TY  - JOUR\nTI  - T\nPY  - 2020\nER  - \n"), ("Titolo;Anno\n", "T;2020\n"),
        ("[", '{"type":"book","title":"T","issued":{"raw":"2020"}},'), ("", "@misc{k, title={T}, year=2020}\n"),
    ],
)  # fmt: skip
def test_files_beyond_the_limits_are_not_read_in_part(start, entry):
    reading = read(start + entry * (MAX_ENTRIES + 1))
    assert (reading.found, [str(p.message) for p in reading.problems]) == (
        [], ["The file has more than 20000 entries. Split it."],
    )  # fmt: skip
    reading = read(start.encode() + b" " * (50 * 1024 * 1024))
    assert (reading.found, [str(p.message) for p in reading.problems]) == (
        [], [f"The file has more than {MAX_BYTES // 1024 // 1024} MB. Split it."],
    )  # fmt: skip


def test_an_entry_of_endless_lines_is_read_as_far_as_an_entry_may_be():
    reading = read("TY  - JOUR\nTI  - T\nPY  - 2020\n" + "AU  - Rossi, M.\n" * 6000 + "ER  - \n")
    assert [len(f.record.authors) for f in reading.found] == [4998]
    assert [(p.line, str(p.message)) for p in reading.problems] == [
        (5002, "The entry has more than 5000 lines: what follows is left out.")
    ]


@pytest.mark.parametrize(
    "text", ["Titolo;" + "x;" * 20_000, "Titolo;" + "x" * 200_000 + ";Anno\n", "Titolo\n" + "\n" * 300_000]
)
def test_tables_without_end_are_no_tables(text):
    reading = read(text)
    assert (reading.found, [p.lost for p in reading.problems]) == ([], [True])


def test_a_spreadsheet_is_read_with_its_columns_in_any_order():
    text = (
        "\ufeffAnno;TITOLO;Autori;Tipo;Parole chiave;Lingua;Licenza;Note\r\n"
        '2024;"Città\ne distretto";"Rossi, Maria; {CNR}; Verdi";Rapporto di foresight;lana, seta;italiano;CC BY 4.0;x\r\n'
        ";;;;;;;\r\n05/2023;B;;romanzo;;klingon?;libera;\r\n"
    )
    reading = read(text)
    first = reading.found[0].record
    assert (first.title_it, first.kind, first.issued, first.licence, first.language) == (
        "Città e distretto", Kind.FORESIGHT, date(2024, 1, 1), "CC-BY-4.0", "it",
    )  # fmt: skip
    assert first.authors == [Person("Rossi", "Maria"), Person("CNR", organisation=True), Person("Verdi")]
    assert [(f.line, f.record.issued, f.record.issued_precision) for f in reading.found] == [
        (2, date(2024, 1, 1), "year"), (5, date(2023, 5, 1), "month"),
    ]  # fmt: skip
    assert [(p.line, str(p.message)) for p in reading.problems] == [
        (1, "These columns are not known and are left out: Note."),
        (5, "The licence “libera” is not known: left out."),
        (5, "The type “romanzo” is not known: read as “other”."),
    ]


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_columns_may_be_parted_by_semicolons_commas_or_tabs(delimiter):
    assert one(delimiter.join(("Title", "Year")) + "\n" + delimiter.join(("A", "2020"))).title_it == "A"


def test_every_heading_of_a_table_means_one_column():
    headings = [heading for names in table.COLUMNS.values() for heading in names]
    assert len(headings) == len(set(headings))


def test_html_and_script_never_arrive_as_marks():
    text = 'TY  - JOUR\nTI  - <b>A</b> <script>x</script> a < b\nPY  - 2020\nAB  - <p>Uno</p><p onclick="x">Due</p>\nER  - '
    record = one(text)
    assert (record.title_it, record.abstract_it) == ("A <script>x</script> a < b", "Uno\nDue")


def test_right_to_left_and_mathematical_titles_stay_as_they_are():
    title = "עברית und $\\alpha^2$ ‮abc 𝔸"
    for text in (
        f"TY  - JOUR\nTI  - {title}\nPY  - 2020\nER  - ", json.dumps([{"title": title, "issued": {"raw": "2020"}}])
    ):  # fmt: skip
        assert one(text).title_it == title


def test_what_a_file_says_of_funding_comes_in_without_what_no_database_and_no_xml_takes():
    bad = "a\x00\x0b\ud800\ufffeb"
    ours = json.dumps([{"title": "A", "issued": {"raw": "2020"}, "funder": [{"name": bad, "award": [bad]}],
                        "custom": {"district": {"funding": [{"award_title": bad, "funder": "\x00"}]}}}])  # fmt: skip
    facts = {"titles": [{"title": "A"}], "publicationYear": 2020, "creators": [{"name": "B"}]}
    awards = [{"funderName": bad, "awardUri": bad}, {"funderName": "\x0b"}]
    theirs = json.dumps({"data": {"attributes": facts | {"fundingReferences": awards}}})
    assert one(ours).funding == [{"funder": "ab", "award_number": "ab"}, {"award_title": "ab"}]
    assert one(theirs).funding == [{"funder": "ab", "award_uri": "ab"}]
