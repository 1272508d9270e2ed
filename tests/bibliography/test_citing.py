"""APA, IEEE and Chicago, beside the examples of their own guides."""

from datetime import date

import pytest

from dissemination.bibliography.citing import LANGUAGES, STYLES, Run, cite, text
from dissemination.bibliography.kinds import Kind
from dissemination.bibliography.records import Person, Record


def record(kind, year, title, people=(), editors=(), **more):
    authors = [Person(*name.split(", ")) for name in people]
    authors += [Person(*name.split(", "), editor=True) for name in editors]
    more.setdefault("issued_precision", "year")
    return Record(
        kind, more.pop("issued", date(year, 1, 1)), title_en=title, language="en", authors=authors, **more
    )


GRADY = record(
    Kind.ARTICLE, 2019,
    "Emotions in storybooks: A comparison of storybooks that represent ethnic and racial groups in the United States",
    ["Grady, Jessica S.", "Her, May", "Moreno, Geena", "Perez, Claudia", "Yelinek, Jodie"],
    container="Psychology of Popular Media Culture", volume="8", number="3", pages="207–217", doi="10.1037/ppm0000185",
)  # fmt: skip
ARON = record(
    Kind.CHAPTER, 2019, "Culinary arts: Talent and their development", ["Aron, Lisa", "Botella, Marion", "Lubart, Todd"],
    ["Subotnik, Rena F.", "Olszewski-Kubilius, Paula", "Worrell, Frank C."],
    container="The psychology of high performance: Developing human potential into domain-specific talent",
    pages="345–359", publisher="American Psychological Association", doi="10.1037/0000120-016",
)  # fmt: skip
CHIAMPI = record(
    Kind.ARTICLE, 2011,
    "Induction of electric field in human bodies moving near MRI: An efficient BEM computational procedure",
    ["Chiampi, Mario", "Zilberti, Luca L."], issued=date(2011, 10, 1), issued_precision="month",
    container="IEEE Trans. Biomed. Eng.", volume="58", number="10", pages="2787–2793", doi="10.1109/TBME.2011.2158315",
)  # fmt: skip
KENG = record(
    Kind.ARTICLE, 2017,
    "Expanding College Access in Taiwan, 1978–2014: Effects on Graduate Quality and Income Inequality",
    ["Keng, Shao-Hsun", "Lin, Chun-Hung", "Orazem, Peter F."], container="Journal of Human Capital", volume="11",
    number="1", pages="1–34", doi="10.1086/690235",
)  # fmt: skip
THOREAU = record(
    Kind.CHAPTER, 2016, "Walking", ["Thoreau, Henry David"], ["D’Agata, John"],
    container="The Making of the American Essay", pages="167–195", publisher="Graywolf Press",
)  # fmt: skip
GRAZER = record(
    Kind.BOOK, 2015, "A Curious Mind: The Secret to a Bigger Life", ["Grazer, Brian", "Fishman, Charles"],
    publisher="Simon & Schuster",
)  # fmt: skip
REPORT = Record(
    Kind.FORESIGHT, date(2026, 5, 4), title_it="La moda nel 2035?", number="3", publisher="Distretto Moda",
    url="https://moda.example/r", authors=[Person("Regione Toscana", organisation=True)],
)  # fmt: skip


@pytest.mark.parametrize(
    "thing, style, language, expected",
    [
        # Publication Manual of the APA, 7th edition, reference examples 1 and 3
        (GRADY, "apa", "en", "Grady, J. S., Her, M., Moreno, G., Perez, C., & Yelinek, J. (2019). Emotions in storybooks: A "
         "comparison of storybooks that represent ethnic and racial groups in the United States. Psychology of Popular "
         "Media Culture, 8(3), 207–217. https://doi.org/10.1037/ppm0000185"),
        (ARON, "apa", "en", "Aron, L., Botella, M., & Lubart, T. (2019). Culinary arts: Talent and their development. In R. F. "
         "Subotnik, P. Olszewski-Kubilius, & F. C. Worrell (Eds.), The psychology of high performance: Developing human "
         "potential into domain-specific talent (pp. 345–359). American Psychological Association. "
         "https://doi.org/10.1037/0000120-016"),
        (GRAZER, "apa", "it", "Grazer, B., & Fishman, C. (2015). A Curious Mind: The Secret to a Bigger Life. Simon & Schuster."),
        (REPORT, "apa", "it", "Regione Toscana. (2026). La moda nel 2035? (n. 3). Distretto Moda. https://moda.example/r"),
        # IEEE Reference Guide, periodicals
        (CHIAMPI, "ieee", "en", "M. Chiampi and L. L. Zilberti, “Induction of electric field in human bodies moving near MRI: "
         "An efficient BEM computational procedure,” IEEE Trans. Biomed. Eng., vol. 58, no. 10, pp. 2787–2793, Oct. 2011, "
         "doi: 10.1109/TBME.2011.2158315."),
        (CHIAMPI, "ieee", "it", "M. Chiampi e L. L. Zilberti, «Induction of electric field in human bodies moving near MRI: "
         "An efficient BEM computational procedure», IEEE Trans. Biomed. Eng., vol. 58, n. 10, pp. 2787–2793, ott. 2011, "
         "doi: 10.1109/TBME.2011.2158315."),
        (THOREAU, "ieee", "en", "H. D. Thoreau, “Walking,” in The Making of the American Essay, J. D’Agata, Ed., Graywolf "
         "Press, 2016, pp. 167–195."),
        (REPORT, "ieee", "it", "Regione Toscana, «La moda nel 2035?» Distretto Moda, n. 3, 2026. [In linea]. Disponibile: "
         "https://moda.example/r"),
        # Chicago Manual of Style, author-date sample citations
        (KENG, "chicago", "en", "Keng, Shao-Hsun, Chun-Hung Lin, and Peter F. Orazem. 2017. “Expanding College Access in "
         "Taiwan, 1978–2014: Effects on Graduate Quality and Income Inequality.” Journal of Human Capital 11 (1): 1–34. "
         "https://doi.org/10.1086/690235."),
        (THOREAU, "chicago", "en", "Thoreau, Henry David. 2016. “Walking.” In The Making of the American Essay, edited by John "
         "D’Agata, 167–95. Graywolf Press."),
        (THOREAU, "chicago", "it", "Thoreau, Henry David. 2016. «Walking». In The Making of the American Essay, a cura di John "
         "D’Agata, 167–195. Graywolf Press."),
        (GRAZER, "chicago", "en", "Grazer, Brian, and Charles Fishman. 2015. A Curious Mind: The Secret to a Bigger Life. "
         "Simon & Schuster."),
    ],
)  # fmt: skip
def test_a_citation_is_as_its_guide_has_it(thing, style, language, expected):
    assert text(cite(thing, style, language)) == expected


def test_italics_stand_where_the_guides_want_them():
    assert [run.text for run in cite(GRADY, "apa", "en") if run.italic] == [
        "Psychology of Popular Media Culture",
        "8",
    ]
    for style in STYLES:
        assert [run.text for run in cite(GRAZER, style, "en") if run.italic] == [GRAZER.title_en]
        assert [run.text for run in cite(THOREAU, style, "it") if run.italic] == [THOREAU.container]
    assert all(isinstance(run, Run) and run.text for run in cite(ARON, "chicago", "it"))


@pytest.mark.parametrize(
    "count, apa, ieee, chicago",
    [
        (2, "A0, B., & A1, B. (2020", "B. A0 and B. A1, ", "A0, Bo, and Bo A1. 2020"),
        (7, "A5, B., & A6, B. (2020", "B. A0 et al., ", "A0, Bo, Bo A1, Bo A2, et al. 2020"),
        (22, "A18, B., . . . A21, B. (2020", "B. A0 et al., ", "A0, Bo, Bo A1, Bo A2, et al. 2020"),
    ],
)
def test_many_authors_are_shortened_as_each_style_does(count, apa, ieee, chicago):
    many = record(Kind.BOOK, 2020, "T", [f"A{n}, Bo" for n in range(count)])
    found = {style: text(cite(many, style, "en")) for style in STYLES}
    assert (apa in found["apa"], found["ieee"].startswith(ieee), found["chicago"].startswith(chicago)) == (
        True,
    ) * 3


def test_authors_who_are_not_all_known_are_followed_by_et_al():
    some = record(Kind.BOOK, 2020, "T", ["Rossi, Maria"], extra={"others": ["author"]})
    assert [text(cite(some, style, "it"))[:20] for style in STYLES] == [
        "Rossi, M., et al. (2", "M. Rossi et al., T. ", "Rossi, Maria, et al.",
    ]  # fmt: skip


def test_editors_lead_a_volume_without_authors():
    volume = record(Kind.PROCEEDINGS, 2024, "Atti", [], ["Rossi, Maria", "Verdi, Ugo"])
    assert [text(cite(volume, style, "it")) for style in STYLES] == [
        "Rossi, M., & Verdi, U. (a cura di). (2024). Atti.", "M. Rossi e U. Verdi, a cura di, Atti. 2024.",
        "Rossi, Maria e Ugo Verdi, a cura di. 2024. Atti.",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", Kind)
def test_no_kind_leaves_a_gap_or_a_doubled_mark(kind):
    full = {
        "container": "C",
        "volume": "1",
        "number": "2",
        "pages": "3–4",
        "publisher": "P",
        "version_label": "1.0",
    }
    for more in ({}, full, {"number": "2"}, {"pages": "3"}, {"container": "C"}, {"url": "https://x.example"}):
        for people in ([], ["Rossi, Maria"]):
            thing = record(kind, 2020, "Che cosa?", people, **more)
            for style in STYLES:
                for language in LANGUAGES:
                    found = text(cite(thing, style, language))
                    assert not any(
                        bad in found for bad in ("  ", "..", ",,", " ,", " .", "?.", "()", "None", ", .")
                    )
                    assert found == found.strip()
