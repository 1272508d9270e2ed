"""What a device sends of a visit, read and checked: plain values, as they are kept and compared.

The facts of a sheet are JSON-able, with every key that `EMPTY` has: dates as "2027-03-11", times as "14:05",
enums as their values. Nothing here writes.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from datetime import date, time
from enum import StrEnum
from typing import Any

from flask_babel import gettext as _

from dissemination.audits.models import Audit, Department, Dimension
from dissemination.calls.models import AreaType
from dissemination.visits.refusals import BadSheet

KEY = re.compile(r"[A-Za-z0-9-]{8,40}")
LONG, NOTE = 20_000, 300
MOST_AREAS, MOST_PEOPLE = 40, 40
BIGGEST = 2 * 1024 * 1024  # bytes of a sheet with its signature
BIGGEST_SIGNATURE = 400_000
PNG = "data:image/png;base64,"
EMPTY: dict[str, Any] = {
    "visited_on": "", "visited_from": "", "visited_until": "", "departments": [], "people": [],
    "strengths": "", "weaknesses": "", "summary": "", "areas": [], "scores": {},
}  # fmt: skip


def of_audit(audit: Audit) -> dict[str, Any]:
    """The facts of a sheet as the audit holds them today."""
    return {
        "visited_on": audit.visited_on.isoformat() if audit.visited_on else "",
        "visited_from": _clock(audit.visited_from), "visited_until": _clock(audit.visited_until),
        "departments": in_order(Department, audit.departments),
        "people": [{"contact_id": p.contact_id, "name": p.name, "role": p.role} for p in audit.people],
        "strengths": audit.strengths, "weaknesses": audit.weaknesses, "summary": audit.summary,
        "areas": [
            {
                "key": area.key or f"area-{area.id:08d}", "type": area.type.value, "priority": area.priority,
                "title": area.title, "description": area.description,
                "proposed_action": area.proposed_action, "expected_result": area.expected_result,
                "deadline": area.deadline.isoformat() if area.deadline else "",
            }
            for area in audit.areas
        ],
        "scores": {s.dimension.value: {"points": s.points, "note": s.note} for s in audit.scores},
    }  # fmt: skip


def _clock(value: time | None) -> str:
    return value.strftime("%H:%M") if value else ""


def in_order(kind: type[StrEnum], values: Iterable[str]) -> list[str]:
    """Those of `values` that are of `kind`, once each, in its order."""
    given = set(values)
    return [one.value for one in kind if one.value in given]


def read_key(sent: Any) -> str:
    """The key that the device gave. Raises BadSheet."""
    if not isinstance(sent, str) or not KEY.fullmatch(sent):
        raise BadSheet(_("The sheet has no valid key."))
    return sent


def read(sent: Any) -> dict[str, Any]:
    """The facts of a sheet as JSON gave them, checked and trimmed. Raises BadSheet."""
    if not isinstance(sent, dict):
        raise BadSheet(_("This is not a visit sheet."))
    facts: dict[str, Any] = {
        name: text(sent.get(name), LONG) for name in ("strengths", "weaknesses", "summary")
    }
    facts["visited_on"] = _day(sent.get("visited_on"), needed=True)
    facts["visited_from"] = _hour(sent.get("visited_from"))
    facts["visited_until"] = _hour(sent.get("visited_until"))
    if facts["visited_from"] and facts["visited_until"] and facts["visited_until"] <= facts["visited_from"]:
        raise BadSheet(_("The visit ends before it begins: correct the times."))
    facts["departments"] = in_order(Department, [str(one) for one in _list(sent.get("departments"), 50)])
    people = [_person(one) for one in _list(sent.get("people"), MOST_PEOPLE)]
    facts["people"] = [person for person in people if person["name"]]
    facts["areas"] = [_area(one) for one in _list(sent.get("areas"), MOST_AREAS)]
    if len({area["key"] for area in facts["areas"]}) < len(facts["areas"]):
        raise BadSheet(_("Two areas have the same key."))
    facts["scores"] = _scores(sent.get("scores"))
    return {name: facts[name] for name in EMPTY}


def text(value: Any, most: int) -> str:
    """What JSON gave as text that a database takes, trimmed. Raises BadSheet when it is too long."""
    if value is None or isinstance(value, dict | list | bool):
        return ""
    # Without NUL and other unseen controls, and without halves of characters.
    kept = "".join(c for c in str(value).replace("\r\n", "\n") if c == "\n" or c == "\t" or ord(c) >= 32)
    kept = kept.encode("utf-8", "ignore").decode().strip()
    if len(kept) > most:
        raise BadSheet(_("A text is longer than %(n)d characters: shorten it.", n=most))
    return kept


def _line(value: Any, most: int) -> str:
    return " ".join(text(value, most).split())


def _list(value: Any, most: int) -> list:
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadSheet(_("This is not a visit sheet."))
    if len(value) > most:
        raise BadSheet(_("Too many lines: at most %(n)d areas and people.", n=most))
    return value


def _dict(value: Any) -> dict:
    if not isinstance(value, dict):
        raise BadSheet(_("This is not a visit sheet."))
    return value


def _parsed(value: Any, read_it: Callable[[str], Any], show: Callable[[Any], str], said: str) -> str:
    given = text(value, 40)
    if not given:
        return ""
    try:
        return show(read_it(given))
    except ValueError:
        raise BadSheet(said) from None


def _day(value: Any, *, needed: bool = False) -> str:
    day = _parsed(value, date.fromisoformat, date.isoformat, _("Correct the day: it is not a date."))
    if needed and not day:
        raise BadSheet(_("Enter the day of the visit."))
    return day


def _hour(value: Any) -> str:
    return _parsed(value, time.fromisoformat, _clock, _("Correct the times: hours and minutes are needed."))


def _person(sent: Any) -> dict[str, Any]:
    given = _dict(sent)
    known = given.get("contact_id")
    number = known if isinstance(known, int) and not isinstance(known, bool) and 0 < known < 2**31 else None
    return {
        "contact_id": number,
        "name": _line(given.get("name"), 200),
        "role": _line(given.get("role"), 120),
    }


def _area(sent: Any) -> dict[str, Any]:
    given = _dict(sent)
    title = _line(given.get("title"), 200)
    if not title:
        raise BadSheet(_("An improvement area has no title."))
    kind = text(given.get("type"), 40)
    if kind not in {one.value for one in AreaType}:
        raise BadSheet(_("An improvement area has no type."))
    priority = text(given.get("priority"), 10)
    return {
        "key": read_key(given.get("key")), "type": kind, "title": title,
        "priority": int(priority) if priority in ("1", "2", "3") else 2,
        "description": text(given.get("description"), LONG),
        "proposed_action": text(given.get("proposed_action"), LONG),
        "expected_result": text(given.get("expected_result"), LONG),
        "deadline": _day(given.get("deadline")),
    }  # fmt: skip


def _scores(sent: Any) -> dict[str, dict]:
    given = _dict(sent or {})
    found = {}
    for dimension in Dimension:
        one = given.get(dimension.value)
        if not isinstance(one, dict):
            continue
        points = text(one.get("points"), 10)
        note = _line(one.get("note"), NOTE)
        if points in ("", "0"):
            if note:
                raise BadSheet(_("A dimension has a note but no score: choose one from 1 to 5."))
            continue
        if points not in ("1", "2", "3", "4", "5"):
            raise BadSheet(_("A score is a whole number from 1 to 5."))
        found[dimension.value] = {"points": int(points), "note": note}
    return found


def read_signature(sent: Any) -> tuple[str, str, bytes]:
    """(name, role, the drawing as PNG; b"" when nobody signed) of the facts as sent. Raises BadSheet."""
    given = _dict(sent)
    name, role = _line(given.get("signed_by"), 200), _line(given.get("signed_role"), 120)
    drawn = given.get("signature")
    if not drawn:
        return name, role, b""
    if not isinstance(drawn, str) or not drawn.startswith(PNG) or len(drawn) > BIGGEST_SIGNATURE:
        raise BadSheet(_("The signature cannot be read: ask for it again."))
    try:
        picture = base64.b64decode(drawn.removeprefix(PNG), validate=True)
    except binascii.Error:
        raise BadSheet(_("The signature cannot be read: ask for it again.")) from None
    if not is_whole_png(picture):
        raise BadSheet(_("The signature cannot be read: ask for it again."))
    if not name:
        raise BadSheet(_("Write the name of the person who signed."))
    return name, role, picture


def is_whole_png(data: bytes) -> bool:
    """Whether `data` begins and ends like a PNG of a size that a screen has."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n") or data[12:16] != b"IHDR" or b"IEND" not in data[-12:]:
        return False
    width, height = int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    return 0 < width <= 4000 and 0 < height <= 4000


def differences(here: dict[str, Any], sent: dict[str, Any]) -> list[str]:
    """The names of what the audit and a sheet say differently."""
    return [name for name in EMPTY if here.get(name) != sent.get(name)]
