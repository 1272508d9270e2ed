"""The composer in a real Chromium: from the calendar to the question before sending, by mouse and by keys.

And what a hostile template tries in a preview and in the archive.
"""

import re

import pytest
import time_machine
from playwright.sync_api import expect

from dissemination.kernel.database import db, transaction
from dissemination.newsletters import actions, framing
from dissemination.newsletters.models import BlockKind
from tests import factories
from tests.browser.conftest import serious_findings
from tests.browser.test_accessibility import session_cookie
from tests.newsletters import cast

pytestmark = pytest.mark.browser
DESK = "/moda/desk/newsletters"


@pytest.fixture(autouse=True)
def spring():
    with time_machine.travel("2026-03-02 09:00 +0000", tick=True):
        yield


@pytest.fixture
def topic(moda):
    with transaction():
        return cast.topic(moda, "Tessile", name_en="Textiles")


def enter(context, app, site, account):
    context.add_cookies([{"name": "session", "value": session_cookie(app, account), "url": site}])


@pytest.fixture
def desk(app, page, site, ada):
    """A page on which Ada is signed in."""
    enter(page.context, app, site, ada)
    return page


def order(page) -> list[str]:
    return page.eval_on_selector_all(".blocks-ordered > li", "items => items.map(i => i.dataset.name)")


def stored(issue_id) -> list[str]:
    from dissemination.newsletters.models import Issue

    db.session.rollback()
    return [b.text_it for b in db.session.get(Issue, issue_id).blocks]


def test_a_monthly_newsletter_is_composed_and_checked_in_four_clicks(desk, moda, topic):
    with transaction():
        cast.subscriber(moda, topic)
        for day in (11, 20):
            start = factories.DAY.replace(year=2026, month=3, day=day)
            factories.workshop(moda, title=f"Workshop {day}", starts_at=start)
        cast.publication(moda)
    clicks = 0

    def click(what):
        nonlocal clicks
        what.click()
        clicks += 1

    desk.goto(f"{DESK}/")
    click(desk.get_by_role("link", name="Componi dal calendario"))
    expect(desk.get_by_role("heading", level=1)).to_have_text("Componi dal calendario")
    assert serious_findings(desk) == []
    click(desk.get_by_role("button", name="Componi", exact=True))
    desk.wait_for_url(re.compile(r"/newsletters/\d+$"))
    assert serious_findings(desk) == []
    mail = desk.frame_locator("iframe[name=shown]")
    expect(mail.get_by_role("heading", name="Workshop 11")).to_be_visible()
    expect(mail.get_by_text("Atlante dei filati")).to_be_visible()
    click(desk.get_by_role("link", name="Controlla e invia"))
    expect(desk.get_by_role("button", name="Invia a 1 persona")).to_be_visible()
    assert clicks + 1 == 4, "the fourth is the button that sends"


@pytest.fixture
def three(moda, ada, topic):
    with transaction():
        issue = cast.issue(moda, topic, by=ada, text="Uno")
        for words in ("Due", "Tre"):
            actions.add_block(issue, kind=BlockKind.TEXT, text_it=words)
        return issue.id


def test_blocks_are_moved_by_keys_and_each_move_is_said(desk, three):
    desk.goto(f"{DESK}/{three}")
    down = desk.locator(".blocks-ordered > li").first.get_by_role("button", name="↓").or_(
        desk.get_by_label(re.compile("giù: Uno"))
    ).first  # fmt: skip
    down.focus()
    desk.keyboard.press("Enter")
    expect(desk.locator("#moved")).to_have_text("Uno è ora al posto 2 di 3.")
    assert order(desk) == ["Due", "Uno", "Tre"]
    desk.keyboard.press("Enter")
    expect(desk.locator("#moved")).to_have_text("Uno è ora al posto 3 di 3.")
    assert stored(three) == ["Due", "Tre", "Uno"]
    desk.get_by_label("Posto di: Uno").select_option("1")
    desk.get_by_label("Sposta a questo posto: Uno").press("Enter")
    expect(desk.locator("#moved")).to_have_text("Uno è ora al posto 1 di 3.")
    assert stored(three) == ["Uno", "Due", "Tre"]


def test_a_block_is_dragged_with_the_mouse(desk, three):
    desk.set_viewport_size({"width": 1280, "height": 1800})  # no scrolling while the button is down
    desk.goto(f"{DESK}/{three}")
    items = desk.locator(".blocks-ordered > li")
    box = items.nth(2).bounding_box()
    items.nth(0).locator(".grip").drag_to(items.nth(2), target_position={"x": 30, "y": box["height"] - 4})
    expect(desk.locator("#moved")).to_have_text("Uno è ora al posto 3 di 3.")
    assert stored(three) == ["Due", "Tre", "Uno"]
    desk.reload()
    assert order(desk) == ["Due", "Tre", "Uno"]


def test_without_javascript_blocks_are_moved_and_the_words_shown_before_they_are_saved(
    chromium_browser, app, site, ada, three
):
    context = chromium_browser.new_context(base_url=site, locale="it-IT", java_script_enabled=False)
    enter(context, app, site, ada)
    page = context.new_page()
    page.goto(f"{DESK}/{three}")
    page.locator(".blocks-ordered > li").first.locator(".movers button").nth(1).click()
    assert stored(three) == ["Due", "Uno", "Tre"]
    page.goto(f"{DESK}/{three}/blocks/new?kind=text")
    page.locator("[name=text_it]").fill("Non ancora salvato")
    page.get_by_role("button", name="Mostra nell'anteprima").click()
    expect(page.frame_locator("iframe[name=shown]").get_by_text("Non ancora salvato")).to_be_visible()
    assert len(stored(three)) == 3
    context.close()


def test_the_preview_follows_what_is_typed(desk, three):
    desk.goto(f"{DESK}/{three}/blocks/new?kind=text")
    desk.get_by_label("Testo in italiano").fill("Ciao ")
    desk.get_by_role("button", name="{nome|lettrice o lettore}").click()
    expect(desk.get_by_label("Testo in italiano")).to_have_value("Ciao {nome|lettrice o lettore}")
    mail = desk.frame_locator("iframe[name=shown]")
    expect(mail.get_by_text("Ciao lettrice o lettore")).to_be_visible()
    expect(desk.locator("#weight")).to_contain_text("kB")
    desk.get_by_role("button", name="Come testo").click()
    expect(mail.locator("pre")).to_contain_text("Ciao lettrice o lettore")
    assert serious_findings(desk) == []


def test_an_expert_sees_line_and_column_of_her_mistakes(desk, three):
    desk.goto(f"{DESK}/{three}/blocks/new?kind=mjml")
    editor = desk.locator(".code-editor .cm-content").first
    editor.click()
    desk.keyboard.insert_text("<mj-section>\n<mj-banana></mj-banana></mj-section>")
    expect(desk.locator("#text_it-problems li").first).to_contain_text("Riga 2, colonna 1")
    expect(desk.locator(".code-editor .cm-lint-marker-error").first).to_be_visible()
    assert serious_findings(desk) == []
    desk.get_by_role("button", name="Salva").click()
    expect(desk.locator("#text_it-problems li").first).to_contain_text("Riga 2, colonna 1")


def test_a_second_editor_is_warned_on_the_open_page(chromium_browser, app, site, desk, ada, bice, three):
    desk.goto(f"{DESK}/{three}")
    other = chromium_browser.new_context(base_url=site, locale="it-IT")
    enter(other, app, site, bice)
    page = other.new_page()
    page.goto(f"{DESK}/{three}")
    expect(page.locator("#presence")).to_contain_text("ha questa bozza aperta dalle")
    other.close()


def test_the_composer_fits_a_telephone(desk, three):
    desk.set_viewport_size({"width": 360, "height": 740})
    for path in (
        f"/{three}",
        f"/{three}/blocks/new?kind=columns",
        "/compose",
        f"/{three}/versions",
        "/templates",
    ):
        desk.goto(f"{DESK}{path}")
        wide = desk.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 1, path
        assert serious_findings(desk) == []


HOSTILE = """<html><head><title>x</title><meta http-equiv="refresh" content="0;url=/pwned-meta">
<link rel="stylesheet" href="/pwned-css"><base href="https://evil.example/"></head><body>
<p id="there">Una mail</p>
<script>fetch('/pwned-script'); top.document.title = 'pwned'; parent.location = '/pwned-top'</script>
<img src="x" onerror="fetch('/pwned-onerror'); top.document.title = 'pwned'">
<svg onload="fetch('/pwned-svg')"></svg><iframe src="/pwned-frame"></iframe><object data="/pwned-object"></object>
<iframe srcdoc="&lt;script&gt;fetch('/pwned-srcdoc')&lt;/script&gt;"></iframe>
<form action="/pwned-form"><input name="a" autofocus onfocus="fetch('/pwned-focus')"><button id="send">x</button></form>
<a id="link" href="javascript:fetch('/pwned-link')">clicca</a>
<img src="https://evil.example/pwned-pixel.png" alt="">
<div style="background:url(https://evil.example/pwned-style.png)">x</div>
</body></html>"""


def test_a_hostile_template_runs_nothing_in_the_preview_or_the_archive(
    chromium_browser, app, site, moda, ada, topic
):
    with transaction():
        cast.subscriber(moda, topic)
        issue = cast.issue(moda, topic, by=ada)
    cast.send(issue, by=ada)
    with transaction():  # past every guard at the door: what if one failed?
        issue.frozen = {"it": {**issue.frozen["it"], "html": HOSTILE}}
    asked: list[str] = []
    stopped: list[str] = []
    context = chromium_browser.new_context(base_url=site, locale="it-IT")
    enter(context, app, site, ada)
    for path, frame in (
        (f"{DESK}/{issue.id}", f"{DESK}/{issue.id}/preview/it"),
        (f"/moda/newsletters/{issue.slug}", f"/moda/newsletters/{issue.slug}/content?edition=it"),
    ):
        for address in (path, frame):  # in its frame, and opened by itself
            page = context.new_page()
            page.on("requestfinished", lambda r: asked.append(r.url))
            page.on("requestfailed", lambda r: (stopped if r.failure == "csp" else asked).append(r.url))
            page.goto(address)
            shown = page.frame_locator("iframe.preview").first if address == path else page
            expect(shown.get_by_text("Una mail")).to_be_visible()
            for name in ("#link", "#send"):
                target = shown.locator(name)
                if target.count():
                    target.click(timeout=2000, no_wait_after=True)
            page.wait_for_timeout(300)
            assert "pwned" not in page.title()
            assert page.url == site + address
            page.close()
    context.close()
    assert [url for url in asked if "pwned" in url or "evil" in url] == []
    assert any("pwned" in url for url in stopped), "they were asked for, and our policy stopped them"
    # The control: the same document without our policy does run.
    context = chromium_browser.new_context(bypass_csp=True)
    context.route("https://evil.example/**", lambda route: route.abort())
    control = context.new_page()
    control.on("request", lambda r: asked.append(r.url))
    control.goto(f"{site}/health/live")
    control.set_content(HOSTILE.replace('content="0;url=/pwned-meta"', ""))
    control.wait_for_timeout(300)
    context.close()
    assert [url for url in asked if "pwned-script" in url]


def test_a_hostile_template_is_refused_at_the_door(app):
    adapted = framing.adapt(f"<mjml><mj-body><mj-raw>{HOSTILE}</mj-raw></mj-body></mjml>")
    assert adapted.problems
    assert all(p.line > 0 and p.column > 0 for p in adapted.problems)
