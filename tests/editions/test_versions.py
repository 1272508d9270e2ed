"""Versions of a plan: what each save keeps, what differs, and what a manager approves."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from dissemination.editions import actions, content, differences, queries
from dissemination.kernel.database import db, transaction
from dissemination.plan import actions as plans
from dissemination.plan import queries as plan_queries

NOON = datetime(2027, 3, 11, 12, 0, tzinfo=UTC)


def rewrite(plan, by, text):
    with transaction():
        plans.revise_plan(plan, version=plans.version_of(plan), by=by, situation=text)


def approve(plan, by):
    with transaction():
        mark = content.mark_of(content.snapshot(plan))
        return actions.approve(plan, mark=mark, words="Delibera 12", by=by)


def test_saves_by_one_person_within_ten_minutes_are_one_version_and_later_ones_another(plan, bice):
    with time_machine.travel(NOON, tick=False) as clock:
        rewrite(plan, bice, "prima")
        first = queries.latest(plan).number
        clock.shift(timedelta(minutes=9))
        rewrite(plan, bice, "seconda")
        assert (queries.latest(plan).number, queries.latest(plan).content["situation"]["it"]) == (
            first,
            "seconda",
        )
        clock.shift(timedelta(minutes=2))
        rewrite(plan, bice, "terza")
        assert queries.latest(plan).number == first + 1
        assert queries.version(plan, first).content["situation"]["it"] == "seconda"


def test_another_persons_save_is_another_version(plan, bice, moda, person):
    other = person(moda, "livia@moda.example", "manager")
    with time_machine.travel(NOON, tick=False):
        rewrite(plan, bice, "prima")
        first = queries.latest(plan).number
        rewrite(plan, other, "seconda")
    assert queries.latest(plan).number == first + 1


def test_a_save_that_changes_nothing_keeps_no_version(plan, bice):
    last = queries.latest(plan).number
    with time_machine.travel(datetime.now(UTC) + timedelta(days=1), tick=False):
        rewrite(plan, bice, plan.situation)
    assert queries.latest(plan).number == last


def test_every_kind_of_save_leaves_the_plan_as_its_last_version_says(plan):
    assert queries.latest(plan).content == content.snapshot(plan)


def test_a_comparison_names_what_changed_and_shows_old_and_new_words(plan, bice):
    before = content.snapshot(plan)
    area = plan.macro_areas[0]
    operation = plan.lines[0].operations[0]
    with transaction():
        area.trends = "Meno acqua ed energia."
        plan.lines[0].budget[0].budget_cents = 9_500_000
        operation.planned = 5
    found = {(d.name, d.what): d.runs for d in differences.between(before, content.snapshot(plan))}
    assert found == {
        ("Processi sostenibili · Trend evolutivi", "cambiato"): (
            ("same", "Meno "), ("old", "acqua."), ("new", "acqua ed energia."),
        ),
        ("Ciclo tessile · Quanti", "cambiato"): (("old", "4"), ("new", "5")),
        ("linea a · Preventivo · 2026", "cambiato"): (
            ("old", "90.000,00\xa0"), ("new", "95.000,00\xa0"), ("same", "€"),
        ),
    }  # fmt: skip


def test_an_approval_holds_while_money_is_spent_and_ends_to_be_true_when_the_plan_changes(plan, bice):
    approve(plan, bice)
    assert queries.approved(plan).content == content.snapshot(plan)
    with transaction():
        plan.lines[0].budget[0].spent_cents = 3_000_000
        plan.lines[0].operations[0].done_on = plan.lines[0].operations[0].ends_on
    assert queries.is_changed_since_approval(plan) is False
    with transaction():
        plan.lines[0].budget[0].budget_cents = 1
    assert queries.is_changed_since_approval(plan) is True


def test_what_is_approved_is_never_rewritten_by_the_next_save(plan, bice):
    with time_machine.travel(NOON, tick=False):
        rewrite(plan, bice, "approvata")
        approve(plan, bice)
        rewrite(plan, bice, "cambiata")
    assert queries.approved(plan).content["situation"]["it"] == "approvata"
    assert queries.latest(plan).number == queries.approved(plan).number + 1


def test_who_had_an_older_plan_before_her_approves_nothing(plan, bice):
    mark = content.mark_of(content.snapshot(plan))
    rewrite(plan, bice, "cambiata nel frattempo")
    with pytest.raises(actions.ChangedSince), transaction():
        actions.approve(plan, mark=mark, words="", by=bice)
    assert queries.approved(plan) is None


def test_the_second_of_two_approvals_is_told_who_was_first(plan, bice):
    approve(plan, bice)
    with pytest.raises(actions.AlreadyApproved, match="Bice"):
        approve(plan, bice)


def test_a_new_approval_ends_the_earlier_one_and_both_stay(plan, bice):
    approve(plan, bice)
    rewrite(plan, bice, "nuova")
    approve(plan, bice)
    assert [a.ended_at is None for a in queries.approvals(plan)] == [True, False]


def test_an_approval_is_withdrawn_with_a_reason(plan, bice):
    with pytest.raises(actions.NothingToWithdraw), transaction():
        actions.withdraw(plan, reason="errore", by=bice)
    approve(plan, bice)
    with pytest.raises(actions.ReasonMissing), transaction():
        actions.withdraw(plan, reason="  ", by=bice)
    with transaction():
        actions.withdraw(plan, reason="Manca il parere", by=bice)
    assert queries.approval(plan) is None
    assert queries.approvals(plan)[0].ended_because == "Manca il parere"


# The pages.


def mark_in(page):
    return page.split('name="mark"')[1].split('value="')[1].split('"')[0]


def test_a_manager_approves_on_the_page_and_an_organiser_cannot(sign_in, bice, ada, moda, plan):
    url = f"/moda/desk/plan/{plan.id}/versions/"
    browser = sign_in(bice)
    mark = mark_in(browser.get(url).text)
    approvals = f"/moda/desk/plan/{plan.id}/approvals"
    assert sign_in(ada).post(approvals, data={"mark": mark}).status_code == 403
    assert browser.post(approvals, data={"mark": mark, "words": "Delibera 12"}).status_code == 303
    page = browser.get(url).text
    assert "Delibera 12" in page
    again = browser.post(approvals, data={"mark": mark})
    assert (again.status_code, "Bice" in again.text) == (422, True)


def test_what_changed_since_the_approval_is_one_page(sign_in, bice, moda, plan):
    approve(plan, bice)
    rewrite(plan, bice, "Sei filiere.")
    page = sign_in(bice).get(f"/moda/desk/plan/{plan.id}/changes").text
    assert ("<del>Cinque </del>" in page, "<ins>Sei </ins>" in page) == (True, True)
    number = queries.latest(plan).number
    page = sign_in(bice).get(f"/moda/desk/plan/{plan.id}/versions/{number}?with=0").text
    assert "<ins>Sei </ins>" in page


def test_an_approval_is_withdrawn_on_the_page_with_a_reason(sign_in, bice, moda, plan):
    approve(plan, bice)
    browser, url = sign_in(bice), f"/moda/desk/plan/{plan.id}/approvals/withdrawal"
    assert browser.post(url, data={"reason": ""}).status_code == 422
    assert browser.post(url, data={"reason": "Manca il parere"}).status_code == 303
    assert "Manca il parere" in browser.get(f"/moda/desk/plan/{plan.id}/versions/").text


def test_another_districts_plan_is_not_there(sign_in, dora, plan, nautica):
    other = plan_queries.current_plan(nautica.id)
    assert sign_in(dora).get(f"/nautica/desk/plan/{plan.id}/versions/").status_code == 404
    assert sign_in(dora).get(f"/nautica/desk/plan/{other.id}/versions/").status_code == 200


def test_the_dates_of_a_plan_cannot_be_moved_over_another_plan(sign_in, bice, moda, plan):
    with transaction():
        plans.create_plan(
            moda.id, title="Piano 2029-2031", starts_on=plan.ends_on + timedelta(days=1),
            ends_on=plan.ends_on.replace(year=2031), catalogue=False,
        )  # fmt: skip
    browser, url = sign_in(bice), f"/moda/desk/plan/heading?plan={plan.id}"
    version = browser.get(url).text.split('name="version"')[1].split('value="')[1].split('"')[0]
    data = {"version": version, "title": "Piano", "starts_on": "2026-01-01", "ends_on": "2029-06-30"}
    refused = browser.post(url, data=data)
    assert (refused.status_code, "2029-06-30" in refused.text) == (422, True)
    db.session.expire_all()
    assert plan.ends_on.year == 2028
    assert browser.post(url, data=data | {"ends_on": "2028-11-30"}).status_code == 303
