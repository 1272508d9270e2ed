"""What an audit says: people met, departments, strengths and weaknesses, improvement areas, scores.

`version` counts changes of what is said here, not steps and appointments: a phone that was offline asks
whether somebody wrote something else meanwhile.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from dissemination.audits import hooks, logged
from dissemination.audits.models import (
    Audit,
    Department,
    Dimension,
    ImprovementArea,
    Outcome,
    PersonMet,
    Score,
)
from dissemination.audits.refusals import AreaInUse, Changed, WrongScore
from dissemination.bibliography.records import one_line, paragraphs
from dissemination.calls.models import AreaType, Call, Service
from dissemination.kernel.database import db
from dissemination.people.accounts import Account
from dissemination.people.models import Contact
from dissemination.research.models import Laboratory

LONG = ("reason", "strengths", "weaknesses", "summary")
SHORT = {"site": 300, "auditor_name": 200}
PLAIN = ("visited_from", "visited_until", "auditor_id", "activity_line_id", "macro_area_id", "repeat_meant")
AREA_LONG = ("description", "proposed_action", "expected_result")
AREA_SHORT = {"title": 200, "outcome_note": 300}
AREA_PLAIN = ("priority", "deadline")
AREA_LINKS = {"service_id": Service, "call_id": Call, "laboratory_id": Laboratory}
KEYWORDS = 20


def revise(audit: Audit, *, facts: Mapping[str, Any], version: int, by: Account | None) -> None:
    """Write what `facts` holds; what it does not name stays.

    Keys: the audit's own columns (`site`, `reason`, `departments`, `strengths`, `weaknesses`, `summary`,
    `visited_from`, `visited_until`, `auditor_id`, `auditor_name`, `macro_area_id`, `activity_line_id`);
    `people`: all people met, as {"name", "role", "contact_id"}; `areas`: all areas in their order, each
    with `id` or `key` (of the device) where it is known already, else it is new (what an area does not
    name stays, an area that is not there goes); `scores`: dimension -> (points 1-5 or None, note).
    Raises Changed when `version` is not the audit's, AreaInUse, WrongScore.
    """
    db.session.flush()
    db.session.refresh(audit, with_for_update={"of": Audit})
    if version != audit.version:
        raise Changed
    audit.version += 1
    _write(audit, facts)
    if "people" in facts:
        _people(audit, facts["people"])
    if "areas" in facts:
        _areas(audit, facts["areas"], by)
    if "scores" in facts:
        _scores(audit, facts["scores"])
    db.session.flush()
    logged.say(audit, by)


def set_area(area: ImprovementArea, *, by: Account | None, **facts: Any) -> None:
    """Change one area (`service_id`, `call_id`, `laboratory_id`, `outcome`, `outcome_note`, …) as of now."""
    audit = area.audit
    db.session.refresh(audit, with_for_update={"of": Audit})
    audit.version += 1
    _write_area(audit, area, facts)
    db.session.flush()
    logged.say(audit, by)


def _write(audit: Audit, facts: Mapping[str, Any]) -> None:
    _write_columns(audit, facts, long=LONG, short=SHORT, plain=PLAIN)
    if "departments" in facts:
        ticked = set(facts["departments"] or ())
        audit.departments = [d.value for d in Department if d.value in ticked]


def _write_columns(row, facts: Mapping[str, Any], *, long, short: Mapping[str, int], plain) -> None:
    for name in long:
        if name in facts:
            setattr(row, name, paragraphs(facts[name] or ""))
    for name, most in short.items():
        if name in facts:
            setattr(row, name, one_line(facts[name] or "")[:most])
    for name in plain:
        if name in facts:
            setattr(row, name, facts[name])


def _people(audit: Audit, people: Sequence[Mapping[str, Any]]) -> None:
    ids = {person.get("contact_id") for person in people} - {None}
    ours = select(Contact.id).where(Contact.district_id == audit.district_id, Contact.id.in_(ids))
    known = set(db.session.scalars(ours)) if ids else set()
    named = [person for person in people if one_line(person.get("name") or "")]
    audit.people = [
        PersonMet(
            contact_id=person["contact_id"] if person.get("contact_id") in known else None,
            name=one_line(person["name"])[:200], role=one_line(person.get("role") or "")[:120],
        )
        for person in named
    ]  # fmt: skip


def _areas(audit: Audit, areas: Sequence[Mapping[str, Any]], by: Account | None) -> None:
    by_id = {area.id: area for area in audit.areas}
    by_key = {area.key: area for area in audit.areas if area.key}
    wanted: list[ImprovementArea] = []
    for position, facts in enumerate(areas):
        area = by_id.get(facts.get("id") or 0) or by_key.get(facts.get("key") or "")
        if area is None or area in wanted:
            area = ImprovementArea(key=one_line(facts.get("key") or "")[:40], type=AreaType(facts["type"]))
        area.position = position
        _write_area(audit, area, facts)
        wanted.append(area)
    gone = [area for area in audit.areas if area not in wanted]
    _let_go(gone, by)
    audit.areas = wanted


def _let_go(gone: list[ImprovementArea], by: Account | None) -> None:
    kept = hooks.kept([area.id for area in gone])
    if kept:
        raise AreaInUse([area.title for area in gone if area.id in kept])
    if gone:
        logged.unsay_areas(gone, by)


def _write_area(audit: Audit, area: ImprovementArea, facts: Mapping[str, Any]) -> None:
    if "type" in facts:
        area.type = AreaType(facts["type"])
    if "outcome" in facts:
        area.outcome = Outcome(facts["outcome"])
    _write_columns(area, facts, long=AREA_LONG, short=AREA_SHORT, plain=AREA_PLAIN)
    if "keywords" in facts:
        words = [one_line(word)[:60] for word in facts["keywords"] or ()]
        area.keywords = list(dict.fromkeys(w for w in words if w))[:KEYWORDS]
    for name, model in AREA_LINKS.items():
        if name in facts:
            setattr(area, name, _ours(audit, model, facts[name]))


def _ours(audit: Audit, model, row_id: int | None) -> int | None:
    """`row_id` when that row is the district's, else None."""
    row = db.session.get(model, row_id) if row_id else None
    return row.id if row is not None and row.district_id == audit.district_id else None


def _scores(audit: Audit, scores: Mapping[str, tuple[int | None, str]]) -> None:
    known = {score.dimension: score for score in audit.scores}
    for name, (points, note) in scores.items():
        dimension = Dimension(name)
        if points is not None and points not in range(1, 6):
            raise WrongScore
        score = known.get(dimension)
        if points is None:
            if score is not None:
                audit.scores.remove(score)
            continue
        if score is None:
            score = Score(dimension=dimension)
            audit.scores.append(score)
        score.points, score.note = points, one_line(note or "")[:300]
