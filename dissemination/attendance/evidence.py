"""Taking back a file of evidence that was wrong: it stays stored with the reason and counts no more."""

from dissemination.attendance import queries
from dissemination.attendance.refusals import NeededForClosing, NoReason
from dissemination.people.accounts import Account
from dissemination.plan import actions as plan
from dissemination.plan import queries as plan_queries
from dissemination.plan.log import Evidence
from dissemination.workshops.actions import Did
from dissemination.workshops.models import Workshop
from dissemination.workshops.queries import hold


def remove_evidence(workshop: Workshop, proof: Evidence, *, reason: str, by: Account | None) -> None:
    """Let `proof` count no more. Twice is once.

    Raises NoReason, and NeededForClosing when the workshop was closed on it: the right file comes first.
    """
    hold(workshop)
    if proof.removed_at is not None:
        return
    if not reason.strip():
        raise NoReason
    plan.remove_evidence(proof, reason=reason, by=by)
    closing = workshop.closing
    if closing is None or closing.not_counted:
        return
    have = queries.evidence_held(workshop, times=closing.ended_at is not None)
    day = queries.day_of(workshop)
    missing = plan_queries.missing_evidence(workshop.district_id, Did.HELD, day, have)
    if any(line.code == proof.code for line in missing):
        raise NeededForClosing
