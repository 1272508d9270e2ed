"""Reading .bib files with the difficulties that real ones have. Needs no database."""

from datetime import date

import pytest
from bibtexparser.middlewares import names
from hypothesis import given
from hypothesis import strategies as st

from dissemination.bibliography import bibtex, formats
from dissemination.bibliography.braces import split_names
from dissemination.bibliography.kinds import Kind
from dissemination.bibliography.latex import decode, encode
from dissemination.bibliography.records import Person, Record


@pytest.fixture(autouse=True)
def english():
    """Messages as their msgids: no application around."""
    import flask
    from flask_babel import Babel, force_locale

    app = flask.Flask(__name__)
    Babel(app)
    with app.app_context(), force_locale("en"):
        yield


def read(text, **options):
    return bibtex.read(text.encode(), **options)


def one(text, **options):
    reading = read(text, **options)
    assert [str(p.message) for p in reading.problems] == []
    (found,) = reading.found
    return found.record


def told(text):
    return [(p.line, p.lost, str(p.message)) for p in read(text).problems]


@pytest.mark.parametrize(
    "source, text",
    [
        (r"Perch{\'e} la citt\`a {\`e} pi\`{u} blu", "Perché la città è più blu"),
        (r"{\"O}zg{\"u}r Aks{\i}n, {\c{C}}elik, Erd\H{o}s, \v Smid, {\L}\'od\'z", "Özgür Aksın, Çelik, Erdős, Šmid, Łódź"),
        (r"\'{\i}ndice {\aa}ngstr{\"o}m \ss\ \AE", "índice ångström ß Æ"),
        (r"``Lana'' -- tinta---a freddo", "“Lana” – tinta—a freddo"),
        (r"\enquote{Lana} \emph{e} \textsc{{Seta}} \& \% \_ \#", "“Lana” e Seta & % _ #"),
        (r"fibre di $\alpha$-cheratina, CO$_2$ e $10^{-3}$ m", "fibre di α-cheratina, CO₂ e 10⁻³ m"),
        (r"$\frac{a}{b}$ costa \$5", r"$\frac{a}{b}$ costa $5"),
        ("prima riga\n   e seconda\n\nparagrafo \\\\ a capo", "prima riga e seconda\n\nparagrafo\na capo"),
        (r"{{Prato}~Textile} {\TeX}", "Prato Textile TeX"),
        (r"rotto }{ {{ \'", "rotto"),
        (r"\sconosciuto{testo} resta", "testo resta"),
    ],
)  # fmt: skip
def test_latex_becomes_text(source, text):
    assert decode(source)[0] == text


def test_text_becomes_latex_with_balanced_braces_and_no_entry_start():
    written = encode("{a} \\b ~^ $5 & 100 % #_ \"x\" @book{ -- '' ``")
    assert written.count("{") == written.count("}")
    assert "@book" not in written
    assert decode(written)[0] == "{a} \\b ~^ $5 & 100 % #_ \"x\" @book{ -- '' ``"


def test_nesting_however_deep_is_read_once():
    assert decode("{" * 200_000 + "x" + "}" * 200_000)[0] == "x"


def test_an_entry_becomes_a_record():
    record = one(r"""
@Article{rossi:2024,
  Author    = "Rossi, Maria and {Regione Toscana} and Ludwig van Beethoven and others",
  title     = {Tingere a freddo: {CO$_2$} supercritica},
  subtitle  = {Una rassegna},
  journal   = {Rivista {T}essile}, year = 2024, month = mar # "~5",
  volume = 12, number = {3}, pages = {10--15},
  doi = {https://doi.org/10.1000/xyz\_1}, issn = {0097-8493}, url = {https://moda.example/\~{}ada/a\_b},
  keywords = {colore; acqua, colore}, license = {CC-BY-4.0}, langid = {italian},
  abstract = {Una prova.

    Un altro paragrafo.},
  series = {Nuova {Serie}}, file = {:home/ada/segreto.pdf:PDF}, annote = {da rileggere},
}""")  # fmt: skip
    assert record == Record(
        kind=Kind.ARTICLE, issued=date(2024, 3, 5), issued_precision="day", citation_key="rossi:2024",
        title_it="Tingere a freddo: CO₂ supercritica: Una rassegna", language="it",
        abstract_it="Una prova.\n\nUn altro paragrafo.", container="Rivista Tessile", volume="12", number="3",
        pages="10–15", doi="10.1000/xyz_1", issn="0097-8493", url="https://moda.example/~ada/a_b",
        licence="CC-BY-4.0", keywords=["colore", "acqua"],
        extra={"others": ["author"], "bibtex": {"series": "Nuova {Serie}"}},
        authors=[Person("Rossi", "Maria"), Person("Regione Toscana", organisation=True), Person("van Beethoven", "Ludwig")],
    )  # fmt: skip


@pytest.mark.parametrize(
    "written, people",
    [
        (r"{\"O}zkal, Erhan and {\c{C}}elik, Bekir", [("Özkal", "Erhan"), ("Çelik", "Bekir")]),
        (r"{Rossi and Sons} and Verdi, Ugo", [("Rossi and Sons", ""), ("Verdi", "Ugo")]),
        (r"{Barnes {and} Noble}", [("Barnes and Noble", "")]),
        ("de la Cruz, Ana and King, Jr., Martin", [("de la Cruz", "Ana"), ("King Jr.", "Martin")]),
        ("Donald E. Knuth AND Aristotele", [("Knuth", "Donald E."), ("Aristotele", "")]),
        ("family=Gennep, given=Arnold, prefix=van", [("van Gennep", "Arnold")]),
        ("Rossi, Maria\n  and\n  Verdi,\n Ugo", [("Rossi", "Maria"), ("Verdi", "Ugo")]),
    ],
)
def test_names_are_split_before_their_latex_is_decoded(written, people):
    record = one(f"@book{{a, title = {{T}}, year = 2020, author = {{{written}}}}}")
    assert [(p.family_name, p.given_name) for p in record.authors] == people


def test_names_joined_by_commas_are_told():
    assert told("@book{a, title={T}, year=2020,\n author = {Rossi, Maria, Verdi, Ugo}}") == [
        (2, False, "The name “Rossi, Maria, Verdi, Ugo” may be split wrongly. Names are joined by “and”.")
    ]


def test_strings_are_put_in_and_joined():
    record = one(
        '@string{ed = "Edizioni"}\n@STRING(tutto = ed # { e figli})\n'
        "@book(a, author={B, C}, title = {T}, publisher = TUTTO # { \\& C.}, year = {2020})"
    )
    assert record.publisher == "Edizioni e figli & C."


def test_a_string_that_is_not_there_is_told():
    assert told("@book{a, author={B, C}, title={T}, year=2020,\n publisher = ignoto}") == [
        (2, False, "“ignoto” is not a @string of this file.")
    ]


def test_a_part_takes_over_from_its_whole_also_when_it_comes_later():
    reading = read("""
@inproceedings{parte, author = {Rossi, Maria}, title = {La parte}, crossref = {ATTI}, pages = {1-2}}
@proceedings{atti, editor = {Verdi, Ugo}, title = {Gli atti}, subtitle = {Anno uno}, year = 2021,
  publisher = {Ed.}, doi = {10.1000/atti}, isbn = {978-88-06-21964-2}, abstract = {Del tutto.}}""")
    part, whole = (f.record for f in reading.found)
    assert (part.title_it, part.container, part.issued.year, part.publisher, part.pages) == (
        "La parte", "Gli atti: Anno uno", 2021, "Ed.", "1–2",
    )  # fmt: skip
    assert [(p.family_name, p.editor) for p in part.authors] == [("Rossi", False), ("Verdi", True)]
    assert (part.doi, part.abstract_it, part.isbn) == ("", "", "978-88-06-21964-2")
    assert (whole.kind, whole.title_it, whole.doi) == (Kind.PROCEEDINGS, "Gli atti: Anno uno", "10.1000/atti")


def test_references_in_a_ring_and_to_nowhere_end():
    assert told(
        "@incollection{a, title={A}, author={B, C}, year=2020, crossref={b}}\n"
        "@incollection{b, title={B}, author={B, C}, year=2020, crossref={a}}\n"
        "@incollection{c, title={C}, author={B, C}, year=2020,\n crossref={zzz}}"
    ) == [(4, False, "The entry “zzz” that it refers to is not in the file.")]


def test_bytes_are_read_as_what_they_are():
    text = "@book{a, author = {Nuñez, José}, title = {Città}, year = 2020}"
    for data in (
        text.encode(),
        text.encode("utf-8-sig"),
        text.encode("utf-16"),
        text.replace("\n", "\r\n").encode(),
    ):
        reading = bibtex.read(data)
        assert (reading.found[0].record.title_it, reading.problems) == ("Città", [])
    latin = bibtex.read(b"% prima\n" + text.encode("latin-1"))
    assert latin.found[0].record.authors == [Person("Nuñez", "José")]
    assert [(p.line, str(p.message)) for p in latin.problems] == [
        (2, "The file is not UTF-8: it was read as Latin-1. Check the accents.")
    ]


def test_every_problem_is_on_its_line_and_the_rest_is_read():
    text = r"""% note
@article{uno, author = {A, B}, title = {Uno}, year = 2020}
@article{rotta, author = {A, B}, title = {Rotta, year = 2020}
@article{due, author = {A, B}, title = {Due}, year = 2020,
  doi = {non un doi}, isbn = {978-88-06-21964-3},
  url = {javascript:alert(1)}}
@article{due, author = {A, B}, title = {Tre}, year = 2021}
@article{quattro, author = {A, B}, year = 2020}
@article{cinque, author = {A, B}, title = {Cinque},
  year = {in stampa}}
@ricetta{sei, author = {A, B}, title = {Sei \strano{x}}, year = 2020}
@article{sette, author = {A, B}, title = {Sette} year = 2020}
@book{otto, title = {Otto}, year = {1984--1986}, title = {Otto bis}}
@article{ author = {A, B}, title = {Senza chiave}, year = 2020}
@set{insieme, entryset = {uno,due}}
@article{ultima, author = {A, B}, title = {Mai chiusa"""
    assert told(text) == [
        (3, True, "This entry is broken: a brace, a comma or its key is missing (@article{rotta, author = {A, B}, title = {Rotta, year = 2020 …)."),
        (5, False, "“non un doi” is not a valid DOI: left out."),
        (5, False, "“978-88-06-21964-3” is not a valid ISBN: left out."),
        (6, False, "“javascript:alert(1)” is not a web address: left out."),
        (7, False, "The key “due” was used before, at line 4."),
        (8, True, "The entry has no title: it cannot be imported."),
        (10, True, "“in stampa” is not a year or a date: the entry cannot be imported."),
        (11, False, "The entry type @ricetta is not known: read as “other”."),
        (11, False, "Unknown LaTeX commands, of which only the text was kept: \\strano"),
        (12, False, "A comma is missing after “title”."),
        (13, False, "A field stands twice: title. The first one was read."),
        (13, False, "The date “1984–1986” was read as 1984."),
        (13, False, "The entry has neither author nor editor."),
        (14, True, "This entry is broken: a brace, a comma or its key is missing (@article{ author = …)."),
        (15, True, "An @set only groups other entries: it is not imported."),
        (16, True, "This entry is broken: a brace, a comma or its key is missing (@article{ultima, author = {A, B}, title = {Mai chiusa …)."),
    ]  # fmt: skip
    titles = [(f.line, f.record.title_it) for f in read(text).found]
    assert titles == [(2, "Uno"), (4, "Due"), (7, "Tre"), (11, "Sei x"), (12, "Sette"), (13, "Otto")]


@pytest.mark.parametrize(
    "fields, issued, precision",
    [
        ("date = {2024-03-05}", date(2024, 3, 5), "day"),
        ("date = {2024-03}, year = 1999", date(2024, 3, 1), "month"),
        ("year = 2024, month = 7", date(2024, 7, 1), "month"),
        ("year = {2024}, month = {10 gennaio}", date(2024, 1, 10), "day"),
        ("year = 2024, month = dec, day = 31", date(2024, 12, 31), "day"),
    ],
)
def test_dates_are_read_as_far_as_they_are_known(fields, issued, precision):
    record = one(f"@misc{{a, title = {{T}}, {fields}}}")
    assert (record.issued, record.issued_precision) == (issued, precision)


@pytest.mark.parametrize(
    "written, message",
    [
        ("date = {2024-02-31}", "The date “2024-02-31” does not exist: only its year was kept."),
        ("year = 2024, month = {primavera}", "“primavera” is not a month: only the year was kept."),
    ],
)
def test_dates_that_do_not_exist_keep_their_year(written, message):
    text = f"@misc{{a, title = {{T}}, {written}}}"
    record = read(text).found[0].record
    assert (told(text), record.issued, record.issued_precision) == (
        [(1, False, message)],
        date(2024, 1, 1),
        "year",
    )


def test_the_language_that_is_not_said_is_the_one_that_was_asked_for():
    text = "@misc{a, title = {T}, abstract = {S}, year = 2020}"
    both = one(text), one(text, language="en")
    assert [(r.language, r.title_it, r.title_en, r.abstract_en) for r in both] == [
        ("it", "T", "", ""),
        ("en", "", "T", "S"),
    ]


@pytest.mark.parametrize(
    "data, message",
    [
        (b"", "No BibTeX entry was found. Is this a .bib file?"),
        (b"%PDF-1.7\x00\xff\xfe binary", "No BibTeX entry was found. Is this a .bib file?"),
        (b"x" * (22 * 1024 * 1024), "The file has more than 20 MB. Split it."),
        (b"@misc{a, title={b}}\n" * 20_001, "The file has more than 20000 entries. Split it."),
        (b"{" * 3_000_000, "The file has more than 20000 entries. Split it."),
    ],
)
def test_what_is_no_bibliography_is_not_read_at_all(data, message):
    reading = bibtex.read(data)
    assert (reading.found, str(reading.problems[-1].message), reading.problems[-1].lost) == (
        [],
        message,
        True,
    )


def test_texts_too_long_for_their_place_are_cut_and_told():
    reading = read("@book{a, author={A, B}, year=2020, title={T}, volume={" + "9" * 50 + "}}")
    assert reading.found[0].record.volume == "9" * 40
    assert [str(p.message) for p in reading.problems] == ["The text in “volume” was cut after 40 characters."]


TOO_LONG = "The @string abbreviations of this file make it too long. Write them out."


def test_abbreviations_that_double_each_other_are_refused_before_they_fill_the_memory():
    doubling = "".join(f"@string{{a{n + 1} = a{n} # a{n}}}\n" for n in range(28))
    text = f"@string{{a0 = {{0123456789}}}}\n{doubling}@misc{{k, title=a28, year=2020}}"
    assert told(text) == [(1, True, TOO_LONG)]


def test_abbreviations_repeated_in_one_field_are_refused_too():
    long = "x" * 100_000
    text = f"@string{{a = {{{long}}}}}\n@misc{{k, year=2020, title={' # '.join('a' * 200)}}}"
    assert told(text) == [(1, True, TOO_LONG)]


def test_theirs_through_ours_keeps_what_has_no_place_of_its_own():
    text = (
        "@mvbook{a, author={Rossi, Maria and others}, title={T}, date={1984/1986}, series={La {Serie}}, "
        "edition={2}, location={Prato}, editor={{Regione Toscana}}}"
    )
    record = read(text).found[0].record
    again = read(formats.bibtex([record])).found[0].record
    assert again == record
    assert (
        "@mvbook{a,\n  author = {Rossi, Maria and others},\n  editor = {{Regione Toscana}},"
        in formats.bibtex([record])
    )


def test_unbalanced_leftovers_cannot_break_the_file_that_is_written():
    record = Record(
        Kind.OTHER,
        date(2020, 1, 1),
        title_it="T",
        citation_key="x} @evil{",
        extra={"bibtex": {"note": "a } b {"}},
    )
    reading = read(formats.bibtex([record, record]))
    assert [(f.record.citation_key, f.record.title_it) for f in reading.found] == [
        ("xevil", "T"),
        ("xevil-2", "T"),
    ]


def test_other_formats_are_whole():
    record = one(
        "@article{k, author={Rossi, Maria and {Regione Toscana}}, title={Titolo}, journal={Rivista}, year=2024, "
        "month=3, volume=1, number=2, pages={3--4}, doi={10.1000/1}, keywords={a, b}, abstract={x\n\ny}}"
    )
    assert formats.csl(record) == {
        "id": "k", "type": "article-journal", "title": "Titolo", "issued": {"date-parts": [[2024, 3]]},
        "author": [{"family": "Rossi", "given": "Maria"}, {"literal": "Regione Toscana"}],
        "container-title": "Rivista", "volume": "1", "issue": "2", "page": "3-4", "DOI": "10.1000/1",
        "abstract": "x\n\ny", "keyword": "a, b", "language": "it",
    }  # fmt: skip
    assert formats.ris([record]).split("\r\n") == [
        "TY  - JOUR", "AU  - Rossi, Maria", "AU  - Regione Toscana,", "TI  - Titolo", "T2  - Rivista", "PY  - 2024",
        "DA  - 2024/03", "VL  - 1", "IS  - 2", "SP  - 3", "EP  - 4", "DO  - 10.1000/1", "LA  - it", "KW  - a",
        "KW  - b", "ID  - k", "AB  - x", "", "y", "ER  - ", "", "",
    ]  # fmt: skip
    assert (
        formats.citation(record)
        == "Rossi, M., & Regione Toscana. (2024). Titolo. Rivista, 1(2), 3–4. https://doi.org/10.1000/1"
    )


NAMES = st.lists(
    st.sampled_from(
        ["and", "AND", "Rossi", " ", "\n", "{", "}", "'", "{and}", "a", "nd", ",", " and ", "\u00a0"]
    ),
    max_size=14,
).map("".join)


@given(NAMES)
def test_names_are_split_as_the_library_does(source):
    split = [name for name in names.split_multiple_persons_names(source) if name.strip()]
    assert [name.strip() for name in split_names(source)] == [name.strip() for name in split]


def test_a_name_that_begins_with_an_accent_keeps_it():
    assert split_names('Rossi, M. and \\"Ozturk, A. and \\v{C}apek, K.') == [
        "Rossi, M.", '\\"Ozturk, A.', "\\v{C}apek, K.",
    ]  # fmt: skip
