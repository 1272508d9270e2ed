"""The plan's long texts in the reader's language, and the words of its parts."""

from flask_babel import lazy_gettext as _l

from dissemination.kernel.languages import language
from dissemination.plan.models import MacroArea

THEMES = {
    ("opportunity", "competitiveness"): _l("Opportunity for competitiveness"),
    ("risk", "competitiveness"): _l("Risk for competitiveness"),
    ("opportunity", "innovation"): _l("Opportunity for innovation"),
    ("risk", "innovation"): _l("Risk for innovation"),
    ("opportunity", "development"): _l("Opportunity for economic development"),
    ("risk", "development"): _l("Risk for economic development"),
    ("opportunity", "jobs"): _l("Opportunity for jobs"),
    ("risk", "jobs"): _l("Risk for jobs"),
}


def prose(thing, name: str, lang: str | None = None) -> str:
    """`thing.<name>` (Italian) or `<name>_en`, whichever the reader wants; the other when it is empty."""
    italian, english = getattr(thing, name) or "", getattr(thing, f"{name}_en") or ""
    if (lang or language()) == "en":
        return english or italian
    return italian or english


def prospects(area: MacroArea, lang: str | None = None) -> list[tuple[str, str]]:
    """(what, text) of the opportunities and risks that are written, in the decree's order."""
    lang = lang or language()
    other = "en" if lang == "it" else "it"
    found = []
    for (side, theme), label in THEMES.items():
        texts = (area.prospects or {}).get(theme, {}).get(side, {})
        text = texts.get(lang) or texts.get(other) or ""
        if text:
            found.append((str(label), text))
    return found
