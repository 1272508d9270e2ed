import json
import re
from io import BytesIO

import pypdf
import pytest

from dissemination.kernel.database import transaction
from dissemination.publications import actions, lists
from tests import factories
from tests.publications.cast import publication

LIST = "/moda/publications/reading-list"


@pytest.fixture
def three(moda, nautica):
    with transaction():
        rows = [
            publication(moda, title_it=f"Lana {n}", issued=factories.DAY.date().replace(year=2020 + n))
            for n in (1, 2)
        ]
        publication(moda, title_it="Bozza", published=False)
        publication(nautica, title_it="Barca")
    return rows


def text_of(answer):
    assert (answer.status_code, answer.content_type) == (200, "application/pdf")
    return " ".join(
        "".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(answer.data)).pages).split()
    )


def test_the_districts_list_goes_out_as_pdf_by_year(moda, three, client):
    text = text_of(client.get("/moda/publications.pdf"))
    assert re.search(
        r"2 pubblicazioni.*2022 Rossi, M., & Regione Toscana. \(2022\). Lana 2. .*2021 .*Lana 1", text
    )
    assert "Bozza" not in text
    assert "Barca" not in text
    assert "Lana 1" not in text_of(client.get("/moda/publications.pdf?year=2022"))
    assert "Publications of" in text_of(client.get("/moda/publications.pdf?lang=en"))


def test_an_empty_list_and_hostile_titles_make_a_pdf_too(moda, client):
    assert "0 pubblicazioni" in text_of(client.get("/moda/publications.pdf"))
    with transaction():
        publication(moda, title_it='#import "x" $a^2$ \\ עברית 漢字 _b_ *c*')
    assert '#import "x" $a^2$' in text_of(client.get("/moda/publications.pdf"))


def test_a_reading_list_is_kept_in_the_readers_browser_and_goes_out_in_every_format(app, moda, three, client):
    assert "La lista di lettura è vuota" in client.get(LIST).text
    for row in three:
        assert client.post(f"/moda/publications/{row.slug}/reading-list").status_code == 303
    page = client.get(LIST).text
    assert page.index("Lana 1") < page.index("Lana 2")
    assert "La lista di lettura è vuota" in app.test_client().get(LIST).text
    assert "Lana 1" not in client.get("/nautica/publications/reading-list").text
    shared = re.search(r'href="(/moda/publications/reading-list\?p=[\d.]+)"', page)[1]
    other = app.test_client()
    assert "Lana 2" in other.get(shared).text
    ids = shared.partition("?")[2]
    assert other.get(f"{LIST}.bib?{ids}").text.count("@techreport") == 2
    assert other.get(f"{LIST}.ris?{ids}").text.count("TY  - ") == 2
    assert [item["title"] for item in json.loads(other.get(f"{LIST}.json?{ids}").text)] == [
        "Lana 1",
        "Lana 2",
    ]
    assert "Lana 2" in text_of(other.get(f"{LIST}.pdf?{ids}"))
    client.post(f"/moda/publications/{three[0].slug}/reading-list", data={"remove": "1"})
    assert "Lana 1" not in client.get(LIST).text


def test_drafts_and_what_was_taken_back_are_on_no_list(moda, three, client):
    client.post(f"/moda/publications/{three[0].slug}/reading-list")
    with transaction():
        actions.withdraw(three[0], reason="sbaglio", by=None)
    assert "Lana 1" not in client.get(LIST).text
    ids = ".".join(str(n) for n in range(1, 50))
    page = client.get(f"{LIST}?p={ids}").text
    assert ("Bozza" in page, "Barca" in page, "Lana 2" in page) == (False, False, True)


@pytest.mark.parametrize("written", ["", "x", "1..2", "1,2", "-1", "9" * 30, "1.", "%00"])
def test_an_address_that_names_no_list_is_not_found(moda, client, written):
    assert client.get(f"{LIST}?p={written}").status_code == 404


def test_a_reading_list_has_an_end(moda, three, client, monkeypatch):
    monkeypatch.setattr("dissemination.publications.lists.MOST", 1)
    for row in three:
        client.post(f"/moda/publications/{row.slug}/reading-list")
    page = client.get(LIST).text
    assert ("Lana 1" in page, "Lana 2" in page) == (True, False)


def test_a_page_cites_in_three_styles_and_two_languages_with_a_button_each(moda, three, client):
    page = client.get(f"/moda/publications/{three[0].slug}").text
    found = re.findall(r'id="cite-(\w+)-(\w+)">', page)
    assert found == [(style, lang) for lang in ("it", "en") for style in ("apa", "ieee", "chicago")]
    assert re.findall(r'data-copy="cite-(\w+)-(\w+)"', page) == found
    assert "<i>Lana 1</i>" in page
    english = client.get(f"/moda/publications/{three[0].slug}?lang=en").text
    assert re.findall(r'id="cite-apa-(\w+)">', english) == ["en", "it"]


def test_whole_lists_are_made_one_at_a_time_and_who_waits_too_long_is_told(moda, client, monkeypatch):
    monkeypatch.setattr(lists, "PATIENCE", 0.05)
    with transaction():
        publication(moda)
    with lists._one_at_a_time():
        answer = client.get("/moda/publications.pdf")
    assert (answer.status_code, "Riprova fra un minuto" in answer.text) == (503, True)
    assert client.get("/moda/publications.pdf").status_code == 200
