"""Periods as people write them: `2026`, `2026-H1`, `2026-Q2`, `2026-05`, `plan`."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from flask_babel import lazy_gettext as _l

from dissemination.kernel.refusals import Refusal

FORM = re.compile(
    r"(?P<year>[12]\d{3})(?:-(?:H(?P<half>[12])|Q(?P<quarter>[1-4])|(?P<month>0[1-9]|1[0-2])))?"
)
PLAN = "plan"


class UnknownPeriod(Refusal):
    """The text is not a period."""

    status = 422
    message = _l("This is not a period. Write 2026, 2026-H1, 2026-Q2, 2026-05 or plan.")
    field = "period"


@dataclass(frozen=True, order=True)
class Period:
    """A stretch of whole days, first and last included."""

    start: date
    end: date
    code: str


def read(code: str, plan) -> Period:
    """The period that `code` names; `plan` is the whole of `plan` (its `starts_on` to `ends_on`).

    Calendar periods are the calendar's, also where a plan begins within one. Raises UnknownPeriod.
    """
    if code == PLAN:
        return Period(plan.starts_on, plan.ends_on, PLAN)
    found = FORM.fullmatch(code or "")
    if not found:
        raise UnknownPeriod
    year = int(found["year"])
    if found["half"]:
        first, last = (1, 6) if found["half"] == "1" else (7, 12)
    elif found["quarter"]:
        last = int(found["quarter"]) * 3
        first = last - 2
    elif found["month"]:
        first = last = int(found["month"])
    else:
        first, last = 1, 12
    return Period(date(year, first, 1), date(year, last, monthrange(year, last)[1]), code)


def half_year_of(day: date) -> str:
    """The code of the half-year in which a day lies."""
    return f"{day.year}-H{1 if day.month <= 6 else 2}"


def half_years(plan) -> list[Period]:
    """The half-years that a plan touches, in order."""
    first, last = half_year_of(plan.starts_on), half_year_of(plan.ends_on)
    codes = [f"{y}-H{h}" for y in range(plan.starts_on.year, plan.ends_on.year + 1) for h in (1, 2)]
    return [read(code, plan) for code in codes if first <= code <= last]
