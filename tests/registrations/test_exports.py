"""Data of a workshop for spreadsheets: what is in each file, for whom, and what is in none of them."""

import csv
import io
from datetime import UTC, date, datetime
from random import Random

import pytest
import structlog
import time_machine
from openpyxl import load_workbook

from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.registrations import actions, export_rows, queries
from dissemination.registrations.export_rows import Wanted
from dissemination.registrations.models import Attends, Registration, Standing
from dissemination.workshops.models import Kind, Question
from tests import factories

CHOICES = [
    {"key": "a", "it": "Al mattino", "en": "In the morning"},
    {"key": "b", "it": "Di sera", "en": "At night"},
]


@pytest.fixture
def workshop(moda):
    with transaction():
        return factories.workshop(moda, title="Lana", seats=2)


@pytest.fixture
def asked(workshop):
    """A question of each kind that has words: name -> id as the answers know it."""
    kinds = {
        "words": Kind.TEXT, "choice": Kind.CHOICE, "several": Kind.SEVERAL, "number": Kind.NUMBER, "day": Kind.DATE,
        "file": Kind.FILE,
    }  # fmt: skip
    with transaction():
        rows = {
            name: Question(
                workshop_id=workshop.id, position=n, kind=kind, text_it=f"Domanda {name}", choices=CHOICES,
            )
            for n, (name, kind) in enumerate(kinds.items())
        }  # fmt: skip
        db.session.add_all(rows.values())
    return {name: str(row.id) for name, row in rows.items()}


@pytest.fixture
def base(workshop):
    return f"/moda/desk/workshops/{workshop.slug}/data"


def enter(workshop, name, **facts):
    with transaction():
        return actions.register(
            workshop, email=f"{name}@tessitura.example", given_name=name.title(), family_name="Rossi", **facts
        )


def carlo(workshop, moda, **facts):
    with transaction():
        company = factories.company(
            moda, "Tessitura Rossi", tax_id="00000070482", size="small", sector_id=moda.sectors[0].id
        )
    with time_machine.travel(datetime(2027, 2, 1, 9, 30, tzinfo=UTC), tick=False):
        return enter(workshop, "carlo", company=company, job_title="Titolare", **facts)


def rows_of(answer) -> list[dict]:
    assert answer.status_code == 200
    text = answer.data.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def sheet_of(answer):
    assert answer.status_code == 200
    page = load_workbook(io.BytesIO(answer.data)).active
    head, *rows = page.iter_rows()
    return [dict(zip([c.value for c in head], row, strict=True)) for row in rows]


def test_with_names_every_fact_is_there_in_the_readers_language(sign_in, ada, moda, workshop, asked, base):
    answers = {
        asked["words"]: "Sono vegano", asked["choice"]: "a", asked["several"]: ["a", "b"], asked["number"]: "3.5",
        asked["day"]: "2027-03-01",
    }  # fmt: skip
    carlo(workshop, moda, answers=answers, newsletter_issue_id=7)
    (row,) = rows_of(sign_in(ada).get(f"{base}/registrations.csv"))
    assert row == {
        "Numero": "1", "Stato": "confermata", "Partecipa": "in sala", "Cognome": "Rossi", "Nome": "Carlo",
        "Indirizzo e-mail": "carlo@tessitura.example", "Ruolo": "Titolare", "Organizzazione": "Tessitura Rossi",
        "Partita IVA": "00000070482", "Tipo di organizzazione": "Impresa", "Dimensione": "Piccola (meno di 50)",
        "Provincia": "PO", "Settore": "Tessile", "Gruppo": "", "Su invito": "no",
        "Newsletter (numero dell'uscita)": "7", "Lingua": "it", "Data di iscrizione": "2027-02-01 10:30",
        "Indirizzo confermato": row["Indirizzo confermato"], "Posto dal": "2027-02-01 10:30", "Annullata il": "",
        "Domanda words": "Sono vegano", "Domanda choice": "Al mattino", "Domanda several": "Al mattino, Di sera",
        "Domanda number": "3.5", "Domanda day": "2027-03-01", "Domanda file": "",
    }  # fmt: skip


def test_a_spreadsheet_holds_numbers_dates_and_texts_as_what_they_are(
    sign_in, ada, moda, workshop, asked, base
):
    carlo(
        workshop, moda, answers={asked["number"]: "3.5", asked["day"]: "2027-03-01", asked["words"]: "=1+1"}
    )
    (row,) = sheet_of(sign_in(ada).get(f"{base}/registrations.xlsx"))
    assert row["Numero"].value == 1
    assert row["Data di iscrizione"].value == datetime(2027, 2, 1, 10, 30)  # noqa: DTZ001 (the wall clock)
    assert (row["Domanda number"].value, row["Domanda number"].data_type) == (3.5, "n")
    assert row["Domanda day"].value.date() == date(2027, 3, 1)
    assert (row["Partita IVA"].value, row["Partita IVA"].data_type) == ("00000070482", "s")
    assert (row["Domanda words"].value, row["Domanda words"].data_type) == ("=1+1", "s")


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+39 055", "-1", "@x", "\t=1", "\r=1"])
def test_no_cell_of_a_csv_is_taken_for_a_formula(sign_in, ada, moda, workshop, asked, base, text):
    with transaction():
        db.session.get(Question, int(asked["words"])).text_it = "=Domanda"
    carlo(workshop, moda, answers={asked["words"]: text})
    (row,) = rows_of(sign_in(ada).get(f"{base}/registrations.csv"))
    assert row["'=Domanda"] == f"'{text}"


def test_without_names_nothing_leads_back_to_the_person(sign_in, person, moda, workshop, asked, base):
    answers = {
        asked["words"]: "Sono la figlia",
        asked["choice"]: "b",
        asked["file"]: {"file": 1, "name": "cv.pdf"},
    }
    registration = carlo(workshop, moda)
    with transaction():
        registration.answers = answers
    viewer = sign_in(person(moda, "vera@moda.example", "viewer"))
    for company in ("", "?company=1"):
        for kind in ("csv", "xlsx"):
            answer = viewer.get(f"{base}/without-names.{kind}{company}")
            (line,) = rows_of(answer) if kind == "csv" else sheet_of(answer)
            text = str([getattr(v, "value", v) for v in line.values()])
            for secret in ("Carlo", "Rossi@", "carlo", "Sono la figlia", "cv.pdf", "10:30", "Domanda words"):
                assert secret not in text
            assert ("Tessitura Rossi" in text, "00000070482" in text) == (bool(company), bool(company))
            assert ("Titolare" in text) == (not company)
            assert "Di sera" in text
            for kept in ("PO", "Tessile", "Piccola (meno di 50)"):
                assert kept in text
            assert "Domanda file" not in line


def test_the_rows_are_shuffled_and_numbered_anew(workshop, moda):
    with transaction():
        workshop.seats = 40
    companies = []
    for n in range(30):
        with transaction():
            companies.append(factories.company(moda, f"Ditta {n:02d}"))
        enter(workshop, f"p{n}", company=companies[-1])

    def drawn(seed):
        sheet = export_rows.without_names(workshop, Wanted(), company=True, rng=Random(seed))
        assert [row[0] for row in sheet.rows] == list(range(1, 31))
        return [row[3] for row in sheet.rows]

    one, two = drawn(1), drawn(2)
    assert one != two
    assert sorted(one) == sorted(two) == [c.name for c in companies]


def test_colleagues_of_a_group_share_a_number_that_tells_nothing_else(moda, workshop):
    from dissemination.registrations.groups import Person

    with transaction():
        workshop.seats = 10
        actions.register_group(
            workshop, booker=Person("a@x.example", "Ada", "Nesi"),
            colleagues=[Person("b@x.example", "Bea", "Nesi"), Person("c@x.example", "Cleo", "Nesi")], attends=Attends.ROOM, form_mark=None,
            language="it", consents={}, proven=True,
        )  # fmt: skip
    enter(workshop, "solo")
    sheet = export_rows.without_names(workshop, Wanted(), company=False, rng=Random(1))
    groups = [row[sheet.head.index("Gruppo")] for row in sheet.rows]
    assert sorted(groups, key=str) == [1, 1, None]


def test_filters_narrow_by_standing_and_way(sign_in, ada, workshop, base):
    with transaction():
        workshop.seats = 10
    for name in ("carlo", "dino", "eva"):
        enter(workshop, name)
    with transaction():
        actions.cancel(db.session.query(Registration).filter_by(number=1).one())
    browser = sign_in(ada)
    found = lambda query: [r["Nome"] for r in rows_of(browser.get(f"{base}/registrations.csv{query}"))]  # noqa: E731
    assert found("") == ["Carlo", "Dino", "Eva"]
    assert found("?standing=cancelled") == ["Carlo"]
    assert found("?standing=confirmed&standing=cancelled&standing=x") == ["Carlo", "Dino", "Eva"]
    assert found("?standing=waiting") == []
    assert found("?attends=online") == []
    assert found("?attends=room&standing=confirmed") == ["Dino", "Eva"]


def test_names_are_for_organisers_and_every_download_is_noted_without_names(
    sign_in, ada, person, moda, workshop, base
):
    enter(workshop, "carlo")
    vera = person(moda, "vera@moda.example", "viewer")
    viewer = sign_in(vera)
    page = viewer.get(base).text
    assert "Scarica con i nomi" not in page
    for path in ("registrations.csv", "registrations.xlsx", "history.csv", "history.xlsx"):
        assert viewer.get(f"{base}/{path}").status_code == 403
    with structlog.testing.capture_logs() as noted:
        viewer.get(f"{base}/without-names.csv")
        sign_in(ada).get(f"{base}/registrations.xlsx")
    taken = [n for n in noted if n["event"] == "workshop_data_downloaded"]
    assert [(n["account"], n["what"], n["kind"], n["rows"]) for n in taken] == [
        (vera.id, "without-names", "csv", 1),
        (ada.id, "registrations", "xlsx", 1),
    ]
    assert "carlo" not in str(taken).lower()


def test_the_file_is_an_attachment_in_no_cache(sign_in, ada, workshop, base):
    enter(workshop, "carlo")
    answer = sign_in(ada).get(f"{base}/registrations.xlsx")
    assert answer.headers["Content-Disposition"] == f"attachment; filename={workshop.slug}-registrations.xlsx"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_history_says_who_changed_what_and_when(sign_in, ada, workshop, asked, base):
    with time_machine.travel(datetime(2027, 2, 1, 9, 30, tzinfo=UTC), tick=False):
        carlo_ = enter(workshop, "carlo", answers={asked["choice"]: "a"})
    with time_machine.travel(datetime(2027, 2, 2, 9, 30, tzinfo=UTC), tick=False), transaction():
        actions.revise(carlo_, job_title="Titolare", answers={asked["choice"]: "b"}, language="it")
    with time_machine.travel(datetime(2027, 2, 3, 9, 30, tzinfo=UTC), tick=False), transaction():
        actions.cancel(carlo_, by=ada, reason="Ha telefonato")
    rows = rows_of(sign_in(ada).get(f"{base}/history.csv"))
    assert [(r["Quando"], r["Che cosa"], r["Da chi"], r["Account"], r["Motivo"]) for r in rows] == [
        ("2027-02-01 10:30", "iscrizione", "la persona", "", ""),
        ("2027-02-02 10:30", "dati modificati", "la persona", "", ""),
        ("2027-02-03 10:30", "annullata", "un organizzatore", "Ada", "Ha telefonato"),
    ]
    assert rows[1]["Modifiche"] == "Ruolo: – → Titolare; Domanda choice: Al mattino → Di sera"
    page = sign_in(ada).get(f"/moda/desk/workshops/{workshop.slug}/registrations/{carlo_.id}").text
    assert "Ruolo: – → Titolare<br>Domanda choice: Al mattino → Di sera" in page
    assert rows[2]["Modifiche"].startswith("Stato: confermata → annullata")
    assert {r["Indirizzo e-mail"] for r in rows} == {"carlo@tessitura.example"}


def test_the_history_names_every_field_in_words(sign_in, ada, workshop, moda, base):
    """Also what substitution, a correction of the name and a completion of data write."""
    from dissemination.registrations import gauge, substitutes

    with transaction():
        mill = factories.company(moda, "Filatura", province="")
    first = enter(workshop, "carlo", company=mill, proven=True)
    with transaction():
        second = substitutes.substitute(
            first, email="ugo@tessitura.example", given_name="Ugo", family_name="Neri"
        )
        gauge.complete(second, job_title="Titolare", size="small", province="PO")
    changes = " | ".join(r["Modifiche"] for r in rows_of(sign_in(ada).get(f"{base}/history.csv")))
    assert "Persona: Carlo Rossi → Ugo Neri" in changes
    assert "Dimensione: – → Piccola (meno di 50)" in changes
    assert "Provincia: – → PO" in changes
    assert not [name for name in ("person:", "size:", "province:", "standing") if name in changes]
    page = sign_in(ada).get(f"/moda/desk/workshops/{workshop.slug}/registrations/{second.id}").text
    assert "Dimensione: – → Piccola (meno di 50)" in page


@pytest.mark.parametrize(
    ("role", "kept"),
    [
        ("Titolare", "Titolare"), ("Responsabile R&D", "Responsabile R&D"),
        ("Amministratore (Carlo)", ""), ("ROSSI titolare", ""), ("segretaria di Lina Bérti", ""),
        ("titolare, carlo@tessitura.example", ""), ("Socio di Tessitura Rossi", ""),
        ("Rossista", "Rossista"),
    ],
)  # fmt: skip
def test_a_role_that_names_somebody_is_in_no_file_without_names(workshop, moda, role, kept):
    registration = carlo(workshop, moda)
    with transaction():
        registration.job_title = role
        actions.register(workshop, email="x@x.example", given_name="Lina", family_name="Berti")
    sheet = export_rows.without_names(workshop, Wanted(), company=False, rng=Random(1))
    roles = [row[sheet.head.index("Ruolo")] for row in sheet.rows]
    assert sorted(roles) == sorted([kept, ""])


def test_presence_comes_from_the_floor_above(sign_in, ada, workshop, base):
    from dissemination.attendance import actions as attendance

    carlo_, _dino = enter(workshop, "carlo"), enter(workshop, "dino")
    with transaction():
        attendance.tick(workshop, came=[carlo_.id], by=ada)
    rows = rows_of(sign_in(ada).get(f"{base}/registrations.csv"))
    assert [(r["Nome"], r["Presente"]) for r in rows] == [("Carlo", "sì"), ("Dino", "no")]


def test_an_empty_workshop_has_nothing_to_download(sign_in, ada, workshop, base):
    page = sign_in(ada).get(base).text
    assert "Nessuna persona è ancora iscritta" in page
    assert "Scarica" not in page.partition("<h1")[2]


def test_five_thousand_rows_are_written_with_few_queries(app, moda, workshop):
    """One query for the rows, whatever their number; and it takes seconds, not minutes."""
    from sqlalchemy import event, insert

    from dissemination.people.models import Contact

    n = 5000
    with transaction():
        db.session.execute(insert(Contact), [
            {"district_id": moda.id, "email": f"p{i}@x.example", "given_name": f"P{i}", "family_name": "X",
             "name_folded": f"x p{i}", "created_at": now()} for i in range(n)
        ])  # fmt: skip
        ids = db.session.scalars(db.select(Contact.id)).all()
        db.session.execute(insert(Registration), [
            {"public_id": f"{i:032d}", "workshop_id": workshop.id, "contact_id": key, "number": i + 1,
             "standing": Standing.CONFIRMED, "attends": Attends.ROOM, "answers": {}, "language": "it",
             "created_at": now(), "told_revision": 1} for i, key in enumerate(ids)
        ])  # fmt: skip
    seen = []
    listen = lambda *a: seen.append(a[2])  # noqa: E731
    event.listen(db.engine, "before_cursor_execute", listen)
    with app.test_request_context():
        sheet = export_rows.with_names(workshop, Wanted())
    event.remove(db.engine, "before_cursor_execute", listen)
    assert len(sheet.rows) == n
    assert len(seen) < 20
    assert queries.seats(workshop) is not None
