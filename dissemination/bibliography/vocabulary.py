"""The words of BibTeX and biblatex beside ours: entry types, fields, languages, months. Used both ways."""

from dissemination.bibliography.kinds import Kind


def words(text: str) -> list[str]:
    """The words of `text`: a long table that stays readable."""
    return text.split()


KIND_OF = {
    "article": Kind.ARTICLE, "suppperiodical": Kind.ARTICLE, "review": Kind.ARTICLE,
    "inproceedings": Kind.CONFERENCE_PAPER, "conference": Kind.CONFERENCE_PAPER,
    "proceedings": Kind.PROCEEDINGS, "mvproceedings": Kind.PROCEEDINGS,
    "book": Kind.BOOK, "mvbook": Kind.BOOK, "collection": Kind.BOOK, "mvcollection": Kind.BOOK,
    "reference": Kind.BOOK, "mvreference": Kind.BOOK,
    "inbook": Kind.CHAPTER, "incollection": Kind.CHAPTER, "bookinbook": Kind.CHAPTER,
    "suppbook": Kind.CHAPTER, "suppcollection": Kind.CHAPTER, "inreference": Kind.CHAPTER,
    "thesis": Kind.THESIS, "phdthesis": Kind.THESIS, "mastersthesis": Kind.THESIS,
    "report": Kind.REPORT, "techreport": Kind.REPORT, "manual": Kind.REPORT, "booklet": Kind.BROCHURE,
    "dataset": Kind.DATASET, "video": Kind.VIDEO, "movie": Kind.VIDEO,
    **dict.fromkeys(
        words(
            "misc online electronic www unpublished software patent periodical artwork audio bibnote "
            "commentary image jurisdiction legislation legal letter music performance standard"
        ),
        Kind.OTHER,
    ),
}  # fmt: skip
TYPE_OF = {
    Kind.ARTICLE: "article", Kind.CONFERENCE_PAPER: "inproceedings", Kind.PROCEEDINGS: "proceedings",
    Kind.BOOK: "book", Kind.CHAPTER: "incollection", Kind.THESIS: "thesis", Kind.REPORT: "techreport",
    Kind.FORESIGHT: "techreport", Kind.STRATEGIC_NOTE: "techreport", Kind.ROADMAP: "techreport",
    Kind.BROCHURE: "booklet",
    Kind.DATASET: "dataset", Kind.VIDEO: "video", Kind.PRESS: "misc",
    Kind.OTHER: "misc",
}  # fmt: skip
"""What a kind is written as. Kinds that share a type are told apart by `entrysubtype`."""
NO_RECORD = frozenset({"set", "xdata", "bibnote"})
PUBLISHER_FIELD = {
    "techreport": "institution", "report": "institution", "thesis": "institution", "phdthesis": "school",
    "mastersthesis": "school", "manual": "organization",
}  # fmt: skip
CONTAINER_FIELD = {
    "article": "journal", "review": "journal", "suppperiodical": "journal",
    **dict.fromkeys(("book", "mvbook", "collection", "mvcollection", "proceedings", "mvproceedings",
                     "reference", "mvreference"), "maintitle"),
}  # fmt: skip
LANGUAGES = {
    "italian": "it", "italiano": "it", "english": "en", "american": "en", "british": "en", "usenglish": "en",
    "ukenglish": "en", "inglese": "en", "german": "de", "ngerman": "de", "austrian": "de", "french": "fr",
    "francais": "fr", "spanish": "es", "portuguese": "pt", "brazilian": "pt", "dutch": "nl", "catalan": "ca",
    "greek": "el", "latin": "la", "polish": "pl", "russian": "ru", "turkish": "tr", "chinese": "zh",
    "japanese": "ja",
}  # fmt: skip
LANGID = {"it": "italian", "en": "english", "de": "ngerman", "fr": "french", "es": "spanish"}
MONTHS = words("jan feb mar apr may jun jul aug sep oct nov dec")
MONTH_NUMBER = {name: n for n, name in enumerate(MONTHS, 1)} | {
    "gen": 1, "mag": 5, "giu": 6, "lug": 7, "ago": 8, "set": 9, "ott": 10, "dic": 12,
}  # fmt: skip
PARTS = frozenset(words(
    "inproceedings conference inbook incollection bookinbook suppbook suppcollection inreference"
))  # fmt: skip
"""Entry types of what stands in a larger whole."""
