"""Making a forecast of an indicator, and testing the same arithmetic on past half-years."""

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise

from dissemination.districts.models import District
from dissemination.forecast import estimating, sources
from dissemination.forecast.estimating import Estimate, Known, Method
from dissemination.plan import periods, queries, rules, series
from dissemination.plan.figures import district_today
from dissemination.plan.models import Indicator, Plan
from dissemination.plan.periods import Period
from dissemination.plan.rules import Measure, Rule
from dissemination.plan.series import Kind
from dissemination.plan.tallies import parts_of

HALVES = 6  # past half-years that the arithmetic is tested on
LEAST, MOST = 15, 165  # days before a half-year's end on which a test stands
MONTH = 365.25 / 12


@dataclass(frozen=True)
class Made:
    """A forecast as it is kept; `tests` are (half-year, predicted, actual)."""

    so_far: float
    estimate: Estimate
    low: float
    high: float
    error: float | None
    tests: list[tuple[str, float, float]]
    unit: str = ""  # the verb of what would close a gap


class Maker:
    """Forecasts for one plan on one day: what several indicators need is read once."""

    def __init__(self, district: District, plan: Plan):
        self.district, self.plan, self.today = district, plan, district_today(plan)
        half = periods.read(periods.half_year_of(self.today), plan)
        self.lead = min(max((half.end - self.today).days, LEAST), MOST)
        years = range(half.start.year - 5, half.end.year + 1)
        self._months = [periods.read(f"{y}-{m:02}", plan) for y in years for m in range(1, 13)]
        self._occurred = queries.verbs_that_occurred(district.id)
        self._values: dict[tuple[int, str], dict[date, float | None]] = {}
        self._held: dict[tuple, list[int]] = {}
        self._ahead: dict[tuple, sources.Ahead] = {}

    def periods(self) -> list[Period]:
        """The half-year that runs and the plan, as long as they last."""
        found = [
            periods.read(periods.half_year_of(self.today), self.plan),
            periods.read(periods.PLAN, self.plan),
        ]
        return [p for p in found if p.start <= self.today <= p.end and p.start <= self.plan.ends_on]

    def make(self, indicator: Indicator, period: Period) -> Made | None:
        """The forecast of an indicator for a period; None where there is nothing to go by."""
        rule = rules.read(indicator.rule)
        parts = parts_of(self.plan, rule).values()
        if rule.measure is Measure.BUDGET or None in parts:
            return None
        fed = rule.measure is Measure.MEMBERS or any(p and set(p.verbs) & self._occurred for p in parts)
        if not fed:
            return None
        tests = self._tests(indicator)
        pairs = [(predicted, actual) for _code, predicted, actual in tests]
        if series.kind_of(indicator) is Kind.LEVEL:
            return self._level(indicator, period, tests, pairs)
        known = self._known(indicator, period, self.today, None)
        found = estimating.estimate(known)
        below, above = estimating.spread(pairs)
        more = found.expected - known.so_far
        low = known.so_far + max(found.expected * below - known.so_far, 0.0)
        high = known.so_far + max(found.expected * above - known.so_far, more)
        if period.code == periods.PLAN:  # tests are of half-years: their error is that of what is to come
            low, high = known.so_far + more * below, known.so_far + more * above
        unit = "" if found.method is Method.RATE else self._units(rule)[1]
        return Made(known.so_far, found, min(low, found.expected), high, estimating.error(pairs), tests, unit)

    def _level(self, indicator, period, tests, pairs) -> Made | None:
        value = self._course(indicator, period, [self.today])[0]
        if value is None:
            return None
        below, above = estimating.spread(pairs)
        top = min(value * above, 100.0) if indicator.unit == "%" else value * above
        found = Estimate(value, 0.0, Method.LEVEL, 0.0)
        return Made(value, found, value * below, max(top, value), estimating.error(pairs), tests)

    def _tests(self, indicator: Indicator) -> list[tuple[str, float, float]]:
        """The same forecast as of the same distance before the end of past half-years, and what came."""
        half = periods.read(periods.half_year_of(self.today), self.plan)
        found = []
        for past in self._halves_before(half):
            day = past.end - timedelta(days=self.lead)
            truth = self._course(indicator, past, [day, past.end])
            if series.kind_of(indicator) is Kind.LEVEL:
                if truth[0] and truth[1] is not None:  # zero: nothing was known yet
                    found.append((past.code, truth[0], truth[1]))
                continue
            as_of = datetime.combine(day, time(23, 59), tzinfo=self.district.zone)
            known = self._known(indicator, past, day, as_of)
            if not any(known.months):  # nothing was known yet
                continue
            found.append((past.code, estimating.estimate(known).expected, truth[1] or 0.0))
        return found

    def _halves_before(self, half: Period) -> list[Period]:
        found, start = [], half.start
        for _n in range(HALVES):
            last = start - timedelta(days=1)
            before = periods.read(periods.half_year_of(last), self.plan)
            found.append(before)
            start = before.start
        return found[::-1]

    def _known(self, indicator: Indicator, period: Period, day: date, as_of: datetime | None) -> Known:
        ends = _month_ends_before(day)
        rule = rules.read(indicator.rule)
        calendar, unit = self._units(rule)
        ahead = (
            sources.Ahead(0, 0.0) if calendar is None else self._units_ahead(calendar, day, period.end, as_of)
        )
        # What the plan foresees now tells nothing of what it foresaw on a day in the past.
        planned = foreseen = 0.0
        if as_of is None:
            planned = sources.planned(self.plan, unit, day, period.end) if unit else 0.0
            foreseen = sources.foreseen(self.plan, indicator, day, period.end)
        return Known(
            so_far=self._course(indicator, period, [day])[0] or 0.0,
            months=self._increments(indicator, period, ends), held=self._held_in(ends, unit),
            scheduled=float(ahead.number) if rule.verbs == (unit,) else ahead.weight,
            planned=planned, foreseen=foreseen,
            remaining=max((period.end - day).days, 0) / MONTH, fed_by_units=bool(unit),
            is_unit=sources.unit_of(rule) == unit,
        )  # fmt: skip

    def _units(self, rule: Rule) -> tuple[sources.Calendar | None, str]:
        """The calendar that feeds a rule and the verb of its units; the plan's operations may have others."""
        verbs = frozenset(rules.verbs_of(rule))
        calendar = sources.feeding(verbs)
        return calendar, calendar.unit if calendar else sources.operated(self.plan, verbs)

    def _increments(self, indicator: Indicator, period: Period, ends: list[date]) -> list[float]:
        """What each month added: to its half-year's figure, or to the plan's."""
        found = []
        for end in ends:
            span = (
                period if period.code == periods.PLAN else periods.read(periods.half_year_of(end), self.plan)
            )
            before = end.replace(day=1) - timedelta(days=1)
            days = [d for d in (before, end) if d >= span.start]
            if not days:
                continue
            values = [0.0, *[v or 0.0 for v in self._course(indicator, span, days)]]
            found.append([b - a for a, b in pairwise(values)][-1])
        return found

    def _course(self, indicator: Indicator, span: Period, days: list[date]) -> list[float | None]:
        """The figure from a span's first day to each of `days`; a span is counted once for all its days."""
        key = (indicator.id, span.code)
        known = self._values.setdefault(key, {})
        if not set(days) <= known.keys():
            wanted = sorted({*days, *self._days_of(span)})
            values: list[Decimal | None] = series.course(indicator, span, wanted)
            known.update({d: None if v is None else float(v) for d, v in zip(wanted, values, strict=True)})
        return [known[d] for d in days]

    def _days_of(self, span: Period) -> list[date]:
        """The days of a span that anybody will ask about: ends of months, today, the day of the test."""
        ends = [m.end for m in self._months if span.start <= m.end <= min(span.end, self.today)]
        lead = span.end - timedelta(days=self.lead)
        return [d for d in (*ends, lead, span.end, self.today) if span.start <= d <= span.end]

    def _held_in(self, ends: list[date], unit: str) -> list[int]:
        key = (unit, *ends)
        if key not in self._held:
            self._held[key] = sources.held_by_month(self.district, ends, unit) if unit else []
        return self._held[key]

    def _units_ahead(
        self, calendar: sources.Calendar, day: date, until: date, as_of: datetime | None
    ) -> sources.Ahead:
        key = (calendar.unit, day, until, as_of)
        if key not in self._ahead:
            self._ahead[key] = calendar.ahead(self.district, day, until, as_of)
        return self._ahead[key]


def _month_ends_before(day: date) -> list[date]:
    """The last days of the twelve whole months before the month of `day`."""
    found, year, month = [], day.year, day.month
    for _n in range(12):
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
        found.append(date(year, month, monthrange(year, month)[1]))
    return found[::-1]


def rounded(made: Made, unit: str) -> Made:
    """A forecast of things that are counted has no fractions."""
    if unit in ("%", "EUR", "1-5"):
        return made
    whole = replace(made.estimate, expected=float(round(made.estimate.expected)))
    return replace(made, estimate=whole, low=float(int(made.low)), high=float(-int(-made.high // 1)))
