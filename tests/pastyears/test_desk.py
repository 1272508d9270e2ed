"""The pages of past activities: from the file to the figure and back, without JavaScript; and the command."""

import json
from datetime import UTC, datetime
from io import BytesIO

import pytest
import time_machine
from sqlalchemy import event

from dissemination.kernel.database import db, transaction
from dissemination.kernel.files import StoredFile
from dissemination.pastyears import actions
from dissemination.pastyears.models import PastImport, State
from dissemination.plan.log import Activity
from tests import factories
from tests.pastyears.conftest import again, audit, entered, judged, uploaded, workbook

URL = "/moda/desk/plan/past"


@pytest.fixture(autouse=True)
def some_day():
    with time_machine.travel(datetime(2027, 3, 11, 12, tzinfo=UTC)):
        yield


def text(page):
    return " ".join(page.text.split())


def send(browser, data, name="storico.xlsx"):
    return browser.post(f"{URL}/new", data={"file": (BytesIO(data), name)})


def fields(row, **more):
    return {f"column-{n}": field for n, field in row.mapping["columns"].items()} | more


def test_from_the_file_to_the_figure_and_back(moda, plan, bice, sign_in):
    browser = sign_in(bice)
    answer = send(browser, workbook([audit(1), audit(2), audit(3, Settore="nautica")]))
    assert answer.status_code == 303
    row = db.session.query(PastImport).one()
    page = text(browser.get(answer.location))
    assert "Che cosa sono le colonne" in page
    assert "Filatura 1 · Filatura 2" in page
    answer = browser.post(f"{URL}/{row.id}/columns", data=fields(row, line="c"))
    page = text(browser.get(answer.location))
    assert "G4" in page
    assert "Inserisci 2 attività" in page
    refused = browser.post(f"{URL}/{row.id}/entry")
    assert refused.status_code == 409
    answer = browser.post(f"{URL}/{row.id}/entry", data={"leaves_out_wrong": "1"})
    assert again(row.id).state is State.DONE
    figure = text(browser.get("/moda/desk/plan/figures/RE-01?period=plan"))
    assert "Audit 1" in figure
    past = db.session.query(Activity).order_by(Activity.id).first().subject_id
    assert f"{URL}/activities/{past}" in figure
    assert "Audit 1" in text(browser.get(f"{URL}/activities/{past}"))
    empty = browser.post(f"{URL}/{row.id}/undoing", data={"reason": ""})
    assert (empty.status_code, again(row.id).state) == (422, State.DONE)
    browser.post(f"{URL}/{row.id}/undoing", data={"reason": "anno sbagliato"})
    assert again(row.id).state is State.UNDONE
    assert "anno sbagliato" in text(browser.get(f"{URL}/activities/{past}"))
    assert "anno sbagliato" in text(browser.get("/moda/desk/plan/log"))


def test_columns_said_wrongly_are_kept_as_they_were_said(moda, plan, bice, sign_in):
    row = uploaded(moda, workbook([audit(1)]))
    page = sign_in(bice).post(f"{URL}/{row.id}/columns", data=fields(row, **{"column-4": "date"}))
    assert page.status_code == 422
    assert "Due colonne sono indicate come la stessa cosa" in text(page)
    assert '<option value="date" selected>' in page.text.split('name="column-4"')[1].split("</select>")[0]


def test_a_file_that_cannot_be_read_says_why(moda, bice, sign_in):
    browser = sign_in(bice)
    page = send(browser, b"", "vuoto.csv")
    assert page.status_code == 422
    page = send(browser, b"%PDF-1.4 xxx", "a.xlsx")
    assert page.status_code == 422
    page = send(browser, b"PK\x03\x04 nothing", "a.xlsx")
    assert page.status_code == 422
    assert "Non è un file CSV né XLSX" in text(page)
    assert db.session.query(StoredFile).count() == 0


def test_another_sheet_of_the_workbook_can_be_read(moda, plan, bice, sign_in):
    def second(sheet):
        other = sheet.parent.create_sheet("2025")
        other.append(["Data", "Titolo"])
        other.append(["1/2/2025", "Altro"])

    browser = sign_in(bice)
    row = uploaded(moda, workbook([audit(1)], change=second))
    assert "Leggi questo foglio" in text(browser.get(f"{URL}/{row.id}"))
    browser.post(f"{URL}/{row.id}/sheet", data={"sheet": "2025"})
    row = again(row.id)
    assert (row.sheet, row.header, row.state) == ("2025", ["Data", "Titolo"], State.MAPPING)


def test_large_files_are_left_to_the_worker(moda, plan, bice, sign_in, monkeypatch):
    monkeypatch.setattr(actions, "AT_ONCE", 10)
    monkeypatch.setattr(actions, "FEW", 0)
    browser = sign_in(bice)
    answer = send(browser, workbook([audit(1)]))
    row = db.session.query(PastImport).one()
    assert row.state is State.OPENING
    assert "puoi lasciare questa pagina" in text(browser.get(answer.location))
    actions.work()
    browser.post(f"{URL}/{row.id}/columns", data=fields(again(row.id)))
    assert again(row.id).state is State.JUDGING
    assert "HX-Refresh" not in browser.get(f"{URL}/{row.id}/progress").headers
    actions.work()
    assert browser.get(f"{URL}/{row.id}/progress").headers["HX-Refresh"] == "true"
    browser.post(f"{URL}/{row.id}/entry")
    assert again(row.id).state is State.ENTERING
    actions.work()
    assert again(row.id).state is State.DONE


def test_an_organiser_reads_and_may_not_import(moda, plan, ada, dora, sign_in):
    row = judged(uploaded(moda, workbook([audit(1)])))
    browser = sign_in(ada)
    page = browser.get(f"{URL}/{row.id}")
    assert page.status_code == 200
    assert "<form" not in page.text.split("<main")[1].split("</main>")[0]
    assert browser.post(f"{URL}/{row.id}/entry").status_code == 403
    assert sign_in(dora).get(f"{URL}/{row.id}").status_code in (403, 404)
    assert sign_in(dora).get(f"/nautica/desk/plan/past/{row.id}").status_code == 404


def queries_of(app, browser, address):
    count = 0

    def count_one(*_args):
        nonlocal count
        count += 1

    event.listen(db.engine, "before_cursor_execute", count_one)
    try:
        assert browser.get(address).status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", count_one)
    return count


def test_lists_ask_the_database_as_often_for_many_rows_as_for_one(app, moda, plan, bice, sign_in):
    browser = sign_in(bice)
    found = []
    for lines in ([audit(1)], [audit(n) for n in range(2, 40)]):
        row = entered(judged(uploaded(moda, workbook(lines))), by=bice)
        pages = [f"{URL}/", f"{URL}/{row.id}/lines"]
        found.append([queries_of(app, browser, page) for page in pages])
        with transaction():
            actions.undo(row, reason="x", by=bice)
        actions.go_on(row.id)
        found[-1].append(queries_of(app, browser, "/moda/desk/plan/log"))
    assert found[0] == found[1]


def test_the_command_enters_all_or_nothing(app, moda, plan, tmp_path):
    run = app.test_cli_runner().invoke
    file = tmp_path / "storico.csv"
    good = f"data,partita iva,impresa\n11/03/2026,{factories.tax_id(1)},Filatura\n"
    file.write_text(good + "31/02/2026,1,x\n")
    args = ["activities", "import", str(file), "--district", "moda", "--kind", "audit.visited", "--line", "c"]
    result = run(args=[*args, "--json"])
    assert result.exit_code == 1
    found = json.loads(result.output)
    assert (found["new"], found["wrong"], [p["cell"] for p in found["problems"]]) == (1, 1, ["A3"])
    assert db.session.query(Activity).count() == 0
    file.write_text(good)
    assert run(args=[*args, "--dry-run"]).output == "1 would be entered, 0 there already, 0 wrong\n"
    assert db.session.query(Activity).count() == 0
    assert run(args=args).output == "1 entered, 0 there already, 0 wrong\n"
    assert run(args=args).output == "0 entered, 1 there already, 0 wrong\n"
    assert db.session.query(Activity).count() == 1
    assert run(args=[*args[:5], "--kind", "festa"]).exit_code == 2
    assert run(args=args[:5]).exit_code == 1
