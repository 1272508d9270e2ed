"""What was reported to the Region, asked for by the plan's pages. `reporting`, far above, answers.

Without it nothing was ever reported.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from dissemination.plan.models import Plan


@dataclass(frozen=True)
class Reported:
    """A period as it was signed off: when, and each indicator's (target, actual)."""

    code: str
    at: datetime
    values: dict[str, tuple[Decimal | None, Decimal | None]]


_lookups: list[Callable[[Plan], dict[str, Reported]]] = []


def register(lookup: Callable[[Plan], dict[str, Reported]]) -> None:
    """Say who knows the signed periods of a plan, by code. Called at start; the last one answers."""
    _lookups[:] = [lookup]


def reported(plan: Plan) -> dict[str, Reported]:
    """The signed periods of a plan, by code."""
    return _lookups[0](plan) if _lookups else {}
