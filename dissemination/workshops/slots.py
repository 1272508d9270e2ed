"""What a workshop's page shows of a higher floor: the seats; and who may see a private one.

`registrations` and `guests` register here; the pages of workshops ask and never import upward. Without
them (a test of this package alone) the pages simply show no seats.
"""

from collections.abc import Callable, Iterable
from typing import Any

from markupsafe import Markup
from sqlalchemy import ColumnElement

from dissemination.workshops.models import Workshop

ENDLESS = 1_000_000  # free seats: as many as want

_panel: Callable[[Workshop], Any] | None = None
_left: Callable[[Iterable[int]], dict[int, int]] | None = None
_marks: tuple[ColumnElement, ...] = ()
_checks: list[Callable[[Workshop, str], bool]] = []


def register(
    panel: Callable[[Workshop], Any],
    *,
    left: Callable[[Iterable[int]], dict[int, int]] | None = None,
    marks: Iterable[ColumnElement] = (),
) -> None:
    """Say how the seats of a workshop are shown.

    `panel(workshop)` gives the registration panel of the public page as HTML (Markup). `left(ids)` gives
    the free seats of many workshops by id (ENDLESS: no limit), with one query. `marks` are scalar
    subqueries correlated with `Workshop`: as long as their values stay, `panel` shows the same (see
    `kept`).
    """
    global _panel, _left, _marks
    _panel, _left, _marks = panel, left, tuple(marks)


def panel(workshop: Workshop) -> Markup:
    """The registration panel of `workshop`; empty when nobody offers one."""
    return Markup("") if _panel is None else Markup(_panel(workshop) or "")  # noqa: S704 (HTML by contract)


def left(workshops: Iterable[Workshop]) -> dict[int, int]:
    """Free seats by workshop id, one query for all; empty when nobody counts them."""
    ids = [w.id for w in workshops]
    return _left(ids) if _left is not None and ids else {}


def marks() -> tuple[ColumnElement, ...] | None:
    """What a kept page is checked by; None when a panel is shown whose changes nobody can see."""
    return None if _panel is not None and not _marks else _marks


def register_guest_check(check: Callable[[Workshop, str], bool]) -> None:
    """Let `check(workshop, token)` open the public page of a private workshop (`?g=<token>`).

    Any check that says yes opens it; without checks nobody but the desk sees a private workshop.
    """
    if check not in _checks:
        _checks.append(check)


def is_guest(workshop: Workshop, token: str) -> bool:
    """Whether `token` lets its bearer see the private `workshop`."""
    return bool(token) and any(check(workshop, token) for check in _checks)
