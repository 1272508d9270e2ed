"""Past audits from a spreadsheet: all or nothing, each line's fault named, the same file twice no harm."""

import json
from datetime import date
from io import BytesIO

import pytest
import time_machine
from openpyxl import Workbook

from dissemination.audits.models import Audit, Outcome, State
from dissemination.audits.states import days
from dissemination.kernel.database import db, transaction
from dissemination.people.models import Company
from dissemination.plan import figures
from dissemination.plan import queries as plans
from dissemination.plan.log import Activity, Evidence
from tests import factories
from tests.audits.cast import NOW, TODAY, company, plan_of

HEAD = "partita iva;impresa;data visita;stato;data chiusura;ambito;tipo;priorità;parole chiave;esito;strategia;scheda;persone incontrate;reparti"
FIRST, SECOND = factories.tax_id(9001), factories.tax_id(9002)


@pytest.fixture(autouse=True)
def still(app):
    with time_machine.travel(NOW, tick=False):
        yield


def rows(*lines, head=HEAD):
    return "\n".join([head, *lines]).encode()


GOOD = (
    f"{FIRST};Tessitura Gori;10/03/2026;chiuso;20/04/2026;Acqua di tintoria;processo;1;acqua, tintoria;;3;faldone 3;Carla Gori, titolare;produzione, qualità",
    f"{FIRST};;10/03/2026;;;Passaporto digitale;prodotto;;;avviato;;;;",
    f"{SECOND};Filatura Neri;2026-05-04;visitato;;Turni;riorganizzazione;;;;;no;;",
)  # fmt: skip


@pytest.fixture
def run(app, tmp_path):
    def call(data, *options, name="audit.csv"):
        path = tmp_path / name
        path.write_bytes(data)
        result = app.test_cli_runner().invoke(
            args=["audits", "import", str(path), "--district", "moda", *options]
        )
        return result

    return call


def test_lines_of_one_company_and_day_are_one_audit_with_its_days_areas_and_sheet(moda, run):
    with transaction():
        plan_of(moda)
        company(moda, "Tessitura Gori", tax_id=FIRST)
    result = run(rows(*GOOD), "--json")
    assert (result.exit_code, json.loads(result.output)) == (
        0,
        {"records": 2, "duplicates": 0, "problems": []},
    )
    first, second = Audit.query.order_by(Audit.id).all()
    assert (first.company.name, first.state, first.visited_on) == (
        "Tessitura Gori",
        State.CLOSED,
        date(2026, 3, 10),
    )
    assert days(first)[State.CLOSED] == date(2026, 4, 20)
    assert [(a.title, a.type.value, a.priority, a.keywords, a.outcome) for a in first.areas] == [
        ("Acqua di tintoria", "process", 1, ["acqua", "tintoria"], Outcome.OPEN),
        ("Passaporto digitale", "product", 2, [], Outcome.STARTED),
    ]  # fmt: skip
    assert [(p.name, p.role) for p in first.people] == [("Carla Gori", "titolare")]
    assert (first.departments, [s.points for s in first.scores]) == (["production", "quality"], [3])
    assert (second.state, second.company.tax_id) == (State.VISITED, SECOND)
    notes = [e.note for e in Evidence.query.all()]
    assert notes == ["faldone 3 (importato da audit.csv, riga 2)"]  # the second has none, and does not count
    found = figures.figures_for(plans.current_plan(moda.id, TODAY), "plan")
    assert [found[code]["actual"] for code in ("RE-01", "RE-02", "RE-03")] == [1, 1, 2]
    halves = figures.figures_for(plans.current_plan(moda.id, TODAY), "2026-H1")
    assert halves["RE-01"]["actual"] == 1


def test_the_same_file_twice_adds_nothing(moda, run):
    assert run(rows(*GOOD)).exit_code == 0
    before = Activity.query.count(), Audit.query.count()
    result = run(rows(*GOOD), "--json")
    assert json.loads(result.output) == {"records": 0, "duplicates": 2, "problems": []}
    assert (Activity.query.count(), Audit.query.count()) == before


def test_a_dry_run_says_what_would_be_and_writes_nothing(moda, run):
    result = run(rows(*GOOD), "--dry-run", "--json")
    assert json.loads(result.output)["records"] == 2
    assert (Audit.query.count(), Company.query.count()) == (0, 0)


BAD = {
    f"{FIRST};Gori;;;;;;;;;;;;": "visita",
    "12345678901;Gori;10/03/2026;;;;;;;;;;;": "partita IVA",
    f"{FIRST};Gori;10/03/2027;;;;;;;;;;;": "futuro",
    f"{FIRST};Gori;31/02/2026;;;;;;;;;;;": "31/02/2026",
    f"{FIRST};Gori;10/03/2026;boh;;;;;;;;;;": "boh",
    f"{FIRST};Gori;10/03/2026;chiuso;01/03/2026;;;;;;;;;": "ordine",
    f"{FIRST};Gori;10/03/2026;;;Senza tipo;;;;;;;;": "tipo",
    f"{FIRST};Gori;10/03/2026;;;Acqua;vapore;;;;;;;": "vapore",
    f"{FIRST};Gori;10/03/2026;;;;;;;;6;;;": "6",
    f"{FIRST};Gori;10/03/2026;;;;;;;;;;;cantina": "cantina",
    ";Nessuno;10/03/2026;;;;;;;;;;;": "Nessuno",
    ";;10/03/2026;;;;;;;;;;;": "impresa",
}


@pytest.mark.parametrize("line", BAD)
def test_one_wrong_line_enters_nothing_and_is_named(moda, run, line):
    result = run(rows(GOOD[0], line), "--json")
    found = json.loads(result.output)
    assert (result.exit_code, [p["line"] for p in found["problems"]]) == (1, [3])
    assert Audit.query.count() == 0


def test_what_is_wrong_is_said_in_words_at_the_desk(moda, ada, sign_in):
    browser = sign_in(ada)
    for line, words in BAD.items():
        sent = {"file": (BytesIO(rows(line)), "audit.csv"), "then": "enter"}
        answer = browser.post("/moda/desk/audits/imports/new", data=sent)
        assert answer.status_code == 422
        assert words in answer.get_data(as_text=True), line
    assert Audit.query.count() == 0


@pytest.mark.parametrize(
    "head",
    ["impresa;stato", "impresa;data visita;colore", "data visita;stato", "impresa;impresa;data visita"],
)
def test_a_header_that_cannot_be_is_refused(moda, run, head):
    assert run(rows("x;y;z", head=head)).exit_code == 1


@pytest.mark.parametrize("data", [b"", b"\x00\xff\x00", b"PK\x03\x04 broken", HEAD.encode()])
def test_a_file_that_is_none_is_said_calmly(moda, run, data):
    result = run(data, "--json")
    assert (result.exit_code, len(json.loads(result.output)["problems"])) == (1, 1)


def test_a_workbook_with_english_names_is_read_too(moda, ada, sign_in):
    book = Workbook()
    book.active.append(["tax id", "company", "visited on", "improvement area", "type"])
    book.active.append([FIRST, "Tessitura Gori", date(2026, 3, 10), "Water", "process"])
    out = BytesIO()
    book.save(out)
    browser = sign_in(ada)
    looked = browser.post(
        "/moda/desk/audits/imports/new", data={"file": (BytesIO(out.getvalue()), "a.xlsx"), "then": "look"}
    )
    assert (looked.status_code, Audit.query.count()) == (200, 0)
    entered = browser.post(
        "/moda/desk/audits/imports/new", data={"file": (BytesIO(out.getvalue()), "a.xlsx"), "then": "enter"}
    )
    assert entered.status_code == 303
    [made] = Audit.query.all()
    assert [(a.title, made.visited_on) for a in made.areas] == [("Water", date(2026, 3, 10))]
    assert Activity.query.filter_by(verb="audit.visited").one().recorded_by == ada.id


def test_the_empty_table_is_read_back(moda, ada, sign_in, run):
    table = sign_in(ada).get("/moda/desk/audits/imports/table.csv").get_data()
    result = run(table, "--json")
    assert [p["line"] for p in json.loads(result.output)["problems"]] == [0]  # no row, and nothing else wrong


def test_a_second_audit_of_a_year_is_entered_and_counts_once(moda, run):
    with transaction():
        plan_of(moda)
    again = f"{FIRST};Tessitura Gori;10/06/2026;visitato;;;;;;;;;;"
    assert run(rows(GOOD[0], again)).exit_code == 0
    found = figures.figures_for(plans.current_plan(moda.id, TODAY), "plan")
    assert [found[code]["actual"] for code in ("RE-01", "RE-02")] == [2, 1]
    assert [a.repeat_meant for a in Audit.query.order_by(Audit.id)] == [False, True]
    assert db.session.query(Company).count() == 1
