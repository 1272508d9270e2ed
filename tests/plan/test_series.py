"""An indicator over time: increments, cumulative figures, targets; and what charts say of them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from xml.etree import ElementTree

import pytest
import time_machine
from hypothesis import HealthCheck, Phase, given, settings
from sqlalchemy import event

from dissemination.kernel.database import db, transaction
from dissemination.people.models import Membership
from dissemination.plan import activity, charts, figures, jobs, periods, queries, rows, rules, series, splits
from dissemination.plan.actions import adopt_catalogue
from dissemination.plan.catalogue import catalogue
from dissemination.plan.models import Target
from dissemination.plan.periods import Period
from tests import factories
from tests.plan.worlds import VERBS, build, world_of

NOW = datetime(2028, 1, 10, 9, tzinfo=UTC)
CODES = [entry["code"] for entry in catalogue()["indicators"]]


@time_machine.travel(NOW, tick=False)
def test_a_cumulative_figure_is_that_from_the_plans_first_day_at_every_grain(app):
    @settings(
        max_examples=3, deadline=None, suppress_health_check=list(HealthCheck), database=None,
        phases=(Phase.explicit, Phase.generate),
    )  # fmt: skip
    @given(world_of(VERBS))
    def agrees(drawn):
        plan = build(drawn, set(CODES))
        for kept in (False, True):
            if kept:
                jobs.keep_totals()
            for grain in ("half", "quarter"):
                found = series.many(plan.indicators, grain)
                for indicator in plan.indicators:
                    begun = [p for p in found[indicator.code] if p.period.start <= NOW.date()]
                    spans = [Period(plan.starts_on, p.period.end, f"to {p.period.code}") for p in begun]
                    whole = figures.figures([indicator], spans, live=True)
                    assert [p.cumulative for p in begun] == [
                        whole[indicator.code, s.code].actual for s in spans
                    ], (indicator.code, grain, kept)

    agrees()


@time_machine.travel(NOW, tick=False)
def test_classes_of_what_is_added_come_to_the_figure_and_distinct_ones_to_at_least_it(app):
    @settings(
        max_examples=3, deadline=None, suppress_health_check=list(HealthCheck), database=None,
        phases=(Phase.explicit, Phase.generate),
    )  # fmt: skip
    @given(world_of(VERBS))
    def agrees(drawn):
        plan = build(drawn, set(CODES))
        period = periods.read("plan", plan)
        for indicator in plan.indicators:
            measure, whole = rules.read(indicator.rule).measure, figures.figure(indicator, period).actual
            for split in splits.splits(indicator, period):
                total = sum((line.actual or Decimal(0) for line in split.lines), Decimal(0))
                if measure in ("count", "sum", "members"):
                    assert (total, split.overlaps) == (whole, False)
                elif measure in ("companies", "new_companies", "persons"):
                    assert total >= whole
                    assert split.overlaps

    agrees()


@pytest.fixture
def plan(moda):
    plan = queries.current_plan(moda.id)
    with transaction():
        adopt_catalogue(plan)
    return plan


def promise(plan, code, **values):
    with transaction():
        for period, value in values.items():
            db.session.add(
                Target(
                    indicator=queries.indicator(plan, code), period=period.replace("_", "-").strip("-"),
                    value=Decimal(value),
                )
            )  # fmt: skip


def test_half_years_targets_add_up_and_spread_over_their_months(plan):
    promise(plan, "DV-01", _2026_H1=6, _2026_H2=12)
    indicator = queries.indicator(plan, "DV-01")
    halves = periods.cut(plan, periods.Grain.HALF)
    assert series.targets(indicator, halves) == (
        [6, 12, None, None, None, None], [6, 18, 18, 18, 18, 18],
    )  # fmt: skip
    quarters = periods.cut(plan, periods.Grain.QUARTER)
    assert series.targets(indicator, quarters)[1][:5] == [3, 6, 12, 18, 18]


def test_a_distinct_count_goes_at_an_even_pace_to_the_plans_target(plan):
    promise(plan, "DV-03", _plan=60, _2026_H1=20)
    wanted = periods.cut(plan, periods.Grain.HALF)
    assert series.targets(queries.indicator(plan, "DV-03"), wanted) == (
        [20, None, None, None, None, None], [10, 20, 30, 40, 50, 60],
    )  # fmt: skip


def test_a_plan_cut_into_half_years_quarters_months_and_years(plan):
    assert [len(periods.cut(plan, g)) for g in periods.Grain] == [36, 12, 6, 3, 1]


@time_machine.travel(NOW, tick=False)
def test_what_comes_after_the_plans_last_day_is_no_part_of_its_course(moda, plan):
    with transaction():
        plan.ends_on = date(2027, 5, 31)
        workshop = factories.workshop(moda)
        for day in (date(2026, 3, 3), date(2027, 6, 15)):
            activity.record(
                "attendance.present", workshop, district_id=moda.id, title="x", happened_on=day, by=None,
                company_id=factories.company(moda).id,
            )  # fmt: skip
    for keep in (False, True):
        if keep:
            jobs.keep_totals()
        for code in ("DV-02", "DV-03", "AD-02"):
            points = series.series(queries.indicator(plan, code), "half")
            assert [p.cumulative for p in points] == [1, 1, 1], (code, keep)
            assert [p.increment for p in points] == [1, 0, 1]  # half-years are the calendar's


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize("code", ["DV-01", "DV-02", "DV-03", "DV-04", "DV-05", "AD-03", "PF-02"])
def test_the_course_by_half_year_is_read_not_counted_from_the_log(moda, plan, code):
    """The public page shows it of each indicator: it must cost the same however long the log is."""
    with transaction():
        workshop, company = factories.workshop(moda), factories.company(moda).id
        db.session.add(Membership(company_id=company, since=date(2026, 7, 1)))
        for verb, day in (("workshop.held", date(2026, 3, 3)), ("attendance.present", date(2026, 3, 3)),
                          ("attendance.present", date(2026, 8, 3))):  # fmt: skip
            activity.record(
                verb, workshop, district_id=moda.id, title="x", happened_on=day, by=None, company_id=company
            )
    jobs.keep_totals()
    indicator, asked = queries.indicator(plan, code), []
    listen = lambda _c, _cursor, statement, *_rest: asked.append(statement)  # noqa: E731
    event.listen(db.engine, "before_cursor_execute", listen)
    found = [p.cumulative for p in series.series(indicator, "half")]
    event.remove(db.engine, "before_cursor_execute", listen)
    assert found == {
        "DV-01": [1, 1, 1, 1, 1, None], "DV-02": [1, 2, 2, 2, 2, None], "DV-03": [1, 1, 1, 1, 1, None],
        "DV-04": [100, 100, 100, 100, 100, None], "DV-05": [None] * 6, "AD-03": [None, *[100] * 4, None],
        "PF-02": [100, 100, 100, 100, 100, None],
    }[code]  # fmt: skip
    assert [s for s in asked if " AS reason" in s and "FROM activities" in s] == []


@time_machine.travel(datetime(2027, 3, 1, tzinfo=UTC), tick=False)
def test_what_has_not_begun_has_no_figure(plan):
    points = series.series(queries.indicator(plan, "DV-01"), "half")
    assert [p.cumulative for p in points] == [0, 0, 0, None, None, None]


def test_a_chart_says_its_numbers_and_is_well_formed(plan):
    promise(plan, "DV-01", _2026_H1=6)
    with transaction():
        queries.indicator(plan, "DV-01").name_it = 'Workshop <b>"&'
    points = series.series(queries.indicator(plan, "DV-01"), "half")
    for draw in (charts.burn_up, charts.bars):
        svg = draw(points, "workshops", "it", title='Workshop <b>"&')
        root = ElementTree.fromstring(svg)
        texts = [e.text for e in root.iter("{http://www.w3.org/2000/svg}title")]
        said = next(root.iter("{http://www.w3.org/2000/svg}desc")).text
        assert texts == ['Workshop <b>"&']
        assert "1° semestre 2026: conseguito 0, obiettivo 6" in said
        assert "style=" not in svg


def test_the_grid_of_provinces_holds_the_ten_and_the_rest(app):
    svg = charts.provinces({"PO": Decimal(3), "MI": Decimal(2), "": Decimal(1)}, "", "it")
    said = next(ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}desc")).text
    assert said == (
        "MS: 0; LU: 0; PT: 0; PO: 3; PI: 0; FI: 0; AR: 0; LI: 0; SI: 0; GR: 0; altrove: 2; non indicato: 1"
    )


def test_identities_hold_the_content_of_every_row(moda, plan):
    from dissemination.plan import activity

    with transaction():
        survivor = factories.company(moda, "Tessitura Uno")
        merged = factories.company(moda, "Tessitura 1", merged_into_id=survivor.id)
        workshop = factories.workshop(moda)
        common = {"district_id": moda.id, "title": "Filati", "happened_on": date(2027, 3, 11), "by": None}
        first = activity.record(
            "attendance.present",
            workshop,
            company_id=merged.id,
            activity_line_id=factories.line(moda).id,
            **common,
        )
        second = activity.record("attendance.absent", workshop, not_counted="absent", **common)
    got = rows.identities(queries.indicator(plan, "DV-03"), periods.read("2027-H1", plan))
    assert [(r.id, r.kind, r.title, r.company, r.tax_id, r.line, r.reason, r.subject_kind) for r in got] == [
        (first.id, "activities", "Filati", "Tessitura Uno", survivor.tax_id, "a", None, "workshops"),
        (second.id, "activities", "Filati", "", "", "", "absent", "workshops"),
    ]


def test_identities_are_as_many_as_the_figure_counts_for_every_indicator(app):
    @settings(
        max_examples=3, deadline=None, suppress_health_check=list(HealthCheck), database=None,
        phases=(Phase.explicit, Phase.generate),
    )  # fmt: skip
    @given(world_of(VERBS))
    def agrees(drawn):
        plan = build(drawn, set(CODES))
        period = periods.read("2026", plan)
        for indicator in plan.indicators:
            figure = figures.figure(indicator, period)
            frozen = rows.identities(indicator, period)
            assert sum(r.reason is None for r in frozen) == figure.counted
            assert sum(r.reason is not None for r in frozen) == figure.not_counted

    agrees()
