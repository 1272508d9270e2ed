import json
import re
from io import BytesIO

import pytest
from sqlalchemy import func, select

from dissemination.kernel.database import db, transaction
from dissemination.plan.log import Activity
from dissemination.publications.models import Import, Publication
from tests import factories
from tests.publications.cast import publication

FILE = r"""@article{uno, author = {Rossi, Maria}, title = {Citt{\`a} e <script>lane</script>}, year = 2024, doi = {10.1000/UNO}}
@book{due, author = {Verdi, Ugo}, title = {Pelli}, year = 2023, isbn = {978-88-06-21964-2}}
@book{tre, author = {Verdi, Ugo}, title = {Pelli conciate}, year = 2022}
@misc{quattro, author = {Bini, Ada}, title = {PELLI, Conciate!}, year = 2022}
@article{rotta, title = {Rotta, year = 2020}
"""


def upload(browser, text=FILE, **more):
    return browser.post("/moda/desk/publications/imports/new", data={"text": text, "language": "it", **more})


def titles():
    return sorted(db.session.scalars(select(Publication.title_it)))


def states(page):
    rows = re.findall(r'name="chosen" value="(\d)"( checked)?.*?status-\w+">([^<]*)<', page, re.DOTALL)
    return [(int(n), bool(checked), state) for n, checked, state in rows]


def test_a_preview_says_what_is_new_known_and_wrong_and_imports_nothing(moda, ada, sign_in):
    with transaction():
        publication(moda, title_it="Altro titolo", doi="10.1000/uno")
    browser = sign_in(ada)
    answer = upload(browser)
    page = browser.get(answer.location).text
    assert states(page) == [
        (0, False, "Già presente"), (1, True, "Nuova"), (2, True, "Nuova"), (3, False, "Due volte nel file"),
    ]  # fmt: skip
    assert "come alla riga 3" in page
    assert re.search(r'<th scope="row" class="n">5</th><td>Questa voce è rotta', page)
    assert "<script>lane" not in page
    assert titles() == ["Altro titolo"]


def test_an_isbn_is_the_same_in_ten_and_thirteen_digits(moda, ada, sign_in):
    browser = sign_in(ada)
    text = "@book{a, author={A, B}, title={X}, year=2020, isbn={978-0-306-40615-7}}\n"
    text += "@book{b, author={A, B}, title={Y}, year=2021, isbn={0-306-40615-2}}"
    page = browser.get(upload(browser, text).location).text
    assert states(page) == [(0, True, "Nuova"), (1, False, "Due volte nel file")]


@pytest.mark.parametrize("published, rows", [("", 0), ("y", 2)])
def test_the_chosen_ones_are_imported_as_drafts_or_published_at_once(moda, ada, sign_in, published, rows):
    browser = sign_in(ada)
    place = upload(browser).location
    line = factories.line(moda, "c")
    data = {"chosen": ["0", "1"], "activity_line_id": line.id, "published": published}
    answer = browser.post(place, data={k: v for k, v in data.items() if v})
    assert (answer.status_code, titles()) == (303, ["Città e <script>lane</script>", "Pelli"])
    assert {p.activity_line_id for p in db.session.scalars(select(Publication))} == {line.id}
    assert db.session.scalar(select(func.count(Activity.id))) == rows


def test_an_upload_is_imported_once(moda, ada, sign_in):
    browser = sign_in(ada)
    place = upload(browser).location
    data = {"chosen": ["1"], "activity_line_id": factories.line(moda).id}
    answers = [browser.post(place, data=data).status_code for _ in range(2)]
    assert (answers, titles()) == ([303, 422], ["Pelli"])
    assert "Questo file è stato importato" in browser.get(place).text


@pytest.mark.parametrize(
    "data", [{}, {"chosen": ["99", "x"]}, {"chosen": ["1"], "activity_line_id": "999999"}]
)
def test_a_choice_of_nothing_or_of_what_is_not_there_imports_nothing(moda, ada, sign_in, data):
    browser = sign_in(ada)
    place = upload(browser).location
    answer = browser.post(place, data={"activity_line_id": factories.line(moda).id, **data})
    assert (answer.status_code, titles(), db.session.scalars(select(Import.imported_at)).all()) == (
        422,
        [],
        [None],
    )


def test_a_file_is_read_like_pasted_text(moda, ada, sign_in):
    browser = sign_in(ada)
    answer = upload(browser, text="", file=(BytesIO(FILE.encode("utf-16")), "lane.bib"))
    assert "<strong>lane.bib</strong>" in browser.get(answer.location).text


@pytest.mark.parametrize(
    "sent, message",
    [
        ({"text": "  "}, "Scegli un file"),
        ({"text": "", "file": (b"", "vuoto.bib")}, "Il file è vuoto"),
        ({"text": "", "file": (b"x" * (12 * 1024 * 1024), "grande.bib")}, "Il file supera i 10 MB"),
    ],
)
def test_an_upload_that_cannot_be_read_is_refused_at_its_field(moda, ada, sign_in, sent, message):
    sent = {k: (BytesIO(v[0]), v[1]) if k == "file" else v for k, v in sent.items()}
    page = upload(sign_in(ada), **sent)
    assert (page.status_code, message in page.text, 'id="file-errors"' in page.text) == (422, True, True)
    assert db.session.scalar(select(Import)) is None


def test_a_file_without_entries_says_so(moda, ada, sign_in):
    browser = sign_in(ada)
    page = browser.get(upload(browser, "caro diario").location).text
    assert "Il file non è in nessuno dei formati che si leggono" in page
    assert "Niente in questo file si può importare" in page


def test_of_a_long_file_all_new_ones_are_imported(moda, ada, sign_in):
    with transaction():
        publication(moda, title_it="Titolo 7", issued=factories.DAY.date().replace(year=2020))
    text = "\n".join(f"@misc{{k{n}, title = {{Titolo {n}}}, year = 2020}}" for n in range(320))
    browser = sign_in(ada)
    place = upload(browser, text).location
    assert 'name="chosen"' not in browser.get(place).text
    answer = browser.post(place, data={"activity_line_id": factories.line(moda).id})
    assert (answer.status_code, len(titles()), len(set(titles()))) == (303, 320, 320)


def command(app, tmp_path, *more, text=FILE):
    path = tmp_path / "lane.bib"
    path.write_text(text)
    return app.test_cli_runner().invoke(args=["publications", "import", str(path), *more])


def test_the_command_reads_without_writing_and_prints_json(app, moda, tmp_path):
    result = json.loads(command(app, tmp_path, "--district", "moda", "--dry-run", "--json").output)
    assert (result["records"], result["duplicates"]) == (4, 1)
    assert [(p["line"], p["message"][:20]) for p in result["problems"]] == [(5, "Questa voce è rotta:")]
    assert titles() == []


def test_the_command_imports_what_is_new_and_a_second_time_nothing(app, moda, tmp_path):
    first = command(app, tmp_path, "--district", "moda", "--json", "--publish")
    again = command(app, tmp_path, "--district", "moda", "--json", "--publish")
    assert [json.loads(r.output)["duplicates"] for r in (first, again)] == [1, 4]
    assert titles() == ["Città e <script>lane</script>", "Pelli", "Pelli conciate"]
    assert db.session.scalar(select(func.count(Activity.id))) == 3


def test_the_command_names_a_district_or_line_that_is_not_there(app, moda, tmp_path):
    for options, message in (
        (["--district", "luna"], "no district “luna”"),
        (["--district", "moda", "--line", "z"], "“z”"),
    ):
        result = command(app, tmp_path, *options)
        assert (result.exit_code, message in result.output, titles()) == (1, True, [])


def test_the_public_list_goes_out_and_comes_in_again_as_duplicates(app, moda, nautica, client, tmp_path):
    command(app, tmp_path, "--district", "moda", "--publish")
    exported = client.get("/moda/publications/.bib").text
    assert client.get("/moda/publications.bib").text == exported
    result = command(app, tmp_path, "--district", "moda", "--dry-run", "--json", text=exported)
    assert json.loads(result.output) == {"records": 3, "duplicates": 3, "problems": []}
    result = command(app, tmp_path, "--district", "nautica", "--publish", "--json", text=exported)
    assert json.loads(result.output) == {"records": 3, "duplicates": 0, "problems": []}
    assert client.get("/nautica/publications.bib").text == exported


def test_the_list_goes_out_in_every_format(app, moda, client, tmp_path):
    command(app, tmp_path, "--district", "moda", "--publish")
    from xml.etree import ElementTree

    ids = [item["id"] for item in client.get("/moda/publications.json").get_json(force=True)]
    feed = ElementTree.fromstring(client.get("/moda/publications.atom").data)
    entries = [e.findtext("{*}title") for e in feed.findall("{*}entry")]
    assert (ids, len(entries), client.get("/moda/publications.ris").text.count("TY  - ")) == (
        ["uno", "due", "tre"],
        3,
        3,
    )
    assert client.get("/moda/publications.json?kind=book").get_json(force=True)[0]["id"] == "due"
    assert client.get("/moda/publications.json?q=nessuno").get_json(force=True) == []
    slug = db.session.scalar(select(Publication.slug).where(Publication.citation_key == "due"))
    assert client.get(f"/moda/publications/{slug}.bib").text.startswith("@book{due,\n")
    assert client.get(f"/moda/publications/{slug}.ris").text.startswith("TY  - BOOK\r\n")
