"""The public archive: list, page, frame, feed."""

import re
from xml.etree import ElementTree

import pytest
import time_machine

from dissemination.kernel.database import db, transaction
from dissemination.newsletters.archive import cleaned
from tests import factories
from tests.newsletters import cast

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def sent(moda, ada):
    with time_machine.travel("2026-03-02 09:00 +0000", tick=False):
        with transaction():
            topic = cast.topic(moda)
            cast.subscriber(moda, topic, email="gina@moda.example")
            workshop = factories.workshop(moda)
            issue = cast.issue(moda, topic, by=ada, subject_en="March & news", workshop_ids=[workshop.id])
            cast.issue(moda, topic, by=ada, subject_it="Bozza segreta")
        cast.send(issue, by=ada)
    return issue


def test_the_list_shows_what_was_sent_and_no_drafts(client, sent):
    page = client.get("/moda/newsletters/").text
    assert "Novità di marzo" in page
    assert "Bozza segreta" not in page
    assert client.get("/moda/newsletters/bozza-segreta").status_code == 404
    assert client.get("/moda/newsletters/bozza-segreta/content").status_code == 404


def test_an_empty_archive_says_what_to_do(client, moda):
    assert "Nessuna newsletter è stata ancora inviata." in client.get("/moda/newsletters/").text


def test_another_districts_archive_does_not_have_it(client, sent, nautica):
    assert client.get(f"/nautica/newsletters/{sent.slug}").status_code == 404
    assert client.get(f"/nautica/newsletters/{sent.slug}/content").status_code == 404
    assert "Novità" not in client.get("/nautica/newsletters/").text


def test_an_issue_has_a_tab_per_language_a_frame_and_its_text(client, sent):
    url = f"/moda/newsletters/{sent.slug}"
    italian, english = client.get(url).text, client.get(f"{url}?edition=en").text
    assert '<h1 lang="it">Novità di marzo</h1>' in italian
    assert '<h1 lang="en">March &amp; news</h1>' in english
    assert f'src="{url}/content?edition=en"' in english
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in italian
    assert "giovedì 11 marzo 2027" in italian
    assert "Thursday, 11 March 2027" in english
    assert f"{url}?edition=en" in italian


def test_the_archive_holds_nobodys_links(client, sent):
    url = f"/moda/newsletters/{sent.slug}"
    for page in (client.get(url).text, client.get(f"{url}/content").text):
        assert "gina@moda.example" not in page
        assert not re.search(r"/[us]/", page.replace("/static/", ""))
        assert "/moda/subscriptions" in page


def test_the_frame_runs_no_script_and_loads_nothing(client, sent):
    with transaction():
        hostile = dict(sent.frozen["it"])
        hostile["html"] = (
            '<script>alert(1)</script><img src="https://x.example/p.gif"><p onclick="x()" style="color:red;'
            'background:url(https://x.example)">ciao</p><a href="javascript:x()">q</a><iframe src="//x"></iframe>'
            '<form action="//x"><input></form><link rel=stylesheet href="//x"><base href="//x">'
        )
        sent.frozen = {**sent.frozen, "it": hostile}
    answer = client.get(f"/moda/newsletters/{sent.slug}/content?edition=it")
    body = answer.text.partition("<body")[2].partition(">")[2]
    assert body.strip().startswith('<p style="color:red">ciao</p><a rel="noopener noreferrer">q</a>')
    assert not re.search(r"<(script|img|iframe|form|input|link|base)|javascript|x\.example", body)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Security-Policy"].endswith(
        "sandbox allow-popups allow-popups-to-escape-sandbox"
    )
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_cleaning_keeps_the_shape_of_the_mail(sent):
    html = cleaned(sent.frozen["it"]["html"])
    assert "<table" in html
    assert "Programma e iscrizione" in html
    assert "color-scheme" not in html


def test_the_feed_lists_what_was_sent(client, sent):
    for url in ("/moda/newsletters.atom", "/moda/newsletters/.atom"):
        answer = client.get(url)
        assert answer.mimetype == "application/atom+xml"
        feed = ElementTree.fromstring(answer.data)
        entries = feed.findall(f"{ATOM}entry")
        assert [e.find(f"{ATOM}title").text for e in entries] == ["Novità di marzo"]
        assert entries[0].find(f"{ATOM}id").text == f"http://127.0.0.1:8000/moda/newsletters/{sent.slug}"
        assert "Buongiorno a tutti." in entries[0].find(f"{ATOM}content").text
        assert feed.find(f"{ATOM}updated").text == "2026-03-02T09:00:00+00:00"


def test_an_empty_feed_is_valid(client, moda):
    feed = ElementTree.fromstring(client.get("/moda/newsletters.atom").data)
    assert feed.findall(f"{ATOM}entry") == []
    assert feed.find(f"{ATOM}updated").text
    db.session.rollback()
