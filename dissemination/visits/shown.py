"""A report in the reader's words, for its pages."""

from datetime import date
from typing import Any

from dissemination.audits.models import Department, Dimension
from dissemination.audits.texts import AREA_TYPES, DEPARTMENTS, DIMENSIONS, PRIORITIES
from dissemination.calls.models import AreaType
from dissemination.visits.documents import benchmark_words


def words_of(content: dict[str, Any]) -> dict[str, Any]:
    """`content.of_audit` with words in place of values."""
    medians = (content["benchmark"] or {}).get("medians", {})
    return content | {
        "visited_on": date.fromisoformat(content["visited_on"]) if content["visited_on"] else None,
        "departments": [DEPARTMENTS[Department(one)] for one in content["departments"]],
        "areas": [_area(area) for area in content["areas"]],
        "scores": [
            score
            | {"name": DIMENSIONS[Dimension(score["dimension"])], "median": medians.get(score["dimension"])}
            for score in content["scores"]
        ],
        "benchmark_words": benchmark_words(content["benchmark"]),
        "photos": [
            one | {"department": DEPARTMENTS[Department(one["department"])] if one["department"] else ""}
            for one in content["photos"]
        ],
    }  # fmt: skip


def _area(area: dict[str, Any]) -> dict[str, Any]:
    return area | {
        "type": AREA_TYPES[AreaType(area["type"])],
        "priority": PRIORITIES[area["priority"]],
        "deadline": date.fromisoformat(area["deadline"]) if area["deadline"] else None,
    }
