"""Each of the 25 starter indicators against plain Python over all rows, at each level, on both databases."""

from datetime import UTC, datetime

import pytest
import time_machine
from hypothesis import HealthCheck, Phase, example, given, settings

from dissemination.plan import figures, jobs, periods, queries, rows, series, splits
from dissemination.plan.catalogue import catalogue
from tests.plan.oracle import INDICATORS, SPLITS, Books, looked_at
from tests.plan.worlds import VERBS, build, crowded, world_of

NOW = datetime(2028, 3, 5, 9, tzinfo=UTC)
LIVE = [
    "2026-H1", "2026-H2", "2028-H1", "2026-Q1", "2026-Q3", "2026-03", "2026-07", "2026", "2027", "plan",
]  # fmt: skip
BEFORE = ["2025-12", "2025-Q4", "2025-H2", "2025"]  # what was done before the plan
SPLIT_AT = ["2025-H2", "2026-H1", "2027-H1", "2026-Q3", "2028-02", "2026", "plan"]
OPENED = ["2026-H1", "2026-Q1", "2027-03", "2028", "plan"]
PHASES = (Phase.explicit, Phase.generate)  # shrinking over two databases takes minutes
CODES = [entry["code"] for entry in catalogue()["indicators"]]
NEEDED = {"AD-03": ["AD-01"], "FI-04": ["RE-02"]}  # the indicators that a rule names


def verbs_near(code):
    """The verbs that an indicator counts or shows, so that examples are about it."""
    written = repr(next(e["rule"] for e in catalogue()["indicators"] if e["code"] == code))
    return [v for v in VERBS if f"'{v}'" in written] or [VERBS[0]]


def said(figure):
    return figure.actual, figure.numerator, figure.denominator


def test_the_oracle_knows_the_whole_catalogue():
    assert list(INDICATORS) == CODES == list(SPLITS)
    assert {e["code"]: e["rule"]["split"] for e in catalogue()["indicators"]} == SPLITS


@pytest.mark.parametrize("code", CODES)
@time_machine.travel(NOW, tick=False)
def test_the_indicator_agrees_with_plain_python_at_each_level(app, code):
    @settings(
        max_examples=2, deadline=None, suppress_health_check=list(HealthCheck), database=None, phases=PHASES
    )
    @example(crowded(verbs_near(code)))
    @given(world_of(verbs_near(code)))
    def agrees(drawn):
        plan = build(drawn, {code, *NEEDED.get(code, [])})
        indicator, books = queries.indicator(plan, code), Books(plan, NOW.date())
        wanted = [*periods.every(plan), *[periods.read(level, plan) for level in BEFORE]]
        expected = {p.code: INDICATORS[code](books, p.start, p.end) for p in wanted}
        check(indicator, books, [p for p in wanted if p.code in LIVE], expected, "half")
        jobs.keep_totals()  # and once more from the totals that are kept up, at each level that there is
        check(indicator, books, wanted, expected, "half", "quarter", "month", "year")

    agrees()


def check(indicator, books, wanted, expected, *grains):
    """Figures, classes of splits, the course over the plan and opened rows all say the same."""
    plan, code = indicator.plan, indicator.code
    found = figures.figures([indicator], wanted)
    assert {c: said(f) for (_, c), f in found.items()} == {p.code: expected[p.code].worth() for p in wanted}
    assert {
        (p.code, split.attribute): {line.value: said(line) for line in split.lines}
        for p in wanted
        if p.code in SPLIT_AT
        for split in splits.splits(indicator, p)
    } == {
        (level, name): expected[level].classes(name)
        for level in SPLIT_AT
        for name in SPLITS[code]
        if any(p.code == level for p in wanted)
    }
    for grain in grains:
        course = [p for p in series.series(indicator, grain) if p.period.start <= NOW.date()]
        assert [p.increment for p in course] == [expected[p.period.code].worth()[0] for p in course]
        assert [p.cumulative for p in course] == [
            INDICATORS[code](books, plan.starts_on, min(p.period.end, plan.ends_on)).worth()[0]
            for p in course
        ]
    for period in (p for p in wanted if p.code in OPENED):
        opens(indicator, period, books, expected[period.code], found[code, period.code])


def opens(indicator, period, books, expected, figure):
    """A figure opens the very rows that it counts, and those that it saw and did not count, each with why."""
    opened = list(rows.every(indicator, period))
    good, bad = [r.id for r in opened if r.reason is None], [r.id for r in opened if r.reason]
    assert sorted(good) == sorted(r["id"] for r in expected.above)
    assert {*good, *bad} == looked_at(books, indicator.code, period.start, period.end)
    assert (len(good), len(bad)) == (figure.counted, figure.not_counted)
    assert sum(n for _why, n in rows.reasons(indicator, period)) == len(bad)
    for part in set(rows.parts(indicator)) - {"numerator"}:
        below = [r.id for r in rows.every(indicator, period, part=part) if r.reason is None]
        assert sorted(below) == sorted(r["id"] for r in expected.below)
