"""The rules of one call ("the call of 2016"): its exclusions, and how it reads an indicator otherwise.

The figures of a plan follow the plan's own rules and every exclusion in its own time (R2). A rulebook asks
what they would be if its rules held over the whole period, and no other call's.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from dissemination.kernel.database import db
from dissemination.plan import queries
from dissemination.plan.models import Exclusion, Plan, Rulebook
from dissemination.plan.periods import Period


@dataclass(frozen=True)
class Stretched:
    """An exclusion as if it had been in force over a whole period."""

    id: int
    verbs: list
    condition: dict
    valid_from: date
    valid_until: date | None


@dataclass(frozen=True)
class ReadRule:
    """An indicator's code and the rule that a rulebook reads it by."""

    code: str
    rule: Any


@dataclass(frozen=True)
class Reading:
    """A plan as a rulebook reads it: what `tallies.parts_of` needs of a plan."""

    indicators: list[ReadRule]


def rulebooks(district_id: int) -> list[Rulebook]:
    """The rulebooks of a district, the latest first."""
    query = select(Rulebook).where(Rulebook.district_id == district_id)
    return sorted(db.session.scalars(query), key=lambda b: (b.valid_from, b.id), reverse=True)


def rulebook(district_id: int, code: str) -> Rulebook | None:
    """The rulebook of a district with that code, or None."""
    query = select(Rulebook).where(Rulebook.district_id == district_id, Rulebook.code == code)
    return db.session.scalar(query)


def in_force(district_id: int, on: date) -> Rulebook | None:
    """The rulebook in force on a day: of several the one that began last; None without any."""
    for book in rulebooks(district_id):
        if book.valid_from <= on and (book.valid_until is None or book.valid_until >= on):
            return book
    return None


def exclusions_of(book: Rulebook, period: Period) -> tuple[Any, ...]:
    """The exclusions under a rulebook: its own over the whole period, and those that belong to no call."""
    return tuple(
        Stretched(e.id, e.verbs, e.condition, date.min, None) if e.rulebook_id == book.id else e
        for e in queries.exclusions(book.district_id)
        if e.rulebook_id in (None, book.id) and _touches(e, book, period)
    )


def _touches(exclusion: Exclusion, book: Rulebook, period: Period) -> bool:
    if exclusion.rulebook_id == book.id:
        return True
    until = exclusion.valid_until or date.max
    return exclusion.valid_from <= period.end and until >= period.start


def read_by(plan: Plan, book: Rulebook | None) -> Any:
    """The plan itself, or the plan with the rules by which `book` reads its indicators."""
    if book is None:
        return plan
    own = {r.indicator_code: r.rule for r in book.rules}
    return Reading([ReadRule(i.code, own.get(i.code, i.rule)) for i in plan.indicators])


def with_rule(plan: Plan, code: str, rule: Any) -> Reading:
    """A plan as it would be with another rule for one indicator."""
    return Reading([ReadRule(i.code, rule if i.code == code else i.rule) for i in plan.indicators])
