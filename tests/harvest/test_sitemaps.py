"""What search engines and feed readers are told of."""

from datetime import UTC, datetime, timedelta
from io import BytesIO
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import event, update

from dissemination.bibliography.kinds import Access
from dissemination.harvest import sitemaps
from dissemination.kernel.database import db, transaction
from dissemination.publications import actions
from dissemination.publications.models import Kind, Publication
from tests import factories
from tests.publications.cast import publication

MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
ATOM = "{http://www.w3.org/2005/Atom}"
HOST = "http://127.0.0.1:8000"
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


def locations(client, path, kind="application/xml"):
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, kind)
    return [e.text for e in ET.fromstring(answer.data).iter(f"{MAP}loc")]


def made(district, title, **facts):
    with transaction():
        return publication(district, title_it=title, **facts)


def test_the_index_leads_to_every_public_page_and_each_opens(moda, nautica, ada, client):
    public, back = made(moda, "Pubblica"), made(moda, "Ritirata")
    draft = made(moda, "Bozza", published=False)
    with transaction():
        actions.withdraw(back, reason="errore", by=ada)
        shown = factories.workshop(moda)
        factories.workshop(moda, published=False, title="Segreto")
        factories.workshop(moda, is_private=True, title="Privato")
    maps = locations(client, "/sitemap.xml")
    assert f"{HOST}/moda/newsletters/sitemap.xml" in maps
    pages = [page for m in maps for page in locations(client, m.removeprefix(HOST))]
    assert [p for p in pages if "/publications/" in p and p.startswith(f"{HOST}/moda")] == [
        f"{HOST}/moda/publications/", f"{HOST}/moda/publications/{public.slug}",
    ]  # fmt: skip
    assert f"{HOST}/moda/workshops/{shown.slug}" in pages
    assert not [
        p for p in pages if any(w in p for w in (draft.slug, back.slug, "segreto", "privato", "/desk/"))
    ]
    assert f"{HOST}/nautica/" in pages
    assert len(set(pages)) == len(pages)
    assert {client.get(p.removeprefix(HOST)).status_code for p in pages} == {200}


def test_robots_are_sent_to_the_index(moda, client):
    assert f"Sitemap: {HOST}/sitemap.xml" in client.get("/robots.txt").text.splitlines()


def test_publications_come_in_parts_by_id_with_their_last_change(moda, client, monkeypatch):
    monkeypatch.setattr(sitemaps, "PART", 2)
    rows = [made(moda, f"Numero {n}") for n in range(5)]
    with transaction():
        db.session.execute(update(Publication).values(changed_at=NOW))
    maps = [m for m in locations(client, "/sitemap.xml") if "/publications/" in m]
    assert len(maps) in (3, 4)
    found = [page for m in maps for page in locations(client, m.removeprefix(HOST))]
    assert found == [f"{HOST}/moda/publications/{row.slug}" for row in rows]
    assert "<lastmod>2026-07-01T12:00:00Z</lastmod>" in client.get(maps[0].removeprefix(HOST)).text


@pytest.mark.parametrize("part", [7, 10**12, 10**30])
def test_a_part_that_holds_nothing_is_not_there(moda, client, part):
    assert client.get(f"/moda/publications/sitemap-{part}.xml").status_code == 404


def feed(client, query=""):
    answer = client.get(f"/moda/publications.atom{query}")
    assert (answer.status_code, answer.mimetype) == (200, "application/atom+xml")
    root = ET.fromstring(answer.data)
    assert [root.findtext(f"{ATOM}{n}") is not None for n in ("id", "title", "updated", "author")] == [
        True
    ] * 4
    for entry in root.iter(f"{ATOM}entry"):
        assert all(entry.findtext(f"{ATOM}{n}") for n in ("id", "title", "updated", "published"))
    return root


def titles(root):
    return [e.findtext(f"{ATOM}title") for e in root.iter(f"{ATOM}entry")]


def test_there_is_a_feed_of_the_district_of_each_sector_and_of_each_type(moda, nautica, client):
    textiles, leather = moda.sectors
    made(moda, "Uno", sector_id=textiles.id, kind=Kind.REPORT)
    made(moda, "Due", sector_id=leather.id, kind=Kind.REPORT)
    made(moda, "Tre", sector_id=leather.id, kind=Kind.ARTICLE)
    made(moda, "Bozza", published=False)
    made(nautica, "Altrove")
    seen = {
        query: (
            titles(root := feed(client, query)),
            root.findtext(f"{ATOM}title"),
            root.findtext(f"{ATOM}id"),
        )
        for query in ("", "?sector=pelle", "?kind=report", "?kind=report&sector=pelle", "?q=tre")
    }
    home = f"{HOST}/moda/publications.atom"
    assert seen == {
        "": (["Tre", "Due", "Uno"], "Pubblicazioni di Distretto moda", home),
        "?sector=pelle": (["Tre", "Due"], "Pubblicazioni di Distretto moda: Pelle e cuoio", f"{home}?sector=pelle"),
        "?kind=report": (["Due", "Uno"], "Pubblicazioni di Distretto moda: Rapporto", f"{home}?kind=report"),
        "?kind=report&sector=pelle": (
            ["Due"], "Pubblicazioni di Distretto moda: Rapporto, Pelle e cuoio", f"{home}?kind=report&sector=pelle",
        ),
        "?q=tre": (["Tre"], "Pubblicazioni di Distretto moda", f"{home}?q=tre"),
    }  # fmt: skip


def test_a_page_names_the_feeds_that_its_publication_is_in(moda, client):
    row = made(moda, "Uno", sector_id=moda.sectors[0].id)
    text = client.get(f"/moda/publications/{row.slug}").text
    for query in ("", "?kind=report", "?sector=tessile"):
        assert f'href="/moda/publications.atom{query}"' in text
        assert titles(feed(client, query)) == ["Uno"]


def test_what_changed_last_comes_first_whatever_its_date_of_issue(moda, client):
    rows = [made(moda, title) for title in ("Uno", "Due", "Tre")]
    for days, row in enumerate(rows):
        with transaction():
            moment = NOW - timedelta(days=days)
            db.session.execute(
                update(Publication)
                .where(Publication.id == row.id)
                .values(changed_at=moment, first_published_at=NOW - timedelta(days=9))
            )
    root = feed(client)
    assert titles(root) == ["Uno", "Due", "Tre"]
    assert root.findtext(f"{ATOM}updated") == "2026-07-01T12:00:00+00:00"
    assert root.findtext(f"{ATOM}entry/{ATOM}published") == "2026-06-22T12:00:00+00:00"


@pytest.mark.parametrize(("access", "files"), [(Access.OPEN, 1), (Access.CLOSED, 0), (Access.MEMBERS, 0)])
def test_a_feed_encloses_the_files_that_anybody_may_read(moda, client, access, files):
    row = made(moda, "Uno", access=access)
    with transaction():
        actions.attach(row, BytesIO(b"%PDF-1.7 x"), "a.pdf")
    found = [e for e in feed(client).iter(f"{ATOM}link") if e.get("rel") == "enclosure"]
    assert len(found) == files
    assert all(client.get(e.get("href").removeprefix(HOST)).status_code == 200 for e in found)


def test_a_feed_makes_as_many_queries_for_50_entries_as_for_one(moda, client):
    made(moda, "Uno")
    few = queries_of(client)
    with transaction():
        for _ in range(49):
            publication(moda)
    assert queries_of(client) == few


def queries_of(client):
    db.session.expire_all()
    seen = []
    listen = lambda *a: seen.append(a[2])  # noqa: E731
    event.listen(db.engine, "before_cursor_execute", listen)
    try:
        feed(client)
    finally:
        event.remove(db.engine, "before_cursor_execute", listen)
    return len(seen)
