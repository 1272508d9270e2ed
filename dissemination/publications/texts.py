"""What kinds, states, languages and licences are called."""

from flask_babel import lazy_gettext as _l

from dissemination.bibliography.rights import licence_address as licence_address
from dissemination.publications.models import Kind, State

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
    State.PUBLISHED: (_l("Public"), "success"),
    State.WITHDRAWN: (_l("Withdrawn"), "warning"),
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
