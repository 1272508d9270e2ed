"""Reading a plan from JSON, strictly: every problem with its place, and nothing taken in by halves."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date

from flask_babel import gettext as _

from dissemination.editions import schema
from dissemination.editions.content import without
from dissemination.plan import periods, rules
from dissemination.plan.models import OBJECTIVE_LEVELS, SITUATION_LIMIT

BIGGEST = 2 * 1024 * 1024  # bytes
FORMAT = {"format": "technology-district-plan", "format_version": 1}


class Unreadable(Exception):
    """The file is no plan; `problems` say where and why."""

    def __init__(self, problems: list[str]):
        self.problems = problems
        super().__init__("; ".join(problems[:3]))


def export(content: dict) -> dict:
    """A version's content as it is given away: no ids, and the name of the format."""
    return {**FORMAT, **without(content, ("id",))}


def written(content: dict) -> bytes:
    """The file of an export, the same bytes for the same content."""
    return (json.dumps(export(content), ensure_ascii=False, indent=1) + "\n").encode()


def read(data: bytes) -> dict:
    """The content of a file. Raises Unreadable."""
    if len(data) > BIGGEST:
        raise Unreadable([_("The file is larger than %(most)d MB.", most=BIGGEST // 1024 // 1024)])
    try:
        found = json.loads(data.decode("utf-8-sig"), parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise Unreadable([_("The file is not written in UTF-8.")]) from None
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise Unreadable([_("This is not JSON: line %(line)d cannot be read.", line=line)]) from None
    try:
        wrong = schema.problems(found)
    except RecursionError:
        wrong = [_("The objectives have more than three levels.")]
    if not wrong:
        wrong = list(_meaning(found))
    if wrong:
        raise Unreadable(wrong)
    return {k: v for k, v in found.items() if k not in FORMAT}


def _no_constant(name: str):
    raise ValueError(name)


def _meaning(content: dict) -> Iterator[str]:
    """What a schema cannot say: references, limits over several texts, rules."""
    try:
        periods.must_be_days_of_a_plan(
            date.fromisoformat(content["starts_on"]), date.fromisoformat(content["ends_on"])
        )
    except periods.NoDaysOfAPlan as refusal:
        yield f"{refusal.field}: {refusal.message}"
    for lang in ("it", "en"):
        used = len(content["situation"][lang]) + sum(len(m["actors"][lang]) for m in content["macro_areas"])
        if used > SITUATION_LIMIT:
            yield f"situation.{lang}: " + _(
                "has %(n)d characters, at most %(most)d are allowed", n=used, most=SITUATION_LIMIT
            )
    yield from _codes(content)
    yield from _objectives(content["objectives"], "objectives", 1, len(content["macro_areas"]))
    yield from _rows(content)


def _codes(content: dict) -> Iterator[str]:
    for part in ("lines", "indicators"):
        for code, n in Counter(row["code"] for row in content[part]).items():
            if n > 1:
                yield f"{part}: " + _("the code %(code)s is there %(n)d times", code=code, n=n)


def _objectives(rows: list[dict], place: str, level: int, areas: int) -> Iterator[str]:
    if rows and level > OBJECTIVE_LEVELS:
        yield f"{place}: " + _("The objectives have more than three levels.")
        return
    for n, o in enumerate(rows):
        here = f"{place}[{n}]"
        if not o["text"]["it"].strip():
            yield f"{here}.text.it: " + _("must not be empty")
        for number in o["macro_areas"]:
            if number > areas:
                yield f"{here}.macro_areas: " + _("there is no macro-area %(number)d", number=number)
        yield from _objectives(o["objectives"], f"{here}.objectives", level + 1, areas)


def _rows(content: dict) -> Iterator[str]:
    lines = {x["code"] for x in content["lines"]}
    indicators = {i["code"]: i["rule"] for i in content["indicators"]}
    for n, m in enumerate(content["macro_areas"]):
        yield from _named(f"macro_areas[{n}].name", m["name"], "it")
        for k, area in enumerate(m["application_areas"]):
            yield from _named(f"macro_areas[{n}].application_areas[{k}]", area, "it")
    for n, x in enumerate(content["lines"]):
        yield from _named(f"lines[{n}].name", x["name"], "it")
        yield from _line(f"lines[{n}]", x, set(indicators))
    for n, i in enumerate(content["indicators"]):
        yield from _named(f"indicators[{n}].name", i["name"], "it", "en")
        if not i["unit"].strip():
            yield f"indicators[{n}].unit: " + _("must not be empty")
        if i["line"] is not None and i["line"] not in lines:
            yield f"indicators[{n}].line: " + _("there is no line %(code)s", code=i["line"])
        for problem in rules.problems_among(indicators, i["code"], i["rule"]):
            yield f"indicators[{n}].rule: {problem}"


def _named(place: str, texts: dict, *languages: str) -> Iterator[str]:
    """What the forms ask for is asked of a file too."""
    for lang in languages:
        if not texts[lang].strip():
            yield f"{place}.{lang}: " + _("must not be empty")


def _line(place: str, x: dict, codes: set[str]) -> Iterator[str]:
    for k, o in enumerate(x["operations"]):
        yield from _named(f"{place}.operations[{k}].title", o["title"], "it")
        if o["ends_on"] < o["starts_on"]:
            yield f"{place}.operations[{k}].ends_on: " + _("The last day must not come before the first.")
        if o["done_on"] is not None and o["done_on"] < o["starts_on"]:
            yield f"{place}.operations[{k}].done_on: " + _("It cannot be done before its first day.")
        if o["indicator"] is not None and o["indicator"] not in codes:
            wrong = _("there is no indicator %(code)s", code=o["indicator"])
            yield f"{place}.operations[{k}].indicator: {wrong}"
    for year, times in Counter(b["year"] for b in x["budget"]).items():
        if times > 1:
            yield f"{place}.budget: " + _("the year %(year)d is there %(n)d times", year=year, n=times)
