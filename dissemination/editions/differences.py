"""What differs between two versions of a plan: every text, amount, date and rule, in words."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from dissemination.kernel.languages import money
from dissemination.kernel.runs import words
from dissemination.plan.texts import period_name
from dissemination.plan.wording import THEMES

SECTIONS = {
    "heading": _l("Title and dates"),
    "situation": _l("1. Situation"),
    "macro_areas": _l("Macro-areas"),
    "objectives": _l("3. Strategic objectives"),
    "lines": _l("4. Activities"),
    "operations": _l("Planned operations"),
    "indicators": _l("5. Performance indicators"),
    "annex": _l("Annex: financial table"),
}
FIELDS = {
    "title": _l("Title"),
    "starts_on": _l("First day"),
    "ends_on": _l("Last day"),
    "situation": _l("Situation"),
    "sources": _l("Sources"),
    "name": _l("Name"),
    "actors": _l("Actors and features"),
    "scenarios": _l("Market scenarios"),
    "trends": _l("Trends"),
    "synergies": _l("Synergies"),
    "opportunities": _l("Opportunities"),
    "risks": _l("Risks"),
    "application_areas": _l("Application areas"),
    "text": _l("Objective"),
    "macro_areas": _l("Macro-areas"),
    "serves": _l("It serves"),
    "place": _l("Place"),
    "code": _l("Code"),
    "kind": _l("Kind"),
    "description": _l("Description"),
    "budget_cents": _l("Budget"),
    "committed_cents": _l("Committed"),
    "spent_cents": _l("Spent"),
    "cofinanced_cents": _l("Co-financing granted"),
    "cofinancing_percent": _l("Co-financing in percent"),
    "planned": _l("How many"),
    "indicator": _l("Indicator"),
    "done_on": _l("Done on"),
    "unit": _l("Unit"),
    "direction": _l("Direction"),
    "baseline": _l("Baseline"),
    "baseline_year": _l("Year of the baseline"),
    "threshold": _l("Threshold"),
    "source": _l("Means of verification"),
    "line": _l("Activity line"),
    "public": _l("Shown to the public"),
    "rule": _l("Counting rule"),
    "target": _l("Target"),
}
LANGUAGES = {"it": "", "en": _l("in English")}


@dataclass(frozen=True)
class Difference:
    """One thing that changed: where in the plan, its name, how, and runs of old and new words."""

    section: str
    name: str
    what: str
    runs: tuple[tuple[str, str], ...] = ()


def between(old: dict, new: dict) -> list[Difference]:
    """How `new` differs from `old` (contents of versions), in the order of the plan."""
    before, after = dict(_flat(old)), dict(_flat(new))
    names = {**_names(old), **_names(new)}
    found = []
    for key in [*after, *(k for k in before if k not in after)]:
        was, now = before.get(key, ""), after.get(key, "")
        if was != now:
            what = _("changed") if was and now else _("added") if now else _("taken out")
            found.append(Difference(key[0], _name(key, names), what, tuple(words(was, now))))
    order = list(SECTIONS)
    return sorted(found, key=lambda d: order.index(d.section))


Key = tuple[str, Any, str, str]  # section, whose, field, language or year or period


def _flat(content: dict) -> Iterator[tuple[Key, str]]:
    for name in ("title", "starts_on", "ends_on"):
        yield ("heading", None, name, ""), content[name]
    yield from _texts("situation", None, "situation", content["situation"])
    yield ("situation", None, "sources", ""), "\n".join(content["sources"])
    for m in content["macro_areas"]:
        yield from _macro_area(m)
    yield from _objectives(content["objectives"], _("no other objective"), "")
    for x in content["lines"]:
        yield from _line(x)
    for i in content["indicators"]:
        yield from _indicator(i)


def _texts(section: str, whose, field: str, texts: dict) -> Iterator[tuple[Key, str]]:
    for lang in ("it", "en"):
        yield (section, whose, field, lang), texts.get(lang, "")


def _macro_area(m: dict) -> Iterator[tuple[Key, str]]:
    for field in ("name", "actors", "scenarios", "trends", "synergies", "opportunities", "risks"):
        yield from _texts("macro_areas", m["id"], field, m[field])
    for side, theme in THEMES:
        yield from _texts("macro_areas", m["id"], f"{side}:{theme}", m["prospects"][theme][side])
    yield ("macro_areas", m["id"], "sources", ""), "\n".join(m["sources"])
    for lang in ("it", "en"):
        ranked = (f"{n}. {a[lang]}" for n, a in enumerate(m["application_areas"], start=1) if a[lang])
        yield ("macro_areas", m["id"], "application_areas", lang), "\n".join(ranked)


def _objectives(rows: list[dict], serves: str, before: str) -> Iterator[tuple[Key, str]]:
    for n, o in enumerate(rows, start=1):
        yield from _texts("objectives", o["id"], "text", o["text"])
        yield ("objectives", o["id"], "macro_areas", ""), ", ".join(str(m) for m in o["macro_areas"])
        yield ("objectives", o["id"], "serves", ""), serves
        yield ("objectives", o["id"], "place", ""), f"{before}{n}"
        yield from _objectives(o["objectives"], o["text"]["it"][:80], f"{before}{n}.")


def _line(x: dict) -> Iterator[tuple[Key, str]]:
    for field in ("code", "kind"):
        yield ("lines", x["id"], field, ""), x[field]
    for field in ("name", "description"):
        yield from _texts("lines", x["id"], field, x[field])
    for o in x["operations"]:
        yield from _texts("operations", o["id"], "title", o["title"])
        yield ("operations", o["id"], "line", ""), x["code"]
        for field in ("starts_on", "ends_on", "planned", "indicator", "done_on"):
            yield ("operations", o["id"], field, ""), _shown(o[field])
    for b in x["budget"]:
        for field in ("budget_cents", "committed_cents", "spent_cents", "cofinanced_cents"):
            yield ("annex", x["id"], field, str(b["year"])), money(b[field]) if b[field] else ""
        yield ("annex", x["id"], "cofinancing_percent", str(b["year"])), f"{b['cofinancing_percent']} %"


def _indicator(i: dict) -> Iterator[tuple[Key, str]]:
    for field in ("name", "source"):
        yield from _texts("indicators", i["id"], field, i[field])
    plain = ("code", "unit", "direction", "baseline", "baseline_year", "threshold", "line")
    for field in plain:
        yield ("indicators", i["id"], field, ""), _shown(i[field])
    yield ("indicators", i["id"], "public", ""), _("yes") if i["public"] else _("no")
    rule = json.dumps(i["rule"], ensure_ascii=False, sort_keys=True, indent=1)
    yield ("indicators", i["id"], "rule", ""), rule
    for period, value in i["targets"].items():
        yield ("indicators", i["id"], "target", period), _shown(value)


def _shown(value) -> str:
    return "" if value is None else str(value)


def _names(content: dict) -> dict[tuple[str, Any], str]:
    """What each row is called: (section, id) -> name."""
    found = {("macro_areas", m["id"]): m["name"]["it"] for m in content["macro_areas"]}
    found |= {("indicators", i["id"]): i["code"] for i in content["indicators"]}
    for x in content["lines"]:
        found[("lines", x["id"])] = found[("annex", x["id"])] = _("line %(code)s", code=x["code"])
        found |= {("operations", o["id"]): o["title"]["it"] for o in x["operations"]}
    pending = list(content["objectives"])
    while pending:
        o = pending.pop()
        found[("objectives", o["id"])] = o["text"]["it"][:80]
        pending += o["objectives"]
    return found


def _name(key: Key, names: dict) -> str:
    section, whose, field, more = key
    parts = [names[(section, whose)]] if (section, whose) in names else []
    if ":" in field:
        side, theme = field.split(":")
        parts.append(str(THEMES[(side, theme)]))
    elif field == "title" and section == "operations":
        parts.append(_("Operation"))
    else:
        parts.append(str(FIELDS[field]))
    if field == "target":
        parts.append(period_name(more))
    elif more:
        parts.append(str(LANGUAGES.get(more, more)))
    return " · ".join(part for part in parts if part)
