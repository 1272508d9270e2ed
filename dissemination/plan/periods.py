"""Periods as people write them: `2026`, `2026-H1`, `2026-Q2`, `2026-05`, `plan`."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from dissemination.kernel.refusals import Refusal

FORM = re.compile(
    r"(?P<year>[12]\d{3})(?:-(?:H(?P<half>[12])|Q(?P<quarter>[1-4])|(?P<month>0[1-9]|1[0-2])))?"
)
PLAN = "plan"
FIRST_YEAR, LAST_YEAR = 2000, 2100  # the annex has no other years
MOST_YEARS = 10


class Grain(StrEnum):
    """How long a period is."""

    MONTH = "month"
    QUARTER = "quarter"
    HALF = "half"
    YEAR = "year"
    PLAN = "plan"


class UnknownPeriod(Refusal):
    """The text is not a period."""

    status = 422
    message = _l("This is not a period. Write 2026, 2026-H1, 2026-Q2, 2026-05 or plan.")
    field = "period"


class NoDaysOfAPlan(Refusal):
    """From and to that no plan has."""

    status = 422


@dataclass(frozen=True, order=True)
class Period:
    """A stretch of whole days, first and last included."""

    start: date
    end: date
    code: str


def must_be_days_of_a_plan(starts_on: date, ends_on: date) -> None:
    """Raises NoDaysOfAPlan: a plan ends after it begins, within ten years, and in this century."""
    if not (FIRST_YEAR <= starts_on.year <= LAST_YEAR):
        words = _("A plan lies between %(first)d and %(last)d.", first=FIRST_YEAR, last=LAST_YEAR)
        raise NoDaysOfAPlan(words, field="starts_on")
    if ends_on <= starts_on:
        raise NoDaysOfAPlan(_("The last day must come after the first."), field="ends_on")
    if ends_on.year - starts_on.year > MOST_YEARS:
        raise NoDaysOfAPlan(_("A plan lasts at most ten years."), field="ends_on")


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


def is_named(period: Period, plan) -> bool:
    """Whether a stretch of days is what its code says: others have a code of their own, such as "to-date"."""
    try:
        return read(period.code, plan) == period
    except UnknownPeriod:
        return False


def grain_of(code: str) -> Grain:
    """How long the period is that a code names."""
    if code == PLAN:
        return Grain.PLAN
    part = code[5:]
    if not part:
        return Grain.YEAR
    return {"H": Grain.HALF, "Q": Grain.QUARTER}.get(part[0], Grain.MONTH)


def code_of(day: date, grain: Grain) -> str:
    """The code of the period of a grain in which a day lies; the plan's for `Grain.PLAN`."""
    return {
        Grain.MONTH: f"{day.year}-{day.month:02d}",
        Grain.QUARTER: f"{day.year}-Q{(day.month + 2) // 3}",
        Grain.HALF: half_year_of(day),
        Grain.YEAR: f"{day.year}",
        Grain.PLAN: PLAN,
    }[grain]


def windows(day: date, plan) -> list[str]:
    """The codes of all periods in which a day lies; the plan's last, where the day is one of the plan."""
    inside = plan.starts_on <= day <= plan.ends_on
    return [code_of(day, grain) for grain in Grain if grain is not Grain.PLAN or inside]


def half_year_of(day: date) -> str:
    """The code of the half-year in which a day lies."""
    return f"{day.year}-H{1 if day.month <= 6 else 2}"


def months(plan) -> list[Period]:
    """The months that a plan touches, in order."""
    return cut(plan, Grain.MONTH)


def quarters(plan) -> list[Period]:
    """The quarters that a plan touches, in order."""
    return cut(plan, Grain.QUARTER)


def half_years(plan) -> list[Period]:
    """The half-years that a plan touches, in order."""
    return cut(plan, Grain.HALF)


def years(plan) -> list[Period]:
    """The years that a plan touches, in order."""
    return cut(plan, Grain.YEAR)


def every(plan) -> list[Period]:
    """All periods for which totals are kept: the plan and what it touches, the shortest first."""
    return [*months(plan), *quarters(plan), *half_years(plan), *years(plan), read(PLAN, plan)]


def cut(plan, grain: Grain) -> list[Period]:
    """The periods of a grain that a plan touches, in order."""
    if grain is Grain.PLAN:
        return [read(PLAN, plan)]
    first, last = code_of(plan.starts_on, grain), code_of(plan.ends_on, grain)
    days = [
        date(year, month, 1)
        for year in range(plan.starts_on.year, plan.ends_on.year + 1)
        for month in range(1, 13)
    ]  # fmt: skip
    codes = dict.fromkeys(code_of(day, grain) for day in days)
    return [read(code, plan) for code in codes if first <= code <= last]
