"""Blocks of every kind: what they show, what their forms refuse, and what readers get."""

import re
from io import BytesIO

import pytest
import time_machine

from dissemination.delivery import queries as posted
from dissemination.kernel.database import db, transaction
from dissemination.newsletters import actions, content, fields, pictures, sources
from dissemination.newsletters.findings import Level
from dissemination.newsletters.models import Block, BlockKind, Issue
from tests import factories
from tests.kernel.test_photographs import taken
from tests.newsletters import cast

DESK = "/moda/desk/newsletters"
PNG = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x03\xe8\0\0\x01\xf4\x08\x06\0\0\0" + b"\0" * 30
)  # 1000 x 500, as far as anybody reads it here


@pytest.fixture(autouse=True)
def spring():
    with time_machine.travel("2026-03-02 09:00 +0000", tick=False):
        yield


@pytest.fixture
def textiles(moda):
    with transaction():
        return cast.topic(moda, "Tessile", name_en="Textiles")


@pytest.fixture
def issue(moda, ada, textiles):
    with transaction():
        return cast.issue(moda, textiles, by=ada, subject_en="March news", text="")


@pytest.fixture
def desk(sign_in, ada):
    return sign_in(ada)


def add(issue, kind, **values):
    with transaction():
        return actions.add_block(issue, kind=kind, **values)


def write(desk, issue, kind, **values):
    """Send the form of a new block as a browser does."""
    return desk.post(f"{DESK}/{issue.id}/blocks/new", data={"kind": kind, **values})


def upload(data=PNG, name="foto.png"):
    return (BytesIO(data), name)


def shown(issue, language="it"):
    return [
        {k: v for k, v in b.items() if k not in ("source", "facts", "id")}
        for b in content.blocks(issue, language)
    ]


def test_each_kind_of_own_words_shows_what_was_written(desk, moda, issue):
    assert write(desk, issue, "heading", text_it="Titolo", level=3).status_code == 303
    assert write(desk, issue, "quote", text_it="Si fa **così**", author="Anna").status_code == 303
    answer = write(
        desk, issue, "image", upload=upload(), alt_it="Una filanda", width=300, href="https://a.example"
    )
    assert answer.status_code == 303
    assert write(desk, issue, "button", label_it="Iscriviti", url="https://a.example/x").status_code == 303
    assert desk.post(f"{DESK}/{issue.id}/blocks/new", data={"kind": "divider"}).status_code == 303
    answer = write(
        desk, issue, "columns", left_text_it="Sinistra", right_label_it="Vai", right_url="https://b.example",
        left_upload=upload(), left_alt_it="Un telaio",
    )  # fmt: skip
    assert answer.status_code == 303
    source = "<mj-section><mj-column><mj-text>Esperto</mj-text></mj-column></mj-section>"
    assert write(desk, issue, "mjml", text_it=source, plain_it="Esperto").status_code == 303
    db.session.rollback()
    src = [pictures.address(moda, p) for p in reversed(pictures.recent(moda.id))]
    paragraph = '<p style="margin:0 0 12px">%s</p>'
    assert shown(issue) == [
        {"kind": "heading", "level": 3, "text": "Titolo"},
        {"kind": "quote", "html": paragraph % "Si fa <strong>così</strong>", "text": "Si fa così", "author": "Anna"},
        {"kind": "image", "src": src[0], "alt": "Una filanda", "width": 300, "href": "https://a.example"},
        {"kind": "button", "label": "Iscriviti", "url": "https://a.example/x"},
        {"kind": "divider"},
        {"kind": "columns", "sides": [
            [{"kind": "image", "src": src[1], "alt": "Un telaio", "width": 252, "href": ""},
             {"kind": "text", "html": paragraph % "Sinistra", "text": "Sinistra"}],
            [{"kind": "button", "label": "Vai", "url": "https://b.example"}],
        ]},
        {"kind": "mjml", "mjml": source, "text": "Esperto"},
    ]  # fmt: skip
    draft = actions.prepare(issue)
    html, text = draft.letters[0].html, draft.letters[0].text
    assert f'src="{src[0]}"' in html
    assert 'alt="Una filanda"' in html
    assert "Esperto" in html
    assert "[Una filanda] https://a.example" in text
    assert "Iscriviti: https://a.example/x" in text
    assert "“Si fa così”" in text
    assert [f.code for f in draft.findings if f.level is Level.BLOCKING] == []


def test_every_block_can_be_changed_again(desk, issue):
    write(desk, issue, "columns", left_text_it="Sinistra")
    db.session.rollback()
    (block,) = issue.blocks
    page = desk.get(f"{DESK}/{issue.id}/blocks/{block.id}").text
    assert ">Sinistra</textarea>" in page.replace("\r", "").replace("\n", "")
    answer = desk.post(
        f"{DESK}/{issue.id}/blocks/{block.id}",
        data={"version": 1, "left_text_it": "", "right_text_it": "Solo destra"},
    )
    assert answer.status_code == 303
    db.session.rollback()
    assert block.data == {"right_text_it": "Solo destra"}


@pytest.mark.parametrize(
    ("kind", "values", "said"),
    [
        ("image", {"alt_it": "x"}, "Scegli un&#39;immagine."),
        ("image", {"upload": (b"<svg onload=alert(1)>", "x.png"), "alt_it": "x"}, "PNG, JPEG o GIF"),
        ("image", {"upload": (PNG, "x.png")}, "Di&#39; che cosa mostra l&#39;immagine"),
        ("image", {"upload": (PNG + b"\0" * 1_000_001, "x.png"), "alt_it": "x"}, "più di 1 MB"),
        ("image", {"upload": (PNG[:16] + b"\0\0\x50\0" + PNG[20:], "x.png"), "alt_it": "x"}, "4000 pixel"),
        ("image", {"upload": (b"", "x.png"), "alt_it": "x"}, "vuoto"),
        ("button", {"label_it": "Vai", "url": "javascript:alert(1)"}, "https://www.example.org"),
        ("button", {"label_it": "", "url": "https://a.example"}, "Scrivi qualcosa in almeno una lingua."),
        ("columns", {}, "Scrivi qualcosa in almeno una lingua."),
        ("columns", {"left_label_it": "Vai"}, "Un pulsante ha bisogno di parole e di un indirizzo."),
        ("text", {"text_it": "Ciao\n{cognom|x}"}, "Riga 2: {cognom} non è un campo."),
        ("text", {"text_it": "Ciao {nome}"}, "Riga 1: scrivi dopo una barra"),
        ("mjml", {"text_it": "<mj-section>\n<mj-txt>x</mj-txt></mj-section>", "plain_it": "x"}, "Riga 2, colonna 1"),
        ("mjml", {"text_it": "<mj-section/>"}, "Scrivi qualcosa in almeno una lingua."),
    ],
)  # fmt: skip
def test_a_wrong_block_is_refused_at_its_field_and_keeps_what_was_written(desk, issue, kind, values, said):
    values = {k: upload(*v) if k.endswith("upload") else v for k, v in values.items()}
    answer = write(desk, issue, kind, **values)
    assert answer.status_code == 422
    assert said in answer.text
    for value in values.values():
        if isinstance(value, str) and value.startswith("Ciao"):
            assert value in answer.text
    db.session.rollback()
    assert issue.blocks == []


NESTED = "<mj-section>" * 12_000
HOSTILE_MJML = {
    "script": '<mj-section><mj-column><mj-text><script>alert(1)</script></mj-text></mj-column></mj-section>',
    "event": '<mj-section><mj-column><mj-text><b onclick="alert(1)">x</b></mj-text></mj-column></mj-section>',
    "address": '<mj-section><mj-column><mj-button href="javascript:alert(1)">x</mj-button></mj-column></mj-section>',
    "include": '<mj-include path="/etc/passwd" />',
    "nested": NESTED,
    "unknown": "<mj-banana />",
    "host": '<mj-section><mj-column><mj-image src="https://track.example/x.png" alt="" /></mj-column></mj-section>',
    "closes": "</mj-body></mjml><mjml><mj-body>",
    "comment": "<!-- <mj-section>",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE_MJML)
def test_hostile_mjml_is_refused_with_line_and_column(desk, issue, name):
    answer = write(desk, issue, "mjml", text_it=HOSTILE_MJML[name], plain_it="x")
    assert answer.status_code == 422
    assert re.search(r"Riga \d+, colonna \d+:", answer.text)
    db.session.rollback()
    assert issue.blocks == []


def test_five_megabytes_of_mjml_are_refused(desk, issue):
    answer = write(desk, issue, "mjml", text_it="<mj-section/>" * 400_000, plain_it="x")
    assert answer.status_code == 422
    assert "524288" in answer.text
    db.session.rollback()
    assert issue.blocks == []


def test_crlf_and_control_characters_of_a_textarea_do_no_harm(desk, issue):
    source = "<mj-section>\r\n<mj-column>\r\n<mj-text>A\x0bB</mj-text>\r\n</mj-column>\r\n</mj-section>"
    assert write(desk, issue, "mjml", text_it=source, plain_it="A").status_code == 303
    db.session.rollback()
    assert "A B" in actions.prepare(issue).letters[0].html


def test_a_picture_is_public_at_an_address_that_nobody_guesses(desk, client, moda, issue):
    write(desk, issue, "image", upload=upload(), alt_it="Una filanda")
    db.session.rollback()
    (picture,) = pictures.recent(moda.id)
    assert (picture.width, picture.height, len(picture.token)) == (1000, 500, 32)
    answer = client.get(cast.path(pictures.address(moda, picture)))
    assert (answer.status_code, answer.data, answer.mimetype) == (200, PNG, "image/png")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert client.get(f"/moda/newsletters/images/{picture.token}.gif").status_code == 404
    assert client.get(f"/nautica/newsletters/images/{picture.token}.png").status_code == 404
    assert client.get(f"/moda/newsletters/images/{'0' * 32}.png").status_code == 404


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (PNG, (1000, 500)),
        (b"GIF89a\x0a\x00\x05\x00" + b"\0" * 8, (10, 5)),
        (b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x0b\x08\x00\x05\x00\x0a\x01\x01\x11\x00", (10, 5)),
        (b"\xff\xd8\xff\xe0\x00\x04ab", None),
        (b"BM123456", None),
    ],
)
def test_the_size_of_a_picture_is_read_from_its_bytes(data, size):
    assert pictures.dimensions(data) == size


def test_a_photograph_goes_out_without_the_place_where_it_was_taken(client, moda, ada):
    with transaction():
        picture = pictures.keep(moda, BytesIO(taken(orientation=6)), "foto.jpg", by=ada)
        address = pictures.address(moda, picture)
    shown = client.get(cast.path(address))
    assert shown.status_code == 200
    assert b"GPS" not in shown.data


def test_the_words_of_another_districts_picture_are_not_lent(desk, moda, nautica, issue):
    with transaction():
        foreign = pictures.keep(nautica, BytesIO(PNG), "x.png", by=None)
        foreign_id = foreign.id
    assert write(desk, issue, "image", picture_id=foreign_id, alt_it="x").status_code == 422
    add(issue, BlockKind.IMAGE, data={"picture_id": foreign_id, "alt_it": "x"})
    assert content.blocks(issue, "it") == []


def test_readers_get_their_own_name_and_strangers_the_words_after_the_bar(desk, moda, ada, textiles, issue):
    with transaction():
        company = factories.company(moda, "Filati & Figli")
        cast.subscriber(moda, textiles, email="carla@a.example", given_name="Carla", company=company)
        cast.subscriber(moda, textiles, email="x@a.example", given_name="")
    add(issue, BlockKind.TEXT, text_it="Gentile {nome|lettrice d'oro}, di {azienda|nessuno}.", text_en="x")
    cast.send(issue, by=ada)
    said = {}
    for delivery in cast.deliveries(issue.id):
        parts = posted.parts(delivery)
        said[delivery.address] = re.search(r"Gentile .*", parts.text)[0]
        assert "Gentile" in parts.html
        assert "{nome" not in parts.html
    assert said == {
        "carla@a.example": "Gentile Carla, di Filati & Figli.",
        "x@a.example": "Gentile lettrice d'oro, di nessuno.",
    }
    assert "Gentile lettrice d" in issue.frozen["it"]["text"]


def test_a_name_that_is_html_stays_a_name(moda, ada, textiles, issue):
    with transaction():
        cast.subscriber(moda, textiles, given_name='<img src=x onerror="alert(1)">\n{nome|x}')
    add(issue, BlockKind.TEXT, text_it="Ciao {nome|x}", text_en="x")
    cast.send(issue, by=ada)
    (delivery,) = cast.deliveries(issue.id)
    assert "<img src=x" not in posted.parts(delivery).html


def test_what_looks_like_a_field_but_is_none_stays_as_written():
    for words in ("{{ 7*7 }}", "{% raw %}", "{a b}", "{}", "{nome", "${nome}"):
        assert fields.pieces(words, escaped=False) == words
    assert fields.problems("{{ nome }} {a b}") == []


def test_a_field_in_the_subject_blocks_the_sending(moda, ada, textiles):
    with transaction():
        issue = cast.issue(moda, textiles, by=ada, subject_it="Ciao {nome|x}")
    assert "field" in [f.code for f in actions.prepare(issue).findings]


def test_several_workshops_stand_in_one_block_and_one_can_be_left_out(desk, moda, ada, issue):
    with transaction():
        ids = [factories.workshop(moda).id for _ in range(3)]
    desk.post(f"{DESK}/{issue.id}/sources", data={"workshops": ids, "together": "1"})
    db.session.rollback()
    (block,) = issue.blocks
    assert block.source_ids == ids
    assert [b["kind"] for b in content.blocks(issue, "it")] == ["workshop"] * 3
    desk.post(f"{DESK}/{issue.id}/blocks/{block.id}/removal", data={"row": ids[1]})
    db.session.rollback()
    assert block.source_ids == [ids[0], ids[2]]


def test_a_package_above_offers_its_own_rows_by_registering(desk, moda, issue):
    class Call:
        id, title_it, title_en = 7, "Bando fibre", "Fibres call"

    call = Call()
    source = sources.Source(
        key="call", name="Bando", heading="Bandi aperti", by_ids=lambda _d, ids: {i: call for i in ids if i == 7},
        recent=lambda _d: [call], choose=lambda _w: [call], title=lambda row, lang: getattr(row, f"title_{lang}"),
        line=lambda _r: "entro il 30/04/2026", facts=lambda row: {"title_it": row.title_it},
        labels={"title_it": "Titolo"}, said=lambda _n, v, _d: v, problems=lambda rows: {r.id: [] for r in rows},
        shown=lambda _i, row, lang: {"kind": "item", "title": getattr(row, f"title_{lang}"), "lines": ["30/04"],
                                     "url": "https://b.example", "label": "Leggi il bando"},
        address=lambda _d, _r: "https://b.example",
    )  # fmt: skip
    sources.register(source)
    try:
        assert "Bandi aperti" in desk.get(f"{DESK}/compose").text
        desk.post(f"{DESK}/{issue.id}/sources", data={"calls": [7, 8]})
        db.session.rollback()
        (block,) = issue.blocks
        assert (block.kind, block.source_key, block.source_ids) == (BlockKind.SOURCE, "call", [7])
        letters = actions.prepare(issue).letters
        assert "Bando fibre" in letters[0].html
        assert "* Fibres call\n  30/04\n  https://b.example" in letters[1].text
        Call.title_it = "Bando fibre naturali"
        assert [f.code for f in content.problems(issue)] == ["changed"]
    finally:
        sources.unregister("call")
    assert [f.code for f in content.problems(issue)] == ["gone"]


def codes(issue):
    return sorted({f.code for f in content.problems(issue)})


def test_a_changed_source_is_flagged_with_old_and_new_until_somebody_looks(desk, moda, issue):
    with transaction():
        workshop = factories.workshop(moda, seats=5)
        actions.add_sources(issue, workshop_ids=[workshop.id], publication_ids=[])
    assert codes(issue) == []
    with transaction():
        workshop.starts_at = workshop.starts_at.replace(day=18)
        workshop.ends_at = workshop.ends_at.replace(day=18)
        workshop.venue = "Palazzo Vecchio"
    messages = [f.message for f in content.problems(issue)]
    assert codes(issue) == ["changed"]
    assert any("11/03/2027 14:00 → 18/03/2027 14:00" in m for m in messages)
    assert any("Palazzo Vecchio" in m for m in messages)
    page = desk.get(f"{DESK}/{issue.id}").text
    assert "11/03/2027 14:00 → 18/03/2027 14:00" in page
    assert "Riprendi com'è adesso" in page
    assert "Lascialo fuori" in page
    desk.post(f"{DESK}/{issue.id}/blocks/{issue.blocks[0].id}/acceptance")
    db.session.rollback()
    assert codes(issue) == []


def test_the_page_of_a_draft_makes_as_many_queries_for_one_block_as_for_forty(desk, moda, ada, issue):
    from sqlalchemy import event

    statements = []
    event.listen(db.engine, "before_cursor_execute", lambda *a: statements.append(a[2]))

    def count():
        db.session.rollback()
        statements.clear()
        assert desk.get(f"{DESK}/{issue.id}").status_code == 200
        return len(statements)

    def grow(times):
        with transaction():
            for _ in range(times):
                workshop, work = factories.workshop(moda), cast.publication(moda)
                actions.add_sources(issue, workshop_ids=[workshop.id], publication_ids=[work.id])
                picture = pictures.keep(moda, BytesIO(PNG), "x.png", by=ada)
                actions.add_block(issue, kind=BlockKind.IMAGE, data={"picture_id": picture.id, "alt_it": "x"})

    grow(1)
    one = count()
    grow(13)
    assert len(issue.blocks) > 40
    assert count() == one


def test_more_than_a_hundred_blocks_are_refused(desk, issue):
    with transaction():
        for _ in range(100):
            db.session.add(Block(issue_id=issue.id, kind=BlockKind.DIVIDER, position=_, data={}))
    answer = write(desk, issue, "text", text_it="Ancora")
    assert answer.status_code == 422
    assert "al massimo 100 blocchi" in answer.text
    assert "Ancora" in answer.text


def test_a_block_is_put_at_a_place_or_behind_another(desk, issue):
    made = [add(issue, BlockKind.TEXT, text_it=t).id for t in "abc"]
    url = f"{DESK}/{issue.id}/blocks"
    desk.post(f"{url}/{made[2]}/position", data={"place": "1"})
    write(desk, issue, "text", text_it="d", after=made[0])
    desk.post(f"{url}/{made[1]}/position", data={"place": "99"})
    db.session.rollback()
    assert [b.text_it for b in db.session.get(Issue, issue.id).blocks] == ["c", "a", "d", "b"]


def test_what_is_being_written_is_shown_and_not_saved(desk, issue):
    block = add(issue, BlockKind.TEXT, text_it="Vecchio", text_en="Old")
    before = issue.version
    url = f"{DESK}/{issue.id}/trial/it"
    answer = desk.post(url, data={"block_id": block.id, "kind": "text", "text_it": "**Nuovo** {nome|amica}"})
    assert "<strong>Nuovo</strong> amica" in answer.text
    assert "Vecchio" not in answer.text
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert 'id="here"' in answer.text
    new = desk.post(url, data={"block_id": 0, "kind": "heading", "text_it": "Ancora"})
    assert "Vecchio" in new.text
    assert "Ancora" in new.text
    plain = desk.post(f"{url}?view=text", data={"block_id": 0, "kind": "heading", "text_it": "Ancora"})
    assert "== Ancora ==" in plain.text
    size = desk.post(f"{url}/size", data={"block_id": 0, "kind": "mjml", "text_it": "<mj-section>\n<x>"}).json
    assert {p["field"] for p in size["problems"]} == {"text_it"}
    assert desk.post(f"{url}/size", data={"block_id": 0, "kind": "text", "text_it": "x"}).json["size"] > 4000
    db.session.rollback()
    assert (issue.version, issue.blocks[0].text_it) == (before, "Vecchio")


def test_the_preview_shows_dark_without_pictures_and_text(desk, issue):
    add(issue, BlockKind.TEXT, text_it="Ciao", text_en="Hello")
    url = f"{DESK}/{issue.id}/preview/it"
    assert "prefers-color-scheme" in desk.get(url).text
    assert (
        "prefers-color-scheme"
        not in desk.get(f"{url}?view=dark").text.split("</head>")[0].split("<style")[-1]
    )
    assert "img-src 'none'" in desk.get(f"{url}?view=no-pictures").headers["Content-Security-Policy"]
    assert "<pre" in desk.get(f"{url}?view=text").text
    assert desk.get(f"{url}?view=banana").status_code == 200
