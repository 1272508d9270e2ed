"""What the activity log says of an application: submitted, decided, funded. Never what the audit found.

`say` compares what should stand with what stands: rows that no longer hold are taken back, missing ones are
added, each on the day of its own fact. Without what the checklist asks for nothing counts (R4). One row per
application, of the company that leads a grouping.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import aliased

from dissemination.applications.models import Application, Stage
from dissemination.applications.stages import DECIDED, LOST, standing
from dissemination.kernel.database import db
from dissemination.people.accounts import Account
from dissemination.people.describing import of_log
from dissemination.people.models import Company
from dissemination.people.queries import surviving_ids
from dissemination.plan import activity
from dissemination.plan.log import Activity, Evidence
from dissemination.plan.queries import missing_evidence

TAKEN_BACK = "domanda corretta"


class Did(StrEnum):
    """What the activity log says of applications."""

    SUBMITTED = "application.submitted"
    DECIDED = "application.decided"
    FUNDED = "application.funded"


def say(application: Application, by: Account | None, *, reason: str = "") -> None:
    """Let the log say what is so now. `reason` of a correction is kept for good."""
    wanted = _wanted(application, by)
    known = {Did(row.verb): row for row in rows(application)}
    ids = surviving_ids([row.company_id for row in known.values() if row.company_id])
    same = {verb for verb, row in known.items() if verb in wanted and _same(row, wanted[verb], ids)}
    for verb, row in known.items():
        if verb not in same:
            activity.reverse(row, by=by, happened_on=row.happened_on, reason=reason or TAKEN_BACK)
    activity.record_all([row for verb, row in wanted.items() if verb not in same])


def _wanted(application: Application, by: Account | None) -> dict[Did, dict]:
    steps = standing(application.steps)
    on = {step.stage: step.on for step in steps}
    if Stage.SUBMITTED not in on:
        return {}
    company = _lead(application)
    common = {
        "subject_kind": Application.__tablename__, "subject_id": application.id, "by": by,
        "district_id": application.district_id, "activity_line_id": application.activity_line_id,
        "company_id": company.id, "title": f"Domanda: {company.name}: {application.call.title_it}",
        "attributes": _attributes(application, company),
    }  # fmt: skip
    found: dict[Did, dict[str, Any]] = {
        Did.SUBMITTED: {"happened_on": on[Stage.SUBMITTED], "amount": application.requested}
    }
    decided = next((step.on for step in steps if step.stage in DECIDED), None)
    if decided is not None:
        found[Did.DECIDED] = {"happened_on": decided, "amount": None}
    if Stage.FUNDED in on and application.stage not in LOST:
        found[Did.FUNDED] = {"happened_on": on[Stage.FUNDED], "amount": application.granted}
    have = proofs_of(application)
    return {
        verb: {**common, "verb": verb, **facts} for verb, facts in found.items()
        if not missing_evidence(application.district_id, verb, facts["happened_on"], have)
    }  # fmt: skip


def proofs_of(application: Application) -> set[str]:
    """The codes of the checklist that are fulfilled: the protocol number, and what was brought."""
    query = select(Evidence.code).where(
        Evidence.subject_kind == Application.__tablename__, Evidence.subject_id == application.id,
        Evidence.removed_at.is_(None),
    )  # fmt: skip
    return {*db.session.scalars(query), *(["protocol_number"] if application.protocol_number else [])}


def _lead(application: Application) -> Company:
    company = application.company
    return db.session.get_one(Company, company.merged_into_id) if company.merged_into_id else company


def _attributes(application: Application, company: Company) -> dict[str, str]:
    codes = " + ".join(service.code for service in application.services)
    known = of_log(company) | {
        "channel": "application", "call": application.call.title_it, "catalogue_code": codes,
        "linked": "yes" if application.audit_id else "no",
    }  # fmt: skip
    return {name: value for name, value in known.items() if value}


def _same(row: Activity, wanted: dict, ids: dict[int, int]) -> bool:
    """Whether the row says what is to be said; what the registry learned of the company changes nothing."""
    amounts = [None if a is None else Decimal(a) for a in (row.amount, wanted["amount"])]
    return (
        row.happened_on == wanted["happened_on"] and amounts[0] == amounts[1]
        and row.activity_line_id == wanted["activity_line_id"]
        and ids.get(row.company_id or 0) == wanted["company_id"]
    )  # fmt: skip


def rows(application: Application) -> list[Activity]:
    """The rows about an application that nobody took back."""
    back = aliased(Activity)
    query = select(Activity).where(
        Activity.subject_kind == Application.__tablename__, Activity.subject_id == application.id,
        Activity.reverses_id.is_(None), ~select(back.id).where(back.reverses_id == Activity.id).exists(),
    )  # fmt: skip
    return list(db.session.scalars(query.order_by(Activity.id)))
