"""What a company was told of its audits: what stands in the reports that it can read, and nothing else."""

from sqlalchemy import func, select

from dissemination.audits import states
from dissemination.audits.models import Audit, State
from dissemination.kernel.database import db
from dissemination.timelines.scope import Scope
from dissemination.visits.models import Report

TOLD = (State.SHARED, State.CLOSED)


def areas(scope: Scope) -> list[int]:
    """The improvement areas that were shared with the company; none of an audit closed without sharing it.

    A report that was shared here says which; of one that was handed over otherwise all its areas are known.
    """
    query = select(Audit).where(
        Audit.district_id == scope.district.id, Audit.company_id.in_(scope.ids), Audit.state.in_(TOLD)
    )
    shared = [a for a in db.session.scalars(query) if State.SHARED in states.days(a)]
    reports = _last_reports([audit.id for audit in shared])
    found: set[int] = set()
    for audit in shared:
        mine, report = {area.id for area in audit.areas}, reports.get(audit.id)
        found |= mine if report is None else mine & {area["id"] for area in report.content["areas"]}
    return sorted(found)


def _last_reports(audit_ids: list[int]) -> dict[int, Report]:
    last = select(func.max(Report.id)).where(Report.audit_id.in_(audit_ids)).group_by(Report.audit_id)
    return {row.audit_id: row for row in db.session.scalars(select(Report).where(Report.id.in_(last)))}
