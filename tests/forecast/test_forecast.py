"""Where figures will stand: the arithmetic, its tests on past half-years, the page."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from dissemination.forecast import actions, estimating, jobs, queries, sources, texts
from dissemination.forecast.estimating import Known, Method
from dissemination.forecast.making import Maker
from dissemination.forecast.models import Forecast
from dissemination.kernel.database import db, transaction
from dissemination.plan import activity, periods
from dissemination.plan import queries as plans
from dissemination.plan.actions import adopt_catalogue
from dissemination.plan.models import Target
from dissemination.workshops.models import Cancellation, Workshop
from tests import factories

NOW = datetime(2027, 4, 15, 9, tzinfo=UTC)
AT = "/moda/desk/forecast"


def known(**values):
    standard = {"so_far": 10.0, "months": [4.0] * 12, "held": [2] * 12, "scheduled": 0.0, "remaining": 3.0,
                "fed_by_workshops": True}  # fmt: skip
    return Known(**standard | values)


def test_what_is_on_the_calendar_counts_with_what_a_workshop_usually_brings():
    assert estimating.estimate(known(scheduled=9.0)).expected == 10 + 9 * 2
    assert estimating.estimate(known(scheduled=9.0)).scheduled == 18


def test_with_less_on_the_calendar_than_usual_the_usual_number_counts():
    assert estimating.estimate(known(scheduled=1.0)).expected == 10 + 6 * 2


def test_what_no_workshop_feeds_goes_on_at_its_monthly_rate():
    found = estimating.estimate(known(fed_by_workshops=False, held=[0] * 12))
    assert (found.expected, found.method) == (10 + 4 * 3, Method.RATE)


def test_at_the_end_nothing_more_is_expected():
    assert estimating.estimate(known(remaining=0.0)).expected == 10


def test_the_range_comes_from_past_errors_and_is_wide_with_few_of_them():
    exact = [(10.0, 10.0)] * 5
    assert estimating.spread(exact) == (1.0, 1.0)
    assert estimating.spread([(10.0, 8.0), (10.0, 12.0)]) == estimating.WIDE
    low, high = estimating.spread([(10.0, n) for n in (7.0, 9.0, 10.0, 11.0, 13.0)])
    assert (round(low, 2), round(high, 2)) == (0.78, 1.22)
    assert estimating.error([(10.0, 8.0), (10.0, 12.0)]) == pytest.approx(100 * (2 / 8 + 2 / 12) / 2)
    assert estimating.error([]) is None


@pytest.fixture
def steady(moda):
    """A workshop on the 10th of each month from 2024 to March 2027, with two companies each: always the same."""
    plan = plans.current_plan(moda.id)
    with transaction():
        adopt_catalogue(plan)
        workshop = factories.workshop(moda, starts_at=datetime(2024, 1, 10, 9, tzinfo=UTC))
        db.session.add(Cancellation(workshop_id=workshop.id, reason="x", at=datetime(2024, 1, 1, tzinfo=UTC)))
        for n in range(39):
            day = date(2024 + n // 12, n % 12 + 1, 10)
            common = {"district_id": moda.id, "title": "x", "happened_on": day, "by": None}
            activity.record("workshop.held", workshop, **common)
            for _ in range(2):
                company = factories.company(moda)
                activity.record("attendance.present", workshop, company_id=company.id, **common)
    return plan


@time_machine.travel(NOW, tick=False)
def test_a_steady_past_forecasts_itself_and_its_tests_show_no_error(moda, steady):
    maker = Maker(moda, steady)
    half = maker.periods()[0]
    made = maker.make(plans.indicator(steady, "DV-03"), half)
    assert half.code == "2027-H1"
    assert made.so_far == 6
    assert made.estimate.each == 2
    assert made.estimate.expected == pytest.approx(6 + 2 * 76 / (365.25 / 12), rel=0.01)
    assert [code for code, _p, _a in made.tests] == [
        "2024-H1", "2024-H2", "2025-H1", "2025-H2", "2026-H1", "2026-H2",
    ]  # fmt: skip
    assert all(actual == 12 for _c, _p, actual in made.tests)
    assert made.error < 15


@time_machine.travel(NOW, tick=False)
def test_a_test_on_the_past_knows_nothing_of_what_came_later(moda, steady):
    before = Maker(moda, steady)
    first = before.make(plans.indicator(steady, "DV-03"), before.periods()[0]).tests
    with transaction():
        workshop = db.session.query(Workshop).first()
        for _ in range(50):
            activity.record(
                "attendance.present", workshop, company_id=factories.company(moda).id, district_id=moda.id, title="x",
                happened_on=date(2026, 12, 20), by=None,
            )  # fmt: skip
    after = Maker(moda, steady)
    second = after.make(plans.indicator(steady, "DV-03"), after.periods()[0]).tests
    predicted = {code: p for code, p, _a in first}, {code: p for code, p, _a in second}
    assert predicted[0] == predicted[1]
    assert {c: a for c, _p, a in second}["2026-H2"] == 62


@time_machine.travel(NOW, tick=False)
def test_the_calendar_holds_published_workshops_that_are_not_called_off(moda):
    with transaction():
        for days, values in ((20, {}), (30, {}), (40, {"published": False}), (100, {})):
            factories.workshop(moda, starts_at=NOW + timedelta(days=days), **values)
        off = factories.workshop(moda, starts_at=NOW + timedelta(days=25))
        db.session.add(Cancellation(workshop_id=off.id, reason="x", at=NOW))
    found = sources.ahead(moda, NOW.date(), date(2027, 6, 30))
    assert (found.number, found.weight) == (2, 2.0)


@time_machine.travel(NOW, tick=False)
def test_what_was_published_later_was_not_on_the_calendar_then(moda):
    with transaction():
        late = factories.workshop(moda, starts_at=datetime(2026, 11, 10, 9, tzinfo=UTC))
        late.published_at = datetime(2026, 11, 1, tzinfo=UTC)
    then = datetime(2026, 10, 15, tzinfo=UTC)
    assert sources.ahead(moda, then.date(), date(2026, 12, 31), as_of=then).number == 0
    later = datetime(2026, 11, 5, tzinfo=UTC)
    assert sources.ahead(moda, later.date(), date(2026, 12, 31), as_of=later).number == 1


@time_machine.travel(NOW, tick=False)
def test_the_night_job_writes_once_a_day_and_the_page_says_what_is_missing(moda, steady, sign_in, ada):
    with transaction():
        target = Target(indicator=plans.indicator(steady, "DV-03"), period="2027-H1", value=Decimal(31))
        db.session.add(target)
    assert jobs.make_forecasts() == 1
    assert jobs.make_forecasts() == 0
    indicator = plans.indicator(steady, "DV-03")
    kept = queries.latest(indicator, "2027-H1")
    assert (kept.so_far, kept.expected, kept.low <= kept.expected <= kept.high) == (6, 11, True)
    period = periods.read("2027-H1", steady)
    assert texts.gap(indicator, kept, Decimal(31), period) == (
        "Ne mancano 20 (imprese): servono altri 10 workshop di dimensione consueta entro giugno 2027."
    )
    page = sign_in(ada).get(AT).text
    assert "Ne mancano 20 (imprese)" in page
    assert "errore medio" in page
    assert queries.latest(plans.indicator(steady, "PF-01"), "2027-H1") is None


@time_machine.travel(NOW, tick=False)
def test_an_organiser_makes_them_anew_and_a_viewer_does_not(moda, steady, sign_in, ada, person):
    viewer = sign_in(person(moda, "v@moda.example", "viewer"))
    assert viewer.get(AT).status_code == 200
    assert viewer.post(f"{AT}/making").status_code == 403
    assert sign_in(ada).post(f"{AT}/making", data={"period": "plan"}).status_code == 303
    assert db.session.query(Forecast).count() > 10


def test_a_district_without_a_running_plan_has_nothing_to_forecast(moda, sign_in, ada, dora):
    with time_machine.travel(datetime(2035, 1, 1, tzinfo=UTC), tick=False):
        assert jobs.make_forecasts() == 0
        assert "non è in corso" in sign_in(ada).get(AT).text
    assert sign_in(dora).get(AT).status_code == 404


@time_machine.travel(NOW, tick=False)
def test_removing_an_indicator_removes_its_forecasts(moda, steady):
    jobs.make_forecasts()
    from dissemination.plan.actions import remove

    indicator = plans.indicator(steady, "DV-02")
    with transaction():
        remove(indicator)
    assert db.session.query(Forecast).filter_by(indicator_id=indicator.id).count() == 0


def test_gaps_in_words(moda):
    plan = plans.current_plan(moda.id)
    with transaction():
        adopt_catalogue(plan)
    indicator, period = plans.indicator(plan, "DV-03"), periods.read("2027-H1", plan)

    def gap(target, **values):
        facts = {
            "so_far": 5,
            "expected": 10,
            "low": 8,
            "high": 12,
            "method": "calendar",
            "details": {"each": 2},
        }
        row = Forecast(**{k: Decimal(v) if isinstance(v, int) else v for k, v in (facts | values).items()})
        return texts.gap(indicator, row, None if target is None else Decimal(target), period)

    assert [gap(t) for t in (None, 5, 8, 9, 11)] == [
        "Per questo periodo non c'è un obiettivo.", "Già raggiunto.", "Sarà raggiunto.",
        "Sarà raggiunto se si continua così; con il valore più basso dell'intervallo no.",
        "Ne manca 1 (imprese): serve 1 altro workshop di dimensione consueta entro giugno 2027.",
    ]  # fmt: skip
    assert gap(20, method="rate") == "Ne mancano 10 (imprese): il ritmo consueto è di 2 al mese."


def test_actions_write_nothing_while_they_count(moda, steady):
    with time_machine.travel(NOW, tick=False):
        rows = actions.make(moda, steady)
        assert {r.period for r in rows} == {"2027-H1", "plan"}
        assert db.session.query(Forecast).count() == 0
