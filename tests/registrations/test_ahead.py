"""The empty form and its thanks come from in front of Flask: with one query, and as the view would say it."""

import re

import pytest
from sqlalchemy import event

from dissemination.kernel.database import db, transaction
from tests import factories
from tests.registrations.cast import enter


@pytest.fixture
def workshop(moda):
    with transaction():
        return factories.workshop(moda, seats=3, title="Lana")


@pytest.fixture
def page(workshop):
    return f"/moda/workshops/{workshop.slug}/registrations"


@pytest.fixture
def statements(app):
    """What was sent to the database so far; clear it before what is to be counted."""
    sent = []

    def note(_connection, _cursor, statement, *_more):
        sent.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield sent
    event.remove(db.engine, "before_cursor_execute", note)


def told(response):
    """What a page says and under which headers, without what belongs to this visit only."""
    unmarked = re.sub(r'(name="(csrf_token|form_mark)" value=)"[^"]+"', r"\1", response.text)
    return unmarked, {name: value for name, value in response.headers if name != "Set-Cookie"}


def register(browser, page):
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(page).text)[1]
    data = {
        "csrf_token": token, "given_name": "Carlo", "family_name": "Rossi", "email": "carlo@x.example",
        "private": "y", "consent": "y",
    }  # fmt: skip
    return browser.post(page, data=data).headers["Location"]


def test_the_second_visitor_costs_one_statement_and_reads_what_the_view_says(app, page, statements):
    app.config["WTF_CSRF_ENABLED"] = True
    known = app.test_client()
    known.set_cookie("another", "1")  # whom we know something of is served by the view
    by_view = known.get(page)
    app.test_client().get(page)
    statements.clear()
    ready = app.test_client().get(page)
    assert len(statements) == 1
    assert told(ready) == told(by_view)
    assert len(ready.data) == int(ready.headers["Content-Length"])


def test_a_browser_keeps_its_session_and_both_its_forms_are_taken(app, page):
    app.config["WTF_CSRF_ENABLED"] = True
    browser = app.test_client()
    first, second = browser.get(page), browser.get(page)
    assert "Set-Cookie" in first.headers
    assert "Set-Cookie" not in second.headers
    for shown in (first, second):
        token = re.search(r'name="csrf_token" value="([^"]+)"', shown.text)[1]
        assert browser.post(page, data={"csrf_token": token}).status_code == 422


def test_thanks_are_ready_for_the_next_person_and_name_nobody(app, page, statements):
    app.config["WTF_CSRF_ENABLED"] = True
    browser = app.test_client()
    thanks = register(browser, page)
    first = browser.get(thanks)
    statements.clear()
    assert told(browser.get(thanks)) == told(first)
    assert len(statements) == 1
    assert "Carlo" not in first.text
    assert (first.headers["Cache-Control"], first.headers["X-Robots-Tag"]) == ("no-store", "noindex")


@pytest.mark.parametrize("cut", [slice(0, -1), slice(0, 0), slice(1, None)], ids=["cut", "empty", "headless"])
def test_forged_thanks_are_not_there(app, page, cut):
    thanks = register(app.test_client(), page)
    where, _, token = thanks.rpartition("/")
    assert app.test_client().get(f"{where}/{token[cut]}").status_code == 404


def test_what_the_browser_was_told_before_is_said_by_the_view(client, page):
    client.get(page)
    with client.session_transaction() as session:
        session["_flashes"] = [("message", "Fatto.")]
    assert "Fatto." in client.get(page).text
    assert "Fatto." not in client.get(page).text


def test_the_last_seat_turns_the_page_into_a_waiting_list(client, workshop, page):
    with_seats = client.get(page).text
    for name in ("carla", "dino", "elsa"):
        enter(workshop, name)
    full = client.get(page).text
    assert "lista d" not in re.search(r"<h1.*?</h1>", with_seats, re.DOTALL)[0]
    assert "i posti sono esauriti" in full


@pytest.mark.parametrize("facts", [{"is_private": True}, {"published_at": None}], ids=["private", "draft"])
def test_what_the_public_may_not_see_is_gone_at_once(client, workshop, page, facts):
    assert client.get(page).status_code == 200
    with transaction():
        for name, value in facts.items():
            setattr(workshop, name, value)
    assert "<form method" not in client.get(page).text.split("<main")[-1]


def test_another_district_has_no_such_page(client, nautica, page):
    client.get(page)
    assert client.get(page.replace("/moda/", "/nautica/")).status_code == 404
