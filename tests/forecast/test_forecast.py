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
from dissemination.newsletters import upcoming
from dissemination.newsletters.dispatches import Dispatch
from dissemination.newsletters.models import Issue
from dissemination.plan import activity, periods
from dissemination.plan import queries as plans
from dissemination.plan.actions import adopt_catalogue
from dissemination.plan.log import Activity
from dissemination.plan.models import Operation, Target
from dissemination.workshops.models import Cancellation, Workshop
from tests import factories

NOW = datetime(2027, 4, 15, 9, tzinfo=UTC)
AT = "/moda/desk/forecast"


def known(**values):
    standard = {"so_far": 10.0, "months": [4.0] * 12, "held": [2] * 12, "scheduled": 0.0, "remaining": 3.0,
                "fed_by_units": True}  # fmt: skip
    return Known(**standard | values)


def test_what_is_on_the_calendar_counts_with_what_a_workshop_usually_brings():
    assert estimating.estimate(known(scheduled=9.0)).expected == 10 + 9 * 2
    assert estimating.estimate(known(scheduled=9.0)).scheduled == 18


def test_with_less_on_the_calendar_than_usual_the_usual_number_counts():
    assert estimating.estimate(known(scheduled=1.0)).expected == 10 + 6 * 2


def test_what_the_plan_foresees_counts_where_it_is_more_than_the_calendar_and_the_usual_number():
    found = estimating.estimate(known(scheduled=7.0, planned=9.0))
    assert (found.expected, found.scheduled, found.method) == (10 + 9 * 2, 18, Method.PLANNED)
    assert estimating.estimate(known(scheduled=9.0, planned=7.0)).method == Method.CALENDAR
    first = known(months=[0.0] * 12, held=[0] * 12, planned=5.0, is_unit=True)
    assert estimating.estimate(first).expected == 10 + 5  # the first audits: one counts one
    companies = known(fed_by_units=False, foreseen=20.0)
    assert estimating.estimate(companies).expected == 10 + 20
    assert estimating.estimate(known(fed_by_units=False, foreseen=2.0)).method == Method.RATE


def test_what_no_workshop_feeds_goes_on_at_its_monthly_rate():
    found = estimating.estimate(known(fed_by_units=False, held=[0] * 12))
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


def operation(plan, code, indicator, **values):
    line = next(x for x in plan.lines if x.code == code)
    facts = {"title_it": "x", "starts_on": date(2027, 4, 1), "ends_on": date(2027, 6, 30), "planned": 91}
    row = Operation(
        activity_line_id=line.id, indicator_id=plans.indicator(plan, indicator).id, **(facts | values)
    )
    db.session.add(row)
    db.session.flush()
    db.session.expire(line)
    return row


@time_machine.travel(NOW, tick=False)
def test_operations_of_the_plan_feed_the_forecast_at_an_even_pace_until_they_are_done(moda, steady):
    maker = Maker(moda, steady)
    half = maker.periods()[0]
    companies = plans.indicator(steady, "DV-03")
    before = maker.make(companies, half)
    with transaction():
        row = operation(steady, "a", "DV-01")  # 91 workshops in 91 days: 76 after the 15th of April
    made = Maker(moda, steady).make(companies, half)
    assert (made.estimate.method, made.estimate.expected) == (Method.PLANNED, 6 + 76 * 2)
    assert made.tests == before.tests  # what is foreseen now was not known then
    with transaction():
        row.done_on = date(2027, 4, 10)
    assert Maker(moda, steady).make(companies, half) == before
    with transaction():
        row.done_on, row.indicator_id, row.planned = None, companies.id, 182  # companies, said directly
    assert Maker(moda, steady).make(companies, half).estimate.expected == 6 + 76 * 2


@time_machine.travel(NOW, tick=False)
def test_issues_that_are_decided_to_go_out_feed_the_forecast(moda, steady, ada):
    line = next(x for x in steady.lines if x.code == "a").id
    sent = [Issue(district_id=moda.id, slug=f"n{n}", subject_it="x", activity_line_id=line, created_at=NOW)
            for n in range(6)]  # fmt: skip
    with transaction():
        db.session.add_all(sent)
        db.session.flush()
        for n, at in enumerate((5, 10, 20, 30, 40, 90)):
            db.session.add(
                Dispatch(issue_id=sent[n].id, version=1, persons=9, at=NOW, by=ada.id, scheduled=True,
                         starts_at=NOW + timedelta(days=at), undone_at=NOW if n == 4 else None)
            )  # fmt: skip
        for month in (1, 2, 3):
            activity.record(
                "newsletter.sent", sent[0], district_id=moda.id, title="x", happened_on=date(2027, month, 3), by=None
            )  # fmt: skip
    until = date(2027, 6, 30)
    assert upcoming.ahead(moda, NOW.date(), until).number == 4
    assert upcoming.ahead(moda, NOW.date(), until, NOW - timedelta(days=1)).number == 0
    maker = Maker(moda, steady)
    made = maker.make(plans.indicator(steady, "DV-06"), maker.periods()[0])
    assert (made.so_far, made.estimate.expected, made.estimate.method) == (3, 7, Method.CALENDAR)
    row = actions._row(plans.indicator(steady, "DV-06"), "2027-H1", made, NOW.date())
    said = texts.gap(plans.indicator(steady, "DV-06"), row, Decimal(9), maker.periods()[0])
    assert (
        said
        == "Ne mancano 2 (numeri): servono altri 2 numeri della newsletter di diffusione consueta entro giugno 2027."
    )


def test_a_workshop_closed_twice_was_held_once(moda, steady):
    ends = [date(2027, 3, 31)]
    with transaction():
        held = db.session.query(Activity).filter_by(verb="workshop.held", happened_on=date(2027, 3, 10)).one()
        activity.reverse(held, by=None, happened_on=date(2027, 3, 12), reason="riaperto")
        activity.record(
            "workshop.held", db.session.query(Workshop).first(), district_id=moda.id, title="x",
            happened_on=date(2027, 3, 10), by=None,
        )  # fmt: skip
    assert sources.held_by_month(moda, ends, "workshop.held") == [1]
