"""The entries of a JSON file with the lines on which they stand; what breaks off in the middle is said.

Lists and wrappers of the services are opened here: Crossref's `message`, DataCite's `data` and `attributes`.
"""

import json
import re
from typing import Any

from flask_babel import lazy_gettext as _l

from dissemination.bibliography.fields import Problem
from dissemination.bibliography.reading import MAX_ENTRIES, too_many

_SPACE = re.compile(r"[\s,]*")
_DECODER = json.JSONDecoder(strict=False)


def entries(text: str, problems: list[Problem]) -> list[tuple[dict, int]]:
    """(object, line) of each entry in `text`. Raises reading.TooMuch."""
    start = len(text) - len(text.lstrip())
    found: list[tuple[Any, int]] = []
    if text[start : start + 1] == "[":
        found = _each(text, start + 1, problems)
    else:
        value, _end = _decoded(text, start, problems)
        line = text.count("\n", 0, start) + 1
        found = [(one, line) for one in _opened(value)]
    made = []
    for value, line in found:
        for one in _opened(value):
            if isinstance(one, dict):
                made.append((one, line))
            else:
                problems.append(Problem(line, _l("An entry is not an object of JSON: left out."), lost=True))
    if len(made) > MAX_ENTRIES:
        raise too_many()
    return made


def _each(text: str, place: int, problems: list[Problem]) -> list[tuple[Any, int]]:
    """The elements of a list, one by one, so that each keeps its line."""
    found: list[tuple[Any, int]] = []
    line, counted = 1, 0
    while len(found) <= MAX_ENTRIES:
        gap = _SPACE.match(text, place)
        place = gap.end() if gap else place
        if place >= len(text):
            problems.append(
                Problem(
                    text.count("\n") + 1, _l("The list is not closed: the file breaks off here."), lost=True
                )
            )
            break
        if text[place] == "]":
            break
        line, counted = line + text.count("\n", counted, place), place
        value, place = _decoded(text, place, problems)
        if place < 0:
            break
        found.append((value, line))
    return found


def _decoded(text: str, place: int, problems: list[Problem]) -> tuple[Any, int]:
    """(value, where it ends); the end is -1 for what is no JSON."""
    try:
        return _DECODER.raw_decode(text, place)
    except json.JSONDecodeError as error:
        message = _l("This is not JSON (%(what)s): nothing was read from here on.", what=error.msg)
        problems.append(Problem(error.lineno, message, lost=True))
    except (RecursionError, ValueError):  # brackets ten thousand deep, a number of a million digits
        line = text.count("\n", 0, place) + 1
        problems.append(Problem(line, _l("This entry nests too deep, or holds endless numbers."), lost=True))
    return None, -1


def _opened(value: Any) -> list:
    """The entries inside what services wrap them in."""
    for _layer in range(4):
        if not isinstance(value, dict):
            break
        inner = next(
            (value[name] for name in ("message", "data", "items", "attributes") if _wraps(value, name)), None
        )
        if inner is None:
            break
        value = inner
    if isinstance(value, list):
        return (
            [value]
            if not value
            else [one for item in value for one in (_opened(item) if isinstance(item, dict) else [item])]
        )
    return [] if value is None else [value]


def _wraps(value: dict, name: str) -> bool:
    return isinstance(value.get(name), (dict, list)) and not ("title" in value or "titles" in value)


def text(value: Any, *, separator: str = " ") -> str:
    """A value that may be a text, a number, a list of them, or an object with a `name` or `value`."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, dict):
        return next(
            (
                text(value[k])
                for k in ("name", "value", "title", "id", "DOI")
                if isinstance(value.get(k), (str, int))
            ),
            "",
        )
    if isinstance(value, list):
        return separator.join(filter(None, (text(one) for one in value[:100] if not isinstance(one, list))))
    return ""


def first(value: Any) -> str:
    """The first text of a list, or the text itself."""
    return next(filter(None, (text(one) for one in value)), "") if isinstance(value, list) else text(value)


def objects(value: Any) -> list[dict]:
    """The first 5,000 objects in a list; what is none is left out."""
    return [one for one in value[:5000] if isinstance(one, dict)] if isinstance(value, list) else []
