"""What editors may leave to be filled in for each reader: `{nome|lettrice}`, `{azienda|la tua azienda}`.

No expression language: a name from a short list and, after the bar, what is written for those of whom it
is not known. What is in the braces never runs; the letter's merge mechanism puts the value in (escaped).
"""

import re
from collections.abc import Iterable, Mapping
from html import unescape

from flask_babel import gettext as _

FIELD = re.compile(r"(?<![{%$])\{([^\W\d_]{1,40})(?:\|([^{}|\n<>*\[\]]{0,60}))?\}(?!\})")
NAMES = {
    "nome": "given_name", "name": "given_name", "cognome": "family_name", "surname": "family_name",
    "azienda": "company", "company": "company",
}  # fmt: skip
OFFERED = {  # what the buttons beside a text put in, by language
    "it": ("{nome|lettrice o lettore}", "{cognome|lettrice o lettore}", "{azienda|la tua azienda}"),
    "en": ("{name|reader}", "{surname|reader}", "{company|your company}"),
}


def problems(text: str) -> list[str]:
    """What is wrong with the fields in `text`, each with its line."""
    found = []
    for match in FIELD.finditer(text or ""):
        line = text.count("\n", 0, match.start()) + 1
        if match[1].lower() not in NAMES:
            found.append(
                _("Line %(line)s: {%(name)s} is no field. There are: %(names)s.",
                  line=line, name=match[1], names=", ".join(NAMES))
            )  # fmt: skip
        elif not (match[2] or "").strip():
            found.append(
                _("Line %(line)s: say after a bar what those read of whom it is not known: {%(name)s|…}.",
                  line=line, name=match[1])
            )  # fmt: skip
    return found


def pieces(text: str, *, escaped: bool) -> str | list:
    """`text` cut at its fields: strings, and `{"field": key}` between them; `text` itself when it has none.

    `escaped` says that it is HTML already, so that the words after the bar are too.
    """
    found: list = []
    end = 0
    for match in FIELD.finditer(text):
        name = NAMES.get(match[1].lower())
        fallback = (match[2] or "").strip()
        if name is None or not fallback:
            continue
        found += [
            text[end : match.start()],
            {"field": key(name, unescape(fallback) if escaped else fallback)},
        ]
        end = match.end()
    return [*found, text[end:]] if found else text


def key(name: str, fallback: str) -> str:
    """The name of the merge field that holds `name`, or `fallback` where it is not known."""
    return f"{name}_or_{fallback.encode().hex()}"


def wanted(data) -> set[str]:
    """Every merge field that `data` (the blocks of a mail) asks for."""
    if isinstance(data, Mapping):
        if set(data) == {"field"}:
            return {data["field"]}
        return set().union(*(wanted(v) for v in data.values()))
    return set().union(*(wanted(v) for v in data)) if isinstance(data, list | tuple) else set()


def values(keys: Iterable[str], facts: Mapping[str, str | None]) -> dict[str, str]:
    """The merge values for one reader of whom `facts` ("given_name", "family_name", "company") are known."""
    found = {}
    for one in keys:
        name, _or, fallback = one.partition("_or_")
        found[one] = (facts.get(name) or "").strip() or bytes.fromhex(fallback).decode()
    return found
