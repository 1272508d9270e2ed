"""Guest lists from files: what is read, what is refused with line and reason."""

import pytest

from dissemination.guests import lists
from dissemination.guests.screening import Person


@pytest.fixture(autouse=True)
def in_italian(app):
    with app.test_request_context(headers={"Accept-Language": "it"}):
        yield


def read(data: bytes):
    text, problems = lists.decode(data)
    if problems:
        return [], [(p.line, p.message) for p in problems]
    people, problems = lists.read(text)
    return people, [(p.line, p.message) for p in problems]


MARIA = Person(
    email="maria@lana.example", given_name="Maria", family_name="Nesi", company_name="Lana Più", language="en",
    line=2,
)  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize(
    "header", ["email,given_name,family_name,company,language", "E-mail,Nome,Cognome,Azienda,Lingua"]
)
def test_a_list_is_read_as_spreadsheets_save_it(encoding, delimiter, header):
    text = f"{header}\r\nMaria@Lana.example,Maria,Nesi,Lana Più,inglese\r\n".replace(",", delimiter)
    assert read(text.encode(encoding)) == ([MARIA], [])


def test_only_the_address_is_needed():
    assert read(b"email\na@b.example\n") == ([Person(email="a@b.example", line=2)], [])


def test_every_wrong_line_is_told_with_its_number():
    _people, problems = read(
        b"email,nome,lingua\ngiusta@lana.example,Ada,it\nniente,Bea,it\nc@lana.example,Carla,francese\n"
        b"d@lana.example," + b"x" * 101 + b",it\n"
    )
    assert problems == [
        (3, "“niente” non è un indirizzo e-mail completo."),
        (4, "La lingua è it oppure en."),
        (5, "given_name supera i 100 caratteri."),
    ]


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00", 0, "Questo non è un file CSV."),
        (b"", 1, "Nell’intestazione mancano queste colonne: email."),
        (b"nome,cognome\nAda,Rossi\n", 1, "Nell’intestazione mancano queste colonne: email."),
        (b"email,colore\na@b.example,blu\n", 1, "Queste colonne non sono conosciute: colore."),
        (b"email\n", 0, "Sotto l’intestazione non c’è nessuna riga."),
        (b"email\n" + b"x" * lists.MOST_BYTES, 0, "Il file supera 1 MB. Dividilo."),
    ],
)
def test_a_file_that_is_no_list_is_refused_in_words(data, line, words):
    assert read(data) == ([], [(line, words)])


def test_two_thousand_lines_are_read_and_one_more_is_refused_with_its_line():
    lines = [f"p{n}@lana.example" for n in range(2001)]
    people, problems = read("\n".join(["email", *lines[:2000]]).encode())
    assert (len(people), problems) == (2000, [])
    assert read("\n".join(["email", *lines]).encode()) == (
        [],
        [(2002, "Ci sono più di 2.000 righe. Dividi il file.")],
    )


def test_problems_come_in_the_order_of_the_file_and_say_what_is_missing():
    _people, problems = read(b"email;nome\n;Lia\nugo@a.example;Ugo;di troppo\nniente;Vito\n")
    assert problems == [
        (2, "Manca l’indirizzo e-mail."), (3, "Ci sono più celle che colonne."),
        (4, "“niente” non è un indirizzo e-mail completo."),
    ]  # fmt: skip
