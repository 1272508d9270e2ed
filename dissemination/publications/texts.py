"""What kinds, states, languages and licences are called."""

from flask_babel import lazy_gettext as _l

from dissemination.bibliography.kinds import Access
from dissemination.publications.models import Kind, Relation, State, Step

KINDS = {
    Kind.ARTICLE: _l("Article"),
    Kind.CONFERENCE_PAPER: _l("Conference paper"),
    Kind.PROCEEDINGS: _l("Proceedings"),
    Kind.BOOK: _l("Book"),
    Kind.CHAPTER: _l("Book chapter"),
    Kind.THESIS: _l("Thesis"),
    Kind.REPORT: _l("Report"),
    Kind.FORESIGHT: _l("Foresight report"),
    Kind.ROADMAP: _l("Roadmap"),
    Kind.STRATEGIC_NOTE: _l("Strategic note"),
    Kind.BROCHURE: _l("Brochure"),
    Kind.DATASET: _l("Dataset"),
    Kind.VIDEO: _l("Video"),
    Kind.PRESS: _l("Press article"),
    Kind.OTHER: _l("Other"),
}
STATES = {
    State.DRAFT: (_l("Draft"), "secondary"),
    State.REVIEW: (_l("In review"), "warning"),
    State.APPROVED: (_l("Approved"), "primary"),
    State.PUBLISHED: (_l("Public"), "success"),
    State.SUPERSEDED: (_l("Superseded"), "secondary"),
    State.WITHDRAWN: (_l("Withdrawn"), "warning"),
}
ACCESSES = {
    Access.OPEN: _l("Open to everybody"),
    Access.EMBARGOED: _l("Under embargo until a day"),
    Access.MEMBERS: _l("For member companies"),
    Access.CLOSED: _l("Closed: only the description is public"),
}
STEPS = {
    Step.ASKED: _l("asked for the approval"),
    Step.COMMENT: _l("wrote"),
    Step.CHANGES: _l("wants changes"),
    Step.APPROVED: _l("approved it"),
    Step.LAPSED: _l("changed it after its approval, which no longer holds"),
}
RELATIONS = {
    Relation.IS_PART_OF: _l("Is part of"),
    Relation.HAS_PART: _l("Has as a part"),
    Relation.IS_SUPPLEMENT_TO: _l("Is a supplement to"),
    Relation.IS_SUPPLEMENTED_BY: _l("Is supplemented by"),
    Relation.CITES: _l("Cites"),
    Relation.IS_CITED_BY: _l("Is cited by"),
    Relation.REFERENCES: _l("Refers to"),
    Relation.IS_REFERENCED_BY: _l("Is referred to by"),
    Relation.IS_DERIVED_FROM: _l("Is derived from"),
    Relation.IS_SOURCE_OF: _l("Is the source of"),
    Relation.IS_TRANSLATION_OF: _l("Is a translation of"),
    Relation.DOCUMENTS: _l("Documents"),
    Relation.IS_DOCUMENTED_BY: _l("Is documented by"),
}
LANGUAGES = {
    "it": _l("Italian"),
    "en": _l("English"),
    "de": _l("German"),
    "fr": _l("French"),
    "es": _l("Spanish"),
}
LICENCES = {
    "CC-BY-4.0": _l("Creative Commons Attribution 4.0"),
    "CC-BY-SA-4.0": _l("Creative Commons Attribution, ShareAlike 4.0"),
    "CC-BY-NC-4.0": _l("Creative Commons Attribution, NonCommercial 4.0"),
    "CC-BY-NC-SA-4.0": _l("Creative Commons Attribution, NonCommercial, ShareAlike 4.0"),
    "CC-BY-ND-4.0": _l("Creative Commons Attribution, NoDerivatives 4.0"),
    "CC-BY-NC-ND-4.0": _l("Creative Commons Attribution, NonCommercial, NoDerivatives 4.0"),
    "CC0-1.0": _l("Creative Commons Zero: public domain"),
}


def language_name(code: str) -> str:
    """The name of a language; its code when we have no word for it."""
    return str(LANGUAGES.get(code, code))


def licence_address(code: str) -> str:
    """Where the text of a Creative Commons licence stands; empty for others."""
    if code == "CC0-1.0":
        return "https://creativecommons.org/publicdomain/zero/1.0/"
    if not code.startswith("CC-"):
        return ""
    parts = code.removeprefix("CC-").lower().rsplit("-", 1)
    return f"https://creativecommons.org/licenses/{parts[0]}/{parts[1]}/"
