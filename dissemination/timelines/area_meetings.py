"""Below each improvement area of an audit: the meetings it led to, and the way to ask for one."""

from flask import render_template

from dissemination.audits.models import Audit, ImprovementArea
from dissemination.research import queries as research
from dissemination.research.texts import MEETING_STATES


def section(audit: Audit) -> dict[int, str]:
    """{area id: HTML}; one query for all areas of an audit."""
    found = research.meetings_from(
        audit.district_id, ImprovementArea.__tablename__, [area.id for area in audit.areas]
    )
    return {
        area.id: render_template(
            "timelines/_area.html", audit=audit, area=area, meetings=found.get(area.id, ()),
            MEETING_STATES=MEETING_STATES, district=audit.district,
        )
        for area in audit.areas
    }  # fmt: skip
