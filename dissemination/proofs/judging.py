"""Which activities have all the evidence that their day asks for (R4): reading, never writing.

An activity is a subject about which a verb with a checklist logged a row that stands. What it must prove
is the checklist of the day on which it happened; what it has are the codes of its files and notes, less
what the disk lost, and the facts that the package it belongs to knows.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import aliased

from dissemination.kernel.database import db
from dissemination.plan import holders, queries
from dissemination.plan.log import Activity
from dissemination.plan.models import EvidenceRequirement, EvidenceState

BATCH = 500


@dataclass(frozen=True)
class Judged:
    """What one activity lacks: codes of the checklist; none: complete."""

    kind: str
    subject_id: int
    verb: str
    on: date
    missing: tuple[str, ...]


def verbs_asked(district_id: int) -> set[str]:
    """The verbs that have, or had, a line in the district's checklist, or a state from when they had."""
    asked = set(
        db.session.scalars(
            select(EvidenceRequirement.verb).where(EvidenceRequirement.district_id == district_id).distinct()
        )
    )
    kept = select(EvidenceState.verb).where(EvidenceState.district_id == district_id).distinct()
    return asked | set(db.session.scalars(kept))


def standing(district_id: int, verbs: Iterable[str]):
    """The log's rows of `verbs` that reverse nothing and that nothing reverses: a select of Activity."""
    back = aliased(Activity)
    return select(Activity).where(
        Activity.district_id == district_id, Activity.verb.in_(sorted(verbs)), Activity.reverses_id.is_(None),
        ~select(1).where(back.reverses_id == Activity.id).exists(),
    )  # fmt: skip


def state_of_row():
    """The join of a log row with its state."""
    return and_(
        EvidenceState.subject_kind == Activity.subject_kind,
        EvidenceState.subject_id == Activity.subject_id,
        EvidenceState.verb == Activity.verb,
    )


def to_judge(district_id: int, *, everything: bool = False) -> list[tuple[str, int, str]]:
    """(kind, id, verb) of what was never looked at, is to be looked at again, or was not complete."""
    query = standing(district_id, verbs_asked(district_id)).outerjoin(EvidenceState, state_of_row())
    query = query.with_only_columns(Activity.subject_kind, Activity.subject_id, Activity.verb).distinct()
    if not everything:
        again = EvidenceState.counted_at.is_(None), EvidenceState.complete.is_(False)
        query = query.where(or_(EvidenceState.verb.is_(None), *again))
    return sorted((kind, subject_id, verb) for kind, subject_id, verb in db.session.execute(query))


def judge(district_id: int, kind: str, verb: str, ids: Sequence[int]) -> list[Judged]:
    """What the activities of `ids` lack; those without a standing row are left out. A few queries."""
    rows = standing(district_id, [verb]).where(
        Activity.subject_kind == kind, Activity.subject_id.in_(list(ids))
    )
    latest = func.max(Activity.happened_on)
    rows = rows.with_only_columns(Activity.subject_id, latest).group_by(Activity.subject_id)
    days: dict[int, date] = {row[0]: row[1] for row in db.session.execute(rows)}
    if not days:
        return []
    have = held(kind, verb, list(days))
    lines = [r for r in queries.evidence_requirements(district_id) if r.verb == verb]
    return [
        Judged(
            kind, subject_id, verb, day,
            tuple(r.code for r in lines if applies(r, day) and r.code not in have[subject_id]),
        )
        for subject_id, day in sorted(days.items())
    ]  # fmt: skip


def applies(line: EvidenceRequirement, day: date) -> bool:
    """Whether a line of the checklist was in force on a day."""
    return line.valid_from <= day and (line.valid_until is None or day <= line.valid_until)


def held(kind: str, verb: str, ids: Sequence[int]) -> dict[int, set[str]]:
    """The codes that each subject has proven: files, notes, and the facts of its own package."""
    have: dict[int, set[str]] = defaultdict(set)
    for subject_id, codes in holders.attached(kind, ids).items():
        have[subject_id] |= codes
    holder = holders.of(verb, kind)
    if holder is not None:
        for subject_id, codes in holder.held(ids).items():
            have[subject_id] |= codes
    return have
