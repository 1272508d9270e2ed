"""Companies and contacts from CSV files: everything or nothing, each problem with its line."""

from datetime import date
from io import BytesIO

import pytest
from sqlalchemy import func, select

from dissemination.kernel.database import db, transaction
from dissemination.people import imports, queries
from dissemination.people.models import Company, Contact
from tests import factories

GOOD = """Partita IVA;Ragione sociale;Dimensione;Settore;Provincia;Aderente dal;Soggetto gestore
12345670488;"Tessitura Gori; figli";piccola;Tessile;po;01/03/2024;no
IT 01234560488;Pelli Due;;pelle;FI;;sì
"""
PEOPLE = "email,given_name,family_name,tax_id,language\nCarlo@Gori.example,Carlo,Gori,12345670488,en\n"


def check(data, kind, district):
    report = imports.read(data, kind)
    if not report.problems:
        imports.check(report, kind, district)
    return report


def carry_out(text, kind, district):
    with transaction():
        return imports.carry_out(imports.read(text.encode(), kind), kind, district)


def problems(report):
    return [(p.line, p.message) for p in report.problems]


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


def test_what_windows_programs_write_is_read(moda):
    report = check("tax_id;name\n12345670488;Filatura Però\n".encode("cp1252"), "companies", moda)
    assert (report.problems, [row["name"] for _line, row in report.rows]) == ([], ["Filatura Però"])


@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_companies_come_in_with_their_membership(moda, bom):
    report = carry_out(bom + GOOD.replace("\n", "\r\n"), "companies", moda)
    assert (report.added, report.existing, report.problems) == (2, 0, [])
    gori = queries.company_by_tax_id(moda.id, "12345670488")
    assert (gori.name, gori.size, gori.sector.code, gori.province) == (
        "Tessitura Gori; figli", "small", "tessile", "PO",
    )  # fmt: skip
    assert [(m.since, m.until) for m in gori.memberships] == [(date(2024, 3, 1), None)]
    assert queries.company_by_tax_id(moda.id, "01234560488").in_managing_body


def test_what_is_there_stays_as_it_is(moda):
    with transaction():
        factories.company(moda, "Nome vero", tax_id="12345670488")
    report = carry_out(GOOD, "companies", moda)
    assert (report.added, report.existing) == (1, 1)
    assert queries.company_by_tax_id(moda.id, "12345670488").name == "Nome vero"
    again = carry_out(GOOD, "companies", moda)
    assert (again.added, again.existing) == (0, 2)


def test_one_bad_line_keeps_all_out(app, moda):
    bad = GOOD + "12345670488;Ancora;;;;;\n11111111111;Falsa;;;;;\n00001000488;X;enorme;;;;\n"
    bad += "00001010487;X;;ignoto;;;\n00001020486;X;;;Prato;;\n00001030485;X;;;;31/02/2024;\n"
    bad += "00001040484;;;;;;\n00001050483;X;;;;;forse\n"
    with app.test_request_context("/?lang=en"):
        report = carry_out(bad, "companies", moda)
    assert problems(report) == [
        (4, "The same as line 2."),
        (5, "“11111111111” is not a valid partita IVA."),
        (6, "“enorme” is not a value of size."),
        (7, "The district has no sector “ignoto”."),
        (8, "The province is written with two letters, such as PO."),
        (9, "“31/02/2024” is not a date such as 31/12/2026."),
        (10, "The name is missing."),
        (11, "“forse” is neither yes nor no."),
    ]
    assert count(Company) == 0


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", (1, "These columns are missing in the header: tax_id, name.")),
        (b"tax_id,name\n", (0, "There is no row below the header.")),
        (b"tax_id;name;colour\n1;2;3\n", (1, "These columns are not known: colour.")),
        (b"tax_id;piva;name\n1;2;3\n", (1, "A column stands twice in the header.")),
        (b"PK\x03\x04\0\0", (0, "This is not a CSV file.")),
        (b"tax_id;name\n1;2;3\n", (2, "There are more cells than columns.")),
        (b'tax_id;name\n1;"open\n', (2, "The line cannot be read as CSV: unexpected end of data")),
        (b"tax_id;name\n" + b"1;2\n" * 5001, (5002, "There are more than 5,000 rows. Split the file.")),
        (b"x" * (1024 * 1024 + 1), (0, "The file is larger than 1 MB. Split it.")),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_says_why(app, moda, data, expected):
    with app.test_request_context("/?lang=en"):
        assert problems(check(data, "companies", moda)) == [expected]


def test_contacts_come_in_with_their_company(app, moda):
    with app.test_request_context("/?lang=en"):
        early = carry_out(PEOPLE, "contacts", moda)
    expected = "No company with this partita IVA is in the registry. Import the companies first."
    assert problems(early) == [(2, expected)]
    carry_out(GOOD, "companies", moda)
    report = carry_out(PEOPLE, "contacts", moda)
    assert (report.added, report.problems) == (1, [])
    carlo = queries.contact_by_email(moda.id, "carlo@gori.example")
    assert (carlo.name, carlo.company.tax_id, carlo.language) == ("Carlo Gori", "12345670488", "en")
    assert queries.consents(carlo) == []


def upload(browser, text, kind="companies"):
    file = (BytesIO(text.encode()), "imprese.csv")
    return browser.post(f"/moda/desk/people/uploads/{kind}", data={"file": file})


def test_the_page_shows_what_would_happen_before_it_does(sign_in, bice, moda):
    import html
    import re

    browser = sign_in(bice)
    shown = upload(browser, GOOD)
    assert shown.status_code == 200
    assert "Nuovi: 2." in shown.text
    assert count(Company) == 0
    content = html.unescape(
        re.search(r'<textarea name="content"[^>]*>\n(.*?)</textarea>', shown.text, re.S)[1]
    )
    done = browser.post("/moda/desk/people/uploads/companies/entries", data={"content": content})
    assert done.status_code == 302
    db.session.rollback()
    assert count(Company) == 2


def test_the_page_lists_the_problems(sign_in, bice, moda):
    page = upload(sign_in(bice), GOOD + "123;X;;;;;\n")
    assert page.status_code == 422
    assert "“123” non è una partita IVA valida." in page.text
    assert upload(sign_in(bice), "", "contacts").status_code == 422
    assert sign_in(bice).get("/moda/desk/people/uploads/trees").status_code == 404


def test_a_changed_copy_of_the_page_is_checked_again(sign_in, bice, moda):
    answer = sign_in(bice).post(
        "/moda/desk/people/uploads/contacts/entries",
        data={"content": "email,given_name,family_name\nx,y,z\n"},
    )
    assert answer.status_code == 422
    assert count(Contact) == 0


def run(app, *arguments, **more):
    return app.test_cli_runner().invoke(args=arguments, **more)


def test_the_command_imports_or_says_where_the_problems_are(app, moda, tmp_path):
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(GOOD)
    bad.write_text(GOOD + "123;X;;;;;\n")
    dry = run(app, "companies", "import", str(good), "--district", "moda", "--dry-run")
    assert (dry.exit_code, dry.output) == (0, "would add 2, already there 0\n")
    failed = run(app, "companies", "import", str(bad), "--district", "moda")
    assert failed.exit_code == 1
    assert "bad.csv:4: " in failed.output
    assert count(Company) == 0
    done = run(app, "companies", "import", str(good), "--district", "moda")
    assert (done.exit_code, done.output) == (0, "added 2, already there 0\n")
    people = tmp_path / "people.csv"
    people.write_text(PEOPLE)
    assert run(app, "contacts", "import", str(people), "--district", "moda").output == (
        "added 1, already there 0\n"
    )
    assert run(app, "companies", "import", str(good), "--district", "nowhere").exit_code == 2


def test_the_command_adds_an_account(app, moda):
    added = run(
        app, "accounts", "add", "Nuova@moda.example", "--name", "Nuova", "--role", "manager",
        "--district", "moda", "--password-stdin", input="una frase nuova\n",
    )  # fmt: skip
    assert (added.exit_code, added.output) == (0, "nuova@moda.example: manager of moda\n")
    answer = app.test_client().post(
        "/login", data={"email": "nuova@moda.example", "password": "una frase nuova"}
    )
    assert answer.status_code == 302
    short = run(app, "accounts", "add", "x@moda.example", "--role", "viewer", "--district", "moda",
                "--password-stdin", input="corta\n")  # fmt: skip
    assert short.exit_code == 1
    link = run(app, "accounts", "add", "osserva@regione.example", "--role", "observer")
    assert "http://127.0.0.1:8000/account/invitation/" in link.output
    assert run(app, "accounts", "add", "y@moda.example", "--role", "viewer").exit_code == 2
