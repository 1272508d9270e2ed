"""The archive as machines and visitors find it: search, feed, sitemap, what is kept out of it."""

import json
import re
from datetime import datetime
from xml.etree import ElementTree

import pytest
import time_machine

from dissemination.kernel.database import db, transaction
from dissemination.newsletters.archive import cleaned
from tests import factories
from tests.newsletters import cast

ATOM = "{http://www.w3.org/2005/Atom}"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
HOME = "http://127.0.0.1:8000/moda/newsletters"


@pytest.fixture
def issues(moda, ada):
    """Three issues of two years, to two topics."""
    found = []
    with transaction():
        topics = [cast.topic(moda, "Tessile"), cast.topic(moda, "Pelle")]
        for t in topics:
            cast.subscriber(moda, t)
        factories.workshop(moda)
    for moment, subject, topic in (
        ("2025-12-31 22:30", "Filati & <novità>", topics[0]),
        ("2026-01-02 09:00", "Concia al vegetale", topics[1]),
        ("2026-03-02 09:00", "Cento% lana_fine", topics[0]),
    ):
        with time_machine.travel(f"{moment} +0000", tick=False):
            with transaction():
                issue = cast.issue(moda, topic, by=ada, subject_it=subject)
            cast.send(issue, by=ada)
        found.append(issue)
    return found


def subjects(page):
    return re.findall(r'<h2><a href="[^"]+">([^<]+)</a></h2>', page.text)


def test_issues_are_found_by_year_topic_and_words(client, issues):
    url = "/moda/newsletters/"
    everything = ["Cento% lana_fine", "Concia al vegetale", "Filati &amp; &lt;novità&gt;"]
    assert subjects(client.get(url)) == everything
    assert subjects(client.get(f"{url}?year=2025")) == everything[2:], "23:30 in Prato is still 2025"
    topic = issues[1].topics[0].id
    assert subjects(client.get(f"{url}?topic={topic}")) == everything[1:2]
    assert subjects(client.get(f"{url}?q=lana+cento")) == everything[:1]
    assert subjects(client.get(f"{url}?q=%25+_f")) == everything[:1], "% and _ are letters"
    empty = client.get(f"{url}?q=nulla&year=2026")
    assert "Nessuna newsletter corrisponde." in empty.text
    assert 'content="noindex"' in empty.text
    for odd in (
        "?year=x",
        "?year=99999999999",
        "?topic=99999999999999",
        "?year=-1",
        "?q=" + "a" * 9000,
        "?after=x",
    ):
        assert client.get(url + odd).status_code == 200, odd


def test_the_feed_is_what_rfc_4287_wants(client, issues):
    feed = ElementTree.fromstring(client.get("/moda/newsletters.atom").data)
    assert feed.tag == f"{ATOM}feed"
    for one in (feed, *feed.findall(f"{ATOM}entry")):  # §4.1.1, §4.1.2: exactly one of each
        for name in ("id", "title", "updated"):
            assert len(one.findall(ATOM + name)) == 1, name
        assert datetime.fromisoformat(one.find(f"{ATOM}updated").text).tzinfo is not None
        assert one.find(f"{ATOM}id").text.startswith("http://")
    assert len(feed.findall(f"{ATOM}author")) == 1, "§4.1.1: entries have none of their own"
    links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
    assert links["self"] == "http://127.0.0.1:8000/moda/newsletters.atom"
    ids = [e.find(f"{ATOM}id").text for e in feed.findall(f"{ATOM}entry")]
    assert ids == [f"{HOME}/{issue.slug}" for issue in reversed(issues)]
    for entry in feed.findall(f"{ATOM}entry"):
        assert [link.get("rel") for link in entry.findall(f"{ATOM}link")] == ["alternate"]
        assert entry.find(f"{ATOM}content").get("type") == "text"
    titles = [e.find(f"{ATOM}title").text for e in feed.findall(f"{ATOM}entry")]
    assert titles[-1] == "Filati & <novità>"


def test_the_sitemap_lists_the_archive(client, issues):
    answer = client.get("/moda/newsletters/sitemap.xml")
    assert answer.mimetype == "application/xml"
    tree = ElementTree.fromstring(answer.data)
    assert tree.tag == f"{MAP}urlset"
    found = [url.find(f"{MAP}loc").text for url in tree.findall(f"{MAP}url")]
    assert found == [f"{HOME}/", *(f"{HOME}/{issue.slug}" for issue in reversed(issues))]
    assert all(datetime.fromisoformat(u.find(f"{MAP}lastmod").text) for u in tree.findall(f"{MAP}url"))


def test_a_page_says_what_it_is_to_search_engines(client, issues):
    page = client.get(f"/moda/newsletters/{issues[0].slug}").text
    assert f'<link rel="canonical" href="{HOME}/{issues[0].slug}?edition=it">' in page
    about = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)[1])
    assert (about["@type"], about["headline"], about["datePublished"]) == (
        "NewsArticle", "Filati & <novità>", "2025-12-31T22:30:00+00:00",
    )  # fmt: skip
    frame = client.get(f"/moda/newsletters/{issues[0].slug}/content")
    assert frame.headers["X-Robots-Tag"] == "noindex"


def test_an_issue_is_kept_out_with_a_reason_and_comes_back(client, sign_in, ada, moda, issues):
    desk, issue = sign_in(ada), issues[1]
    slug, url = issue.slug, f"/moda/desk/newsletters/{issue.id}"
    assert desk.post(f"{url}/withholding", data={"reason": ""}).status_code == 422
    assert desk.post(f"{url}/withholding", data={"reason": "Un errore nel bando"}).status_code == 303
    for path in ("", "/content"):
        assert client.get(f"/moda/newsletters/{slug}{path}").status_code == 404
    for path in ("/moda/newsletters/", "/moda/newsletters.atom", "/moda/newsletters/sitemap.xml"):
        assert slug not in client.get(path).text, path
    page = desk.get(url)
    assert page.status_code == 200
    assert "Un errore nel bando" in page.text
    assert desk.post(f"{url}/showing").status_code == 303
    assert client.get(f"/moda/newsletters/{slug}").status_code == 200
    db.session.rollback()
    assert issue.withheld_because == ""


def test_a_draft_is_not_to_be_withheld(sign_in, ada, moda):
    with transaction():
        issue = cast.issue(moda, cast.topic(moda), by=ada)
    url = f"/moda/desk/newsletters/{issue.id}"
    desk = sign_in(ada)
    assert [desk.get(f"{url}/{page}").status_code for page in ("withholding", "outcome")] == [404, 404]
    assert desk.post(f"{url}/showing").status_code == 404


def test_pictures_of_ours_are_kept_and_of_others_their_words(app):
    home = app.config["SETTINGS"].public_url
    html = cleaned(
        f'<img src="{home}/moda/files/1" alt="Il telaio"><img src="https://x.example/a.gif" alt="Un pixel">'
        '<img src="//x.example/b.gif"><img src="data:image/png;base64,AA" alt="Dati">'
    )
    assert re.findall(r'src="([^"]+)"', html) == ["/moda/files/1"]
    assert "Un pixel" in html
    assert "x.example" not in html
