"""The order of an audit's states, and what its steps say after some were taken back."""

from collections.abc import Iterable
from datetime import date

from dissemination.audits.models import Audit, AuditStep, State

ORDER = (State.PLANNED, State.CONTACTED, State.VISITED, State.DRAFTED, State.SHARED, State.CLOSED)
FROM_THE_VISIT = ORDER[2:]
OPEN = ORDER[:5]
# What may come next; closing before the report was shared needs a reason.
AFTER = {
    State.PLANNED: (State.CONTACTED, State.DECLINED),
    State.CONTACTED: (State.VISITED, State.DECLINED),
    State.VISITED: (State.DRAFTED, State.CLOSED),
    State.DRAFTED: (State.SHARED, State.CLOSED),
    State.SHARED: (State.CLOSED,),
    State.CLOSED: (),
    State.DECLINED: (),
}


def standing(steps: Iterable[AuditStep]) -> list[AuditStep]:
    """The steps that hold: those that were gone back on, and the goings back, are left out."""
    kept: list[AuditStep] = []
    for step in steps:
        there = next((n for n, known in enumerate(kept) if known.state is step.state), None)
        kept = [*kept, step] if there is None else kept[: there + 1]
    return kept


def days(audit: Audit) -> dict[State, date]:
    """The day on which the audit came into each state that holds."""
    return {step.state: step.on for step in standing(audit.steps)}


def next_of(audit: Audit) -> State | None:
    """The state that comes next when all goes well; None at the end."""
    after = AFTER[audit.state]
    return after[0] if after else None


def was_visited(audit: Audit) -> bool:
    """Whether the visit took place."""
    return audit.state in FROM_THE_VISIT
