"""What the activity log says of an audit: that it took place, and how many areas of what type were found.

Never what was said: the log is read by the Region. An audit is logged when it was visited AND its visit
sheet is on file (R4); from then on the log follows it: what changes is taken back and said anew.
"""

from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import aliased

from dissemination.audits import queries, states
from dissemination.audits.models import Audit, ImprovementArea
from dissemination.kernel.database import db
from dissemination.people.accounts import Account
from dissemination.people.describing import of_log
from dissemination.people.queries import surviving_id, surviving_ids
from dissemination.plan import activity
from dissemination.plan import queries as plans
from dissemination.plan.log import Activity, Evidence
from dissemination.plan.models import MacroArea

SHEET = "visit_sheet"
TAKEN_BACK = "audit corretto"  # the log is public to the Region: a person's own words stay with the audit


class Did(StrEnum):
    """What the activity log says of audits."""

    VISITED = "audit.visited"
    AREA_FOUND = "audit.area_found"


def say(audit: Audit, by: Account | None) -> None:
    """Let the log say what is so now: rows that no longer hold are taken back, missing ones are added."""
    wanted = _wanted(audit, by) if _is_proven(audit) else []
    known = {(row.verb, row.subject_id): row for row in standing(audit)}
    ids = surviving_ids([row.company_id for row in known.values() if row.company_id])
    keep = {
        key for row in wanted
        if (key := (str(row["verb"]), row["subject_id"])) in known and _same(known[key], row, ids)
    }  # fmt: skip
    for key, row in known.items():
        if key not in keep:
            activity.reverse(row, by=by, happened_on=row.happened_on, reason=TAKEN_BACK)
    activity.record_all([row for row in wanted if (str(row["verb"]), row["subject_id"]) not in keep])


def _is_proven(audit: Audit) -> bool:
    """Whether the visit took place and its sheet was brought, with whatever else the checklist asks for."""
    if not states.was_visited(audit) or audit.visited_on is None:
        return False
    have = on_file([audit.id])[audit.id]
    missing = plans.missing_evidence(audit.district_id, Did.VISITED, audit.visited_on, have)
    return SHEET in have and not missing


def on_file(ids) -> dict[int, set[str]]:
    """The codes that were brought for each audit and not taken back, whatever the disk says of them today."""
    query = select(Evidence.subject_id, Evidence.code).where(
        Evidence.subject_kind == Audit.__tablename__, Evidence.subject_id.in_(list(ids)),
        Evidence.removed_at.is_(None),
    )  # fmt: skip
    found: dict[int, set[str]] = {audit_id: set() for audit_id in ids}
    for audit_id, code in db.session.execute(query):
        found[audit_id].add(code)
    return found


def _wanted(audit: Audit, by: Account | None) -> list[dict]:
    company = queries.standing_company(audit)
    area = db.session.get(MacroArea, audit.macro_area_id) if audit.macro_area_id else None
    facts = of_log(company) | {"channel": "audit", "macro_area": area.name_it if area else ""}
    common = {
        "district_id": audit.district_id, "happened_on": audit.visited_on, "by": by,
        "activity_line_id": audit.activity_line_id, "company_id": company.id,
    }  # fmt: skip
    seen = "returning" if queries.visited_before(audit) else "new"
    facts = {name: value for name, value in facts.items() if value}
    visit = {
        **common, "verb": Did.VISITED, "subject_kind": Audit.__tablename__, "subject_id": audit.id,
        "title": f"Audit tecnologico: {company.name}", "attributes": facts | {"returning": seen},
    }  # fmt: skip
    return [visit] + [
        {
            **common, "verb": Did.AREA_FOUND, "subject_kind": ImprovementArea.__tablename__,
            "subject_id": found.id, "title": f"Ambito di miglioramento: {company.name}",
            "attributes": facts | {"area_type": found.type.value},
        }
        for found in audit.areas
    ]  # fmt: skip


def _same(row: Activity, wanted: dict, ids: dict[int, int]) -> bool:
    """Whether the row says what is to be said. What the registry learned since is no matter."""
    return (
        row.happened_on == wanted["happened_on"] and row.activity_line_id == wanted["activity_line_id"]
        and ids.get(row.company_id or 0) == surviving_id(wanted["company_id"])
        and all(
            row.attributes.get(name) == wanted["attributes"].get(name) for name in ("area_type", "macro_area")
        )
    )  # fmt: skip


def is_logged():
    """An EXISTS: a row of the log says that the audit took place, and nobody took it back."""
    back = aliased(Activity)
    return (
        select(1)
        .where(
            Activity.subject_kind == Audit.__tablename__, Activity.subject_id == Audit.id,
            Activity.verb == Did.VISITED.value, Activity.reverses_id.is_(None),
            ~select(1).where(back.reverses_id == Activity.id).exists(),
        )
        .exists()
    )  # fmt: skip


def standing(audit: Audit) -> list[Activity]:
    """The rows about the audit and its areas that nobody took back."""
    areas = [area.id for area in audit.areas]
    visits = _standing(Audit.__tablename__, [audit.id], Did.VISITED)
    return [*visits, *_standing(ImprovementArea.__tablename__, areas, Did.AREA_FOUND)]


def _standing(kind: str, ids: list[int], verb: Did) -> list[Activity]:
    if not ids:
        return []
    back = aliased(Activity)
    query = select(Activity).where(
        Activity.subject_kind == kind, Activity.subject_id.in_(ids), Activity.verb == verb.value,
        Activity.reverses_id.is_(None), ~select(1).where(back.reverses_id == Activity.id).exists(),
    )  # fmt: skip
    return list(db.session.scalars(query.order_by(Activity.id)))


def unsay_areas(areas: list[ImprovementArea], by: Account | None) -> None:
    """Take the rows of areas back that are about to go."""
    rows = _standing(ImprovementArea.__tablename__, [area.id for area in areas], Did.AREA_FOUND)
    activity.reverse_all(rows, by=by, reason=TAKEN_BACK)
