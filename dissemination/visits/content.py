"""What a report says: plain values of an audit at one moment, the same for its page and its PDF.

It names no person of the company. Enums stand as their values: the words are the reader's language's.
"""

from typing import Any

from dissemination.audits import benchmarks
from dissemination.audits import queries as audits
from dissemination.audits.models import Audit, Dimension
from dissemination.visits import queries


def of_audit(audit: Audit) -> dict[str, Any]:
    """The report of `audit` as it is now; JSON-able."""
    return {
        "company": audits.standing_company(audit).name, "site": audit.site,
        "auditor": (audit.auditor.name if audit.auditor else "") or audit.auditor_name,
        "visited_on": audit.visited_on.isoformat() if audit.visited_on else "",
        "departments": list(audit.departments), "summary": audit.summary,
        "strengths": audit.strengths, "weaknesses": audit.weaknesses,
        "areas": [_area(area) for area in audit.areas],
        "scores": _scores(audit), "benchmark": _benchmark(audit),
        "photos": [
            {
                "id": photo.id, "caption": photo.caption,
                "department": photo.department.value if photo.department else "",
            }
            for photo in queries.photos(audit)
            if photo.in_report
        ],
    }  # fmt: skip


def _area(area) -> dict[str, Any]:
    return {
        "id": area.id, "type": area.type.value, "priority": area.priority, "title": area.title,
        "description": area.description, "proposed_action": area.proposed_action,
        "expected_result": area.expected_result,
        "deadline": area.deadline.isoformat() if area.deadline else "",
        "service": f"{area.service.code} {area.service.title_it}" if area.service else "",
        "call": area.call.title_it if area.call else "",
        "laboratory": area.laboratory.name if area.laboratory else "",
    }  # fmt: skip


def _scores(audit: Audit) -> list[dict[str, Any]]:
    known = {score.dimension: score for score in audit.scores}
    return [
        {"dimension": d.value, "points": known[d].points, "note": known[d].note}
        for d in Dimension
        if d in known
    ]


def _benchmark(audit: Audit) -> dict[str, Any] | None:
    """Medians of the others, where they are enough; who they are is said nowhere."""
    found = benchmarks.of(audit)
    if found is None or found.among is None:
        return None
    return {
        "among": found.among.value, "at_least": min(row.at_least for row in found.rows),
        "medians": {row.dimension.value: row.median for row in found.rows if row.median is not None},
    }  # fmt: skip


def differ(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two reports say something different of the company; the others' medians move by themselves."""
    return one | {"benchmark": None} != other | {"benchmark": None}
