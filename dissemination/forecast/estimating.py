"""The arithmetic of a forecast. No database, no clock: what it is given decides what it says.

What the calendar holds, or the plan foresees, counts with what a workshop (a newsletter issue, an audit …)
usually brings; where less than the usual number is on the calendar yet, the usual number. What nothing of the
kind feeds goes on at its monthly rate. Rates, means and
members stay where they are. How far off this has been on past periods makes the range.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

FEW = 4  # with fewer tests than this the range is a wide guess, and the page says so
WIDE = (0.6, 1.4)


class Method(StrEnum):
    """What a forecast is made from."""

    CALENDAR = "calendar"  # workshops or issues ahead, with what one brings
    PLANNED = "planned"  # operations of the plan, with what one brings
    RATE = "rate"  # the monthly rate of the past year
    LEVEL = "level"  # a rate or a stock: as it stands


@dataclass(frozen=True)
class Known:
    """What is known of an indicator on the day of the forecast.

    `months` are the increments of up to twelve whole months before it, the latest last; `held` the units
    (workshops, newsletter issues …) of them; `scheduled` those on the calendar up to the period's end, each
    weighed by its bookings (1 = as many as usual); `planned` those that operations of the plan foresee,
    and `foreseen` what these say of the indicator itself (20 companies audited);
    `remaining` the months left. `is_unit`: the indicator counts these very units.
    """

    so_far: float
    months: Sequence[float]
    held: Sequence[int]
    scheduled: float
    remaining: float
    fed_by_units: bool
    planned: float = 0.0
    foreseen: float = 0.0
    is_unit: bool = False


@dataclass(frozen=True)
class Estimate:
    """The expected value; of it what the calendar or the plan brings; what one unit, or one month, brings."""

    expected: float
    scheduled: float
    method: Method
    each: float


def estimate(known: Known) -> Estimate:
    """What an indicator that grows will come to."""
    found = _by_units(known)
    if known.so_far + known.foreseen > found.expected:
        return Estimate(known.so_far + known.foreseen, known.foreseen, Method.PLANNED, found.each)
    return found


def _by_units(known: Known) -> Estimate:
    n = max(len(known.months), 1)
    rate, held = sum(known.months) / n, sum(known.held)
    if not known.fed_by_units or not (held or known.is_unit):
        return Estimate(known.so_far + rate * known.remaining, 0.0, Method.RATE, rate)
    each = sum(known.months) / held if held else 1.0
    usual, ahead = held / n * known.remaining, max(known.scheduled, known.planned)
    by_plan = known.planned > max(known.scheduled, usual)
    expected = known.so_far + each * max(ahead, usual)
    return Estimate(expected, each * ahead, Method.PLANNED if by_plan else Method.CALENDAR, each)


def spread(tests: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """By what factors the truth lay below and above: eight of ten tests (predicted, actual) lie between."""
    factors = sorted(actual / predicted for predicted, actual in tests if predicted > 0)
    if len(factors) < FEW:
        return WIDE
    return min(quantile(factors, 0.1), 1.0), max(quantile(factors, 0.9), 1.0)


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value below which `share` of ordered values lies, between two of them in proportion."""
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def error(tests: Sequence[tuple[float, float]]) -> float | None:
    """The mean distance between forecast and truth, in percent of the truth; None without a test."""
    found = [abs(predicted - actual) / max(abs(actual), 1.0) for predicted, actual in tests]
    return 100 * sum(found) / len(found) if found else None
