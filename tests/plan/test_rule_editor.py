"""The rule editor: fields and back, the live result, the reading, warnings; rulebooks and "what if"."""

from datetime import date
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from sqlalchemy import event

from dissemination.districts.models import District
from dissemination.editions import queries as editions
from dissemination.kernel.database import db, transaction
from dissemination.plan import (
    activity,
    figures,
    periods,
    queries,
    readings,
    rulebook_actions,
    rulebooks,
    rules,
    splits,
    trial,
)
from dissemination.plan.actions import adopt_catalogue
from dissemination.plan.catalogue import catalogue
from dissemination.plan.log import Activity
from dissemination.plan.models import Exclusion
from dissemination.workshops.models import Workshop
from tests import factories

DAY = date(2027, 3, 11)
RULES = {entry["code"]: entry["rule"] for entry in catalogue()["indicators"]}
AT = "/moda/desk/plan"


@pytest.fixture
def plan(moda):
    """Three presences: a company twice in two sectors, another that belongs to the managing body; one absence."""
    plan = queries.current_plan(moda.id)
    with transaction():
        adopt_catalogue(plan)
        workshop = factories.workshop(moda)
        company, inside = factories.company(moda, "Tessitura Due"), factories.company(moda)
        common = {"district_id": moda.id, "title": "Tracciabilità", "happened_on": DAY, "by": None}
        for who, sector, managing in (
            (company, "tessile", "no"),
            (company, "pelle", "no"),
            (inside, "pelle", "yes"),
        ):
            attributes = {"sector": sector, "in_managing_body": managing, "hours": "2.5"}
            activity.record(
                "attendance.present", workshop, company_id=who.id, attributes=attributes, **common
            )
        activity.record("attendance.absent", workshop, company_id=company.id, not_counted="absent", **common)
    return plan


class RuleFormReader(HTMLParser):
    """What a browser would send from the form of the rule."""

    def __init__(self):
        super().__init__()
        self.found, self.name, self.inside, self.writing = {}, "", False, False

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        if tag == "form":
            self.inside = a.get("class") == "rule"
        elif self.inside and tag in ("select", "textarea"):
            self.name, self.writing = a["name"], tag == "textarea"
        elif self.inside and tag == "option" and "selected" in a:
            self.add(self.name, a["value"])
        elif self.inside and tag == "input" and (a.get("type") != "checkbox" or "checked" in a):
            self.add(a["name"], a.get("value", ""))

    def handle_data(self, data):
        if self.inside and self.writing:
            self.add(self.name, data)

    def handle_endtag(self, tag):
        self.writing = self.writing and tag != "textarea"

    def add(self, name, value):
        self.found.setdefault(name, []).append(value)


def fields(page):
    reader = RuleFormReader()
    reader.feed(page)
    return reader.found


@pytest.mark.parametrize("code", RULES)
def test_a_rule_survives_the_fields(sign_in, bice, plan, code):
    browser = sign_in(bice)
    sent = fields(browser.get(f"{AT}/figures/{code}/rule").text)
    answer = browser.post(f"{AT}/figures/{code}/rule", data=sent | {"do": "save"})
    assert answer.status_code == 303, answer.text
    db.session.expire_all()
    assert rules.read(queries.indicator(plan, code).rule) == rules.read(RULES[code])


def test_trying_shows_the_result_and_saves_nothing(sign_in, bice, plan):
    browser = sign_in(bice)
    sent = fields(browser.get(f"{AT}/figures/DV-02/rule").text)
    page = browser.post(f"{AT}/figures/DV-02/rule", data=sent | {"where": "sector = pelle", "do": "try"})
    assert page.status_code == 200
    assert "2 righe contate" in page.text
    assert "Con la regola salvata: 3" in page.text
    assert "Solo dove «settore» è pelle." in page.text
    assert "Only where “sector” is pelle." in page.text
    db.session.expire_all()
    assert queries.indicator(plan, "DV-02").rule == RULES["DV-02"]


def test_saving_changes_the_figure_at_once(sign_in, bice, plan):
    browser = sign_in(bice)
    sent = fields(browser.get(f"{AT}/figures/DV-02/rule").text)
    browser.post(f"{AT}/figures/DV-02/rule", data=sent | {"measure": "sum", "field": "hours", "do": "save"})
    db.session.expire_all()
    indicator = queries.indicator(plan, "DV-02")
    assert indicator.rule == {"measure": "sum", "field": "hours"} | {
        k: v for k, v in RULES["DV-02"].items() if k != "measure"
    }
    assert figures.figure(indicator, "2027-H1").actual == Decimal("7.50")


def test_two_who_save_at_once_do_not_overwrite_each_other(sign_in, bice, plan):
    browser = sign_in(bice)
    sent = fields(browser.get(f"{AT}/figures/DV-02/rule").text)
    with transaction():
        queries.indicator(plan, "DV-02").rule = {"measure": "count", "verbs": ["meeting.held"]}
    answer = browser.post(f"{AT}/figures/DV-02/rule", data=sent | {"do": "save"})
    assert answer.status_code == 422
    db.session.expire_all()
    assert queries.indicator(plan, "DV-02").rule["verbs"] == ["meeting.held"]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{", "JSON valido"),
        ("[" * 100_000, "troppo in profondità"),
        ('{"measure": "guess"}', "measure: dev&#39;essere uno di"),
        ('{"measure": "ratio", "numerator": "XX-01", "denominator": "AD-01"}', "XX-01"),
        ('{"measure": "ratio", "numerator": "DV-02", "denominator": "AD-01"}', "parte di sé stesso"),
        ('{"measure": "ratio", "numerator": "DV-04", "denominator": "AD-01"}', "DV-04 è già una percentuale"),
    ],
)
def test_json_that_cannot_be_used_says_why_and_saves_nothing(sign_in, bice, plan, written, said):
    browser = sign_in(bice)
    sent = fields(browser.get(f"{AT}/figures/DV-02/rule").text)
    page = browser.post(f"{AT}/figures/DV-02/rule", data=sent | {"as_json": written, "do": "json"})
    assert said in page.text
    db.session.expire_all()
    assert queries.indicator(plan, "DV-02").rule == RULES["DV-02"]


def test_a_field_left_empty_is_named_as_the_page_names_it(sign_in, bice, plan):
    browser = sign_in(bice)
    sent = fields(browser.get(f"{AT}/figures/DV-02/rule").text) | {
        "verbs": [],
        "where": 'a"b = x',
        "do": "save",
    }
    answer = browser.post(f"{AT}/figures/DV-02/rule", data=sent)
    assert answer.status_code == 422
    assert "Solo righe in cui: " in answer.text
    assert "Di quali righe del registro: count ne richiede almeno uno" in answer.text


def test_json_goes_into_the_fields(sign_in, bice, plan):
    browser = sign_in(bice)
    sent = fields(browser.get(f"{AT}/figures/DV-02/rule").text)
    rule = '{"measure": "companies", "verbs": ["meeting.held"], "where": {"sector": ["pelle"]}}'
    page = browser.post(f"{AT}/figures/DV-02/rule", data=sent | {"as_json": rule, "do": "json"}).text
    found = fields(page)
    assert (found["measure"], found["verbs"], found["where"][0].strip()) == (
        ["companies"], ["meeting.held"], "sector = pelle",
    )  # fmt: skip


@pytest.mark.parametrize("role", ["viewer", "organiser"])
def test_only_a_manager_changes_rules(sign_in, person, moda, plan, role):
    browser = sign_in(person(moda, f"{role}@moda.example", role))
    paths = ["figures/DV-02/rule", "rulebooks/new"]
    assert [browser.get(f"{AT}/{p}").status_code for p in paths] == [403, 403]


def warnings(plan, code, rule, period="2027-H1"):
    return trial.result(queries.indicator(plan, code), rule, periods.read(period, plan)).warnings


def test_a_trial_warns_of_what_is_odd(plan):
    present = {"measure": "count", "verbs": ["attendance.present"]}
    assert warnings(plan, "DV-02", present) == []
    assert warnings(plan, "DV-02", present, "2026-H1") == ["La regola non trova nulla in questo periodo."]
    everything = present | {"verbs": ["attendance.present", "attendance.absent"], "despite": ["absent"]}
    assert warnings(plan, "DV-02", everything) == [
        "La regola prende tutte le righe del registro di questo periodo: 4."
    ]
    assert warnings(plan, "DV-02", present | {"where": {"sector": ["oro"]}}) == [
        "La regola non trova nulla in questo periodo.", "Nessuna riga ha «settore» = oro.",
    ]  # fmt: skip
    assert warnings(plan, "DV-02", {"measure": "count", "verbs": ["attendance.absent"]}) == [
        "La regola non conta nulla: ogni riga che vede è esclusa."
    ]
    assert warnings(plan, "DV-02", {"measure": "count", "verbs": ["party.held"]}) == [
        "Nessuna parte del programma scrive righe del tipo «party.held».",
        "La regola non trova nulla in questo periodo.",
    ]
    companies = {"measure": "companies", "verbs": ["attendance.present"], "split": ["sector", "channel"]}
    assert warnings(plan, "DV-03", companies) == [
        "Le classi di «settore» si sovrappongono: insieme fanno 3, il dato è 2. Un'impresa in due classi conta in "
        "entrambe.",
        "Nessuna riga contata dice il suo «canale»: la suddivisione mostra una sola classe.",
    ]


@pytest.mark.parametrize("language", ["it", "en"])
@pytest.mark.parametrize("code", RULES)
def test_every_starter_rule_reads_as_sentences_without_codes(plan, code, language):
    said = readings.sentence(rules.read(RULES[code]), plan, language)
    assert said.endswith(".")
    verbs = [v for v in readings.VERBS if f"'{v}'" in repr(RULES[code])]
    assert not any(verb in said for verb in verbs)
    assert "_" not in said


def test_readings_differ_by_language_and_say_filters(plan):
    rule = rules.read(RULES["RE-05"])
    assert readings.sentence(rule, plan, "it") == (
        "Conta gli accordi impresa-ricerca firmati. Solo dove «cooperazione» è active. Si suddivide per partner e "
        "settore."
    )
    assert readings.sentence(rule, plan, "en") == (
        "Counts company-research agreements signed. Only where “cooperation” is active. Split by partner and sector."
    )


@pytest.fixture
def book(moda, plan):
    """The call of 2016 with its exclusion, and a reading of DV-01 of its own."""
    with transaction():
        exclusion = next(
            e for e in queries.exclusions(moda.id) if e.condition == {"in_managing_body": ["yes"]}
        )
        book = rulebook_actions.save_rulebook(
            moda.id, None, version="", exclusion_ids=[exclusion.id], code="2016", name_it="Bando 2016",
            name_en="Call of 2016", reference="", valid_from=date(2016, 1, 1), valid_until=date(2017, 12, 31),
        )  # fmt: skip
        rulebook_actions.save_rule(book, "DV-01", {"measure": "count", "verbs": ["attendance.present"]})
    return book


def test_what_if_counts_under_another_calls_rules(moda, plan, book):
    codes = ["DV-01", "DV-02", "DV-03"]
    wanted = [queries.indicator(plan, code) for code in codes]
    period = periods.read("plan", plan)
    now, then = figures.figures(wanted, [period]), figures.figures(wanted, [period], rulebook=book)
    assert [now[c, "plan"].actual for c in codes] == [0, 3, 2]
    assert [then[c, "plan"].actual for c in codes] == [2, 2, 1]
    split = splits.splits(queries.indicator(plan, "DV-02"), period, rulebook=book)
    assert [sum(line.actual for line in s.lines) for s in split] == [2, 2]


def test_another_calls_exclusions_do_not_hold_under_a_rulebook(moda, plan, book):
    with transaction():
        other = rulebook_actions.save_rulebook(
            moda.id, None, version="", exclusion_ids=[], code="2027", name_it="Bando 2027", name_en="Call of 2027",
            reference="", valid_from=date(2027, 1, 1), valid_until=None,
        )  # fmt: skip
        db.session.add(
            Exclusion(district_id=moda.id, verbs=[], condition={"sector": ["pelle"]}, reason_it="x", reason_en="x",
                      valid_from=date(2027, 1, 1), valid_until=None, rulebook_id=other.id)
        )  # fmt: skip
    indicator, period = queries.indicator(plan, "DV-02"), periods.read("plan", plan)
    got = [
        figures.figures([indicator], [period], rulebook=b)["DV-02", "plan"].actual
        for b in (None, book, other)
    ]
    assert got == [1, 2, 1]
    assert rulebooks.in_force(moda.id, date(2016, 5, 5)) is book
    assert rulebooks.in_force(moda.id, date(2027, 5, 5)) is other
    assert rulebooks.in_force(moda.id, date(2015, 5, 5)) is None


def test_the_pages_of_rulebooks(sign_in, bice, moda, plan, book):
    browser = sign_in(bice)
    page = browser.get(f"{AT}/what-if").text
    assert "Bando 2016" in page
    assert "Conta le presenze ai workshop." in page
    form = {"code": "2020", "name_it": "Bando 2020", "name_en": "Call of 2020", "valid_from": "2020-01-01"}
    assert browser.post(f"{AT}/rulebooks/new", data=form).status_code == 303
    assert browser.post(f"{AT}/rulebooks/new", data=form).status_code == 422
    assert browser.post(f"{AT}/rulebooks/new", data=form | {"code": "2020 !"}).status_code == 422
    assert (
        browser.post(f"{AT}/rulebooks/2016", data=form | {"code": "2016", "version": "old"}).status_code
        == 422
    )
    sent = fields(browser.get(f"{AT}/figures/DV-02/rule?book=2020").text)
    saved = browser.post(
        f"{AT}/figures/DV-02/rule?book=2020", data=sent | {"where": "sector = pelle", "do": "save"}
    )
    assert saved.status_code == 303
    db.session.expire_all()
    assert queries.indicator(plan, "DV-02").rule == RULES["DV-02"]
    assert [r.indicator_code for r in rulebooks.rulebook(moda.id, "2020").rules] == ["DV-02"]
    second = browser.post(f"{AT}/figures/DV-02/rule?book=2020", data=sent | {"do": "save"})
    assert (second.status_code, "ltro ha" in second.text) == (422, True)
    browser.post(f"{AT}/rulebooks/2020/rules/DV-02/removal")
    browser.post(f"{AT}/rulebooks/2016/removal")
    db.session.expire_all()
    assert [(b.code, len(b.rules)) for b in rulebooks.rulebooks(moda.id)] == [("2020", 0)]
    assert all(e.rulebook_id is None for e in queries.exclusions(moda.id))


@pytest.mark.parametrize(
    "path", ["what-if", "panel", "rulebooks/2016", "figures/DV-02/rule", "figures/rows/1", "rulebooks/new"]
)
def test_dora_is_refused(sign_in, dora, moda, plan, book, path):
    assert sign_in(dora).get(f"{AT}/{path}").status_code == 404


def test_dora_cannot_reach_rows_and_rulebooks_through_her_own_district(sign_in, dora, moda, plan, book):
    row = db.session.query(activity.Activity).first()
    browser = sign_in(dora)
    paths = [f"figures/rows/{row.id}", "rulebooks/2016", f"figures?plan={plan.id}"]
    assert [browser.get(f"/nautica/desk/plan/{p}").status_code for p in paths] == [404, 404, 404]


def test_a_row_says_who_counts_it_and_what_proves_it(sign_in, ada, moda, plan):
    row = db.session.query(activity.Activity).filter_by(verb="attendance.absent").one()
    page = sign_in(ada).get(f"{AT}/figures/rows/{row.id}").text
    assert "DV-03" in page
    assert "persona iscritta, non presente" in page
    assert "nessuna evidenza" in page
    page = sign_in(ada).get(f"{AT}/figures/DV-03?period=2027-H1&by=sector&value=tessile").text
    assert page.count("nessuna evidenza allegata") == 1


def test_the_panel_names_who_is_never_reached(sign_in, ada, moda, plan):
    page = sign_in(ada).get(f"{AT}/panel?period=2027").text
    assert "100 %" in page
    assert "Arezzo" in page
    assert "Tessitura Due" in page
    empty = sign_in(ada).get(f"{AT}/panel?period=2026").text
    assert "nessun servizio ha raggiunto" in empty


@pytest.mark.parametrize("path", ["figures/DV-02?period=2027-H1", "panel", "figures?grain=year"])
def test_the_same_queries_for_few_rows_and_for_many(app, sign_in, ada, moda, plan, path):
    browser, number = sign_in(ada), moda.id

    def queries_made():
        made = []
        db.session.expunge_all()  # as each request of a server begins
        event.listen(db.engine, "before_cursor_execute", lambda *args: made.append(args[2]))
        assert browser.get(f"{AT}/{path}").status_code == 200
        return len(made)

    def log(many):
        with transaction():
            district = db.session.get(District, number)
            workshop = db.session.query(Workshop).first()
            for _ in range(many):
                activity.record(
                    "attendance.present", workshop, company_id=factories.company(district).id, district_id=number,
                    title="Altro", happened_on=DAY, by=None,
                )  # fmt: skip

    log(1)
    browser.get(f"{AT}/{path}")
    few = queries_made()
    log(20)
    browser.get(f"{AT}/{path}")
    assert queries_made() == few


def test_figures_of_a_past_plan_stay_open(sign_in, ada, moda, plan):
    with transaction():
        workshop = factories.workshop(moda)
        old = factories.plan(
            moda, title="Piano 2020-2022", starts_on=date(2020, 1, 1), ends_on=date(2022, 12, 31)
        )
        adopt_catalogue(old)
        activity.record(
            "workshop.held", workshop, district_id=moda.id, title="Vecchio",
            happened_on=date(2021, 5, 5), by=None,
        )  # fmt: skip
    browser = sign_in(ada)
    assert "Piano 2020-2022" in browser.get(f"{AT}/figures").text
    assert "un piano passato" in browser.get(f"{AT}/figures?plan={old.id}&grain=year").text
    page = browser.get(f"{AT}/figures/DV-01?plan={old.id}&period=2021").text
    assert "Vecchio" in page


def test_a_saved_rule_is_a_version_of_the_plan_by_whoever_saved_it(moda, sign_in, bice, plan):
    browser = sign_in(bice)
    reader = RuleFormReader()
    reader.feed(browser.get(f"{AT}/figures/DV-02/rule").text)
    browser.post(f"{AT}/figures/DV-02/rule", data=reader.found | {"split": "sector", "do": "save"})
    assert editions.latest(plan).by == bice.id


def test_each_row_opens_its_activity_and_the_page_of_its_evidence(moda, sign_in, ada, plan):
    with transaction():
        workshop = db.session.query(Workshop).filter_by(district_id=moda.id).first()
        activity.record(
            "workshop.held", workshop, district_id=moda.id, title="Tracciabilità", happened_on=DAY, by=None
        )
        company = factories.company(moda)
        activity.record(
            "roadmap.approved", company, district_id=moda.id, title="Roadmap", happened_on=DAY, by=None
        )
    browser = sign_in(ada)
    page = browser.get(f"{AT}/figures/DV-01?period=plan").text
    place = f"/moda/desk/evidence/workshops/{workshop.id}"
    assert f'href="/moda/desk/workshops/{workshop.slug}"' in page
    assert f'href="{place}"' in page
    assert browser.get(place).status_code == 200
    row = db.session.query(Activity).filter_by(verb="workshop.held").one()
    assert f'href="{AT}/figures/rows/{row.id}"' in page
    assert f'href="{place}"' in browser.get(f"{AT}/figures/rows/{row.id}").text
    other = browser.get(f"{AT}/figures/IS-02?period=plan").text
    assert ">Roadmap<" in other
    assert "/desk/evidence/companies" not in other  # there is no checklist for roadmaps
