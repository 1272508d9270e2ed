"""What a workshop that was held still lacks before its books can be closed: gaps of its desk page (R4)."""

from collections import defaultdict
from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy import select

from dissemination.attendance.models import Presence
from dissemination.kernel.database import db
from dissemination.kernel.languages import translated
from dissemination.plan import holders
from dissemination.plan.queries import evidence_requirements
from dissemination.registrations.models import Registration, Standing
from dissemination.workshops.actions import Did
from dissemination.workshops.gaps import Gap
from dissemination.workshops.models import State, Workshop

PAGE = "attendance_desk.show"
# The abstracts are gaps of the workshop's own, the closing asks for the times, presence is told apart.
TOLD_ELSEWHERE = {"abstract_it", "abstract_en", "times", "presence"}


def gaps_of(workshops: Sequence[Workshop]) -> dict[int, list[Gap]]:
    """The gaps of those that are over and not closed, by id: presence, and files of the checklist."""
    over = [workshop for workshop in workshops if workshop.state is State.HELD]
    if not over:
        return {}
    ids = [workshop.id for workshop in over]
    present, proofs = _with_presence(ids), holders.attached(Workshop.__tablename__, ids)
    checklist = [
        line
        for line in evidence_requirements(over[0].district_id)
        if line.verb == Did.HELD and line.code not in TOLD_ELSEWHERE
    ]
    found: dict[int, list[Gap]] = defaultdict(list)
    for workshop in over:
        day = workshop.counted_on
        if workshop.id not in present:
            found[workshop.id].append(Gap(_("Who came"), PAGE, "people", evidence=True))
        for line in checklist:
            applies = line.valid_from <= day and (line.valid_until is None or day <= line.valid_until)
            if applies and line.code not in proofs[workshop.id]:
                found[workshop.id].append(Gap(translated(line, "name"), PAGE, "evidence", evidence=True))
    return found


def _with_presence(ids: list[int]) -> set[int]:
    query = select(Registration.workshop_id).join(Presence, Presence.registration_id == Registration.id)
    query = query.where(Registration.workshop_id.in_(ids), Registration.standing == Standing.CONFIRMED)
    return set(db.session.scalars(query.distinct()))
