"""Fetching by DOI, against a server of our own on this machine."""

import json
import socket
import threading
import time
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO

import pytest
from sqlalchemy import select

from dissemination.kernel.database import db
from dissemination.publications import resolving
from dissemination.publications.models import Import

WOOL = {"type": "article-journal", "title": "Wool", "DOI": "10.1000/wool", "issued": {"date-parts": [[2024]]}}


class Service(BaseHTTPRequestHandler):
    asked: list = []

    def do_GET(self):
        type(self).asked.append((self.path, self.headers["Accept"]))
        answers = {
            "/10.1000/wool": (200, json.dumps(WOOL)), "/10.1000/html": (200, "<html>"), "/10.1000/list": (200, "[]"),
            "/10.1000/deep": (200, "[" * 100_000), "/10.1000/long": (200, "x" * (resolving.MAX_BYTES + 9)),
            "/10.1000/moved": (302, "/10.1000/wool"), "/10.1000/inward": (302, "http://localhost:1/"),
            "/10.1000/file": (302, "file:///etc/passwd"), "/10.1000/busy": (503, ""),
            "/10.1000/strange": (302, "http://[::1/ x"), "/10.1000/away": (302, "http://rebound.example:1/"),
        }  # fmt: skip
        special = {"/10.1000/nonsense": self.talk_nonsense, "/10.1000/drops": self.drip,
                   "/10.1000/heavy": self.redirect_at_length}  # fmt: skip
        if self.path.startswith("/10.1000/hop"):
            self.hop()
            return
        if self.path in special:
            special[self.path]()
            return
        code, body = answers.get(self.path, (404, ""))
        self.send_response(code)
        if code == 302:
            self.send_header("Location", body)
        self.end_headers()
        self.wfile.write(body.encode() if code == 200 else b"")

    def hop(self):
        time.sleep(0.1)
        self.send_response(302)
        self.send_header("Location", f"{self.path}x")
        self.end_headers()

    def redirect_at_length(self):
        self.send_response(302)
        self.send_header("Location", "/10.1000/wool")
        self.end_headers()
        with suppress(OSError):
            for _ in range(100):
                self.wfile.write(b" " * 65536)
                time.sleep(0.05)

    def talk_nonsense(self):
        self.wfile.write(b"lana\r\n\r\n")

    def drip(self):
        self.send_response(200)
        self.end_headers()
        with suppress(OSError):
            for _ in range(100):
                self.wfile.write(b" ")
                time.sleep(0.05)

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def resolver(app):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    Service.asked = []
    before = app.config["SETTINGS"]
    address = f"http://127.0.0.1:{server.server_port}"
    app.config["SETTINGS"] = replace(before, doi_resolver=address)
    yield address
    app.config["SETTINGS"] = before
    server.shutdown()
    thread.join()
    server.server_close()


def ask(browser, dois):
    return browser.post("/moda/desk/publications/imports/new", data={"dois": dois, "language": "it"})


def test_a_record_is_fetched_by_its_doi_and_previewed(moda, ada, sign_in, resolver):
    browser = sign_in(ada)
    answer = ask(browser, "https://doi.org/10.1000/wool\n\n10.1000/moved\n10.1000/wool")
    assert answer.status_code == 303
    page = browser.get(answer.location).text
    assert ("Wool" in page, "Due volte nel file" in page) == (True, True)
    assert Service.asked == [(f"/10.1000/{name}", resolving.ACCEPT) for name in ("wool", "moved", "wool")]


@pytest.mark.parametrize(
    "dois, message",
    [
        ("10.1000/nessuno", "Il DOI 10.1000/nessuno non è noto"), ("10.1000/busy", "(HTTP 503)"),
        ("10.1000/html", "non si può leggere"), ("10.1000/list", "non si può leggere"),
        ("10.1000/deep", "non si può leggere"), ("10.1000/long", "non si può leggere"),
        ("10.1000/inward", "non si raggiunge"), ("10.1000/nonsense", "non si raggiunge"),
        ("10.1000/strange", "non si raggiunge"), ("10.1000/file", "(HTTP 302)"),
        ("lana", "“lana” non è un DOI"), ("10.1000/wool\n10.1000/nessuno", "non è noto"),
        ("\n".join(f"10.1000/{n}" for n in range(11)), "Si prendono al massimo 10 DOI"),
    ],
)  # fmt: skip
def test_what_cannot_be_fetched_is_said_and_nothing_is_kept(moda, ada, sign_in, resolver, dois, message):
    page = ask(sign_in(ada), dois)
    assert (page.status_code, message in page.text, 'id="dois-errors"' in page.text) == (422, True, True)
    assert dois.splitlines()[0] in page.text
    assert db.session.scalar(select(Import)) is None


def test_without_a_network_or_where_it_is_switched_off_the_page_says_so(
    app, moda, ada, sign_in, resolver, monkeypatch
):
    browser = sign_in(ada)
    settings = app.config["SETTINGS"]
    for address, message in (("http://127.0.0.1:9", "non si raggiunge"), ("", "disattivato")):
        app.config["SETTINGS"] = replace(settings, doi_resolver=address)
        page = ask(browser, "10.1000/wool")
        assert (page.status_code, message in page.text) == (422, True)


def test_a_slow_service_is_not_waited_for_without_end(resolver, monkeypatch):
    monkeypatch.setattr(resolving, "ALTOGETHER", -1)
    with pytest.raises(resolving.NotFetched):
        resolving.fetch(["10.1000/wool"], resolver)
    assert Service.asked == []


def test_an_answer_in_drops_is_not_waited_for_without_end(resolver, monkeypatch):
    monkeypatch.setattr(resolving, "ALTOGETHER", 0.3)
    began = time.monotonic()
    with pytest.raises(resolving.NotFetched):
        resolving.fetch(["10.1000/drops"], resolver)
    assert time.monotonic() - began < 2


def test_a_name_that_means_a_private_address_a_moment_later_is_not_connected_to(resolver, monkeypatch):
    means = iter(["93.184.216.34", "127.0.0.1"])
    known, connected = socket.getaddrinfo, []

    def look_up(host, *rest, **options):
        if host != "rebound.example":
            return known(host, *rest, **options)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(means), 0))]

    connect = socket.create_connection
    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket, "create_connection", lambda a, *r: connected.append(a[0]) or connect(a, *r))
    with pytest.raises(resolving.NotFetched):
        resolving.fetch(["10.1000/away"], resolver)
    assert connected == ["127.0.0.1"]  # the resolver itself, and nothing after it


@pytest.mark.parametrize(
    ("address", "is_public"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1::1", True), ("127.0.0.1", False), ("10.0.0.1", False),
        ("169.254.169.254", False), ("224.0.0.1", False), ("0.0.0.0", False), ("::1", False),
        ("::ffff:127.0.0.1", False), ("64:ff9b::7f00:1", False), ("2002:7f00:1::", False), ("fe80::1", False),
        ("::127.0.0.1", False),
    ],
)  # fmt: skip
def test_only_addresses_of_the_public_network_are_asked(address, is_public):
    assert resolving._is_public(address) is is_public


def test_redirects_are_not_followed_without_end_and_what_comes_with_them_is_not_read(resolver, monkeypatch):
    began = time.monotonic()
    assert json.loads(resolving.fetch(["10.1000/heavy"], resolver)) == [WOOL]
    assert time.monotonic() - began < 2
    monkeypatch.setattr(resolving, "ALTOGETHER", 0.25)
    with pytest.raises(resolving.NotFetched):
        resolving.fetch(["10.1000/hop"], resolver)
    assert len([path for path, _accept in Service.asked if "hop" in path]) <= 4


def test_another_port_of_the_resolver_is_not_the_resolver(resolver, monkeypatch):
    careful = resolving._Careful("127.0.0.1:8080", time.monotonic() + 9)
    with pytest.raises(resolving.URLError):
        careful.redirect_request(
            resolving.Request(resolver), BytesIO(), 302, "", {}, "http://127.0.0.1:6379/"
        )
