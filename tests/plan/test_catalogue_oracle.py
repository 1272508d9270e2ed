"""Each of the 25 starter indicators against plain Python over all rows, at each level, on both databases."""

from datetime import UTC, datetime

import pytest
import time_machine
from hypothesis import HealthCheck, Phase, given, settings

from dissemination.plan import figures, jobs, periods, queries, rows, rules, splits
from dissemination.plan.catalogue import catalogue
from tests.plan.oracle import INDICATORS, SPLITS, Books
from tests.plan.worlds import VERBS, build, world_of

NOW = datetime(2028, 1, 10, 9, tzinfo=UTC)
LEVELS = [
    "2026-H1", "2026-H2", "2028-H1", "2026-Q1", "2026-Q3", "2026-03", "2026-07", "2026", "2027", "plan",
]  # fmt: skip
SPLIT_AT = ["2026-H1", "2026-Q3", "2026-03", "2026", "plan"]
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
        max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), database=None, phases=PHASES
    )
    @given(world_of(verbs_near(code)))
    def agrees(drawn):
        plan = build(drawn, {code, *NEEDED.get(code, [])})
        indicator, books = queries.indicator(plan, code), Books(plan, NOW.date())
        wanted = [periods.read(level, plan) for level in LEVELS]
        expected = {p.code: INDICATORS[code](books, p.start, p.end) for p in wanted}
        by_class = {
            (level, name): expected[level].classes(name) for level in SPLIT_AT for name in SPLITS[code]
        }
        check(indicator, wanted, expected, by_class)
        jobs.keep_totals()  # and once more from the totals that are kept up
        check(indicator, wanted, expected, by_class)

    agrees()


def check(indicator, wanted, expected, by_class):
    """Figures, classes of splits and opened rows all say the same."""
    found = figures.figures([indicator], wanted)
    assert {code: said(f) for (_, code), f in found.items()} == {
        code: counted.worth() for code, counted in expected.items()
    }
    got = {
        (p.code, split.attribute): {line.value: said(line) for line in split.lines}
        for p in wanted
        if p.code in SPLIT_AT
        for split in splits.splits(indicator, p)
    }
    assert got == by_class
    opened = [r for r in rows.every(indicator, wanted[-1]) if r.reason is None]
    measure = rules.read(indicator.rule).measure
    if measure != "budget":
        assert len(opened) == len(expected["plan"].above) == found[indicator.code, "plan"].counted
