"""A figure opens its rows: counted, and not counted with the reason (R7); exclusions with their dates (R2)."""

from datetime import date
from decimal import Decimal

import pytest

from dissemination.kernel.database import db, transaction
from dissemination.plan import activity, figures, periods, queries, rows, splits
from dissemination.plan.actions import adopt_catalogue
from dissemination.plan.models import BudgetLine, Exclusion
from tests import factories

DAY = date(2027, 3, 11)


@pytest.fixture
def plan(moda):
    plan = queries.current_plan(moda.id)
    with transaction():
        adopt_catalogue(plan)
    return plan


@pytest.fixture
def log(moda, plan):
    """log(verb, day, company=None, …) writes one row about one workshop."""
    with transaction():
        workshop = factories.workshop(moda)

    def write(verb, day=DAY, *, company=None, contact=None, **more):
        return activity.record(
            verb, workshop, district_id=moda.id, title="Tracciabilità", happened_on=day, by=None,
            company_id=company.id if company else None, contact_id=contact.id if contact else None, **more,
        )  # fmt: skip

    return write


def figure(plan, code, period="2027-H1", **options):
    return figures.figure(queries.indicator(plan, code), period, **options)


def why(plan, code, period="2027-H1", part=""):
    return rows.reasons(queries.indicator(plan, code), periods.read(period, plan), part=part)


def test_a_company_counts_once_in_each_half_year_and_once_in_the_plan(moda, plan, log):
    with transaction():
        one, two = factories.company(moda), factories.company(moda)
        for day in (DAY, DAY, date(2027, 9, 1)):
            log("attendance.present", day, company=one)
        log("attendance.present", company=two)
    got = [figure(plan, "DV-03", p).actual for p in ("2027-H1", "2027-H2", "2027", "plan")]
    assert got == [2, 1, 2, 2]


def test_merged_companies_count_as_one(moda, plan, log):
    with transaction():
        survivor, duplicate = factories.company(moda), factories.company(moda)
        duplicate.merged_into_id = survivor.id
        log("attendance.present", company=survivor)
        log("attendance.present", company=duplicate)
    assert (figure(plan, "DV-03").actual, figure(plan, "DV-03").counted) == (1, 2)


def test_rows_that_do_not_count_say_why(moda, plan, log):
    with transaction():
        company = factories.company(moda)
        log("attendance.present", company=company)
        log("attendance.present")
        log("attendance.present", company=factories.company(moda, tax_id=None))
        log("attendance.absent", company=company, not_counted="absent")
        log("attendance.present", company=company, not_counted="without_counting")
    assert why(plan, "DV-03") == [
        ("absent", 1), ("no_company", 1), ("no_tax_id", 1), ("without_counting", 1),
    ]  # fmt: skip
    indicator, period = queries.indicator(plan, "DV-03"), periods.read("2027-H1", plan)
    shown = rows.listed(indicator, period, counted=True).rows
    assert [(r.title, r.company, r.kind, r.reason) for r in shown] == [
        ("Tracciabilità", company.name, "workshops", None)
    ]
    assert len(rows.listed(indicator, period, counted=False).rows) == 4
    assert [bool(r.reason) for r in rows.every(indicator, period)] == [False, True, True, True, True]


def test_an_exclusion_counts_out_only_in_its_time(moda, plan, log):
    with transaction():
        inside = factories.company(moda, in_managing_body=True)
        for day in (date(2027, 2, 1), date(2027, 5, 1)):
            log("attendance.present", day, company=inside, attributes={"in_managing_body": "yes"})
        exclusion = Exclusion(
            district_id=moda.id, verbs=[], condition={"in_managing_body": ["yes"]}, reason_it="Bando",
            reason_en="Call", valid_from=date(2027, 1, 1), valid_until=date(2027, 3, 31),
        )  # fmt: skip
        db.session.add(exclusion)
    got = [figure(plan, "DV-02", p).actual for p in ("2027-Q1", "2027-Q2")]
    assert got == [0, 1]
    assert figure(plan, "DV-02", "2027-Q1", exclusions=False).actual == 1
    assert why(plan, "DV-02", "2027-Q1") == [(f"exclusion:{exclusion.id}", 1)]


def test_the_default_exclusion_holds_in_2016_and_2017_only(moda, plan, log):
    with transaction():
        for year in (2016, 2017, 2018):
            log("attendance.present", date(year, 5, 5), attributes={"in_managing_body": "yes"})
    got = [figure(plan, "DV-02", str(year)).actual for year in (2016, 2017, 2018)]
    assert got == [0, 0, 1]


def test_a_correction_takes_its_row_back_and_both_stay_visible(moda, plan, log):
    with transaction():
        row = log("workshop.held")
        db.session.flush()
        activity.reverse(row, by=None, happened_on=date(2027, 4, 1), reason="sbagliato")
        log("workshop.held")
    assert (figure(plan, "DV-01").actual, figure(plan, "DV-01").not_counted) == (1, 2)
    assert why(plan, "DV-01") == [("reversal", 1), ("reversed", 1)]


def test_a_rate_shows_what_it_is_made_of(moda, plan, log):
    with transaction():
        for _ in range(3):
            log("attendance.present")
        log("attendance.absent", not_counted="absent")
    found = figure(plan, "DV-04")
    assert (found.actual, found.numerator, found.denominator) == (Decimal("75.0"), 3, 4)
    indicator = queries.indicator(plan, "DV-04")
    assert rows.parts(indicator) == ["numerator", "denominator"]
    period = periods.read("2027-H1", plan)
    assert len(rows.listed(indicator, period, counted=True, part="denominator").rows) == 4


def test_rows_page_by_key(moda, plan, log):
    with transaction():
        for _ in range(7):
            log("workshop.held")
    indicator, period = queries.indicator(plan, "DV-01"), periods.read("plan", plan)
    first = rows.listed(indicator, period, counted=True, size=4)
    second = rows.listed(indicator, period, counted=True, size=4, after=first.next)
    ids = [r.id for r in [*first.rows, *second.rows]]
    assert (len(first.rows), len(second.rows), second.next) == (4, 3, None)
    assert ids == sorted(ids, reverse=True)


def test_a_split_of_companies_may_exceed_the_total(moda, plan, log):
    with transaction():
        company = factories.company(moda)
        for sector in ("tessile", "pelle"):
            log("attendance.present", company=company, attributes={"sector": sector})
    split = splits.splits(queries.indicator(plan, "DV-03"), periods.read("plan", plan))[0]
    assert (split.attribute, split.overlaps) == ("sector", True)
    assert [(x.value, x.actual) for x in split.lines] == [("pelle", 1), ("tessile", 1)]


def test_every_indicator_splits_without_an_error(moda, plan, log):
    with transaction():
        log("attendance.present", company=factories.company(moda))
        log("publication.published", attributes={"type": "report"})
        log("audit.visited", company=factories.company(moda))
    for indicator in plan.indicators:
        for period in (periods.read("2027-H1", plan), periods.read("plan", plan)):
            got = splits.splits(indicator, period)
            assert [s.attribute for s in got] == indicator.rule["split"]
            list(rows.every(indicator, period))


def test_strategic_notes_are_the_publications_of_line_b(moda, plan, log):
    with transaction():
        log("publication.published", activity_line_id=factories.line(moda, "a").id)
        log("publication.published", activity_line_id=factories.line(moda, "b").id)
    assert (
        figure(plan, "DV-08").actual,
        figure(plan, "IS-01").actual,
        figure(plan, "IS-01").not_counted,
    ) == (2, 1, 0)


def test_applications_funded_are_also_a_share_of_those_decided(moda, plan, log):
    with transaction():
        for amount in (Decimal("1000.50"), Decimal("2000.25")):
            log("application.funded", amount=amount)
        for _ in range(4):
            log("application.decided")
    funded, money = figure(plan, "FI-02"), figure(plan, "FI-03")
    assert (funded.actual, funded.numerator, funded.denominator) == (2, 2, 4)
    assert money.as_json() == {
        "actual": 3000.75,
        "target": None,
        "unit": "EUR",
        "counted": 2,
        "not_counted": 0,
    }


def test_financial_progress_is_spent_over_budget_of_the_years(moda, plan):
    with transaction():
        line = factories.line(moda)
        db.session.add(
            BudgetLine(activity_line_id=line.id, year=2026, budget_cents=100_000, spent_cents=25_000)
        )
        db.session.add(
            BudgetLine(activity_line_id=line.id, year=2027, budget_cents=100_000, spent_cents=50_000)
        )
    got = [figure(plan, "PF-01", p).actual for p in ("2026-H1", "2027", "plan", "2028")]
    assert got == [Decimal("25.0"), Decimal("50.0"), Decimal("37.5"), None]


def test_another_districts_rows_are_not_counted(moda, nautica, plan, log):
    with transaction():
        theirs = factories.workshop(nautica)
        activity.record("workshop.held", theirs, district_id=nautica.id, title="x", happened_on=DAY, by=None)
    assert figure(plan, "DV-01").actual == 0


def test_a_sum_of_an_attribute_adds_what_is_a_number_and_shows_the_rest(moda, plan, log):
    rule = {"measure": "sum", "verbs": ["audit.visited"], "field": "hours"}
    with transaction():
        for hours in ("2", "3.5", "-1", "0.25"):
            log("audit.visited", attributes={"hours": hours})
        for wrong in ("", "two", "1.2.3", "1,5", "-", "4e2", "1234567890123456", ".5", "5.", " 6"):
            log("audit.visited", attributes={"hours": wrong})
        log("audit.visited")
        queries.indicator(plan, "RE-01").rule = rule
        queries.indicator(plan, "RE-02").rule = rule | {"measure": "mean"}
    total, mean = figure(plan, "RE-01"), figure(plan, "RE-02")
    assert (total.actual, total.counted, total.not_counted) == (Decimal("4.75"), 4, 11)
    assert (mean.actual, mean.denominator) == (Decimal("1.19"), 4)
    assert why(plan, "RE-01") == [("no_amount", 11)]
    shown = rows.listed(queries.indicator(plan, "RE-01"), periods.read("plan", plan), counted=True).rows
    assert sorted(r.amount for r in shown) == [Decimal("-1"), Decimal("0.25"), Decimal("2"), Decimal("3.5")]
