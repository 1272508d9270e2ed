"""Careless files: amounts that mean two things, persons in a title, a database that is busy, small bombs."""

import io
import zipfile

import pytest
from sqlalchemy.exc import OperationalError

from dissemination.kernel.database import db, transaction
from dissemination.kernel.files import StoredFile
from dissemination.pastyears import actions
from dissemination.pastyears.judging import Judge
from dissemination.pastyears.models import PastActivity, State, Verdict
from dissemination.plan.log import Activity
from tests.pastyears.conftest import again, audit, entered, judged, uploaded, workbook


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("1.234,50", "1234.50"), ("1,234.50", "1234.50"), ("1234,5", "1234.50"), ("1234.5", "1234.50"),
        ("1.234", "1234.00"), ("1.234.567", "1234567.00"), ("1'234.50", "1234.50"), ("€ 12", "12.00"),
        ("1,234", None), ("12,345", None), ("1.2345", None), ("1e5", None), ("1_000", None), ("-5", None),
        ("1,234,56", None), ("12.34.56", None), ("١٢", None), ("1.234,5678", None), ("NaN", None),
    ],
)  # fmt: skip
def test_an_amount_is_what_it_says_or_is_refused(moda, plan, written, amount):
    """“1,234.50” once became 1.23 EUR without a word."""
    row = judged(uploaded(moda, workbook([audit(1, Importo=written)])))
    line = db.session.query(PastActivity).filter_by(import_id=row.id).one()
    assert (line.verdict is Verdict.WRONG, None if line.amount is None else str(line.amount)) == (
        amount is None, amount,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("column", "text"),
    [("Oggetto", "Colloquio con anna.rossi@tessiturarossi.it"), ("Oggetto", "Visita RSSMRA85T10A562S"),
     ("Bando", "sentire mario@rossi.it")],
)  # fmt: skip
def test_an_address_or_a_tax_code_of_a_person_stays_out_of_the_log(moda, plan, column, text):
    row = judged(
        uploaded(moda, workbook([audit(1, **{column: text}), audit(2, Oggetto="Innovazione@Prato")]))
    )
    assert row.counts == {"wrong": 1, "new": 1}
    wrong = db.session.query(PastActivity).filter_by(import_id=row.id, verdict=Verdict.WRONG).one()
    assert wrong.cell[1:] == "2"


@pytest.mark.parametrize("over", ["entered", "dropped"])
def test_the_first_lines_of_a_file_are_forgotten_with_it(moda, plan, over):
    """They also show columns that were left aside: a person to talk to, a telephone number."""
    header = ["Tipo", "Data", "Partita IVA", "Azienda", "Referente"]
    lines = [[*audit(1)[:4], "Anna Rossi 055 123456"]]
    row = judged(uploaded(moda, workbook(lines, header=header)))
    assert "Anna Rossi 055 123456" in row.samples[0]
    if over == "entered":
        row = entered(row)
    else:
        with transaction():
            actions.drop(row)
        row = again(row.id)
    assert row.samples == []
    assert row.header == header


def test_two_applications_of_a_day_to_two_calls_are_two_facts(moda, plan):
    lines = [audit(1, Tipo="domanda", Bando=call, Oggetto=None) for call in ("POR 2026", "PNRR", "por 2026")]
    row = judged(uploaded(moda, workbook(lines)))
    assert row.counts == {"new": 2, "same": 1}
    row = entered(row)
    assert db.session.query(Activity).filter_by(verb="application.submitted").count() == 2
    assert judged(uploaded(moda, workbook(lines))).counts == {"same": 3}


def test_a_busy_database_or_a_full_disk_gives_nothing_up(moda, plan, monkeypatch):
    row = uploaded(moda, workbook([audit(1)]))
    with transaction():
        actions.map_columns(row, row.mapping["columns"], verb="", line="c")

    def busy(*_args):
        raise OperationalError("INSERT", {}, Exception("database is locked"))

    with monkeypatch.context() as patch:
        patch.setattr(Judge, "row", busy)
        with pytest.raises(OperationalError):
            actions.go_on(row.id)
    assert (again(row.id).state, again(row.id).trouble) == (State.JUDGING, "")
    with transaction():
        again(row.id).began_at = None  # a quarter of an hour later
    actions.work()
    assert again(row.id).counts == {"new": 1}


def test_a_file_that_stops_the_program_is_given_up_in_words_of_people(moda, plan, monkeypatch):
    row = uploaded(moda, workbook([audit(1)]))
    with transaction():
        actions.map_columns(row, row.mapping["columns"], verb="", line="c")
    monkeypatch.setattr(Judge, "row", lambda *_args: {}["Anna Rossi"])
    actions.go_on(row.id)
    row = again(row.id)
    assert row.state is State.FAILED
    assert "Rossi" not in row.trouble
    assert "KeyError" not in row.trouble


def test_a_small_file_that_is_large_once_unpacked_waits_for_the_worker(moda, plan, bice, sign_in):
    out = io.BytesIO(workbook([audit(1)]))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/media/bomb.bin", b"\0" * 20_000_000)
    assert len(out.getvalue()) < actions.AT_ONCE
    out.seek(0)
    page = sign_in(bice).post("/moda/desk/plan/past/new", data={"file": (out, "storico.xlsx")})
    assert page.status_code == 303
    row = again(int(page.location.rsplit("/", 1)[1]))
    assert row.state is State.OPENING
    actions.work()
    assert again(row.id).state is State.MAPPING
    assert db.session.query(StoredFile).count() == 1
