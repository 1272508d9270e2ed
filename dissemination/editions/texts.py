"""What was saved, in words."""

from flask_babel import lazy_gettext as _l

WORDS = {
    "created": _l("the plan was begun"),
    "heading": _l("title and dates"),
    "situation": _l("the situation"),
    "macro_area": _l("a macro-area"),
    "objective": _l("an objective"),
    "line": _l("an activity line"),
    "operation": _l("a planned operation"),
    "indicator": _l("an indicator"),
    "targets": _l("baselines and targets"),
    "rules": _l("rules of the call"),
    "removed": _l("something was removed"),
    "copied": _l("copied from another plan"),
    "imported": _l("read from a file"),
    "found": _l("as it was found"),
}


def said(what: str) -> str:
    """What a version changed, in the reader's language."""
    return ", ".join(str(WORDS.get(word, word)) for word in what.split(",") if word)
