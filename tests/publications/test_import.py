import json
import re
from io import BytesIO

import pytest
import time_machine
from sqlalchemy import func, select

from dissemination.bibliography import readers
from dissemination.bibliography.records import Person
from dissemination.kernel import clock
from dissemination.kernel.database import db, transaction
from dissemination.kernel.refusals import Refusal
from dissemination.plan.log import Activity
from dissemination.publications import finishing, intake
from dissemination.publications.models import Import, Publication
from dissemination.publications.queued import import_queued
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
    """(line of the file, its box: ticked, empty or None, what the page says of it) for each record."""
    rows = re.findall(r"<tr>\s*<td>.*?</tr>", page, re.DOTALL)
    return [
        (int(re.search(r'class="n">(\d+)<', row)[1]), box_of(row), re.search(r'status-\w+">([^<]*)<', row)[1])
        for row in rows
    ]


def box_of(row):
    box = re.search(r'name="chosen" value="\d+"( checked)?', row)
    return bool(box[1]) if box else None


def test_a_preview_says_what_is_new_known_and_wrong_and_imports_nothing(moda, ada, sign_in):
    with transaction():
        publication(moda, title_it="Altro titolo", doi="10.1000/uno")
    browser = sign_in(ada)
    answer = upload(browser)
    page = browser.get(answer.location).text
    assert states(page) == [
        (1, None, "Già presente"), (2, True, "Nuova"), (3, True, "Nuova"), (4, False, "Due volte nel file"),
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
    assert states(page) == [(1, True, "Nuova"), (2, False, "Due volte nel file")]


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
        ({"text": "", "file": (b"x" * (22 * 1024 * 1024), "grande.bib")}, "Il file supera i 20 MB"),
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


def long_file(n=320, extra=""):
    return "\n".join(f"@misc{{k{k}, title = {{Titolo {k}}}, year = 2020{extra}}}" for k in range(n))


def test_a_long_file_is_left_to_the_worker_that_says_how_far_it_is(moda, ada, sign_in):
    with transaction():
        publication(moda, title_it="Titolo 7", issued=factories.DAY.date().replace(year=2020))
    browser = sign_in(ada)
    place = upload(browser, long_file()).location
    assert 'name="chosen"' not in browser.get(place).text
    answer = browser.post(place, data={"activity_line_id": factories.line(moda).id})
    assert (answer.status_code, answer.location, titles()) == (303, place, ["Titolo 7"])
    assert "L’importazione attende il suo turno" in browser.get(place).text
    again = browser.post(place, data={"activity_line_id": factories.line(moda).id})
    assert (again.status_code, "già in corso" in again.text) == (422, True)
    assert (import_queued(), import_queued()) == (1, 0)
    assert (len(titles()), len(set(titles()))) == (320, 320)
    assert "319 pubblicazioni" in browser.get(place).text


def test_progress_is_told_while_a_file_is_read(moda, ada, sign_in, monkeypatch):
    browser = sign_in(ada)
    place = upload(browser, long_file(1100)).location
    browser.post(place, data={"activity_line_id": factories.line(moda).id})
    pages = []
    note = finishing.note_progress
    monkeypatch.setattr(finishing, "note_progress", lambda *told: (note(*told), pages.append(told[1])))
    import_queued()
    assert (pages, db.session.scalar(select(Import.done))) == ([500, 1000], 1000)
    with transaction():
        row = db.session.scalar(select(Import))
        row.queued_at, row.started_at, row.done = clock.now(), clock.now(), 500
    page = browser.get(place).text
    assert "Lette 500 voci su 1.100" in page
    assert re.search(r'<progress max="1100" value="500"', page)


def test_what_the_worker_cannot_enter_is_entered_not_at_all_and_said(moda, ada, sign_in, monkeypatch):
    browser = sign_in(ada)
    place = upload(browser, long_file()).location
    browser.post(place, data={"activity_line_id": factories.line(moda).id})

    def refuse(*_arguments, **_named):
        raise Refusal("Il piano è chiuso.")

    with monkeypatch.context() as patched:
        insert = intake._insert
        patched.setattr(intake, "_insert", lambda *a: (insert(*a), refuse())[0])
        assert import_queued() == 0
    assert titles() == []
    assert "Non è stato importato nulla: Il piano è chiuso." in browser.get(place).text
    assert browser.post(place, data={"activity_line_id": factories.line(moda).id}).status_code == 303
    assert (import_queued(), len(titles())) == (1, 320)


def test_an_import_that_breaks_is_given_up_said_and_does_not_hold_up_the_others(
    moda, ada, sign_in, monkeypatch
):
    browser = sign_in(ada)
    places = [upload(browser, long_file()).location for _ in range(2)]
    for place in places:
        browser.post(place, data={"activity_line_id": factories.line(moda).id})
    broken = min(db.session.scalars(select(Import.id)))
    with monkeypatch.context() as patched:
        patched.setattr(
            finishing, "finish",
            lambda row, *a, f=finishing.finish, **k: 1 / 0 if row.id == broken else f(row, *a, **k),
        )  # fmt: skip
        assert (import_queued(), import_queued()) == (1, 0)
    assert len(titles()) == 320
    assert "Non è stato importato nulla: qui qualcosa è andato storto." in browser.get(places[0]).text


def test_an_import_whose_worker_died_is_done_by_the_next_one(moda, ada, sign_in):
    browser = sign_in(ada)
    place = upload(browser, long_file()).location
    browser.post(place, data={"activity_line_id": factories.line(moda).id})
    with transaction():
        assert finishing.claim(db.session.scalar(select(Import.id)))
    assert import_queued() == 0
    with time_machine.travel(clock.now() + finishing.LEASE * 1.1):
        assert (import_queued(), len(titles())) == (1, 320)


KNOWN = """@article{uno, author={Rossi, M. and Verdi, Ugo}, title={Altro titolo}, journal={Rivista}, year=2024,
month=5, doi={10.1000/uno}, keywords={lana, Seta}, author+an:orcid={1="0000-0002-1825-0097"}}"""


def known_one(moda):
    return publication(
        moda, title_it="Titolo nostro", doi="10.1000/uno", issued=factories.DAY.date().replace(year=2024, month=1, day=1),
        issued_precision="year", keywords=["seta"], authors=[Person("Rossi", "Maria")],
    )  # fmt: skip


@pytest.mark.parametrize(
    "how, title, container, issued, keywords, names",
    [
        ("leave", "Titolo nostro", "", "year", ["seta"], [("Rossi", "Maria", "")]),
        ("complete", "Titolo nostro", "Rivista", "month", ["seta", "lana"], [("Rossi", "Maria", "0000-0002-1825-0097")]),
        ("replace", "Altro titolo", "Rivista", "month", ["lana", "Seta"],
         [("Rossi", "M.", "0000-0002-1825-0097"), ("Verdi", "Ugo", "")]),
    ],
)  # fmt: skip
def test_a_known_one_is_left_completed_or_overwritten(
    moda, ada, sign_in, how, title, container, issued, keywords, names
):
    with transaction():
        row = known_one(moda)
    browser = sign_in(ada)
    place = upload(browser, KNOWN + "\n@misc{x, title={Nuova}, year=2020}").location
    data = {"known-0": how, "chosen": ["1"], "activity_line_id": factories.line(moda).id}
    assert browser.post(place, data=data).status_code == 303
    db.session.expire_all()
    found = [(a.family_name, a.given_name, a.orcid) for a in row.authors]
    assert (row.title_it, row.container, row.issued_precision, row.keywords, found) == (
        title, container, issued, keywords, names,
    )  # fmt: skip
    assert (len(titles()), db.session.scalar(select(Import.merged))) == (2, int(how != "leave"))


def test_a_known_one_can_be_imported_as_another(moda, ada, sign_in):
    with transaction():
        known_one(moda)
    browser = sign_in(ada)
    place = upload(browser, KNOWN).location
    assert (
        browser.post(place, data={"known-0": "add", "activity_line_id": factories.line(moda).id}).status_code
        == 303
    )
    assert titles() == ["Altro titolo", "Titolo nostro"]


def test_merging_twice_changes_nothing_the_second_time(moda, ada, sign_in):
    with transaction():
        row = known_one(moda)
    browser = sign_in(ada)
    for merged in (1, 0):
        place = upload(browser, KNOWN).location
        browser.post(place, data={"known-0": "complete", "activity_line_id": factories.line(moda).id})
        newest = select(Import.merged).order_by(Import.id.desc())
        assert db.session.scalar(newest) == merged
    db.session.expire_all()
    assert row.version == 2


RIS = "TY  - JOUR\nAU  - Rossi, Maria\nTI  - Città\nPY  - 2024\nDO  - 10.1000/UNO\nER  - \n"
CSL = (
    '[{"type": "book", "title": "Libro", "author": [{"literal": "CNR"}], "issued": {"date-parts": [[2023]]}}]'
)
CSV = "Titolo;Autori;Anno\nTabella;Rossi, Maria;2022\n;Verdi, Ugo;2021\n"


@pytest.mark.parametrize(
    "text, title, kind", [(RIS, "Città", "RIS"), (CSL, "Libro", "CSL-JSON"), (CSV, "Tabella", "CSV")]
)
def test_every_format_is_recognised_and_imported(moda, ada, sign_in, text, title, kind):
    browser = sign_in(ada)
    place = upload(browser, text).location
    assert f"({kind})" in browser.get(place).text
    browser.post(place, data={"chosen": ["0"], "activity_line_id": factories.line(moda).id})
    assert titles() == [title]


def test_an_empty_table_is_read_back(moda, ada, sign_in):
    browser = sign_in(ada)
    for language in ("it", "en"):
        sheet = browser.get(f"/moda/desk/publications/imports/table.csv?lang={language}").data
        row = ";".join("Prova" if n in (1, 2) else "2024" if n == 4 else "" for n in range(19))
        reading = readers.read(sheet + row.encode())
        assert [(f.record.title_it, f.record.issued.year, f.line) for f in reading.found] == [
            ("Prova", 2024, 2)
        ]


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


def test_a_long_import_bears_the_datestamp_of_its_end_so_that_no_harvest_misses_it(
    moda, ada, sign_in, monkeypatch
):
    with transaction():
        known = publication(moda, title_it="Altro titolo", doi="10.1000/uno")
        draft = publication(moda, published=False)
        before = draft.changed_at
    address, began = upload(sign_in(ada)).location, clock.now()
    note_all = intake.activity.record_all
    with time_machine.travel(began, tick=True) as at:
        monkeypatch.setattr(intake.activity, "record_all", lambda rows: (note_all(rows), at.shift(300)))
        line = factories.line(moda, "b").id
        data = {"chosen": ["1", "2"], "known-0": "complete", "published": "y", "activity_line_id": line}
        assert sign_in(ada).post(address, data=data).status_code == 303
    db.session.expire_all()
    dates = {p.id: p.changed_at for p in db.session.scalars(select(Publication))}
    assert dates.pop(draft.id) == before
    assert (len(dates), len(set(dates.values())), known.id in dates) == (3, 1, True)
    assert (min(dates.values()) - began).total_seconds() >= 300
