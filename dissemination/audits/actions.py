"""The verbs of an audit, in one place for views, commands, jobs and higher floors.

Steps are in `life`, what is said in `contents`, the date agreed in `appointments`.
"""

from collections.abc import Sequence
from datetime import date
from typing import BinaryIO

from dissemination.audits import appointments, hooks, life, logged, queries, states
from dissemination.audits.appointments import appoint, call_off, move
from dissemination.audits.contents import revise, set_area
from dissemination.audits.life import back, closed, contacted, drafted, shared, visited
from dissemination.audits.models import Audit, AuditStep, State
from dissemination.audits.refusals import AuditedAlready, NoCompany, NoLine, NotVisited
from dissemination.bibliography.records import one_line, paragraphs
from dissemination.districts.models import District
from dissemination.kernel import clock, files
from dissemination.kernel.database import db
from dissemination.kernel.files import StoredFile
from dissemination.people.accounts import Account
from dissemination.people.models import Company, OrganisationType
from dissemination.plan import actions as plans
from dissemination.plan.models import ActivityLine

__all__ = [
    "appoint", "back", "call_off", "closed", "contacted", "declined", "drafted", "move", "plan", "revise",
    "set_area", "shared", "sheet_on_file", "upload_sheet", "visited",
]  # fmt: skip


def plan(
    district: District, companies: Sequence[Company], *, by: Account | None, line: ActivityLine | None = None,
    auditor: Account | None = None, auditor_name: str = "", reason: str = "",
    macro_area_id: int | None = None, repeat_meant: bool = False, on: date | None = None,
) -> list[Audit]:  # fmt: skip
    """Plan an audit of each of these companies; the audits, in their order.

    `line` is by default the plan's line of relations between companies and research. A company that has
    an audit in this plan's period already needs `repeat_meant`. Raises NoCompany, NoLine, AuditedAlready.
    """
    if not companies or any(not _can_be_audited(district, company) for company in companies):
        raise NoCompany
    line = line or next(iter(queries.lines(district.id)), None)
    if line is None:
        raise NoLine
    on = on or clock.today(district.zone)
    queries.hold_companies(district.id, [company.id for company in companies])
    again = queries.in_this_plan(district.id, [company.id for company in companies], on)
    if again and not repeat_meant:
        raise AuditedAlready(sorted({queries.standing_company(audit).name for audit in again}))
    families = queries.family(district.id, [company.id for company in companies])
    repeated = {families[audit.company_id] for audit in again}
    made = [
        Audit(
            district_id=district.id, company=company, auditor=auditor,
            auditor_name=one_line(auditor_name)[:200], activity_line_id=line.id,
            macro_area_id=macro_area_id, reason=paragraphs(reason),
            site=_address(company)[:300], repeat_meant=company.id in repeated, state=State.PLANNED,
            departments=[], created_at=clock.now(), created_by=by.id if by else None, version=1,
            steps=[AuditStep(state=State.PLANNED, on=on, at=clock.now(), by=by.id if by else None)],
        )
        for company in dict.fromkeys(companies)
    ]  # fmt: skip
    db.session.add_all(made)
    db.session.flush()
    for audit in made:
        hooks.came(audit)
    return made


def _can_be_audited(district: District, company: Company) -> bool:
    return (
        company.district_id == district.id and company.merged_into_id is None
        and company.type is OrganisationType.COMPANY
    )  # fmt: skip


def _address(company: Company) -> str:
    town, province = company.municipality, company.province
    if town and province:
        town = f"{town} ({province})"
    return ", ".join(part for part in (company.address, town or province) if part)


def declined(audit: Audit, *, on: date, by: Account | None, reason: str) -> None:
    """The company does not want it; an appointment that stands is called off.

    Raises OutOfOrder, WrongDay, ReasonMissing.
    """
    life.declined(audit, on=on, by=by, reason=reason)
    if queries.appointment(audit) is not None:
        appointments.call_off(audit, by=by)


def sheet_on_file(
    audit: Audit, *, by: Account | None, file: StoredFile | None = None, note: str = ""
) -> None:
    """The visit sheet was brought: a stored file, or a note on where it is. From now on the audit counts.

    Raises NotVisited.
    """
    if not states.was_visited(audit):
        raise NotVisited
    plans.add_evidence(
        audit, district_id=audit.district_id, code=logged.SHEET, file=file, note=one_line(note)[:500], by=by
    )  # whoever follows evidence (`proving.follow`) has the log say it


def upload_sheet(audit: Audit, stream: BinaryIO, name: str, *, by: Account | None) -> None:
    """Keep a scan of the signed visit sheet. Raises NotVisited, WrongFileType, EmptyFile."""
    if not states.was_visited(audit):
        raise NotVisited
    sheet_on_file(audit, file=files.put(stream, name, district_id=audit.district_id), by=by)
