"""What of a workshop can be made again: plain data without dates, and the workshop of it on a date.

Copies, series and templates are all made of it, so none forgets a fact. Hours are those of the wall
clock: a workshop at 14:30 is at 14:30 again, whatever the clocks do in between.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dissemination.districts.models import District
from dissemination.kernel.clock import local
from dissemination.plan import queries as plan
from dissemination.plan.models import ActivityLine
from dissemination.workshops import questions
from dissemination.workshops.facts import FACTS
from dissemination.workshops.models import Workshop
from dissemination.workshops.refusals import HourDoesNotExist, NoPlanLine

PLAIN = tuple(name for name in FACTS if name != "registration_deadline")
HOUR = "%H:%M"


def of(workshop: Workshop) -> dict:
    """The shape of `workshop`, JSON-able. Days are counted from that of its first session."""
    zone = workshop.district.zone
    first = local(workshop.starts_at, zone).date()
    line = workshop.line
    return {
        "facts": {name: getattr(workshop, name) for name in PLAIN},
        "line": {"code": line.code, "kind": line.kind.value},
        "macro_area": workshop.macro_area.name_it if workshop.macro_area else "",
        "deadline": None if workshop.deadline_follows else _mark(workshop.registration_deadline, first, zone),
        "sessions": [
            {
                "title_it": s.title_it, "title_en": s.title_en, "room": s.room, "track": s.track,
                "start": _mark(s.starts_at, first, zone), "end": _mark(s.ends_at, first, zone),
                "speakers": [[p.name, p.affiliation] for p in s.speakers],
            }
            for s in workshop.sessions
        ],
        "co_organisers": [[c.name, c.website] for c in workshop.co_organisers],
        "questions": questions.plain(workshop),
    }  # fmt: skip


def on(shape: dict, day: date, district: District) -> dict:
    """The arguments of `actions.add` for a workshop of this shape whose first session is on `day`.

    It hangs on the line of that code of the plan in force on that day. Raises HourDoesNotExist when the
    clocks skip an hour of the programme, NoPlanLine.
    """
    zone = district.zone
    facts = {name: value for name, value in shape["facts"].items() if name in PLAIN}
    line = _line(shape, day, district)
    area = _macro_area(shape, line)
    deadline = shape["deadline"]
    return {
        **facts,
        "activity_line_id": line.id,
        "macro_area_id": area.id if area else None,
        "registration_deadline": _moment(deadline, day, zone, strict=False) if deadline else None,
        "sessions": [
            {
                **{name: s.get(name, "") for name in ("title_it", "title_en", "room", "track")},
                "starts_at": _moment(s["start"], day, zone), "ends_at": _moment(s["end"], day, zone),
                "speakers": [tuple(pair) for pair in s["speakers"]],
            }
            for s in shape["sessions"]
        ],
        "co_organisers": [tuple(pair) for pair in shape["co_organisers"]],
        "questions": shape["questions"],
    }  # fmt: skip


def _mark(moment: datetime, first: date, zone: ZoneInfo) -> list:
    at = local(moment, zone)
    return [(at.date() - first).days, at.strftime(HOUR)]


def _moment(mark: list, day: date, zone: ZoneInfo, *, strict: bool = True) -> datetime:
    """A mark on the wall clock. An hour that exists twice is the first of the two."""
    wanted = datetime.combine(day + timedelta(days=mark[0]), time.fromisoformat(mark[1]), tzinfo=zone)
    real = datetime.fromtimestamp(wanted.timestamp(), tz=zone)
    if strict and real.replace(tzinfo=None) != wanted.replace(tzinfo=None):
        raise HourDoesNotExist(wanted.date(), mark[1])
    return real


def _line(shape: dict, day: date, district: District) -> ActivityLine:
    in_force = plan.current_plan(district.id, day)
    lines = list(in_force.lines) if in_force else []
    if not lines:
        raise NoPlanLine
    same = [x for x in lines if x.id == shape["facts"].get("activity_line_id")]
    same += [x for x in lines if x.code == shape["line"]["code"]]
    same += [x for x in lines if x.kind.value == shape["line"]["kind"]]
    return (same or lines)[0]


def _macro_area(shape: dict, line: ActivityLine):
    areas = line.plan.macro_areas
    same = [a for a in areas if a.id == shape["facts"].get("macro_area_id")]
    same += [a for a in areas if a.name_it == shape["macro_area"]]
    return same[0] if same else None
