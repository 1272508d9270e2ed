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
    period_id: int = 0  # for a link to what was signed

    def actual(self, code: str) -> Decimal | None:
        """What was reported of an indicator; None for none."""
        return self.values[code][1] if code in self.values else None

    def differs(self, code: str, known: Decimal | None) -> bool:
        """Whether an indicator was reported with another figure than the one known today."""
        return code in self.values and self.values[code][1] != known


_lookups: list[Callable[[Plan], dict[str, Reported]]] = []


def register(lookup: Callable[[Plan], dict[str, Reported]]) -> None:
    """Say who knows the signed periods of a plan, by code. Called at start; the last one answers."""
    _lookups[:] = [lookup]


def reported(plan: Plan) -> dict[str, Reported]:
    """The signed periods of a plan, by code."""
    return _lookups[0](plan) if _lookups else {}
