"""A sheet that a device sent becomes part of its audit, once; or waits until a person has compared both."""

from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from io import BytesIO
from typing import Any

from dissemination.audits import actions as audits
from dissemination.audits import states
from dissemination.audits.models import Audit, Dimension, State
from dissemination.kernel import files
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.people.accounts import Account
from dissemination.visits import queries, sheets
from dissemination.visits.models import VisitSheet
from dissemination.visits.refusals import NothingToSettle, NotOpen

OVER = (State.CLOSED, State.DECLINED)


class Outcome(StrEnum):
    """What became of a sheet."""

    TAKEN = "taken"
    REPEATED = "repeated"  # it had come before
    TO_COMPARE = "to_compare"  # somebody changed the audit meanwhile


@dataclass(frozen=True)
class Taken:
    """The answer to a device."""

    outcome: Outcome
    sheet: VisitSheet


def take(
    audit: Audit, *, key: str, seen_version: int, facts: dict[str, Any], by: Account | None,
    signed_by: str = "", document: bytes = b"",
) -> Taken:  # fmt: skip
    """Keep a sheet, and write what it says into the audit when nobody else wrote there meanwhile.

    `facts` as `sheets.read` gives them; `document`: the visit sheet with the signature, as PDF. The same
    key twice changes nothing. Raises what `audits.actions` says no to (a day in the future …).
    """
    db.session.refresh(audit, with_for_update={"of": Audit})
    known = queries.sheet_by_key(audit, key)
    if known is not None:
        return Taken(Outcome.TO_COMPARE if known.waits else Outcome.REPEATED, known)
    fits = seen_version == audit.version and audit.state not in OVER and not _another_day(audit, facts)
    sheet = VisitSheet(
        audit=audit, key=key, seen_version=seen_version, facts=facts, taken=fits, at=now(),
        by=by.id if by else None, signed_by=signed_by,
    )  # fmt: skip
    if document:
        name = f"audit-{audit.id}-{facts['visited_on']}.pdf"
        sheet.file = files.put(BytesIO(document), name, district_id=audit.district_id)
    db.session.add(sheet)
    db.session.flush()
    if fits:
        _write(sheet, by)
    return Taken(Outcome.TAKEN if fits else Outcome.TO_COMPARE, sheet)


def settle(sheet: VisitSheet, *, take_it: bool, by: Account | None) -> None:
    """Decide on a sheet that waits: write it into the audit as it stands now, or leave the audit as it is.

    Raises NothingToSettle, NotOpen, and what `audits.actions` says no to.
    """
    audit = sheet.audit
    db.session.refresh(audit, with_for_update={"of": Audit})
    db.session.refresh(sheet)
    if not sheet.waits:
        raise NothingToSettle
    if take_it:
        if audit.state in OVER:
            raise NotOpen
        _write(sheet, by)
    sheet.taken, sheet.settled_at, sheet.settled_by = take_it, now(), by.id if by else None
    db.session.flush()


def _another_day(audit: Audit, facts: dict[str, Any]) -> bool:
    """Whether the visit was entered meanwhile, with another day."""
    return states.was_visited(audit) and audit.visited_on != date.fromisoformat(facts["visited_on"])


def _write(sheet: VisitSheet, by: Account | None) -> None:
    audit, facts = sheet.audit, sheet.facts
    audits.revise(audit, facts=_as_written(audit, facts), version=audit.version, by=by)
    on = date.fromisoformat(facts["visited_on"])
    if audit.state is State.PLANNED:
        audits.contacted(audit, on=on, by=by)
    if audit.state is State.CONTACTED:
        audits.visited(
            audit, on=on, by=by, starts=_time(facts["visited_from"]), ends=_time(facts["visited_until"])
        )
    if sheet.file is not None:
        audits.sheet_on_file(audit, file=sheet.file, by=by)


def _as_written(audit: Audit, facts: dict[str, Any]) -> dict[str, Any]:
    """The facts as `audits.actions.revise` takes them."""
    ids = {
        area["key"]: row.id for area, row in zip(sheets.of_audit(audit)["areas"], audit.areas, strict=True)
    }
    scores = {d.value: (None, "") for d in Dimension} | {
        name: (score["points"], score["note"]) for name, score in facts["scores"].items()
    }
    return {
        **{name: facts[name] for name in ("departments", "people", "strengths", "weaknesses", "summary")},
        "visited_from": _time(facts["visited_from"]), "visited_until": _time(facts["visited_until"]),
        "areas": [_area(area, ids.get(area["key"])) for area in facts["areas"]],
        "scores": scores,
    }  # fmt: skip


def _area(area: dict[str, Any], area_id: int | None) -> dict[str, Any]:
    deadline = date.fromisoformat(area["deadline"]) if area["deadline"] else None
    return {**area, "deadline": deadline} | ({"id": area_id} if area_id else {})


def _time(value: str) -> time | None:
    return time.fromisoformat(value) if value else None
