"""Workshops by invitation only: nowhere in public, and open to their guests and the desk."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
import time_machine

from dissemination.kernel.database import db, transaction
from dissemination.registrations import actions as registrations
from dissemination.registrations import queries as registered
from dissemination.registrations.models import Group
from dissemination.workshops import actions, materials, queries, series, slots
from dissemination.workshops.models import Audience
from tests.workshops.scenes import rome, scheduled

BEFORE = datetime(2027, 2, 1, 9, 0, tzinfo=UTC)
TITLE = "Tavolo riservatissimo"


@pytest.fixture(autouse=True)
def _early():
    with time_machine.travel(BEFORE, tick=False):
        yield


@pytest.fixture
def table(moda):
    return scheduled(moda, title_it=TITLE, is_private=True, theme="Segreto")


@pytest.fixture
def guests(monkeypatch):
    """As `guests` registers itself: one token opens one workshop."""
    monkeypatch.setattr(slots, "_checks", [*slots._checks])
    slots.register_guest_check(lambda workshop, token: token == f"guest-of-{workshop.slug}")


LISTS = (
    "/moda/", "/moda/workshops/", "/moda/workshops/?q=tavolo", "/moda/workshops/?when=all",
    "/moda/workshops/?month=2027-03", "/moda/workshops/?sector=tessile", "/moda/workshops/?q=segreto&when=all",
    "/moda/workshops/calendar?month=2027-03", "/moda/workshops.ics", "/moda/workshops/.ics?sector=tessile",
    "/moda/workshops.json", "/moda/workshops/.json?when=all", "/moda/workshops.atom",
)  # fmt: skip


def test_no_list_feed_search_or_calendar_names_it(client, moda, table):
    open_one = scheduled(moda, title_it="Tavolo aperto")
    for path in LISTS:
        answer = client.get(path)
        assert answer.status_code == 200, path
        text = answer.text.replace("\r\n ", "")
        assert ("riservatissimo" in text, table.slug in text) == (False, False), path
    assert "Tavolo aperto" in client.get("/moda/workshops/?q=tavolo").text
    assert [w.id for w in queries.upcoming(moda.id)] == [open_one.id]  # what newsletters offer


def test_its_pages_answer_404_to_strangers(client, table):
    with transaction():
        material = materials.add(
            table, BytesIO(b"%PDF-1"), "a.pdf", by=None, title_it="A", title_en="", session_id=None,
            audience=Audience.PUBLIC, after_end=False,
        )  # fmt: skip
    for path in (
        "",
        ".ics",
        f"/materials/{material.id}",
        "?g=",
        "?g=forged",
        f".ics?g={'x' * 5000}",
        "?lang=en",
    ):
        answer = client.get(f"/moda/workshops/{table.slug}{path}")
        assert (answer.status_code, TITLE in answer.text) == (404, False), path


def test_a_guest_gets_in_everywhere_and_no_cache_keeps_it(client, table, guests):
    with transaction():
        material = materials.add(
            table, BytesIO(b"%PDF-1"), "a.pdf", by=None, title_it="A", title_en="", session_id=None,
            audience=Audience.PUBLIC, after_end=False,
        )  # fmt: skip
    address, token = f"/moda/workshops/{table.slug}", f"?g=guest-of-{table.slug}"
    for path in (token, f".ics{token}", f"/materials/{material.id}{token}"):
        answer = client.get(address + path)
        assert answer.status_code == 200, path
        assert (answer.headers["Cache-Control"], answer.headers["X-Robots-Tag"]) == ("no-store", "noindex"), (
            path
        )
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    page = client.get(address + token).text
    assert f"/materials/{material.id}?g=guest-of-" in page  # links keep the door open
    assert f"{table.slug}.ics?g=guest-of-" in page
    assert client.get(address).status_code == 404  # and nothing was kept for the next one


def test_a_token_opens_its_own_workshop_only(client, moda, table, guests):
    other = scheduled(moda, title_it="Altro tavolo", is_private=True)
    assert client.get(f"/moda/workshops/{other.slug}?g=guest-of-{table.slug}").status_code == 404


def test_a_personal_link_opens_the_page_while_the_registration_lives(client, table, ada):
    with transaction():
        made = registrations.register(table, email="c@x.example", given_name="C", family_name="P", by=ada)
    address = f"/moda/workshops/{table.slug}?g={registered.token(made)}"
    assert client.get(address).status_code == 200
    assert address in client.get(f"/r/{registered.token(made)}").text
    with transaction():
        registrations.cancel(made)
    assert client.get(address).status_code == 404


def test_the_desk_sees_it_and_another_district_does_not(ada, dora, sign_in, client, table):
    address = f"/moda/workshops/{table.slug}"
    hers = sign_in(ada)
    assert hers.get(address).headers["Cache-Control"] == "no-store"
    assert TITLE in hers.get("/moda/desk/workshops/").text
    assert TITLE in hers.get("/moda/desk/workshops/calendar?month=2027-03").text
    assert "solo su invito" in hers.get("/moda/desk/workshops/").text
    assert sign_in(dora).get(address).status_code == 404
    assert client.get(address).status_code == 404


def test_a_page_that_was_kept_closes_when_it_becomes_private(client, moda):
    workshop = scheduled(moda)
    address = f"/moda/workshops/{workshop.slug}"
    assert [client.get(address).status_code for _ in range(2)] == [200, 200]
    with transaction():
        actions.revise(workshop, by=None, version=workshop.version, is_private=True)
    assert client.get(address).status_code == 404
    with transaction():
        actions.revise(workshop, by=None, version=workshop.version, is_private=False)
    assert client.get(address).status_code == 200


def test_of_a_series_the_public_sees_the_open_dates_only(client, moda, table):
    with transaction():
        (open_one,) = series.repeat(table, [(BEFORE + timedelta(days=90)).date()], by=None)
        actions.revise(open_one, by=None, version=open_one.version, is_private=False, title_it="Aperto")
        actions.publish(open_one, by=None)
    db.session.rollback()
    page = client.get(f"/moda/workshops/{open_one.slug}").text
    assert (table.slug in page.replace(open_one.slug, ""), "Altre date" in page) == (False, False)


def test_clashes_never_tell_another_district_of_it(ada, sign_in, moda, nautica, table):
    del moda
    theirs = scheduled(nautica, title_it="Loro riservato", is_private=True, start=rome(2027, 3, 11))
    page = sign_in(ada).get(f"/moda/desk/workshops/{table.slug}").text
    assert theirs.title_it not in page


def test_the_link_of_who_booked_a_group_opens_it_too(client, table, ada, moda):
    with transaction():
        made = registrations.register(table, email="c@x.example", given_name="C", family_name="P", by=ada)
        group = Group(public_id="g1", workshop_id=table.id, contact_id=made.contact_id, created_at=BEFORE)
        db.session.add(group)
        db.session.flush()
        made.group_id = group.id
    other = scheduled(moda, title_it="Altro", is_private=True)
    token = registered.group_token(group)
    assert [client.get(f"/moda/workshops/{w.slug}?g={token}").status_code for w in (table, other)] == [
        200,
        404,
    ]
