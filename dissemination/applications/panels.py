"""What applications add to pages below: at improvement areas, on the audit's and on the call's page.

All of it is for organisers: it shows what an audit found.
"""

from flask import g, render_template
from flask_login import current_user

from dissemination.applications import alerts, queries
from dissemination.applications.matching import Kind, Market
from dissemination.applications.texts import STAGES
from dissemination.audits.models import Audit, Outcome
from dissemination.audits.queries import standing_company
from dissemination.audits.states import was_visited
from dissemination.calls.models import Call
from dissemination.calls.standing import Standing, standing
from dissemination.calls.texts import euro
from dissemination.kernel.clock import now
from dissemination.kernel.rights import Role
from dissemination.people.queries import survivors

MOST = 20  # companies that a call's page names at first


def may_read() -> bool:
    """Whether the reader may see what an audit found."""
    return current_user.is_authenticated and current_user.may(Role.ORGANISER, g.district)


def at_areas(audit: Audit) -> dict[int, str]:
    """Below each area: the applications that came of it, and what could help, with the reasons."""
    if not may_read() or not was_visited(audit) or not audit.areas:
        return {}
    came = queries.of_areas([area.id for area in audit.areas])
    market, company = Market(audit.district), standing_company(audit)
    found = {}
    for area in audit.areas:
        is_open = area.outcome in (Outcome.OPEN, Outcome.STARTED)
        offers = market.for_area(area, company) if is_open else {}
        found[area.id] = render_template(
            "applications/_area.html", area=area, audit=audit, company=company, offers=offers, Kind=Kind,
            applications=came.get(area.id, []), STAGES=STAGES, euro=euro, is_open=is_open,
        )  # fmt: skip
    return found


def of_audit(audit: Audit) -> str:
    """On the audit's page: the applications that came of it without naming an area."""
    rows = queries.of_audit(audit) if may_read() else []
    return render_template("applications/_audit.html", applications=rows, STAGES=STAGES) if rows else ""


def of_call(call: Call) -> str:
    """On a call's page: the applications to it, and which companies it fits."""
    if not may_read():
        return ""
    is_on = standing(call, now()) in (Standing.OPEN, Standing.UPCOMING)
    found = alerts.fits(call) if is_on or standing(call, now()) is Standing.DRAFT else []
    applications = queries.of_call(call)
    return render_template(
        "applications/_call.html", call=call, fits=found[:MOST], count=len(found), is_on=is_on,
        applications=applications, STAGES=STAGES, euro=euro,
        survivors=survivors([a.company for a in applications]),
        companies=len({fit.company.id for fit in found}),
    )  # fmt: skip
