"""Italian texts: one .po file per package in dissemination/translations/it, compiled into one catalogue.

    python tools/translations.py compile   writes it/LC_MESSAGES/messages.mo
    python tools/translations.py check     fails on texts without Italian, and on texts no longer used

English is the language of the msgids, so English needs no catalogue.
"""

import sys
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "dissemination" / "translations" / "it"
METHODS = [("**.py", "python"), ("**.html", "jinja2"), ("**.mjml", "jinja2"), ("**.txt", "jinja2")]
OPTIONS = {m[0]: {"silent": "false", "trimmed": "true"} for m in METHODS if m[1] == "jinja2"}
KEYWORDS = {
    "_": None, "_l": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2), "lazy_ngettext": (1, 2),
    "pgettext": ((1, "c"), 2), "msgid": None,
}  # fmt: skip


def catalogue() -> Catalog:
    """All package files merged. A text translated in two files must be translated the same."""
    merged = Catalog(locale="it")
    for path in sorted(FOLDER.glob("*.po")):
        for message in read_po(BytesIO(path.read_bytes()), locale="it"):
            if message.id and not message.fuzzy and message.string:
                merged.add(message.id, message.string, context=message.context)
    return merged


def used() -> dict:
    """Every text in code and templates: (id, context) -> where it stands."""
    found = {}
    for folder in ("dissemination", "templates"):
        for name, line, text, _comments, context in extract_from_dir(
            str(ROOT / folder), METHODS, OPTIONS, keywords=KEYWORDS
        ):
            found[(text, context)] = f"{folder}/{name}:{line}"
    return found


def write_catalogue() -> None:
    """Compile the merged catalogue, atomically."""
    target = FOLDER / "LC_MESSAGES" / "messages.mo"
    target.parent.mkdir(exist_ok=True)
    out = BytesIO()
    write_mo(out, catalogue())
    part = target.with_suffix(".part")
    part.write_bytes(out.getvalue())
    part.replace(target)


def _missing(message) -> bool:
    if message is None:
        return True
    texts = message.string if isinstance(message.string, tuple | list) else [message.string]
    return not all(texts)


def check() -> int:
    """Print what is missing or left over; the number of such texts."""
    merged, texts = catalogue(), used()
    problems = [
        f"{where}: no Italian for {text!r}"
        for (text, context), where in texts.items()
        if _missing(merged.get(text, context))
    ]
    ids = {(t[0] if isinstance(t, tuple) else t, c) for t, c in texts}
    problems += [
        f"no longer used: {m.id!r}"
        for m in merged
        if m.id and ((m.id[0] if isinstance(m.id, tuple) else m.id), m.context) not in ids
    ]
    print("\n".join(problems) or f"translations: {len(texts)} texts, all in Italian")
    return len(problems)


if __name__ == "__main__":
    if sys.argv[1:] == ["check"]:
        sys.exit(1 if check() else 0)
    write_catalogue()
