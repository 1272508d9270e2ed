"""axe on every kind of page of the sample district, in both languages, on a desktop and at 360 px.

The walk follows links from the start pages, one page per endpoint; a page that something links to is
found by itself.
"""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Error
from werkzeug.exceptions import HTTPException

from dissemination.kernel.database import db, transaction
from dissemination.people.accounts import Account
from dissemination.sample.actions import load
from tests.browser.conftest import AXE, SERIOUS, foreign, serving

SKIPPED = {"static", "security.logout", "security.wan_signin"}


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
        db.session.remove()
    with serving(app) as address:
        yield app, address, cookie


def session_cookie(app, account) -> str:
    """The cookie of a browser in which `account` has signed in."""
    values = {"_user_id": account.fs_uniquifier, "_fresh": True, "fs_cc": "set", "fs_paa": 4102444800}
    return app.session_interface.get_signing_serializer(app).dumps(values)


def endpoint_of(app, url):
    """The endpoint that answers a GET of `url`, or None."""
    parts = urlsplit(url)
    try:
        return app.url_map.bind("localhost").match(parts.path, method="GET")[0]
    except HTTPException:
        return None


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


@pytest.mark.browser
@pytest.mark.parametrize(("lang", "width"), [("it", 1280), ("it", 360), ("en", 1280)])
@pytest.mark.parametrize("signed_in", [False, True], ids=["public", "desk"])
def test_no_page_has_a_serious_finding(chromium_browser, sample_site, lang, width, signed_in):
    app, address, cookie = sample_site
    context = chromium_browser.new_context(
        accept_downloads=False, viewport={"width": width, "height": 800}, locale=lang
    )
    cookies = [{"name": "lang", "value": lang, "url": address}]
    if signed_in:
        cookies.append({"name": "session", "value": cookie, "url": address})
    context.add_cookies(cookies)
    page, found, visited, axe = context.new_page(), [], [], AXE.read_text()
    troubles = []
    page.on("pageerror", lambda error: troubles.append(f"{page.url}: script error: {error}"))
    page.on(
        "console",
        lambda m: troubles.append(f"{page.url}: {m.text}") if "Content Security" in m.text else None,
    )
    page.on(
        "request", lambda r: troubles.append(f"foreign request: {r.url}") if foreign(r.url, address) else None
    )
    starts = [f"{address}/", f"{address}/moda/", *([f"{address}/moda/desk/"] if signed_in else [])]
    for endpoint in pages_of(app, page, starts):
        visited.append(endpoint)
        page.evaluate(axe)
        result = page.evaluate("axe.run(document, {resultTypes: ['violations'], iframes: false})")
        found += [
            f"{endpoint} {page.url}: {v['id']}: {v['nodes'][0]['html'][:140]}"
            for v in result["violations"]
            if v["impact"] in SERIOUS
        ]
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 1:
            found.append(f"{endpoint} {page.url}: {wide} px wider than the window of {width} px")
    context.close()
    assert (found, troubles) == ([], [])
    assert len(visited) > (30 if signed_in else 9)
