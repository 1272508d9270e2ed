"""Every save of a plan is told to who keeps its versions, on a floor above."""

from collections.abc import Callable

from dissemination.people.accounts import Account
from dissemination.plan.models import Plan

Keep = Callable[[Plan, str, Account | None], None]
_keepers: list[Keep] = []


def register(keep: Keep) -> None:
    """Have `keep(plan, what, by)` called at the end of every save, in its transaction. At import, once."""
    if keep not in _keepers:
        _keepers.append(keep)


def note(plan: Plan, what: str, *, by: Account | None) -> None:
    """A save of `plan` is done; `what` was changed, in a word of `editions.texts.WORDS`."""
    for keep in _keepers:
        keep(plan, what, by)
