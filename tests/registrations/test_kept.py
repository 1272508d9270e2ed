"""The form that is kept ready says what is true now, and hands nobody another one's tokens."""

import re

import pytest
import time_machine
from sqlalchemy import select

from dissemination.kernel.database import db, transaction
from dissemination.registrations import actions
from dissemination.registrations.models import Registration
from tests import factories


@pytest.fixture
def workshop(moda):
    with transaction():
        return factories.workshop(moda, seats=3, title="Lana")


@pytest.fixture
def page(workshop):
    return f"/moda/workshops/{workshop.slug}/registrations"


def enter(workshop, name):
    with transaction():
        actions.register(
            workshop, email=f"{name}@x.example", given_name=name, family_name="Rossi", proven=True
        )


def marks(html):
    return re.findall(r'name="form_mark" value="([^"]+)"', html)


def test_seats_left_are_true_on_each_visit(client, workshop, page):
    seen = []
    for name in ("carlo", "dino", "eva"):
        seen.append(re.search(r"(\d) post[io] liber[io]", client.get(page).text)[1])
        enter(workshop, name)
    assert seen == ["3", "2", "1"]
    assert "i posti sono esauriti" in client.get(page).text


def test_each_visit_has_a_mark_of_its_own_and_no_mark_of_the_keeping_is_left(client, page):
    first, second = client.get(page).text, client.get(page).text
    assert len({*marks(first), *marks(second)}) == 2
    assert "kept-" not in first + second


def test_each_browser_gets_its_own_csrf_token(app, page):
    app.config["WTF_CSRF_ENABLED"] = True
    tokens = set()
    for browser in (app.test_client(), app.test_client()):
        html = browser.get(page).text
        token = re.search(r'name="csrf_token" value="([^"]+)"', html)[1]
        tokens.add(token)
        data = {"csrf_token": token, "given_name": "Carlo"}
        assert browser.post(page, data=data).status_code == 422  # not 400: the token is good
        _written_is_kept(app.test_client().post(page, data=data))
    assert len(tokens) == 2


def _written_is_kept(answer):
    """Of a browser without the session (cookies deleted, or off): nothing is taken, and nothing is lost."""
    assert answer.status_code == 422
    assert "Quello che hai scritto è qui" in answer.text
    assert 'value="Carlo"' in answer.text


def test_whose_session_is_gone_sends_what_she_wrote_once_more(app, page):
    app.config["WTF_CSRF_ENABLED"] = True
    browser = app.test_client()
    written = {
        "given_name": "Carlo", "family_name": "Rossi", "email": "carlo@rossi.example", "private": "y",
        "consent": "y", "form_mark": "m",
    }  # fmt: skip
    shown = browser.post(page, data={**written, "csrf_token": "of a former session"})
    _written_is_kept(shown)
    assert db.session.scalars(select(Registration)).all() == []
    token = re.search(r'name="csrf_token" value="([^"]+)"', shown.text)[1]
    assert browser.post(page, data={**written, "csrf_token": token}).status_code == 303
    assert len(db.session.scalars(select(Registration)).all()) == 1


def test_the_two_languages_are_kept_apart(client, page):
    assert "3 seats left" in client.get(page, headers={"Accept-Language": "en"}).text
    assert "3 posti liberi" in client.get(page, headers={"Accept-Language": "it"}).text


def test_somebody_who_is_signed_in_sees_her_own_header(client, sign_in, ada, page):
    client.get(page)
    assert "ada@moda.example" in sign_in(ada).get(page).text or "Ada" in sign_in(ada).get(page).text
    assert "ada@moda.example" not in client.get(page).text


def test_a_changed_workshop_is_seen_at_once(client, workshop, page):
    client.get(page)
    with transaction():
        workshop.title_it, workshop.version = "Seta", workshop.version + 1
    assert "Seta" in client.get(page).text


def test_the_deadline_closes_the_kept_form(client, workshop, page):
    client.get(page)
    with time_machine.travel(workshop.registration_deadline, tick=False):
        assert "<form" not in client.get(page).text.split("<main")[1]
