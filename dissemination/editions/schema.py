"""The published JSON Schema of a plan (draft 2020-12), and a reader of the part of it that we use.

The file that is served is the one that imports are checked against, so that it cannot be wrong.
"""

import json
import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from flask_babel import gettext as _

FILE = Path(__file__).with_name("plan.schema.json")
TYPES: dict[str, Any] = {
    "object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "null": type(None),
}  # fmt: skip
MOST_PROBLEMS = 100


@cache
def schema() -> dict:
    """The schema as data."""
    return json.loads(FILE.read_text(encoding="utf-8"))


def problems(value: Any) -> list[str]:
    """What is wrong with `value` as a plan, each with its place ("lines[0].code: …"); [] when nothing."""
    found = []
    for place, words in _check(value, schema(), ""):
        found.append(f"{place or _('the file')}: {words}")
        if len(found) == MOST_PROBLEMS:
            break
    return found


def _check(value: Any, rule: dict, place: str) -> Iterator[tuple[str, str]]:
    if "$ref" in rule:
        rule = schema()["$defs"][rule["$ref"].rsplit("/", 1)[-1]]
    if not _is_of_type(value, rule.get("type")):
        yield place, _("must be %(kind)s", kind=_kinds(rule["type"]))
        return
    if "const" in rule and (value != rule["const"] or type(value) is not type(rule["const"])):  # True == 1
        yield place, _("must be %(value)s", value=json.dumps(rule["const"]))
    if "enum" in rule and value not in rule["enum"]:
        yield place, _("must be one of %(values)s", values=", ".join(map(str, rule["enum"])))
    if isinstance(value, str):
        yield from _check_text(value, rule, place)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield from _check_number(value, rule, place)
    elif isinstance(value, list):
        yield from _check_list(value, rule, place)
    elif isinstance(value, dict):
        yield from _check_object(value, rule, place)


def _is_of_type(value: Any, wanted: str | list | None) -> bool:
    if wanted is None:
        return True
    kinds = [wanted] if isinstance(wanted, str) else wanted
    if isinstance(value, bool):
        return "boolean" in kinds
    return any(isinstance(value, TYPES[kind]) for kind in kinds)


def _kinds(wanted: str | list) -> str:
    return wanted if isinstance(wanted, str) else " / ".join(wanted)


def _check_text(value: str, rule: dict, place: str) -> Iterator[tuple[str, str]]:
    if "\0" in value or value.encode("utf-8", "ignore").decode() != value:  # half a surrogate pair
        yield place, _("has signs that no text has")
    if len(value) > rule.get("maxLength", len(value)):
        yield (
            place,
            _("has %(n)d characters, at most %(most)d are allowed", n=len(value), most=rule["maxLength"]),
        )
    if len(value) < rule.get("minLength", 0):
        yield place, _("must not be empty")
    if "pattern" in rule and not _matches(rule["pattern"], value):
        yield place, _("%(value)r is not written as it should be", value=value[:40])
    elif rule.get("format") == "date" and not _is_date(value):
        yield place, _("%(value)r is not a date", value=value[:40])


def _matches(pattern: str, value: str) -> bool:
    """As ECMA 262 has it: `$` stands at the very end, and digits are ASCII's."""
    return re.search(pattern.replace("$", r"\Z"), value, re.ASCII) is not None


def _is_date(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _check_number(value: int, rule: dict, place: str) -> Iterator[tuple[str, str]]:
    low, high = rule.get("minimum"), rule.get("maximum")
    if low is not None and value < low:
        yield place, _("%(value)d is less than %(low)d", value=value, low=low)
    if high is not None and value > high:
        yield place, _("%(value)d is more than %(high)d", value=value, high=high)


def _check_list(value: list, rule: dict, place: str) -> Iterator[tuple[str, str]]:
    most = rule.get("maxItems", len(value))
    if len(value) > most:
        yield place, _("has %(n)d entries, at most %(most)d are allowed", n=len(value), most=most)
    if len(value) < rule.get("minItems", 0):
        yield place, _("must not be empty")
    for n, item in enumerate(value[:most]):
        yield from _check(item, rule.get("items", {}), f"{place}[{n}]")


def _check_object(value: dict, rule: dict, place: str) -> Iterator[tuple[str, str]]:
    named = rule.get("properties", {})
    for name in rule.get("required", ()):
        if name not in value:
            yield _at(place, name), _("is missing")
    others = rule.get("additionalProperties", True)
    names = rule.get("propertyNames", {}).get("pattern", "")
    for name, item in value.items():
        if name in named:
            yield from _check(item, named[name], _at(place, name))
        elif others is False or not _matches(names, name):
            yield _at(place, name[:40]), _("is not known here")
        elif isinstance(others, dict):
            yield from _check(item, others, _at(place, name))


def _at(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
