"""A real Chromium against a real server: the application in a thread on a free port."""

import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from werkzeug.serving import make_server

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = {"serious", "critical"}


@contextmanager
def serving(app):
    """Serve `app` on a free port of this machine; yields its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


@pytest.fixture
def site(app):
    """The address of the running application."""
    with serving(app) as address:
        yield address


@pytest.fixture
def page(chromium_browser, site):
    """A page of a fresh browser profile that fails the test on script errors and foreign requests."""
    context = chromium_browser.new_context(
        base_url=site, locale="it-IT", viewport={"width": 1280, "height": 900}
    )
    page = context.new_page()
    troubles = []
    page.on("pageerror", lambda error: troubles.append(f"script error: {error}"))
    page.on("console", lambda m: troubles.append(m.text) if "Content Security Policy" in m.text else None)
    page.on(
        "request", lambda r: troubles.append(f"foreign request: {r.url}") if foreign(r.url, site) else None
    )
    yield page
    context.close()
    assert troubles == []


def foreign(url: str, site: str) -> bool:
    """Whether `url` leaves our own host; Chromium's PDF viewer loads its own parts from chrome://."""
    return not url.startswith((site, "data:", "about:", "blob:", "chrome:", "chrome-extension:"))


def serious_findings(page) -> list[str]:
    """What axe finds serious or critical on the page as it stands."""
    page.evaluate(AXE.read_text())
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{page.url}: {v['id']} ({v['impact']}): {v['nodes'][0]['html'][:160]}"
        for v in result["violations"]
        if v["impact"] in SERIOUS
    ]
