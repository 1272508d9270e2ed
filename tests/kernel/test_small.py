"""Signed links, texts, money, files, headers."""

import re
from datetime import date, time
from io import BytesIO
from pathlib import Path

import pytest
import time_machine
from flask_babel import force_locale
from werkzeug.datastructures import MultiDict
from wtforms.validators import NumberRange

from dissemination.kernel import files, languages, links
from dissemination.kernel.database import transaction
from dissemination.kernel.forms import Form, MoneyField, TaxIdField, WholeField, local_moment, text_field
from dissemination.kernel.text import fold, free_slug, like, slugify
from tests import factories


def test_a_signed_link_opens_only_its_own_purpose(app):
    token = links.sign("registration", "abc")
    assert [
        links.read("registration", token),
        links.read("subscriber", token),
        links.read("registration", token + "x"),
    ] == ["abc", None, None]


def test_a_link_for_a_while_expires(app):
    with time_machine.travel("2026-03-01 12:00 +0000", tick=False) as clock:
        token = links.sign_for_a_while("confirm", 7)
        clock.shift(3600)
        assert (
            links.read_recent("confirm", token, max_age=3600),
            links.read_recent("confirm", token, max_age=3599),
        ) == (7, None)


@pytest.mark.parametrize(
    ("text", "slug"), [("Tracciabilità: l'IA", "tracciabilita-l-ia"), ("日本", "x"), ("  ", "x")]
)
def test_slugs(text, slug):
    assert slugify(text) == slug


def test_a_taken_slug_is_numbered():
    assert free_slug("Moda", {"moda", "moda-2"}.__contains__) == "moda-3"


def test_folding_drops_case_accents_and_space():
    assert (fold("  Perché  NO "), like("50%_a\\")) == ("perche no", "%50\\%\\_a\\\\%")


class Money(Form):
    amount = MoneyField("Importo")
    tax_id = TaxIdField("Partita IVA")
    name = text_field("Nome", most=5)


@pytest.mark.parametrize(
    ("written", "cents"),
    [
        ("1.234,50", 123450), ("1234.5", 123450), ("€ 7", 700), ("", None), ("0,01", 1), ("-3", -300),
        # Nobody writes a budget with three decimals: "20.000" is twenty thousand, not twenty.
        ("20.000", 2_000_000), ("1.234.567", 123_456_700), ("1,234.50", 123450), ("20 000", 2_000_000),
    ],
)  # fmt: skip
def test_money_is_read_as_people_write_it(app, written, cents):
    with app.test_request_context(method="POST"):
        assert Money(MultiDict({"amount": written, "name": "x"})).amount.data == cents


@pytest.mark.parametrize(
    "written", ["dodici", "1,2,3", "1,005", "20,000", "0.500", "NaN", "Infinity", "1e5", "٣"]
)
def test_money_that_cannot_be_read_is_refused_at_its_field(app, written):
    with app.test_request_context(method="POST"):
        form = Money(MultiDict({"amount": written, "name": "x"}))
        assert (form.validate(), list(form.errors)) == (False, ["amount"])


def test_money_with_english_thousands_is_read_on_an_english_page(app):
    with app.test_request_context(method="POST"), force_locale("en"):
        assert Money(MultiDict({"amount": "20,000", "name": "x"})).amount.data == 2_000_000


def test_texts_are_trimmed_before_they_are_measured(app):
    with app.test_request_context(method="POST"):
        form = Money(MultiDict({"name": "  abcde  ", "tax_id": "IT 00743110157"}))
        assert (form.validate(), form.name.data, form.tax_id.data) == (True, "abcde", "00743110157")


def test_a_wrong_check_digit_is_refused_at_the_tax_id(app):
    with app.test_request_context(method="POST"):
        form = Money(MultiDict({"name": "x", "tax_id": "00743110158"}))
        assert (form.validate(), list(form.errors)) == (False, ["tax_id"])


def test_a_missing_hour_moves_on_and_a_double_one_is_the_first(app):
    with app.test_request_context():
        assert local_moment(date(2026, 3, 29), time(2, 30)).isoformat() == "2026-03-29T03:30:00+02:00"
        assert local_moment(date(2026, 10, 25), time(2, 30)).isoformat() == "2026-10-25T02:30:00+02:00"


@pytest.mark.parametrize(
    ("lang", "shown"), [("it", "12/03/2026|1.234,5|12,00\xa0€"), ("en", "12/03/2026|1,234.5|€12.00")]
)
def test_dates_numbers_and_money_are_written_as_the_reader_does(app, lang, shown):
    with app.test_request_context(f"/?lang={lang}"):
        assert (
            "|".join(
                (languages.short_date(date(2026, 3, 12)), languages.number(1234.5), languages.money(1200))
            )
            == shown
        )


PDF = b"%PDF-1.7\n%%EOF\n"


def test_a_file_is_kept_by_its_content_and_read_back(app, moda):
    with transaction():
        stored = files.put(BytesIO(PDF), "../../etc/Foglio firme.pdf", district_id=moda.id)
    assert (stored.name, stored.media_type, stored.size, files.read(stored)) == (
        "Foglio firme.pdf",
        "application/pdf",
        len(PDF),
        PDF,
    )


@pytest.mark.parametrize(("content", "name", "refusal"), [
    (b"", "a.pdf", files.EmptyFile),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.png", files.WrongFileType),
    (b"MZ\x90", "a.pdf", files.WrongFileType),
    (b"PK\x03\x04....", "a.zip", files.WrongFileType), (b"PK\x03\x04....", "a.docx", files.WrongFileType),
])  # fmt: skip
def test_a_file_that_lies_about_its_type_is_refused(app, moda, content, name, refusal):
    with pytest.raises(refusal), transaction():
        files.put(BytesIO(content), name, district_id=moda.id)


def test_every_page_carries_a_strict_policy_and_no_foreign_host(app, moda, client):
    answer = client.get("/moda/")
    policy = answer.headers["Content-Security-Policy"]
    assert ("default-src 'none'" in policy, "unsafe" in policy, "http" in policy) == (True, False, False)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_language_is_remembered(app, moda, client):
    assert 'lang="en"' in client.get("/moda/?lang=en").text
    assert 'lang="en"' in client.get("/moda/", headers={"Accept-Language": "it"}).text


def test_italian_is_the_language_of_those_who_wish_for_another(app, moda, client):
    assert 'lang="it"' in client.get("/moda/", headers={"Accept-Language": "de"}).text


def test_an_unknown_district_is_not_found_in_words(app, client):
    answer = client.get("/luna/")
    assert (answer.status_code, "Pagina non trovata" in answer.text) == (404, True)


def test_the_factory_makes_valid_tax_ids():
    from stdnum.it import iva

    assert all(iva.is_valid(factories.tax_id(n)) for n in range(1, 200))


def test_a_number_that_is_none_is_refused_in_good_italian(app):
    class Room(Form):
        seats = WholeField("Seats")

    said = []
    for code in ("it", "en"):
        with app.test_request_context("/"), force_locale(code):
            room = Room(MultiDict({"seats": "abc"}))
            room.validate()
            said.append(room.seats.errors)
    assert said == [["Scrivi un numero intero."], ["Write a whole number."]]


def test_a_number_of_four_hundred_digits_is_refused_instead_of_breaking_its_check(app):
    class Room(Form):
        seats = WholeField("Seats", validators=[NumberRange(1, 1000)])

    with app.test_request_context("/"):
        room = Room(MultiDict({"seats": "9" * 400}))
        assert not room.validate()
        assert room.seats.errors[0] == "Scrivi un numero intero."


def test_no_template_filters_a_bare_text_by_the_language():
    # Jinja works such a filter out while it compiles, in the language of whoever comes first.
    templates = Path(__file__).resolve().parents[2] / "templates"
    bare = re.compile(r"""\{\{\s*("[^"{}]*"|'[^'{}]*')\s*\|""")
    assert [path.name for path in templates.rglob("*.*") if bare.search(path.read_text())] == []


@pytest.mark.parametrize(
    ("locale", "told"),
    [("it", ["193 byte", "12,3 kB", "1,2 MB"]), ("en", ["193 bytes", "12.3 kB", "1.2 MB"])],
)
def test_the_size_of_a_file_is_written_as_the_reader_does(app, locale, told):
    with app.test_request_context("/"), force_locale(locale):
        assert [languages.file_size(n) for n in (193, 12_345, 1_234_567)] == told
