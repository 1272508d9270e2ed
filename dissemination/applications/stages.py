"""The order of an application's states, and what its steps say after some were taken back."""

from collections.abc import Iterable
from datetime import date

from dissemination.applications.models import Application, Stage, StageStep

S = Stage
AFTER: dict[Stage, tuple[Stage, ...]] = {
    S.IDEA: (S.PREPARATION, S.WAIVED),
    S.PREPARATION: (S.SUBMITTED, S.WAIVED),
    S.SUBMITTED: (S.ASSESSMENT, S.WAIVED),
    S.ASSESSMENT: (S.FUNDED, S.WAITING_LIST, S.NOT_ADMITTED, S.WAIVED),
    S.WAITING_LIST: (S.FUNDED, S.NOT_ADMITTED, S.WAIVED),  # to funded: roll-down (scorrimento)
    S.FUNDED: (S.STARTED, S.WAIVED, S.REVOKED),
    S.STARTED: (S.REPORTED, S.WAIVED, S.REVOKED),
    S.REPORTED: (S.PAID, S.WAIVED, S.REVOKED),
    S.PAID: (S.REVOKED,),
    S.NOT_ADMITTED: (), S.WAIVED: (), S.REVOKED: (),
}  # fmt: skip
"""What may come next, the usual one first."""
BEFORE_SUBMISSION = (S.IDEA, S.PREPARATION)
DECIDED = (S.FUNDED, S.WAITING_LIST, S.NOT_ADMITTED)
LOST = (S.WAIVED, S.REVOKED)


def standing(steps: Iterable[StageStep]) -> list[StageStep]:
    """The steps that hold: those that were gone back on, and the goings back, are left out."""
    kept: list[StageStep] = []
    for step in steps:
        there = next((n for n, known in enumerate(kept) if known.stage is step.stage), None)
        kept = [*kept, step] if there is None else kept[: there + 1]
    return kept


def days(application: Application) -> dict[Stage, date]:
    """The day on which the application came into each state that holds."""
    return {step.stage: step.on for step in standing(application.steps)}


def was_submitted(application: Application) -> bool:
    """Whether it was submitted and nobody took that back."""
    return S.SUBMITTED in days(application)
