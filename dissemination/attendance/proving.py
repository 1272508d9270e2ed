"""What proves that a workshop was held, for the district-wide list of missing evidence."""

from collections.abc import Sequence

from flask import url_for
from sqlalchemy import select

from dissemination.attendance import evidence, missing
from dissemination.attendance.models import Presence
from dissemination.kernel.database import db
from dissemination.people.accounts import Account
from dissemination.plan.holders import Holder, Pending
from dissemination.plan.log import Evidence
from dissemination.registrations.models import Registration, Standing
from dissemination.workshops.actions import Did
from dissemination.workshops.models import Closing, State, Workshop
from dissemination.workshops.queries import is_in_state

MOST = 200  # workshops to close: far more than a district leaves open


def held(ids: Sequence[int]) -> dict[int, set[str]]:
    """The facts of the checklist that no file proves: abstracts, real times, somebody present."""
    found: dict[int, set[str]] = {workshop_id: set() for workshop_id in ids}
    texts = select(Workshop.id, Workshop.abstract_it, Workshop.abstract_en).where(Workshop.id.in_(ids))
    for workshop_id, italian, english in db.session.execute(texts):
        found[workshop_id] |= {"abstract_it"} if italian.strip() else set()
        found[workshop_id] |= {"abstract_en"} if english.strip() else set()
    closed = select(Closing.workshop_id).where(Closing.workshop_id.in_(ids), Closing.ended_at.is_not(None))
    for workshop_id in db.session.scalars(closed):
        found[workshop_id].add("times")
    present = select(Registration.workshop_id).join(Presence, Presence.registration_id == Registration.id)
    present = present.where(Registration.workshop_id.in_(ids), Registration.standing == Standing.CONFIRMED)
    for workshop_id in db.session.scalars(present.distinct()):
        found[workshop_id].add("presence")
    return found


def where(ids: Sequence[int]) -> dict[int, str]:
    """The attendance page of each."""
    query = select(Workshop).where(Workshop.id.in_(ids))
    return {
        w.id: url_for("attendance_desk.show", district=w.district, slug=w.slug, _anchor="evidence")
        for w in db.session.scalars(query)
    }


def who(ids: Sequence[int]) -> dict[int, int | None]:
    """Who organises each: whoever entered it."""
    rows = db.session.execute(select(Workshop.id, Workshop.created_by).where(Workshop.id.in_(ids)))
    return {row[0]: row[1] for row in rows}


def pending(district_id: int) -> list[Pending]:
    """Workshops that are over and whose books are open, with what they lack."""
    query = select(Workshop).where(Workshop.district_id == district_id, is_in_state(State.HELD))
    rows = list(db.session.scalars(query.order_by(Workshop.ends_at, Workshop.id).limit(MOST)))
    gaps = missing.gaps_of(rows)
    return [
        Pending(w.id, w.title_it, w.counted_on, w.activity_line_id, tuple(g.text for g in gaps.get(w.id, [])))
        for w in rows
    ]


def remove(workshop_id: int, proof: Evidence, reason: str, by: Account | None) -> None:
    """Under the rules of workshops: a closed one keeps what it was closed on. Raises a Refusal."""
    evidence.remove_evidence(db.session.get_one(Workshop, workshop_id), proof, reason=reason, by=by)


HOLDER = Holder(
    verb=Did.HELD.value, kind=Workshop.__tablename__, held=held, where=where, who=who, pending=pending,
    remove=remove, computed=frozenset({"abstract_it", "abstract_en", "times", "presence"}),
)  # fmt: skip
