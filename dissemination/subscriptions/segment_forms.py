"""The form of a segment: any number of conditions, each with the inputs of its kind. Works without script.

Rows are named `c0-what`, `c0-side`, `c0-<value>` …; what cannot be understood is said at its row, and kept.
"""

from dataclasses import dataclass, field
from datetime import date

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from dissemination.districts.models import District
from dissemination.kernel.database import db
from dissemination.kernel.languages import translated
from dissemination.people import queries as people
from dissemination.people.texts import SIZES, TYPES
from dissemination.subscriptions.conditions import CONDITIONS, EXCLUDE, INCLUDE, MOST, MOST_MONTHS
from dissemination.workshops.models import Workshop

LISTS = ("provinces", "sizes", "types", "sectors")
DAYS = ("on", "since", "until", "day")
NAMES = {
    "on": _l("On this day"), "provinces": _l("Provinces"), "sizes": _l("Sizes"), "types": _l("Kinds"),
    "sectors": _l("Sectors"), "language": _l("Language"), "workshop": _l("Workshop"), "sector": _l("Sector"),
    "since": _l("From"), "until": _l("To"), "months": _l("Months"), "day": _l("Day"),
}  # fmt: skip
LONGEST_NAME = 120
WORKSHOPS = 300  # offered, newest first


@dataclass
class SegmentForm:
    """What was written: the name, the conditions as data, and what is to be corrected by (row, field)."""

    name: str = ""
    version: int = 0
    conditions: list[dict] = field(default_factory=list)
    errors: list[tuple[str, str, str]] = field(default_factory=list)  # (id of the input, its name, what)
    kept: dict[str, str] = field(default_factory=dict)  # id of the input -> what was written there wrongly

    @classmethod
    def sent(cls, values: MultiDict, choices: dict[str, dict]) -> "SegmentForm":
        """The form that was sent; `choices` as `choices_of` gives them."""
        form = cls(name=values.get("name", "").strip(), version=values.get("version", 0, type=int))
        rows = min(values.get("rows", 0, type=int) or 0, MOST)
        removed = values.get("remove", -1, type=int)
        for n in range(rows):
            if n != removed and values.get(f"c{n}-what") in CONDITIONS:
                form._read(values, n, choices)
        added = values.get("kind", "")
        if values.get("do") == "add" and added in CONDITIONS and len(form.conditions) < MOST:
            form.conditions.append({"what": added, "side": INCLUDE})
        return form

    def _read(self, values: MultiDict, n: int, choices: dict[str, dict]) -> None:
        what, place = values[f"c{n}-what"], len(self.conditions)
        side = EXCLUDE if values.get(f"c{n}-side") == EXCLUDE else INCLUDE
        row: dict = {"what": what, "side": side}
        for name in CONDITIONS[what].values:
            raw = values.getlist(f"c{n}-{name}")
            value, problem = _value(name, raw, choices)
            if problem:
                self.errors.append((f"c{place}-{name}", str(NAMES[name]), problem))
                self.kept[f"c{place}-{name}"] = raw[0][:50]
            elif value:
                row[name] = value
        self.conditions.append(row)

    def check(self, *, named: bool = True) -> bool:
        """Whether it can be saved; `named`: with its name. Adds what is to be corrected."""
        if named and not self.name:
            self.errors.append(("name", _("Name"), _("Give the segment a name.")))
        if len(self.name) > LONGEST_NAME:
            self.errors.append(("name", _("Name"), _("At most %(length)s characters.", length=LONGEST_NAME)))
        if not self.conditions:
            self.errors.append(("kind", _("Condition"), _("Add at least one condition.")))
        known = {place for place, _name, _what in self.errors}
        for n, row in enumerate(self.conditions):
            for name in CONDITIONS[row["what"]].needed:
                if not row.get(name) and f"c{n}-{name}" not in known:
                    self.errors.append((f"c{n}-{name}", str(NAMES[name]), _("This is needed.")))
            if row.get("since") and row.get("until") and row["until"] < row["since"]:
                self.errors.append((f"c{n}-until", str(NAMES["until"]), _("It ends before it starts.")))
        return not self.errors


def _value(name: str, raw: list[str], choices: dict[str, dict]):
    """(the value as data, what is wrong)."""
    first = raw[0].strip() if raw else ""
    if name in LISTS:
        return _keys(choices[name], raw), ""
    if name in ("workshop", "sector", "language"):
        found = _keys(choices["sectors" if name == "sector" else name], [first])
        return (found[0] if found else None), "" if found or not first else _(
            "Choose one of the values offered."
        )
    if not first:
        return None, ""
    if name == "months":
        whole = first.isascii() and first.isdigit() and 1 <= int(first[:6]) <= MOST_MONTHS
        return (
            (int(first), "") if whole else (None, _("A whole number from 1 to %(most)d.", most=MOST_MONTHS))
        )
    try:
        day = date.fromisoformat(first)
    except ValueError:
        return None, _("Write a date that exists.")
    return (day.isoformat(), "") if 1990 <= day.year <= 2100 else (None, _("Write a date that exists."))


def _keys(offered: dict, raw: list[str]) -> list:
    by_text = {str(key): key for key in offered}
    return [by_text[text] for text in raw if text in by_text]


def choices_of(district: District) -> dict[str, dict]:
    """What each list offers: {name of the value: {key: words}}. Workshops of ten years, newest first."""
    workshops = db.session.scalars(
        select(Workshop)
        .where(Workshop.district_id == district.id, Workshop.published_at.is_not(None))
        .order_by(Workshop.starts_at.desc(), Workshop.id.desc()).limit(WORKSHOPS)
    )  # fmt: skip
    return {
        "provinces": {p: p for p in people.provinces(district.id)},
        "sizes": SIZES, "types": TYPES,
        "sectors": {s.id: translated(s, "name") for s in district.sectors},
        "language": {"it": "Italiano", "en": "English"},
        "workshop": {w.id: f"{w.starts_at:%d/%m/%Y} · {translated(w, 'title')}" for w in workshops},
    }  # fmt: skip


def in_words(condition: dict, choices: dict[str, dict]) -> str:
    """A condition as a sentence: "not: Province of the company: PO, FI"."""
    kind = CONDITIONS.get(condition.get("what", ""))
    if kind is None:
        return _("a condition that is not known any more")
    parts = []
    for name in kind.values:
        value = condition.get(name)
        if not value:
            continue
        offered = choices.get("sectors" if name == "sector" else name, {})
        shown = [str(offered.get(v, v)) for v in (value if isinstance(value, list) else [value])]
        parts.append(", ".join(shown) if name in LISTS else f"{NAMES[name]} {shown[0]}")
    text = ": ".join(filter(None, [str(kind.label), "; ".join(parts)]))
    return _("not: %(condition)s", condition=text) if condition.get("side") == EXCLUDE else text
