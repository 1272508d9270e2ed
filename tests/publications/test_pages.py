import json
import re
from datetime import date
from io import BytesIO

import pytest
from sqlalchemy import event, select

from dissemination.bibliography.records import Person
from dissemination.kernel.database import db, transaction
from dissemination.plan.log import Activity
from dissemination.publications import actions
from dissemination.publications.models import Kind, Publication, State
from tests import factories
from tests.publications.cast import publication

HOSTILE = '"><script>alert(1)</script><b>'


def entered(district, **values):
    return {
        "kind": "report", "language": "it", "title_it": "Tingere a freddo", "title_en": "", "authors": "Rossi, Maria",
        "editors": "", "issued": "05/2026", "activity_line_id": str(factories.line(district, "b").id),
        "macro_area_id": "", "sector_id": "", "licence": "CC-BY-4.0", **values,
    }  # fmt: skip


def only():
    return db.session.scalars(select(Publication)).one()


def test_the_list_shows_what_is_public_and_finds_words_without_accents(moda, client):
    with transaction():
        publication(moda, title_it="Perché tingere a freddo", authors=[Person("Nuñez", "Ana")])
        publication(
            moda, title_it="Pelli conciate", kind=Kind.ARTICLE, issued=date(2024, 1, 1), sector_id=None
        )
        publication(moda, title_it="Bozza segreta", published=False)
    whole = client.get("/moda/publications/").text
    assert [t in whole for t in ("Perché tingere", "Pelli conciate", "Bozza segreta")] == [True, True, False]
    for query, found in (
        ("q=perche+NUNEZ", [True, False]), ("kind=article", [False, True]), ("year=2024", [False, True]),
        ("sector=tessile", [True, False]), ("q=%25", [False, False]), ("kind=x&year=x&sector=x", [True, True]),
    ):  # fmt: skip
        page = client.get(f"/moda/publications/?{query}").text
        assert (query, [t in page for t in ("Perché tingere", "Pelli conciate")]) == (query, found)


def test_facets_count_what_the_list_holds(moda, client):
    with transaction():
        for year in (2024, 2025, 2025):
            publication(moda, issued=date(year, 1, 1))
        publication(moda, kind=Kind.ARTICLE, issued=date(2025, 1, 1))
    facets = re.search(r'<nav class="facets".*?</nav>', client.get("/moda/publications/").text, re.DOTALL)[0]
    assert re.findall(r">([^<]+)</a> \((\d+)\)", facets) == [
        ("Rapporto", "3"), ("Articolo", "1"), ("2025", "3"), ("2024", "1"),
    ]  # fmt: skip


def test_pages_of_the_list_follow_each_other_by_key(moda, client):
    with transaction():
        for n in range(60):
            publication(moda, title_it=f"Rapporto numero {n:02d}.", issued=date(2026, 1, 1 + n % 3))
    first = client.get("/moda/publications/?q=rapporto").text
    second = client.get(re.search(r'href="([^"]*after=[^"]*)"', first)[1].replace("&amp;", "&")).text
    titles = [re.findall(r"Rapporto numero (\d\d)\.", page) for page in (first, second)]
    assert [len(t) for t in titles] == [50, 10]
    assert len({*titles[0], *titles[1]}) == 60


@pytest.mark.parametrize(
    "path", ["/moda/publications/", "/moda/desk/publications/", "/moda/publications.json"]
)
def test_a_list_makes_as_many_queries_for_100_rows_as_for_one(moda, ada, sign_in, path):
    browser = sign_in(ada)
    with transaction():
        publication(moda)
    few = queries_of(browser, path)
    with transaction():
        for _ in range(99):
            publication(moda)
    assert queries_of(browser, path) == few


def queries_of(browser, path):
    db.session.expire_all()
    seen = []
    listen = lambda *a: seen.append(a[2])  # noqa: E731
    event.listen(db.engine, "before_cursor_execute", listen)
    try:
        assert browser.get(path).status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", listen)
    return len(seen)


def test_the_page_carries_what_google_scholar_reads(moda, client):
    with transaction():
        row = publication(
            moda, kind=Kind.ARTICLE, title_en="Cold dyeing", language="en", container="Textile Journal",
            volume="12", number="3", pages="10-15", doi="10.1000/182", issn="0097-8493", issued=date(2026, 5, 4),
            abstract_it="Di che si parla.", abstract_en="What it is about.", keywords=["colore", "acqua"],
            authors=[Person("Rossi", "Maria", affiliation="Università di Firenze", orcid="0000-0002-1825-0097"),
                     Person("Regione Toscana", organisation=True), Person("Verdi", "Ugo", editor=True)],
        )  # fmt: skip
        file = actions.attach(row, BytesIO(b"%PDF-1.7 x"), "a.pdf")
    page = client.get(f"/moda/publications/{row.slug}").text
    url = f"http://127.0.0.1:8000/moda/publications/{row.slug}"
    assert re.findall(r'<meta name="(citation_[^"]*)" content="([^"]*)">', page) == [
        ("citation_title", "Cold dyeing"),
        ("citation_author", "Rossi, Maria"),
        ("citation_author_institution", "Università di Firenze"),
        ("citation_author_orcid", "0000-0002-1825-0097"),
        ("citation_author", "Regione Toscana"),
        ("citation_editor", "Verdi, Ugo"),
        ("citation_publication_date", "2026/05/04"),
        ("citation_journal_title", "Textile Journal"),
        ("citation_volume", "12"),
        ("citation_issue", "3"),
        ("citation_firstpage", "10"),
        ("citation_lastpage", "15"),
        ("citation_doi", "10.1000/182"),
        ("citation_issn", "0097-8493"),
        ("citation_language", "en"),
        ("citation_keywords", "colore"),
        ("citation_keywords", "acqua"),
        ("citation_abstract_html_url", url),
        ("citation_pdf_url", f"{url}/files/{file.id}"),
    ]
    assert f'<link rel="canonical" href="{url}">' in page
    assert '<meta name="DC.creator" content="Rossi, Maria">' in page
    assert f'<meta property="og:url" content="{url}">' in page
    data = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)[1])
    assert (data["@type"], data["name"], data["datePublished"]) == (
        "ScholarlyArticle",
        "Cold dyeing",
        "2026-05-04",
    )
    assert data["author"][0] == {
        "@id": "https://orcid.org/0000-0002-1825-0097", "@type": "Person", "name": "Maria Rossi",
        "familyName": "Rossi", "givenName": "Maria",
        "affiliation": {"@type": "Organization", "name": "Università di Firenze"},
    }  # fmt: skip
    assert data["isPartOf"]["isPartOf"]["isPartOf"] == {
        "@type": "Periodical", "name": "Textile Journal", "issn": "0097-8493",
    }  # fmt: skip
    assert (
        "Rossi, M., &amp; Regione Toscana. (2026). Cold dyeing. <i>Textile Journal</i>, <i>12</i>(3), 10–15. https://doi.org/10.1000/182"
        in page
    )


def test_the_abstract_is_in_the_readers_language(moda, client):
    with transaction():
        row = publication(moda, abstract_it="Di che si parla.", abstract_en="What it is about.")
    pages = [client.get(f"/moda/publications/{row.slug}?lang={lang}").text for lang in ("it", "en")]
    shown = [re.findall(r'<div class="prose">(.*?)</div>', page) for page in pages]
    assert shown == [["Di che si parla."], ["What it is about."]]


def test_drafts_and_what_was_taken_back_are_not_there_for_the_public(moda, ada, client):
    with transaction():
        draft, back = publication(moda, published=False), publication(moda)
        files = [actions.attach(p, BytesIO(b"%PDF-1.7 x"), "a.pdf") for p in (draft, back)]
        actions.withdraw(back, reason="errore", by=ada)
    for row, file in zip((draft, back), files, strict=True):
        for path in ("", ".bib", ".ris", f"/files/{file.id}"):
            status = 404 if row is draft else 410
            assert client.get(f"/moda/publications/{row.slug}{path}").status_code == status
    for ending in ("bib", "ris", "json", "atom"):
        assert draft.title_it not in client.get(f"/moda/publications.{ending}").text


def test_a_file_comes_as_a_download_of_its_own_publication_only(moda, client):
    with transaction():
        one, other = publication(moda), publication(moda)
        file = actions.attach(one, BytesIO(b"%PDF-1.7 <script>"), 'perché "qui".pdf')
    answer = client.get(f"/moda/publications/{one.slug}/files/{file.id}")
    assert (answer.data, answer.mimetype) == (b"%PDF-1.7 <script>", "application/pdf")
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert client.get(f"/moda/publications/{other.slug}/files/{file.id}").status_code == 404


def test_hostile_texts_are_shown_as_texts(moda, ada, client, sign_in):
    with transaction():
        row = publication(
            moda, title_it=HOSTILE, abstract_it=HOSTILE, container=HOSTILE, publisher=HOSTILE, keywords=[HOSTILE],
            authors=[Person(HOSTILE, HOSTILE, affiliation=HOSTILE)], extra={"bibtex": {"note": HOSTILE}},
        )  # fmt: skip
    for browser, path in (
        (client, "/moda/publications/"), (client, f"/moda/publications/{row.slug}"),
        (client, "/moda/publications.atom"), (sign_in(ada), "/moda/desk/publications/"),
        (sign_in(ada), f"/moda/desk/publications/{row.slug}"),
        (sign_in(ada), f"/moda/desk/publications/{row.slug}/edit"),
    ):  # fmt: skip
        page = browser.get(path)
        assert (path, page.status_code, "<script>alert" in page.text, "<b>" in page.text) == (
            path,
            200,
            False,
            False,
        )


def test_ada_enters_a_publication_and_bice_publishes_it(moda, ada, bice, sign_in, client):
    browser = sign_in(ada)
    form = entered(
        moda, title_en="Cold dyeing", editors="Verdi, Ugo", keywords="colore, acqua; colore", isbn="978-88-06-21964-2",
        doi="https://doi.org/10.1000/182", pages="1-9", sector_id=str(moda.sectors[0].id),
        authors="Rossi, Maria; 0000-0002-1825-0097; Università di Firenze\n{Regione Toscana}\n\nAristotele",
    )  # fmt: skip
    answer = browser.post("/moda/desk/publications/new", data=form)
    row = only()
    assert (answer.status_code, answer.location) == (303, "/moda/desk/publications/tingere-a-freddo")
    assert [
        (a.family_name, a.given_name, a.organisation, a.editor, a.orcid, a.affiliation) for a in row.authors
    ] == [
        ("Rossi", "Maria", False, False, "0000-0002-1825-0097", "Università di Firenze"),
        ("Regione Toscana", "", True, False, "", ""),
        ("Aristotele", "", False, False, "", ""),
        ("Verdi", "Ugo", False, True, "", ""),
    ]
    assert (row.issued, row.issued_precision, row.keywords, row.doi, row.pages) == (
        date(2026, 5, 1), "month", ["colore", "acqua"], "10.1000/182", "1–9",
    )  # fmt: skip
    assert client.get("/moda/publications/tingere-a-freddo").status_code == 404
    assert browser.post("/moda/desk/publications/tingere-a-freddo/publication").status_code == 409
    assert client.get("/moda/publications/tingere-a-freddo").status_code == 404
    assert sign_in(bice).post("/moda/desk/publications/tingere-a-freddo/publication").status_code == 303
    assert client.get("/moda/publications/tingere-a-freddo").status_code == 200


@pytest.mark.parametrize(
    "field, value, message",
    [
        ("title_it", " ", "Scrivi un titolo"),
        ("issued", "31/02/2026", "esista"),
        ("issued", "presto", "esista"),
        ("authors", "Rossi, Maria\n{Regione", "Riga 2"),
        ("authors", "Rossi, Maria; 0000-0002-1825-0098", "non è un codice ORCID valido"),
        ("isbn", "978-88-06-21964-3", "Questo ISBN è errato"),
        ("issn", "0097-8494", "Questo ISSN è errato"),
        ("doi", "11.1000", "10.1000/182"),
        ("url", "javascript:alert(1)", "https://"),
        ("activity_line_id", "", "Scegli una linea"),
        ("activity_line_id", "999999", "Not a valid choice"),
        ("kind", "song", "Not a valid choice"),
        ("licence", "GPL", "Not a valid choice"),
    ],
)
def test_a_mistake_is_told_at_its_field_and_what_was_written_is_kept(
    moda, ada, sign_in, field, value, message
):
    form = entered(moda, abstract_it="Un lungo riassunto.", **{field: value})
    page = sign_in(ada).post("/moda/desk/publications/new", data=form)
    assert page.status_code == 422
    assert re.search(rf'id="{field}-errors">.*?</ul>', page.text, re.DOTALL)
    assert "Un lungo riassunto." in page.text
    if message != "Not a valid choice":
        assert message in page.text.replace("&#34;", '"')
    assert db.session.scalar(select(Publication)) is None


def test_the_form_shows_a_publication_so_that_saving_it_changes_nothing(moda, ada, sign_in):
    with transaction():
        row = publication(
            moda, published=False, kind=Kind.CHAPTER, language="sv", title_en="Ett", licence="GPL-3.0-only",
            issued=date(2025, 1, 1), issued_precision="year", keywords=["a", "b"], abstract_en="x\n\ny",
            authors=[Person("Rossi", "Maria", False, False, "CNR", "0000-0002-1825-0097"),
                     Person("Regione", organisation=True), Person("Bini", "Ada", editor=True)],
        )  # fmt: skip
    before = described(row)
    browser = sign_in(ada)
    page = browser.get(f"/moda/desk/publications/{row.slug}/edit").text
    answer = browser.post(f"/moda/desk/publications/{row.slug}/edit", data=fields_of(page))
    db.session.expire_all()
    assert (answer.status_code, described(only())) == (303, before)


def described(row):
    own = {"version", "revised_at", "revised_by", "changed_at"}
    people = [
        (a.family_name, a.given_name, a.organisation, a.editor, a.affiliation, a.orcid) for a in row.authors
    ]
    return {c.key: getattr(row, c.key) for c in Publication.__table__.columns if c.key not in own} | {
        "who": people
    }


def fields_of(page):
    from html import unescape

    form = re.search(r'<form method="post" novalidate>(.*?)</form>', page, re.DOTALL)[1]
    values = {n: unescape(v) for n, v in re.findall(r'<input[^>]*name="([^"]*)"[^>]*value="([^"]*)"', form)}
    for name, text in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        values[name] = unescape(text.removeprefix("\r\n"))
    for name, options in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        values[name] = unescape(re.search(r'<option selected value="([^"]*)"', options)[1])
    return values


def test_of_two_editors_the_second_sees_her_text_and_a_refusal(moda, ada, sign_in):
    with transaction():
        row = publication(moda, published=False)
    browser, path = sign_in(ada), f"/moda/desk/publications/{row.slug}/edit"
    assert browser.post(path, data=entered(moda, version="1", title_it="Prima")).status_code == 303
    second = browser.post(path, data=entered(moda, version="1", title_it="Seconda"))
    db.session.expire_all()
    assert (second.status_code, "Seconda" in second.text, only().title_it) == (422, True, "Prima")


def test_files_are_added_with_size_and_hash_and_removed_after_a_question(moda, ada, sign_in):
    with transaction():
        row = publication(moda, published=False)
    browser, path = sign_in(ada), f"/moda/desk/publications/{row.slug}"
    sent = browser.post(f"{path}/files", data={"file": (BytesIO(b"%PDF-1.7 " + b"x" * 2000), "a.pdf")})
    file = only().files[0]
    page = browser.get(path).text
    assert (sent.status_code, file.file.sha256 in page, "2 kB" in page) == (303, True, True)
    assert browser.get(f"{path}/files/{file.id}").data.startswith(b"%PDF")
    assert "a.pdf" in browser.get(f"{path}/files/{file.id}/removal").text
    assert len(only().files) == 1
    assert browser.post(f"{path}/files/{file.id}/removal").status_code == 303
    db.session.expire_all()
    assert only().files == []


@pytest.mark.parametrize("content, name", [(b"<script>", "a.pdf"), (b"", "a.pdf"), (None, "")])
def test_a_file_that_is_none_is_refused_at_its_field(moda, ada, sign_in, content, name):
    with transaction():
        row = publication(moda, published=False)
    data = {"file": (BytesIO(content), name)} if content is not None else {}
    page = sign_in(ada).post(f"/moda/desk/publications/{row.slug}/files", data=data)
    assert (page.status_code, 'id="file-errors"' in page.text, only().files) == (422, True, [])


def test_a_publication_is_taken_back_with_a_reason_and_put_back(moda, ada, sign_in):
    with transaction():
        row = publication(moda)
    browser, path = sign_in(ada), f"/moda/desk/publications/{row.slug}"
    assert browser.post(f"{path}/withdrawal", data={"reason": " "}).status_code == 422
    assert browser.post(f"{path}/withdrawal", data={"reason": "File sbagliato"}).status_code == 303
    db.session.expire_all()
    assert only().state is State.WITHDRAWN
    assert "File sbagliato" in browser.get(path).text
    assert browser.post(f"{path}/removal").status_code == 409
    assert browser.post(f"{path}/publication").status_code == 303
    assert browser.post(f"{path}/publication").status_code == 409


def test_a_draft_is_removed_after_a_question(moda, ada, sign_in):
    with transaction():
        row = publication(moda, published=False)
    browser = sign_in(ada)
    assert row.title_it in browser.get(f"/moda/desk/publications/{row.slug}/removal").text
    assert browser.post(f"/moda/desk/publications/{row.slug}/removal").status_code == 303
    assert db.session.scalar(select(Publication)) is None


def test_titles_that_are_named_like_our_pages_get_an_address_of_their_own(moda, ada, sign_in):
    with transaction():
        rows = [publication(moda, title_it=t) for t in ("New", "Imports")]
    assert [r.slug for r in rows] == ["new-2", "imports-2"]


DESK_PAGES = (
    ("get", ""), ("get", "new"), ("get", "{slug}"), ("get", "{slug}/edit"), ("post", "{slug}/publication"),
    ("get", "{slug}/withdrawal"), ("post", "{slug}/withdrawal"), ("get", "{slug}/removal"),
    ("post", "{slug}/removal"), ("post", "{slug}/files"), ("get", "{slug}/files/{file}"),
    ("post", "{slug}/files/{file}/removal"), ("get", "imports/new"), ("post", "imports/new"),
    ("get", "imports/{upload}"), ("post", "imports/{upload}"),
)  # fmt: skip


@pytest.mark.parametrize("method, path", DESK_PAGES)
def test_dora_is_refused(moda, nautica, dora, ada, sign_in, method, path):
    with transaction():
        row = publication(moda)
        file = actions.attach(row, BytesIO(b"%PDF-1.7 x"), "a.pdf")
        upload = actions.keep_upload(moda, BytesIO(b"@misc{a}"), "a.bib", language="it", by=ada)
    path = path.format(slug=row.slug, file=file.id, upload=upload.id)
    call = getattr(sign_in(dora), method)
    assert call(f"/moda/desk/publications/{path}").status_code == 404
    if "{" in path or row.slug in path or ("imports/" in path and path != "imports/new"):
        assert call(f"/nautica/desk/publications/{path}").status_code == 404  # not by her own desk either


@pytest.mark.parametrize("method, path", DESK_PAGES)
def test_elio_reads_and_changes_nothing(moda, ada, elio, sign_in, method, path):
    with transaction():
        row = publication(moda)
        file = actions.attach(row, BytesIO(b"%PDF-1.7 x"), "a.pdf")
        upload = actions.keep_upload(moda, BytesIO(b"@misc{a}"), "a.bib", language="it", by=ada)
    reads = ("", "{slug}", "{slug}/files/{file}")
    expected = 200 if method == "get" and path in reads else 403
    path = path.format(slug=row.slug, file=file.id, upload=upload.id)
    assert getattr(sign_in(elio), method)(f"/moda/desk/publications/{path}").status_code == expected


def test_a_strangers_district_does_not_show_our_publications(moda, nautica, client):
    with transaction():
        row = publication(moda)
    assert client.get(f"/nautica/publications/{row.slug}").status_code == 404
    assert row.title_it not in client.get("/nautica/publications.bib").text


def test_what_is_public_is_moved_with_a_reason_and_the_form_keeps_what_was_written(moda, sign_in, ada):
    with transaction():
        row = publication(moda, by=ada, title_it="Tingere a freddo")
    browser, at = sign_in(ada), f"/moda/desk/publications/{row.slug}/edit"
    assert 'name="reason"' in browser.get(at).text
    moved = entered(moda, activity_line_id=str(factories.line(moda, "a").id), title_it="Tingere", version="1",
                    sector_id=str(row.sector_id))  # fmt: skip
    version = re.search(r'name="version"[^>]*value="(\d+)"', browser.get(at).text)[1]
    answer = browser.post(at, data=moved | {"version": version})
    assert (answer.status_code, "Scrivi perché cambiano" in answer.text, "Tingere" in answer.text) == (
        422,
        True,
        True,
    )
    assert browser.post(at, data=moved | {"version": version, "reason": "linea sbagliata"}).status_code == 303
    assert [(r.activity_line_id == row.activity_line_id, r.reason) for r in db.session.scalars(
        select(Activity).order_by(Activity.id))] == [(False, ""), (False, "linea sbagliata"), (True, "")]  # fmt: skip


def test_a_draft_is_not_asked_why_it_moves(moda, sign_in, ada):
    with transaction():
        row = publication(moda, by=ada, published=False)
    assert 'name="reason"' not in sign_in(ada).get(f"/moda/desk/publications/{row.slug}/edit").text
