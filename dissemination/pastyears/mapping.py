"""What the columns of a file are: guessed from its header in both languages, then said by a person.

A mapping is plain data: {"columns": {"0": "date", "3": "attr:sector"}, "verb": "audit.visited", "line": "c"};
`verb` and `line` are of lines whose own column is empty or missing.
"""

from dissemination.kernel.text import fold
from dissemination.pastyears import texts

NEEDED = ("date",)


def guess(header: list[str]) -> dict:
    """The mapping that a header suggests; columns that mean nothing here are left aside."""
    words = {fold(w): name for name, (_title, known) in texts.FIELDS.items() for w in known}
    words |= {fold(w): f"attr:{n}" for n, known in texts.ATTRIBUTE_WORDS.items() for w in known}
    columns: dict[str, str] = {}
    for number, title in enumerate(header):
        meant = words.get(fold(title.replace("_", " ")))
        if meant and meant not in columns.values():
            columns[str(number)] = meant
    return {"columns": columns, "verb": "", "line": ""}


def clean(header: list[str], columns: dict[str, str], *, verb: str, line: str) -> dict:
    """A mapping of only what is known and only once; what a form sends may be anything."""
    known = {value for value, _words in texts.targets() if value}
    kept: dict[str, str] = {}
    for number in range(len(header)):
        meant = columns.get(str(number), "")
        if meant in known and meant not in kept.values():
            kept[str(number)] = meant
    return {"columns": kept, "verb": verb if verb in texts.VERBS else "", "line": line}


def missing(mapping: dict) -> list[str]:
    """The fields without which no line can be entered: "date", "verb"."""
    there = set(mapping.get("columns", {}).values())
    lacking = [name for name in NEEDED if name not in there]
    return lacking if "verb" in there or mapping.get("verb") else [*lacking, "verb"]


def twice(columns: dict[str, str]) -> list[str]:
    """What is said of more than one column."""
    given = [c for c in columns.values() if c]
    return sorted({c for c in given if given.count(c) > 1})
