"""Passkeys: what the server asks for, and a whole life of one in a real Chromium with a virtual authenticator."""

import html
import json
import re

import pytest
from flask_security import hash_password
from sqlalchemy import select

from dissemination.kernel.database import db, transaction
from dissemination.people.accounts import Passkey
from tests.browser.conftest import serving

PASSWORD = "tela di lino 2027"


def options(page):
    return json.loads(html.unescape(re.search(r'data-options="([^"]+)"', page)[1]))


def test_a_new_passkey_must_stay_on_its_device_and_know_its_owner(sign_in, ada):
    page = sign_in(ada).post("/wan-register", data={"name": "ufficio", "usage": "first"}).text
    asked = options(page)
    assert asked["authenticatorSelection"] == {
        "residentKey": "required", "requireResidentKey": True, "userVerification": "required",
    }  # fmt: skip
    assert asked["rp"] == {"name": "Distretti tecnologici della Toscana", "id": "localhost"}
    assert asked["user"]["name"] == "ada@moda.example"
    assert re.search(r"<script(?![^>]*src=)", page) is None


def test_signing_in_with_a_passkey_asks_for_no_address(client):
    asked = options(client.post("/wan-signin", data={}).text)
    assert asked["allowCredentials"] == []
    assert asked["userVerification"] == "required"


def test_an_answer_that_was_made_up_is_refused(client):
    page = client.post("/wan-signin", data={}).text
    action = re.search(r'action="(/wan-signin/[^"]+)"', page)[1]
    for credential in ("", "{}", '{"id": "x"}', "not json"):
        answer = client.post(action, data={"credential": credential})
        assert (answer.status_code, answer.location) == (302, "/wan-signin")


@pytest.fixture
def page(app, request):
    """A page with a virtual authenticator, on a host name that passkeys accept."""
    browser = request.getfixturevalue("chromium_browser")
    with serving(app) as address:
        context = browser.new_context(base_url=address.replace("127.0.0.1", "localhost"), locale="it-IT")
        page = context.new_page()
        troubles = []
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda m: troubles.append(m.text) if "Content Security" in m.text else None)
        devices = context.new_cdp_session(page)
        devices.send("WebAuthn.enable")
        devices.send("WebAuthn.addVirtualAuthenticator", {"options": {
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
            "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
        }})  # fmt: skip
        yield page
        context.close()
        assert troubles == []


@pytest.mark.browser
def test_a_passkey_is_made_used_and_removed(app, ada, page):
    with transaction():
        ada.password = hash_password(PASSWORD)
    db.session.rollback()
    page.goto("/login")
    page.get_by_label("Indirizzo e-mail").fill("ada@moda.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Accedi", exact=True).click()
    page.goto("/wan-register")
    page.get_by_label("Nome della passkey").fill("ufficio")
    page.get_by_role("button", name="Aggiungi una passkey").click()
    page.wait_for_url(re.compile(r"//[^/]+/account$"))
    assert "La passkey ufficio è pronta." in page.content()

    page.get_by_role("button", name="Esci").click()
    page.goto("/wan-signin?next=/account")
    page.get_by_role("button", name="Prosegui").click()
    page.wait_for_url(re.compile(r"//[^/]+/account$"))
    assert page.get_by_role("heading", name="Il mio account").is_visible()
    db.session.rollback()
    assert [k.name for k in db.session.scalars(select(Passkey))] == ["ufficio"]

    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/wan-register")
    page.get_by_role("button", name="Rimuovi ufficio").click()
    page.get_by_text("La passkey ufficio è stata rimossa.").wait_for()
    db.session.rollback()
    assert db.session.scalars(select(Passkey)).all() == []
