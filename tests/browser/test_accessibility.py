"""axe on every kind of page of the sample district, in both languages, on a desktop and at 360 px.

The walk follows links from the start pages, one page per endpoint; a page that something links to is
found by itself. Pages that only a mail links to are found in the mails (see `mailed`).
"""

from dataclasses import dataclass

import pytest
from flask import Flask
from playwright.sync_api import Error

from dissemination.kernel.database import db, transaction
from dissemination.people.accounts import Account
from dissemination.sample.actions import load
from tests.browser import mailed
from tests.browser.conftest import AXE, SERIOUS, foreign, serving
from tests.browser.mailed import endpoint_of

# Both languages and both widths; Italian, whose words are longer, in the narrow window.
VIEWS = pytest.mark.parametrize(("lang", "width"), [("it", 360), ("en", 1280)])
SKIPPED = {"static", "security.logout", "security.wan_signin"}


@dataclass
class Site:
    """The served sample district: a manager's cookie, pages behind mailed links, pages of its workshops."""

    app: Flask
    cookie: str
    mailed: list[tuple[str, str]]  # endpoint, path
    of_workshops: list[str]
    address: str = ""


@pytest.fixture(scope="module")
def sample_site(tmp_path_factory, sqlite_template):
    """The sample district on SQLite, served; axe reads pages, not databases, so one is enough."""
    import shutil

    from app import create_app
    from tests.conftest import settings_for

    folder = tmp_path_factory.mktemp("sample")
    shutil.copy(sqlite_template, folder / "sample.sqlite")
    app = create_app(settings_for(folder / "instance", f"sqlite:///{folder / 'sample.sqlite'}"))
    app.config.update(WTF_CSRF_ENABLED=False)
    with app.app_context():
        with transaction():
            load()
        account = db.session.query(Account).filter(Account.email.startswith("bice@")).one()
        cookie = session_cookie(app, account)
        site = Site(app, cookie, mailed.pages(app), mailed.desk_pages(app, cookie))
        db.session.remove()
    with serving(app) as site.address:
        yield site


def session_cookie(app, account) -> str:
    """The cookie of a browser in which `account` has signed in."""
    values = {"_user_id": account.fs_uniquifier, "_fresh": True, "fs_cc": "set", "fs_paa": 4102444800}
    return app.session_interface.get_signing_serializer(app).dumps(values)


def pages_of(app, page, starts):
    """Visit one page per endpoint reachable from `starts`; yields the endpoint on each visit."""
    queue, seen = list(starts), set()
    while queue:
        url = queue.pop(0)
        endpoint = endpoint_of(app, url)
        if endpoint is None or endpoint in seen or endpoint in SKIPPED:
            continue
        seen.add(endpoint)
        try:
            answer = page.goto(url)
        except Error as error:
            if "Download is starting" not in str(error):  # a file to keep is not a page
                raise
            continue
        if answer is None or "text/html" not in answer.headers.get("content-type", ""):
            continue
        assert answer.status < 400, f"{url} answered {answer.status}"
        yield endpoint
        links = page.eval_on_selector_all("a[href]:not([download])", "links => links.map(a => a.href)")
        queue += [link for link in links if not foreign(link, starts[0].rsplit("/", 1)[0])]


class Look:
    """A browser window that notes what is wrong with each page that it is shown."""

    def __init__(self, browser, address, *, lang, width, cookie=None):
        self.context = browser.new_context(
            accept_downloads=False, viewport={"width": width, "height": 800}, locale=lang
        )
        cookies = [{"name": "lang", "value": lang, "url": address}]
        if cookie:
            cookies.append({"name": "session", "value": cookie, "url": address})
        self.context.add_cookies(cookies)
        self.page, self.width, self.axe = self.context.new_page(), width, AXE.read_text()
        self.found: list[str] = []
        note = self.found.append
        self.page.on("pageerror", lambda error: note(f"{self.page.url}: script error: {error}"))
        self.page.on(
            "console", lambda m: note(f"{self.page.url}: {m.text}") if "Content Security" in m.text else None
        )
        self.page.on(
            "request", lambda r: note(f"foreign request: {r.url}") if foreign(r.url, address) else None
        )

    def at(self, endpoint) -> None:
        """Look at the page as it stands."""
        self.page.evaluate(self.axe)
        result = self.page.evaluate("axe.run(document, {resultTypes: ['violations'], iframes: false})")
        self.found += [
            f"{endpoint} {self.page.url}: {v['id']}: {v['nodes'][0]['html'][:140]}"
            for v in result["violations"]
            if v["impact"] in SERIOUS
        ]
        measure = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        wide = self.page.evaluate(measure)
        if wide > 1:
            self.found.append(
                f"{endpoint} {self.page.url}: {wide} px wider than the window of {self.width} px"
            )


@pytest.mark.browser
@VIEWS
@pytest.mark.parametrize("signed_in", [False, True], ids=["public", "desk"])
def test_no_page_has_a_serious_finding(chromium_browser, sample_site, lang, width, signed_in):
    address, cookie = sample_site.address, sample_site.cookie if signed_in else None
    look = Look(chromium_browser, address, lang=lang, width=width, cookie=cookie)
    visited = []
    starts = ["/", "/moda/", *(["/moda/desk/", *sample_site.of_workshops] if signed_in else [])]
    for endpoint in pages_of(sample_site.app, look.page, [address + start for start in starts]):
        visited.append(endpoint)
        look.at(endpoint)
    look.context.close()
    assert look.found == []
    assert len(visited) > (30 if signed_in else 9)


@pytest.mark.browser
@VIEWS
def test_no_page_behind_a_mailed_link_has_a_serious_finding(chromium_browser, sample_site, lang, width):
    look = Look(chromium_browser, sample_site.address, lang=lang, width=width)
    for endpoint, path in sample_site.mailed:
        answer = look.page.goto(sample_site.address + path)
        assert answer.status in (200, 410), f"{path} answered {answer.status}"
        look.at(endpoint)
    look.context.close()
    assert look.found == []


def test_every_page_that_needs_a_mailed_link_is_among_those_walked(sample_site):
    walked = {endpoint for endpoint, _path in sample_site.mailed}
    needed = {
        rule.endpoint
        for rule in sample_site.app.url_map.iter_rules()
        if "token" in rule.arguments and "GET" in rule.methods and "/desk/" not in rule.rule
    }
    assert sorted(needed - walked - set(mailed.NOT_PAGES)) == []
