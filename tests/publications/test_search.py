from datetime import date
from io import BytesIO

import pytest
import time_machine
from sqlalchemy import event, select, text

from dissemination.bibliography.kinds import Access, Kind
from dissemination.bibliography.records import Person, Record
from dissemination.kernel.database import db, is_sqlite, transaction, writing
from dissemination.publications import actions, contents, extracting, index, queries, reindexing
from dissemination.publications.contents import FileText, Reading
from dissemination.publications.models import Publication
from dissemination.publications.queries import Filter
from tests import factories
from tests.publications.cast import publication
from tests.publications.pdfs import encrypted_pdf, pdf


def found(district, words, *, public=True, **narrow):
    """The slugs that a search finds, newest first."""
    page = queries.listed(district.id, wanted=Filter(text=words, **narrow), public=public)
    return [row.slug for row in page.rows]


def attached(row, data, name="studio.pdf"):
    with transaction():
        file = actions.attach(row, BytesIO(data), name)
    extracting.read_waiting()
    db.session.expire_all()
    return file


@pytest.fixture
def dyeing(moda):
    with transaction():
        return publication(
            moda, title_it="Perché tingere a freddo i tessuti", title_en="Cold dyeing of fabrics", doi="10.1000/182",
            isbn="978-88-06-21855-4", abstract_it="L'acqua dell'Arno è riusata.", keywords=["Coloranti naturali"],
            authors=[Person("Nuñez", "Ana"), Person("Müller", "Jörg")], container="Rivista Tessile",
        )  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        "perche", "PERCHÉ", "tingere freddo", "tessuto", "tessuti", "colorante naturale", "nunez", "Müller jorg",
        "dell'acqua", "l’acqua", "10.1000/182", "9788806218554", "978-88-06-21855-4", '"tingere a freddo"', "fabric",
        "tess*", "2026", "la rivista del tessile", "perche\u0301", "ACQUA -", "di",
    ],
)  # fmt: skip
def test_words_are_found_without_accents_by_their_stem_and_as_phrases(moda, dyeing, words):
    assert found(moda, words) in ([dyeing.slug], []) if words == "di" else found(moda, words) == [dyeing.slug]


@pytest.mark.parametrize(
    "words",
    [
        "freddissimo", "tingere caldo", '"freddo tingere"', "zzz*", "%", "_", "''", '"', "* OR *", "tags:pub", "d1",
        "pub", "kreport", "NEAR(tingere freddo)", "tingere NOT freddo", "{meta}", "zz & | ! <-> :*", "\\", "10.1000/183",
    ],
)  # fmt: skip
def test_what_is_not_there_and_what_is_no_word_find_nothing_and_are_no_error(moda, dyeing, words):
    assert found(moda, words) == []


def test_a_search_of_stop_words_alone_still_looks_for_them(moda, dyeing):
    assert found(moda, "a") == [dyeing.slug]
    assert found(moda, "tra") == []


def test_the_index_follows_each_verb_of_a_publications_life(moda, ada):
    with transaction():
        row = publication(moda, title_it="Concia vegetale", published=False)
    assert (found(moda, "concia"), found(moda, "concia", public=False)) == ([], [row.slug])
    with transaction():
        actions.publish(row, by=None)
    assert found(moda, "concia") == [row.slug]
    with transaction():
        actions.revise(row, by=ada, version=row.version, title_it="Taglio laser")
    assert (found(moda, "concia"), found(moda, "taglio")) == ([], [row.slug])
    with transaction():
        actions.revise(
            row, by=ada, version=row.version, issued=date(2020, 1, 1), authors=[Person("Bini", "Ada")]
        )
    assert [found(moda, w) for w in ("bini 2020", "rossi", "2026")] == [[row.slug], [], []]
    assert (found(moda, "bini", year=2020), found(moda, "bini", year=2026)) == ([row.slug], [])
    with transaction():
        actions.withdraw(row, reason="Sbagliato.", by=ada)
    assert (found(moda, "taglio"), found(moda, "taglio", public=False)) == ([], [row.slug])
    with transaction():
        draft = publication(moda, title_it="Bozza effimera", published=False)
    with transaction():
        actions.remove(draft)
    assert found(moda, "effimera", public=False) == []
    assert _rows() == 1


def _rows():
    return db.session.execute(text("SELECT count(*) FROM publication_search")).scalar()


def test_an_import_and_a_rollback_are_followed(moda):
    records = [
        Record(Kind.ARTICLE, date(2024, 1, n), title_it=f"Filatura {n}", authors=[Person("Neri", "Lia")])
        for n in (1, 2)
    ]
    line = factories.line(moda, "b").id
    with transaction():
        actions.add_all(moda, records, by=None, published=True, activity_line_id=line)
    assert found(moda, "filature neri") == ["filatura-2", "filatura-1"]
    with transaction() as session:
        publication(moda, title_it="Mai avvenuta")
        session.rollback()
    assert found(moda, "avvenuta", public=False) == []


def test_another_districts_publications_are_not_found(moda, nautica, dyeing):
    with transaction():
        other = publication(nautica, title_it="Tingere vele")
    assert (found(moda, "tingere"), found(nautica, "tingere")) == ([dyeing.slug], [other.slug])


def test_the_text_of_a_file_is_found_until_it_is_taken_off(moda, dyeing):
    file = attached(dyeing, pdf("La tracciabilità delle fibre", "seconda pagina: poliammide"))
    state = db.session.get(FileText, file.id)
    assert (state.state, state.words, state.pages) == (Reading.READ, 7, 2)
    assert [found(moda, w) for w in ("tracciabilita", "fibra poliammide", '"seconda pagina"', "tingere poliammide")] == [
        [dyeing.slug]
    ] * 4  # fmt: skip
    with transaction():
        actions.detach(db.session.get_one(type(file), file.id))
    assert found(moda, "poliammide", public=False) == []
    assert found(moda, "tingere") == [dyeing.slug]
    assert db.session.scalars(select(FileText)).all() == []


@pytest.mark.parametrize("access", [Access.CLOSED, Access.MEMBERS, Access.EMBARGOED])
def test_texts_that_the_public_may_not_read_are_found_by_the_desk_only(moda, dyeing, ada, access):
    attached(dyeing, pdf("poliammide riservata"))
    assert found(moda, "poliammide") == [dyeing.slug]
    until = date(2027, 1, 31) if access is Access.EMBARGOED else None
    with transaction():
        actions.revise(dyeing, by=ada, version=dyeing.version, access=access, embargo_until=until)
    assert (found(moda, "poliammide"), found(moda, "poliammide", public=False)) == ([], [dyeing.slug])
    assert found(moda, '"poliammide riservata"') == []
    assert found(moda, "poliamm*") == []
    assert found(moda, "tingere") == [dyeing.slug]  # what describes it stays public
    with transaction():
        actions.revise(dyeing, by=ada, version=dyeing.version, access=Access.OPEN, embargo_until=None)
    assert found(moda, "poliammide") == [dyeing.slug]


def test_a_text_is_found_once_its_embargo_has_ended_in_rome_and_not_a_second_before(moda, dyeing, ada):
    attached(dyeing, pdf("poliammide"))
    with transaction():
        actions.revise(
            dyeing, by=ada, version=dyeing.version, access=Access.EMBARGOED, embargo_until=date(2027, 1, 31)
        )
    with time_machine.travel("2027-01-31T22:59:59Z", tick=False):
        assert (extracting.note_ends(), found(moda, "poliammide")) == (0, [])
        assert [facet(moda), found(moda, "tingere", access=Access.OPEN)] == [{Access.EMBARGOED: 1}, []]
    with time_machine.travel("2027-01-31T23:00:00Z", tick=False):
        assert (extracting.note_ends(), extracting.note_ends()) == (1, 0)
        assert found(moda, "poliammide") == [dyeing.slug]
        assert [facet(moda), found(moda, "tingere", access=Access.OPEN)] == [{Access.OPEN: 1}, [dyeing.slug]]
        with transaction():  # put off: closed again at once
            actions.revise(dyeing, by=ada, version=dyeing.version, embargo_until=date(2027, 2, 28))
        assert found(moda, "poliammide") == []


def facet(district):
    return queries.facets(district.id, wanted=Filter(), public=True)["access"]


def test_what_cannot_be_read_is_told_apart(moda, dyeing):
    for n, (data, state) in enumerate((
        (pdf(""), Reading.NO_TEXT), (encrypted_pdf("segreto", "chiave"), Reading.ENCRYPTED),
        (b"%PDF-1.7 nothing of the kind", Reading.BROKEN), (encrypted_pdf("apribile", ""), Reading.READ),
    )):  # fmt: skip
        file = attached(dyeing, data, f"{n}.pdf")
        assert (n, db.session.get(FileText, file.id).state) == (n, state)
    assert (found(moda, "segreto", public=False), found(moda, "apribile")) == ([], [dyeing.slug])


def test_a_picture_is_not_read_and_waits_for_nothing(moda, dyeing):
    attached(dyeing, b"\x89PNG\r\n\x1a\n" + b"0" * 20, "a.png")
    assert (db.session.scalars(select(FileText)).all(), contents.waiting(9)) == ([], [])


def test_a_lost_file_is_said_to_be_lost(moda, dyeing, app):
    with transaction():
        file = actions.attach(dyeing, BytesIO(pdf("x")), "a.pdf")
    folder = app.config["SETTINGS"].files_url.removeprefix("file://")
    for path in __import__("pathlib").Path(folder).rglob(file.file.sha256):
        path.unlink()
    extracting.read_waiting()
    assert db.session.get(FileText, file.id).state is Reading.LOST


def test_pages_of_a_search_follow_each_other_and_hold_each_hit_once(moda):
    with transaction():
        for n in range(25):
            publication(moda, title_it=f"Rapporto {n}", issued=date(2026, 1, 1 + n % 3))
    seen, after = [], None
    while True:
        page = queries.listed(moda.id, wanted=Filter(text="rapporti"), public=True, after=after, size=10)
        seen += page.rows
        after = page.next
        if after is None:
            break
    assert len(seen) == 25
    assert [(r.issued, r.id) for r in seen] == sorted(((r.issued, r.id) for r in seen), reverse=True)
    everything = queries.listed(moda.id, public=True).rows
    assert [r.id for r in seen] == [r.id for r in everything]


def test_filters_narrow_a_search(moda):
    with transaction():
        rows = [
            publication(
                moda, title_it="Filatura", kind=kind, issued=date(year, 5, 5), access=access,
                sector_id=moda.sectors[n].id,
            )
            for n, (kind, year, access) in enumerate((
                (Kind.REPORT, 2025, Access.OPEN), (Kind.CONFERENCE_PAPER, 2024, Access.CLOSED),
            ))
        ]  # fmt: skip
    first, second = (row.slug for row in rows)
    for narrow, hit in (
        ({"kind": Kind.REPORT}, first), ({"kind": Kind.CONFERENCE_PAPER}, second), ({"year": 2025}, first),
        ({"sector_id": moda.sectors[1].id}, second), ({"access": Access.CLOSED}, second),
        ({"access": Access.OPEN, "kind": Kind.REPORT}, first),
    ):  # fmt: skip
        assert (narrow, found(moda, "filatura", **narrow)) == (narrow, [hit])
    assert found(moda, "filatura", kind=Kind.REPORT, year=2024) == []
    assert queries.facets(moda.id, wanted=Filter(text="filatura"), public=True) == {
        "kind": {Kind.REPORT: 1, Kind.CONFERENCE_PAPER: 1}, "year": {2025: 1, 2024: 1},
        "sector": {moda.sectors[0].id: 1, moda.sectors[1].id: 1}, "access": {Access.OPEN: 1, Access.CLOSED: 1},
    }  # fmt: skip


def test_the_index_made_anew_finds_the_same(moda, dyeing, app):
    attached(dyeing, pdf("poliammide"))
    with transaction():
        writing().exec_driver_sql("DELETE FROM publication_search")
        db.session.execute(Publication.__table__.update().values(search_text="rotto"))
    assert found(moda, "tingere") == []
    result = app.test_cli_runner().invoke(args=["publications", "reindex"])
    assert result.output == "1 publications indexed\n"
    assert (found(moda, "tingere poliammide"), _rows()) == ([dyeing.slug], 1)
    reindexing.reindex(files=True)
    assert (found(moda, "poliammide"), len(contents.waiting(9))) == ([dyeing.slug], 1)
    assert extracting.read_waiting() == 1


def test_a_search_asks_as_many_questions_for_50_hits_as_for_one(moda, client):
    def asked():
        db.session.expire_all()
        seen = []
        listen = lambda *a: seen.append(a[2])  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", listen)
        try:
            assert client.get("/moda/publications/?q=rapporto").status_code == 200
        finally:
            event.remove(db.engine, "before_cursor_execute", listen)
        return len(seen)

    with transaction():
        publication(moda, title_it="Rapporto")
    few = asked()
    with transaction():
        for n in range(60):
            publication(moda, title_it=f"Rapporto {n}", issued=date(2026, 1, 1 + n % 9))
    assert asked() == few


def test_keys_of_the_database_are_those_of_python(moda):
    with transaction():
        rows = [
            publication(moda, issued=day) for day in (date(1, 1, 1), date(1999, 12, 31), date(9999, 12, 31))
        ]
    name = "rowid" if is_sqlite() else "key"
    keys = db.session.execute(text(f"SELECT {name} FROM publication_search ORDER BY {name}")).scalars().all()
    assert keys == [index.key_of(row.issued, row.id) for row in rows]


def test_a_file_of_many_different_words_does_not_break_the_index(moda, dyeing):
    from dissemination.bibliography.words import MOST_TEXT, kept_of_file

    file = attached(dyeing, pdf("x"))
    kept = kept_of_file(" ".join(f"{n:x}q" for n in range(100_000, 400_000)), "it")
    assert len(kept) <= MOST_TEXT
    with transaction():
        contents.store(file.id, Reading.READ, kept=kept, words=1, pages=1)
    assert found(moda, "186a0q") == [dyeing.slug]
