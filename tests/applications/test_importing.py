"""Past applications from CSV and XLSX: through the same actions, all or nothing, told line by line."""

import csv
import io
import json

import pytest
import time_machine
from openpyxl import Workbook
from sqlalchemy import func, select

from dissemination.applications.bringing import run
from dissemination.applications.models import Application, Stage
from dissemination.kernel.database import db, transaction
from dissemination.people.models import Company
from dissemination.plan import figures
from dissemination.plan.log import Activity, Evidence
from dissemination.plan.queries import current_plan, indicator
from tests import factories
from tests.applications import cast

HEAD = (
    "Partita IVA", "Impresa", "Bando", "Servizi", "Progetto", "Protocollo", "Costo", "Richiesto", "Concesso",
    "Pagato", "Presentata il", "Finanziata il", "Pagata il", "Non ammessa il", "Decreto", "Partner",
)  # fmt: skip


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(cast.NOW, tick=False):
        yield


@pytest.fixture
def district(moda):
    with transaction():
        cast.plan_of(moda)
        cast.call(moda, [cast.service(moda)])
    return moda


def paid(number, **values):
    row = {
        "Partita IVA": factories.tax_id(number), "Impresa": f"Filatura {number}", "Bando": "Bando servizi qualificati",
        "Servizi": "B.2.2", "Progetto": f"Progetto {number}", "Protocollo": f"PG/{number}", "Costo": "30.000,00",
        "Richiesto": "12000", "Concesso": "10.000", "Pagato": "9.000,50", "Presentata il": "12/02/2026",
        "Finanziata il": "2026-05-04", "Pagata il": "01/10/2026", "Decreto": "Decreto 7/2026",
    }  # fmt: skip
    return row | values


def as_csv(*rows):
    out = io.StringIO()
    writer = csv.DictWriter(out, HEAD, delimiter=";")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def as_xlsx(*rows):
    book, out = Workbook(), io.BytesIO()
    book.active.append(HEAD)
    for row in rows:
        book.active.append([row.get(name, "") for name in HEAD])
    book.save(out)
    return out.getvalue()


def figure(district, code):
    return figures.figure(indicator(current_plan(district.id, cast.TODAY), code), "plan").actual


@pytest.mark.parametrize("write", [as_csv, as_xlsx])
def test_a_file_becomes_applications_with_their_states_and_figures(district, write):
    lost = paid(
        2,
        **{
            "Concesso": "",
            "Pagato": "",
            "Finanziata il": "",
            "Pagata il": "",
            "Non ammessa il": "04/05/2026",
        },
    )
    report = run(district, write(paid(1), lost), by=None, only_check=False)
    assert (report.added, report.same, report.problems) == (2, 0, [])
    rows = db.session.scalars(select(Application).order_by(Application.protocol_number)).all()
    assert [(a.stage, a.granted, a.paid, a.protocol_number) for a in rows] == [
        (Stage.PAID, 10000, 9000.5, "PG/1"), (Stage.NOT_ADMITTED, None, None, "PG/2"),
    ]  # fmt: skip
    steps = [(s.stage.value, s.on.isoformat()) for s in rows[0].steps]
    assert steps == [
        ("preparation", "2026-02-12"), ("submitted", "2026-02-12"), ("assessment", "2026-05-04"),
        ("funded", "2026-05-04"), ("started", "2026-10-01"), ("reported", "2026-10-01"), ("paid", "2026-10-01"),
    ]  # fmt: skip
    assert [figure(district, code) for code in ("FI-01", "FI-02", "FI-03")] == [2, 1, 10000]
    assert rows[0].without_audit == "nessun audit conosciuto: importata"
    assert db.session.scalars(select(Evidence.note)).all() == ["Decreto 7/2026"]


def test_the_same_file_twice_changes_nothing(district):
    data = as_csv(paid(1), paid(2))
    run(district, data, by=None, only_check=False)
    report = run(district, data, by=None, only_check=False)
    assert (report.added, report.same, db.session.scalar(select(func.count(Application.id)))) == (0, 2, 2)
    assert figure(district, "FI-01") == 2


def test_one_wrong_line_and_nothing_is_entered(district):
    wrong = [
        paid(3, **{"Richiesto": "25.000"}), paid(4, Bando="Sconosciuto"), paid(5, **{"Partita IVA": "123"}),
        paid(6, Servizi="Z.1"), paid(7, **{"Concesso": "13000"}), paid(8, **{"Finanziata il": "ieri"}),
        paid(9, Protocollo=""), paid(10, **{"Finanziata il": "2026-01-01"}), paid(11, Progetto=""),
    ]  # fmt: skip
    report = run(district, as_csv(paid(1), *wrong, paid(2)), by=None, only_check=False)
    assert [p.line for p in report.problems] == [3, 4, 5, 6, 7, 8, 9, 10, 11]
    said = " | ".join(p.message.replace("\xa0", " ") for p in report.problems)
    for words in (
        "18.000,00 €",
        "“Sconosciuto”",
        "partita IVA",
        "Z.1",
        "12.000,00 €",
        "ieri",
        "protocollo",
        "titolo",
    ):
        assert words in said, (words, said)
    counts = [db.session.scalar(select(func.count(m.id))) for m in (Application, Activity, Evidence)]
    assert counts == [0, 0, 0]
    assert db.session.scalars(select(Company.name).where(Company.name.startswith("Filatura"))).all() == []


def test_a_look_enters_nothing(district, app):
    report = run(district, as_csv(paid(1)), by=None, only_check=True)
    assert (report.added, db.session.scalars(select(Application)).all()) == (1, [])


def test_an_audit_before_it_is_linked_and_the_conversion_counts(district):
    with transaction():
        firm = cast.company(district, "Filatura 1", tax_id=factories.tax_id(1))
        audit = cast.visited(district, firm)
    line = paid(
        1,
        **{"Presentata il": "12/11/2026", "Finanziata il": "", "Pagata il": "", "Concesso": "", "Pagato": ""},
    )
    before = paid(2, **{"Partita IVA": factories.tax_id(1), "Presentata il": "01/11/2026", **dict.fromkeys(("Finanziata il", "Pagata il", "Concesso", "Pagato"), "")})  # fmt: skip
    assert run(district, as_csv(line, before), by=None, only_check=False).problems == []
    found = {a.protocol_number: a.audit_id for a in db.session.scalars(select(Application))}
    assert found == {"PG/1": audit.id, "PG/2": None}
    assert figure(district, "FI-04") == 100


def test_a_grouping_is_one_application(district):
    partners = f"{factories.tax_id(50)} {factories.tax_id(51)}"
    assert run(district, as_csv(paid(1, Partner=partners)), by=None, only_check=False).problems == []
    assert len(db.session.scalars(select(Application)).one().partners) == 2
    assert figure(district, "FI-01") == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"Impresa;Bando\nx;y\n", "partita iva, progetto"),
        (b"Partita IVA;Bando;Progetto;Segno\n1;2;3;4\n", "Segno"),
        (b"Partita IVA;P.IVA;Bando;Progetto\n1;2;3;4\n", "due volte"),
        (b"Partita IVA;Bando;Progetto\n", "nessuna riga"),
    ],
)
def test_a_header_that_cannot_be_read_is_told(district, data, words):
    report = run(district, data, by=None, only_check=False)
    assert (len(report.problems), words in report.problems[0].message) == (1, True)


def test_the_desk_and_the_command_say_what_they_did(district, app, ada, sign_in, tmp_path):
    desk, at = sign_in(ada), "/moda/desk/applications/import"
    assert desk.get(at).status_code == 200
    wrong = desk.post(at, data={"file": (io.BytesIO(as_csv(paid(1, Bando="Altro"))), "domande.csv")})
    assert (wrong.status_code, "Riga 2" in wrong.text) == (422, True)
    look = desk.post(at, data={"only_check": "y", "file": (io.BytesIO(as_csv(paid(1))), "domande.csv")})
    assert (look.status_code, "domande da inserire 1" in look.text) == (200, True)
    done = desk.post(at, data={"file": (io.BytesIO(as_xlsx(paid(1))), "domande.xlsx")})
    assert (done.status_code, done.location) == (303, "/moda/desk/applications/")
    assert db.session.scalars(select(Activity.recorded_by).distinct()).all() == [ada.id]
    broken = desk.post(at, data={"file": (io.BytesIO(b"PK\x03\x04 no"), "rotto.xlsx")})
    assert broken.status_code == 422
    file = tmp_path / "domande.csv"
    file.write_bytes(as_csv(paid(1), paid(2)))
    command = ["applications", "import", str(file), "--district", "moda"]
    told = app.test_cli_runner().invoke(args=[*command, "--dry-run", "--json"])
    assert (told.exit_code, json.loads(told.output)) == (0, {"added": 1, "same": 1, "problems": []})
    assert app.test_cli_runner().invoke(args=command).output == "1 entered, 1 there already, 0 wrong\n"
    file.write_bytes(as_csv(paid(3, Bando="Altro")))
    failed = app.test_cli_runner().invoke(args=command)
    assert (failed.exit_code, "domande.csv:2 " in failed.output) == (1, True)


def test_the_export_comes_back_through_the_import(district, ada, sign_in):
    run(district, as_csv(paid(1), paid(2)), by=None, only_check=False)
    exported = sign_in(ada).get("/moda/desk/applications/.csv").data
    report = run(district, exported, by=None, only_check=True)
    assert (report.added, report.same, report.problems) == (0, 2, [])
