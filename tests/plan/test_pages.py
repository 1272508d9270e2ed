"""The public page and the desk pages."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from dissemination.kernel.database import db, transaction
from dissemination.plan import activity, queries
from dissemination.plan.actions import adopt_catalogue
from dissemination.plan.models import (
    ApplicationArea,
    BudgetLine,
    MacroArea,
    Objective,
    Operation,
    Plan,
    Target,
)
from tests import factories

DAY = date(2027, 3, 11)
DESK_PAGES = [
    "figures", "figures/DV-01", "figures/DV-01/rows.csv", "", "print", "new", "heading", "situation", "targets",
    "macro-areas/new", "macro-areas/1", "lines/1", "indicators/1", "exclusions/1", "evidence/1", "lines/1/removal",
]  # fmt: skip


@pytest.fixture
def plan(moda):
    plan = queries.current_plan(moda.id)
    with transaction():
        adopt_catalogue(plan)
        workshop = factories.workshop(moda)
        company = factories.company(moda, "Tessitura Segreta")
        common = {"district_id": moda.id, "title": "Tracciabilità", "happened_on": DAY, "by": None}
        activity.record("workshop.held", workshop, **common)
        activity.record("attendance.present", workshop, company_id=company.id, **common)
        activity.record("attendance.absent", workshop, company_id=company.id, not_counted="absent", **common)
        db.session.add(Target(indicator=queries.indicator(plan, "DV-01"), period="2027-H1", value=Decimal(4)))
    return plan


def test_the_public_page_shows_targets_and_actual_and_no_personal_data(client, moda, plan):
    page = client.get("/moda/plan/").text
    assert "Workshop e seminari realizzati" in page
    assert "1° semestre 2027" in page
    assert "Tessitura Segreta" not in page


def test_what_is_not_public_is_on_no_public_page(client, moda, plan):
    with transaction():
        queries.indicator(plan, "DV-01").public = False
    assert "Workshop e seminari" not in client.get("/moda/plan/").text
    assert "DV-01" not in client.get("/moda/plan/figures.json").json
    assert "DV-01" not in client.get("/moda/plan/figures.csv").text


def test_figures_json_has_the_promised_shape(client, moda, plan):
    found = client.get("/moda/plan/figures.json?period=2027-H1").json
    assert len(found) == 25
    assert found["DV-01"] == {"actual": 1, "target": 4, "unit": "workshops", "counted": 1, "not_counted": 0}
    assert found["DV-04"] == {"actual": 50, "target": None, "unit": "%", "counted": 1, "not_counted": 1}


def test_the_command_prints_what_figures_json_says(app, client, moda, plan):
    ran = app.test_cli_runner().invoke(
        args=["figures", "--district", "moda", "--period", "2027-H1", "--json"]
    )
    import json

    assert json.loads(ran.output) == client.get("/moda/plan/figures.json?period=2027-H1").json


def test_the_command_refuses_what_it_does_not_know(app, moda, plan):
    run = app.test_cli_runner().invoke
    for args, said in (
        (["--district", "nowhere"], "there is no district 'nowhere'"),
        (["--district", "moda", "--period", "2027-H3"], "'2027-H3' is not 2026"),
    ):
        ran = run(args=["figures", *args])
        assert (ran.exit_code, said in ran.output) == (2, True)


def test_a_wrong_period_is_refused(client, moda, plan):
    assert client.get("/moda/plan/figures.json?period=2027-H3").status_code == 422


def test_figures_csv_has_a_line_per_indicator_and_period(client, moda, plan):
    answer = client.get("/moda/plan/figures.csv")
    lines = answer.get_data(as_text=True).lstrip("\ufeff").splitlines()
    assert (len(lines), answer.mimetype) == (1 + 25 * 7, "text/csv")
    assert "DV-01,Workshop e seminari realizzati,Workshops held,2027-H1,4,1,workshops,,,1,0" in lines


def test_a_district_without_a_plan_says_so(client, moda, sign_in, bice):
    with transaction():
        db.session.query(MacroArea).delete()
        for row in queries.current_plan(moda.id).lines:
            db.session.delete(row)
        db.session.query(Plan).filter_by(district_id=moda.id).delete()
    assert client.get("/moda/plan/").status_code == 200
    assert client.get("/moda/plan/figures.json").status_code == 404
    browser = sign_in(bice)
    assert browser.get("/moda/desk/plan/figures").status_code == 200
    assert "/moda/desk/plan/new" in browser.get("/moda/desk/plan/").text
    browser.post("/moda/desk/plan/new", data={
        "title": "Piano 2027-2029", "starts_on": "2027-01-01", "ends_on": "2029-12-31", "catalogue": "y",
    })  # fmt: skip
    plan = queries.current_plan(moda.id)
    assert (plan.title, [x.code for x in plan.lines], len(plan.indicators)) == (
        "Piano 2027-2029", ["a", "b", "c"], 25,
    )  # fmt: skip


def test_a_figure_opens_its_rows(sign_in, ada, moda, plan):
    browser = sign_in(ada)
    page = browser.get("/moda/desk/plan/figures/DV-03?period=2027-H1").text
    assert "Tessitura Segreta" in page
    page = browser.get("/moda/desk/plan/figures/DV-03?period=2027-H1&rows=not_counted").text
    assert "persona iscritta, non presente" in page
    csv = browser.get("/moda/desk/plan/figures/DV-03/rows.csv?period=2027-H1").get_data(as_text=True)
    assert [line.split(",")[:2] for line in csv.splitlines()[1:]] == [
        ["yes", ""], ["no", '"persona iscritta'],
    ]  # fmt: skip


def test_a_title_that_looks_like_a_formula_is_guarded_in_csv(sign_in, ada, moda, plan):
    with transaction():
        workshop = factories.workshop(moda)
        activity.record(
            "workshop.held", workshop, district_id=moda.id, title="=1+1", happened_on=DAY, by=None
        )
    csv = sign_in(ada).get("/moda/desk/plan/figures/DV-01/rows.csv").get_data(as_text=True)
    assert ",'=1+1," in csv


def test_orphans_are_named(sign_in, ada, moda, plan):
    with transaction():
        queries.indicator(plan, "IS-01").activity_line_id = None
        queries.indicator(plan, "IS-02").activity_line_id = None
    page = sign_in(ada).get("/moda/desk/plan/figures").text
    loose = page[page.index('id="orphans"') :]
    assert "b) Informazioni strategiche" in loose
    assert "DV-06" in loose
    assert "DV-01" not in loose


def test_an_indicator_with_a_broken_rule_breaks_no_page(client, sign_in, bice, moda, plan):
    with transaction():
        queries.indicator(plan, "DV-01").rule = {"measure": "guess"}
    browser = sign_in(bice)
    assert client.get("/moda/plan/").status_code == 200
    assert "DV-01" not in client.get("/moda/plan/figures.json").json
    assert "measure: dev&#39;essere uno di" in browser.get("/moda/desk/plan/figures").text
    assert browser.get("/moda/desk/plan/figures/DV-01").status_code == 404


@pytest.mark.parametrize("path", DESK_PAGES)
def test_dora_is_refused(sign_in, dora, moda, plan, path):
    assert sign_in(dora).get(f"/moda/desk/plan/{path}").status_code == 404


def test_dora_cannot_reach_moda_rows_through_her_own_district(sign_in, dora, moda, plan):
    browser = sign_in(dora)
    ids = {
        "macro-areas": plan.macro_areas[0].id, "lines": plan.lines[0].id, "indicators": plan.indicators[0].id,
        "exclusions": queries.exclusions(moda.id)[0].id,
        "evidence": queries.evidence_requirements(moda.id)[0].id,
    }  # fmt: skip
    got = {k: browser.get(f"/nautica/desk/plan/{k}/{n}").status_code for k, n in ids.items()}
    assert got == dict.fromkeys(ids, 404)
    assert browser.get(f"/nautica/desk/plan/?plan={plan.id}").status_code == 404


@pytest.mark.parametrize("path", ["new", "situation", "targets", "macro-areas/new", "lines/1/removal"])
def test_an_organiser_reads_the_plan_and_does_not_change_it(sign_in, ada, moda, plan, path):
    browser = sign_in(ada)
    assert browser.get("/moda/desk/plan/").status_code == 200
    assert browser.get(f"/moda/desk/plan/{path}").status_code == 403


def test_the_printed_plan_keeps_the_decrees_order(sign_in, ada, moda, plan):
    page = sign_in(ada).get("/moda/desk/plan/print").text
    places = [
        page.index(f'id="{x}"')
        for x in ("section-1", "section-2", "section-3", "section-4", "section-5", "annex")
    ]
    assert places == sorted(places)


def version_in(page):
    return page.split('name="version"')[1].split('value="')[1].split('"')[0]


def test_section_1_stops_at_8_cartelle(sign_in, bice, moda, plan):
    browser = sign_in(bice)
    version = version_in(browser.get("/moda/desk/plan/situation").text)
    long = "è" * 14_401
    refused = browser.post("/moda/desk/plan/situation", data={"version": version, "situation": long})
    assert (refused.status_code, "14401" in refused.text or "Taglia 1 " in refused.text, long in refused.text) == (
        422, True, True,
    )  # fmt: skip
    exact = "a\r\n" + "è" * 14_398  # a line end counts as one character
    assert (
        browser.post("/moda/desk/plan/situation", data={"version": version, "situation": exact}).status_code
        == 303
    )
    db.session.expire_all()
    assert len(plan.situation) == 14_400


def test_the_second_of_two_managers_overwrites_nothing(sign_in, bice, moda, plan):
    browser = sign_in(bice)
    version = version_in(browser.get("/moda/desk/plan/situation").text)
    browser.post("/moda/desk/plan/situation", data={"version": version, "situation": "prima"})
    late = browser.post("/moda/desk/plan/situation", data={"version": version, "situation": "seconda"})
    db.session.expire_all()
    assert (late.status_code, "seconda" in late.text, plan.situation) == (422, True, "prima")
    browser.post("/moda/desk/plan/situation", data={"version": version_in(late.text), "situation": "seconda"})
    db.session.expire_all()
    assert plan.situation == "seconda"


AREA = {
    "name_it": "Materiali", "area_it_1": "Filati", "area_it_2": "Tinture", "area_it_3": "Finissaggi",
    "actors": "Molti", "sources": "IRPET 2025", "scenarios": "Crescita",
}  # fmt: skip


def test_a_macro_area_ranks_at_most_three_areas_and_they_can_move(sign_in, bice, moda, plan):
    browser = sign_in(bice)
    browser.post("/moda/desk/plan/macro-areas/new", data=AREA | {"area_it_4": "Di troppo"})
    area = db.session.query(MacroArea).filter_by(name_it="Materiali").one()
    assert [(a.rank, a.name_it) for a in area.application_areas] == [
        (1, "Filati"),
        (2, "Tinture"),
        (3, "Finissaggi"),
    ]
    last = area.application_areas[2].id
    browser.post(f"/moda/desk/plan/application-areas/{last}/priority")
    db.session.expire_all()
    assert [a.name_it for a in area.application_areas] == ["Filati", "Finissaggi", "Tinture"]
    edit = f"/moda/desk/plan/macro-areas/{area.id}"
    version = version_in(browser.get(edit).text)
    browser.post(edit, data=AREA | {"version": version, "area_it_2": "", "area_it_1": "Fibre"})
    db.session.expire_all()
    assert [(a.rank, a.name_it) for a in area.application_areas] == [(1, "Fibre"), (2, "Finissaggi")]


def test_the_database_holds_no_fourth_application_area(moda, plan):
    with pytest.raises(Exception, match=r"(?i)check"), transaction():
        db.session.add(ApplicationArea(macro_area_id=plan.macro_areas[0].id, rank=4, name_it="Di troppo"))


def test_actors_need_sources(sign_in, bice, moda, plan):
    answer = sign_in(bice).post("/moda/desk/plan/macro-areas/new", data=AREA | {"sources": ""})
    assert (answer.status_code, db.session.query(MacroArea).count()) == (422, 1)


def test_an_objective_is_tied_to_a_macro_area(sign_in, bice, moda, plan):
    browser, area = sign_in(bice), plan.macro_areas[0].id
    assert browser.post("/moda/desk/plan/objectives/new", data={"text": "Crescere"}).status_code == 422
    browser.post("/moda/desk/plan/objectives/new", data={"text": "Crescere", "macro_area_ids": [area]})
    assert [(o.text, [m.id for m in o.macro_areas]) for o in db.session.query(Objective)] == [
        ("Crescere", [area])
    ]


def test_co_financing_above_half_is_warned_of(sign_in, bice, moda, plan):
    browser = sign_in(bice)
    line = plan.lines[0]
    edit = f"/moda/desk/plan/lines/{line.id}"
    data = {
        "version": version_in(browser.get(edit).text), "code": "a", "kind": "a", "name_it": "Divulgazione",
        "year_budget_2026": "20.000,00", "year_spent_2026": "5000", "year_rate_2026": "60",
    }  # fmt: skip
    assert browser.post(edit, data=data).status_code == 303
    db.session.expire_all()
    assert [(b.year, b.budget_cents, b.spent_cents, b.cofinancing_percent) for b in line.budget] == [
        (2026, 2_000_000, 500_000, 60)
    ]
    assert "supera il 50 % in: a." in browser.get("/moda/desk/plan/").text


def test_targets_are_set_in_one_table(sign_in, bice, moda, plan):
    browser = sign_in(bice)
    page = browser.get("/moda/desk/plan/targets").text
    indicator = queries.indicator(plan, "FI-03")
    cells = {f"i{indicator.id}_baseline": "1.000,5", f"i{indicator.id}_year": "2025", f"i{indicator.id}_2026_H1": "2000",
             f"i{indicator.id}_plan": "90000"}  # fmt: skip
    data = {"version": version_in(page), **cells}
    wrong = browser.post("/moda/desk/plan/targets", data=data | {f"i{indicator.id}_plan": "molti"})
    assert (wrong.status_code, "molti" in wrong.text) == (422, True)
    unsure = browser.post("/moda/desk/plan/targets", data=data)  # 2026-H1 is over
    assert (unsure.status_code, 'name="past"' in unsure.text) == (422, True)
    data["past"] = "y"
    assert browser.post("/moda/desk/plan/targets", data=data).status_code == 303
    db.session.expire_all()
    assert (indicator.baseline, indicator.baseline_year) == (Decimal("1000.5"), 2025)
    assert {t.period: t.value for t in indicator.targets} == {"2026-H1": 2000, "plan": 90000}
    # The table was posted without the target of DV-01, so it has none any more.
    assert queries.indicator(plan, "DV-01").targets == []
    late = browser.post("/moda/desk/plan/targets", data=data)
    assert late.status_code == 422


def test_a_rule_is_checked_before_it_is_kept(sign_in, bice, moda, plan):
    browser = sign_in(bice)
    indicator = queries.indicator(plan, "DV-01")
    edit = f"/moda/desk/plan/indicators/{indicator.id}"
    data = {
        "version": version_in(browser.get(edit).text), "code": "DV-01", "name_it": "W", "name_en": "W", "unit": "w",
        "direction": "up", "activity_line_id": "0",
    }  # fmt: skip
    for rule, said in (
        ("{", "Non è JSON valido: riga 1, colonna 2."),
        ("[" * 100_000, "troppo in profondità"),
        ('{"measure": "ratio", "numerator": "DV-04", "denominator": "DV-02"}', "DV-04 è già una percentuale"),
        ('{"measure": "ratio", "numerator": "DV-01", "denominator": "DV-02"}', "parte di sé stesso"),
        ('{"measure": "count"}', "verbs: count ne richiede almeno uno"),
        ('{"measure": "ratio", "numerator": "DV-02", "denominator": "XX-9"}', "XX-9"),
    ):
        answer = browser.post(edit, data=data | {"rule": rule})
        assert (answer.status_code, said in answer.text) == (422, True)
    assert (
        browser.post(edit, data=data | {"rule": '{"measure": "count", "verbs": ["a.b"]}'}).status_code == 303
    )
    db.session.expire_all()
    assert (indicator.rule, indicator.public) == ({"measure": "count", "verbs": ["a.b"]}, False)
    taken = browser.post(
        edit, data=data | {"code": "DV-02", "rule": '{"measure": "count", "verbs": ["a.b"]}'}
    )
    assert taken.status_code == 422


@pytest.mark.parametrize("code", ["AD/01", "a b", "..", "?x", "À"])
def test_a_code_that_no_address_can_hold_is_refused(sign_in, bice, moda, plan, code):
    browser = sign_in(bice)
    data = {"code": code, "name_it": "X", "name_en": "X", "unit": "w", "direction": "up", "activity_line_id": "0",
            "rule": '{"measure": "count", "verbs": ["a.b"]}', "kind": "a"}  # fmt: skip
    for part in ("indicators", "lines"):
        answer = browser.post(f"/moda/desk/plan/{part}/new", data=data)
        assert (answer.status_code, "senza accenti" in answer.text) == (422, True)


def test_targets_that_somebody_else_saved_are_not_overwritten_by_the_tick_for_the_past(
    sign_in, bice, moda, plan
):
    browser, indicator = sign_in(bice), queries.indicator(plan, "FI-03")
    data = {
        "version": version_in(browser.get("/moda/desk/plan/targets").text),
        f"i{indicator.id}_2026_H1": "2",
    }
    with transaction():
        indicator.targets.append(Target(period="plan", value=Decimal(77)))
    assert browser.post("/moda/desk/plan/targets", data=data).status_code == 422
    page = browser.post("/moda/desk/plan/targets", data=data)
    data["version"] = version_in(page.text)
    told = browser.post("/moda/desk/plan/targets", data=data | {"past": "y"})
    assert (told.status_code, "qualcun altro" in told.text.lower()) == (422, True)
    db.session.expire_all()
    assert [t.value for t in indicator.targets] == [77]
    data["version"] = version_in(told.text)
    assert browser.post("/moda/desk/plan/targets", data=data | {"past": "y"}).status_code == 303


def test_a_plan_is_not_shortened_past_what_it_holds(sign_in, bice, moda, plan):
    browser, heading = sign_in(bice), "/moda/desk/plan/heading"
    with transaction():
        line = plan.lines[0]
        line.operations.append(
            Operation(title_it="Convegno", starts_on=date(2028, 11, 1), ends_on=date(2028, 11, 2))
        )  # fmt: skip
        line.budget.append(BudgetLine(year=2028, budget_cents=100))
        indicator = queries.indicator(plan, "FI-03")
        indicator.targets.append(Target(period="2028-H2", value=Decimal(1)))
    data = {"title": plan.title, "starts_on": "2026-01-01", "ends_on": "2027-12-31"}
    answer = browser.post(heading, data=data | {"version": version_in(browser.get(heading).text)})
    assert (answer.status_code, "Convegno, a) 2028, FI-03 2028-H2" in answer.text) == (422, True)
    data |= {"ends_on": "2028-12-31", "title": "Nuovo", "version": version_in(browser.get(heading).text)}
    assert browser.post(heading, data=data).status_code == 303


def test_exclusions_and_evidence_are_rows_to_edit(sign_in, bice, moda, plan):
    browser = sign_in(bice)
    new = {
        "attribute": "size", "values": "large, medium", "verbs": "audit.visited", "reason_it": "Bando", "reason_en": "Call",
        "valid_from": "2027-01-01", "valid_until": "2026-01-01",
    }  # fmt: skip
    assert browser.post("/moda/desk/plan/exclusions/new", data=new).status_code == 422
    assert browser.post("/moda/desk/plan/exclusions/new", data=new | {"valid_until": ""}).status_code == 303
    assert "non toglie nessuna riga" in browser.get("/moda/desk/plan/").text
    made = queries.exclusions(moda.id)[-1]
    assert (made.condition, made.verbs, made.valid_until) == (
        {"size": ["large", "medium"]},
        ["audit.visited"],
        None,
    )
    line = {
        "verb": "audit.visited",
        "code": "photographs",
        "name_it": "Fotografie",
        "name_en": "Photographs",
        "valid_from": "2026-01-01",
    }
    assert browser.post("/moda/desk/plan/evidence/new", data=line).status_code == 303
    assert browser.post("/moda/desk/plan/evidence/new", data=line).status_code == 422
    # Nor is the same asked for twice on a day.
    late = browser.post("/moda/desk/plan/evidence/new", data=line | {"valid_from": "2027-01-01"})
    assert (late.status_code, "lo chiede già" in late.text) == (422, True)
    missing = queries.missing_evidence(moda.id, "audit.visited", DAY, set())
    assert [m.code for m in missing] == ["visit_sheet", "photographs"]


def test_a_number_that_no_database_has_is_not_found(sign_in, bice, moda, plan):
    browser = sign_in(bice)
    for path in (f"plan/lines/{10**20}", f"evidence/files/{10**20}", f"evidence/workshops/{10**20}"):
        assert browser.get(f"/moda/desk/{path}").status_code == 404


def test_a_line_in_use_is_not_removed(sign_in, bice, moda, plan):
    browser, line = sign_in(bice), plan.lines[0].id
    assert browser.get(f"/moda/desk/plan/lines/{line}/removal").status_code == 200
    answer = browser.post(f"/moda/desk/plan/lines/{line}/removal", follow_redirects=True)
    assert "Non si può rimuovere" in answer.text
    area = plan.macro_areas[0].id
    browser.post(f"/moda/desk/plan/macro-areas/{area}/removal")
    db.session.expire_all()
    assert (len(plan.lines), len(plan.macro_areas)) == (3, 0)


def test_elio_reads_and_does_not_write(sign_in, elio, moda, plan):
    browser = sign_in(elio)
    assert [browser.get(f"/moda/desk/plan/{p}").status_code for p in ("", "figures", "print", "new")] == [
        200, 200, 200, 403,
    ]  # fmt: skip


def test_a_second_plan_for_the_same_years_is_refused_and_contents_kept(moda, bice, sign_in):
    values = {"title": "Piano doppio", "starts_on": "2027-01-01", "ends_on": "2029-12-31"}
    answer = sign_in(bice).post("/moda/desk/plan/new", data=values)
    assert (answer.status_code, "ha già un piano" in answer.text, "Piano doppio" in answer.text) == (
        422,
        True,
        True,
    )
    assert db.session.scalar(select(func.count()).select_from(Plan)) == 1
