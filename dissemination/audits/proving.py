"""What proves an audit, for the district-wide list of missing evidence: its visit sheet."""

from collections.abc import Sequence

from flask import url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from dissemination.audits import logged
from dissemination.audits.models import Audit
from dissemination.audits.states import FROM_THE_VISIT
from dissemination.districts.models import District
from dissemination.kernel.database import db
from dissemination.kernel.languages import translated
from dissemination.kernel.rights import Role
from dissemination.people.accounts import Account
from dissemination.plan import actions as plans
from dissemination.plan import queries
from dissemination.plan.holders import Holder, Pending
from dissemination.plan.log import Evidence

MOST = 500


def where(ids: Sequence[int]) -> dict[int, str]:
    """The desk page of each audit, for those who may open it."""
    query = select(Audit.id, District).join(District, District.id == Audit.district_id)
    return {
        audit_id: url_for("audits_desk.show", district=district, audit_id=audit_id)
        for audit_id, district in db.session.execute(query.where(Audit.id.in_(ids)))
        if current_user.is_authenticated and current_user.may(Role.ORGANISER, district)
    }


def who(ids: Sequence[int]) -> dict[int, int | None]:
    """Who visits, else who planned it."""
    query = select(Audit.id, Audit.auditor_id, Audit.created_by).where(Audit.id.in_(ids))
    return {audit_id: auditor or planner for audit_id, auditor, planner in db.session.execute(query)}


def pending(district_id: int) -> list[Pending]:
    """Audits that were visited and whose sheet is missing: no figure counts them."""
    query = select(Audit).where(
        Audit.district_id == district_id, Audit.state.in_(FROM_THE_VISIT), Audit.visited_on.is_not(None),
        ~logged.is_logged(),
    )  # fmt: skip
    query = query.options(joinedload(Audit.company)).order_by(Audit.visited_on, Audit.id)
    audits = list(db.session.scalars(query.limit(MOST)))
    have = logged.on_file([audit.id for audit in audits])
    lines = [r for r in queries.evidence_requirements(district_id) if r.verb == logged.Did.VISITED]
    found = []
    for audit in audits:
        day = audit.visited_on
        lacks = [r for r in lines if r.code not in have[audit.id] and _holds(r, day)]
        words = tuple(translated(r, "name") for r in lacks) or (_("Visit sheet"),)
        title = f"Audit tecnologico: {audit.company.name}"
        found.append(Pending(audit.id, title, day, audit.activity_line_id, words))  # type: ignore[arg-type]
    return found


def _holds(line, day) -> bool:
    return line.valid_from <= day and (line.valid_until is None or day <= line.valid_until)


def remove(_audit_id: int, proof: Evidence, reason: str, by: Account | None) -> None:
    """Take the sheet back: the audit counts no more until another one is brought."""
    plans.remove_evidence(proof, reason=reason, by=by)


def follow(kind: str, ids: Sequence[int]) -> None:
    """Evidence of audits came or went on whatever page: the log follows."""
    if kind != Audit.__tablename__:
        return
    query = select(Evidence).where(Evidence.subject_kind == kind, Evidence.subject_id.in_(list(ids)))
    last: dict[int, int | None] = {}
    for proof in db.session.scalars(query.order_by(Evidence.id)):
        last[proof.subject_id] = proof.removed_by if proof.removed_at is not None else proof.added_by
    for audit in db.session.scalars(select(Audit).where(Audit.id.in_(list(ids)))):
        account_id = last.get(audit.id)
        logged.say(audit, db.session.get(Account, account_id) if account_id else None)


HOLDER = Holder(
    verb=logged.Did.VISITED.value, kind=Audit.__tablename__, where=where, who=who, pending=pending,
    remove=remove, confidential=True,
)  # fmt: skip
