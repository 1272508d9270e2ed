"""What changes the plan, and the evidence beside the log. Never commits."""

from copy import deepcopy
from datetime import date

from dissemination.kernel import clock
from dissemination.kernel.database import db
from dissemination.kernel.files import StoredFile
from dissemination.kernel.subjects import kind_of
from dissemination.people.accounts import Account
from dissemination.plan import queries
from dissemination.plan.catalogue import catalogue
from dissemination.plan.log import Evidence
from dissemination.plan.models import EvidenceRequirement, Exclusion, Indicator, Plan

ALWAYS = date(2016, 1, 1)  # when evidence rules of the calls begin


def add_evidence(
    subject, *, district_id: int, code: str, file: StoredFile | None = None, note: str = "",
    by: Account | None,
) -> Evidence:  # fmt: skip
    """Attach a proof to `subject` under a code of the checklist: a stored file, or a short statement."""
    proof = Evidence(
        district_id=district_id, subject_kind=kind_of(subject), subject_id=subject.id, code=code, file=file,
        note=note, added_at=clock.now(), added_by=by.id if by else None,
    )  # fmt: skip
    db.session.add(proof)
    return proof


def adopt_catalogue(plan: Plan) -> list[Indicator]:
    """Give a plan the starter indicators that it lacks (by code), and the district the default
    exclusions and evidence checklist when it has none. Returns the indicators added."""
    have = {i.code for i in plan.indicators}
    line_ids = {line.kind.value: line.id for line in reversed(plan.lines)}
    added = []
    for position, entry in enumerate(catalogue()["indicators"], start=1):
        if entry["code"] in have:
            continue
        values = {k: v for k, v in entry.items() if k not in ("line", "rule")}
        added.append(
            Indicator(
                plan=plan, position=position, rule=deepcopy(entry["rule"]),
                activity_line_id=line_ids.get(entry.get("line")), **values,
            )
        )  # fmt: skip
    db.session.add_all(added)
    if not queries.exclusions(plan.district_id):
        db.session.add_all(
            Exclusion(district_id=plan.district_id, **deepcopy(e)) for e in catalogue()["exclusions"]
        )
    if not queries.evidence_requirements(plan.district_id):
        db.session.add_all(
            EvidenceRequirement(district_id=plan.district_id, position=n, valid_from=ALWAYS, **e)
            for n, e in enumerate(catalogue()["evidence"], start=1)
        )
    db.session.flush()
    return added
