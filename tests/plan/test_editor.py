"""The plan editor: the tree of objectives, planned operations, section 1's one limit, money, English texts."""

from datetime import date

import pytest

from dissemination.kernel.database import db, transaction
from dissemination.plan import actions, queries, walking
from dissemination.plan.models import SITUATION_LIMIT, MacroArea, Objective, Operation
from dissemination.plan.tree import NoPlaceInTree
from tests import factories


@pytest.fixture
def plan(moda):
    plan = queries.current_plan(moda.id)
    with transaction():
        actions.adopt_catalogue(plan)
    return plan


def version_in(page):
    return page.split('name="version"')[1].split('value="')[1].split('"')[0]


def objective(plan, text, parent=None):
    with transaction():
        return actions.save_objective(
            plan, None, version="", text=text, parent_id=parent.id if parent else None,
            macro_area_ids=[m.id for m in plan.macro_areas],
        )  # fmt: skip


def tree(plan):
    db.session.expire_all()
    return [(number, o.text) for o, number, _level in walking.walk(plan)]


def test_objectives_form_a_tree_that_is_numbered_and_reordered(plan):
    a, b = objective(plan, "A"), objective(plan, "B")
    objective(plan, "A uno", a), objective(plan, "A due", a)
    assert tree(plan) == [("1", "A"), ("1.1", "A uno"), ("1.2", "A due"), ("2", "B")]
    with transaction():
        actions.move_objective(b, up=True)
    with transaction():
        actions.move_objective(b, up=True)  # it is the first already
    assert tree(plan) == [("1", "B"), ("2", "A"), ("2.1", "A uno"), ("2.2", "A due")]


def test_an_objective_serves_neither_itself_nor_what_hangs_below_it_and_no_fourth_level(plan):
    a = objective(plan, "A")
    b = objective(plan, "B", a)
    c = objective(plan, "C", b)
    for row, parent in ((a, a), (a, c), (None, c)):
        with pytest.raises(NoPlaceInTree), transaction():
            actions.save_objective(
                plan, row, version=actions.version_of(row) if row else "", text="x", parent_id=parent.id,
                macro_area_ids=[],
            )  # fmt: skip
    other = objective(plan, "D")
    with pytest.raises(NoPlaceInTree), transaction():  # with its own two levels it would be too deep
        actions.save_objective(
            plan, a, version=actions.version_of(a), text="A", parent_id=other.id, macro_area_ids=[]
        )
    assert tree(plan) == [("1", "A"), ("1.1", "B"), ("1.1.1", "C"), ("2", "D")]


def test_what_hung_below_a_removed_objective_hangs_where_that_one_hung(plan):
    a = objective(plan, "A")
    b = objective(plan, "B", a)
    objective(plan, "C", b)
    with transaction():
        actions.remove(b)
    assert tree(plan) == [("1", "A"), ("1.1", "C")]


def test_an_objective_of_another_plan_is_no_place(plan, nautica):
    foreign = objective(queries.current_plan(nautica.id), "Altrui")
    with pytest.raises(NoPlaceInTree):
        objective(plan, "A", foreign)


def test_the_tree_is_edited_on_the_pages(sign_in, bice, moda, plan):
    browser, area = sign_in(bice), plan.macro_areas[0]

    def add(**data):
        return browser.post("/moda/desk/plan/objectives/new", data={"macro_area_ids": area.id, **data})

    assert add(text="Principale", text_en="Main").status_code == 303
    top = db.session.query(Objective).one()
    assert add(text="Sotto", parent_id=top.id).status_code == 303
    assert add(text="Altro").status_code == 303
    assert tree(plan) == [("1", "Principale"), ("1.1", "Sotto"), ("2", "Altro")]
    assert (
        browser.post(f"/moda/desk/plan/objectives/{top.id}/place", data={"direction": "down"}).status_code
        == 303
    )
    assert tree(plan)[0] == ("1", "Altro")
    assert "Main" in browser.get("/moda/desk/plan/?lang=en").text


OPERATION = {"title_it": "Ciclo tessile", "starts_on": "2027-03-01", "ends_on": "2027-06-30", "planned": "4"}


def test_an_operation_is_planned_with_its_days_within_the_plan(sign_in, bice, moda, plan):
    browser, url = sign_in(bice), "/moda/desk/plan/operations/new"
    data = OPERATION | {"activity_line_id": factories.line(moda).id,
                        "indicator_id": queries.indicator(plan, "DV-01").id}  # fmt: skip
    for wrong in ({"ends_on": "2027-02-01"}, {"starts_on": "2025-12-31"}, {"planned": "0"}, {"title_it": ""},
                  {"activity_line_id": "999"}, {"done_on": "2027-02-01"}):  # fmt: skip
        answer = browser.post(url, data=data | wrong)
        assert (answer.status_code, wrong) == (422, wrong)
    assert browser.post(url, data=data).status_code == 303
    row = db.session.query(Operation).one()
    assert (row.starts_on, row.ends_on, row.planned, row.indicator.code, row.done_on) == (
        date(2027, 3, 1), date(2027, 6, 30), 4, "DV-01", None,
    )  # fmt: skip
    edit = f"/moda/desk/plan/operations/{row.id}"
    version = version_in(browser.get(edit).text)
    done = data | {"version": version, "done_on": "2027-06-28"}
    assert browser.post(edit, data=done).status_code == 303
    late = browser.post(edit, data=done)
    assert late.status_code == 422  # the mark is of what was there before
    page = browser.get("/moda/desk/plan/").text
    assert ("Ciclo tessile" in page, "svolta il 28/06/2027" in page) == (True, True)
    assert browser.post(f"{edit}/removal").status_code == 303
    assert db.session.query(Operation).count() == 0


def test_another_districts_operation_is_not_there(sign_in, bice, dora, moda, nautica, plan):
    with transaction():
        row = actions.save_operation(
            plan, None, version="", activity_line_id=plan.lines[0].id, indicator_id=None, title_it="Ciclo",
            title_en="", starts_on=date(2027, 3, 1), ends_on=date(2027, 3, 1), planned=None, done_on=None,
        )  # fmt: skip
    assert sign_in(dora).get(f"/nautica/desk/plan/operations/{row.id}").status_code == 404


def test_section_1_has_one_limit_for_the_situation_and_the_actors(sign_in, bice, moda, plan):
    browser, area = sign_in(bice), plan.macro_areas[0]
    with transaction():
        actions.revise_plan(plan, version=actions.version_of(plan), situation="x" * (SITUATION_LIMIT - 100))
    url = f"/moda/desk/plan/macro-areas/{area.id}"
    page = browser.get(url).text
    assert 'data-limit="100"' in page
    data = {"version": version_in(page), "name_it": "Processi", "sources": "Rapporto"}
    refused = browser.post(url, data=data | {"actors": "y" * 101})
    assert (refused.status_code, "Taglia 1 " in refused.text, "y" * 101 in refused.text) == (422, True, True)
    assert browser.post(url, data=data | {"actors": "y" * 100}).status_code == 303
    assert 'data-limit="14300"' in browser.get("/moda/desk/plan/situation").text
    with pytest.raises(actions.TextTooLong), transaction():
        actions.revise_plan(plan, version=actions.version_of(plan), situation="x" * (SITUATION_LIMIT - 99))


def test_every_limited_text_says_its_limit_and_the_browser_cuts_nothing_off(sign_in, bice, moda, plan):
    browser, area = sign_in(bice), plan.macro_areas[0]
    page = browser.get(f"/moda/desk/plan/macro-areas/{area.id}").text
    form = page.split('<form method="post">')[-1]
    assert form.count("<textarea") == form.count("data-limit=") - 8  # and eight names
    assert "maxlength" not in form


def test_opportunities_and_risks_are_written_by_theme_in_both_languages(sign_in, bice, moda, plan):
    browser, area = sign_in(bice), plan.macro_areas[0]
    url = f"/moda/desk/plan/macro-areas/{area.id}"
    data = {"version": version_in(browser.get(url).text), "name_it": "Processi", "risk_jobs_it": "Mancano tecnici.",
            "risk_jobs_en": "Technicians are lacking."}  # fmt: skip
    assert browser.post(url, data=data).status_code == 303
    db.session.expire_all()
    kept = db.session.get(MacroArea, area.id).prospects
    assert kept["jobs"]["risk"] == {"it": "Mancano tecnici.", "en": "Technicians are lacking."}
    assert "Mancano tecnici." in browser.get("/moda/desk/plan/?lang=it").text
    page = browser.get("/moda/desk/plan/?lang=en").text
    assert ("Technicians are lacking." in page, "Risk for jobs" in page) == (True, True)


def test_an_english_application_area_is_not_dropped_for_want_of_an_italian_one(sign_in, bice, moda, plan):
    data = {"name_it": "Filati", "area_en_2": "Dry dyeing"}
    answer = sign_in(bice).post("/moda/desk/plan/macro-areas/new", data=data)
    assert (answer.status_code, "Dry dyeing" in answer.text) == (422, True)


def test_the_annex_has_commitments_and_co_financing(sign_in, bice, moda, plan):
    browser, line = sign_in(bice), factories.line(moda)
    url = f"/moda/desk/plan/lines/{line.id}"
    data = {
        "version": version_in(browser.get(url).text), "code": "a", "kind": "a", "name_it": "Divulgazione",
        "year_budget_2026": "1.000,00", "year_committed_2026": "1.200,00", "year_spent_2026": "300",
        "year_cofinanced_2026": "500", "year_rate_2026": "50",
    }  # fmt: skip
    assert browser.post(url, data=data).status_code == 303
    db.session.expire_all()
    (money,) = [b for b in line.budget if b.year == 2026]
    assert (money.committed_cents, money.cofinanced_cents) == (120_000, 50_000)
    page = browser.get("/moda/desk/plan/").text
    assert ("1.200,00" in page, page.count("oltre il preventivo")) == (True, 1)
