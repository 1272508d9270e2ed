"""What everybody sees, and what programs read."""

import json
import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest
import time_machine
import vobject
from sqlalchemy import event

from dissemination.kernel.database import db, transaction
from dissemination.registrations import actions as registrations
from dissemination.workshops import actions, slots
from tests import factories

START = datetime(2027, 3, 11, 13, 0, tzinfo=UTC)
BEFORE = datetime(2027, 2, 1, 9, 0, tzinfo=UTC)
SECRET = "https://meet.example/stanza-segreta"


@pytest.fixture(autouse=True)
def _early():
    with time_machine.travel(BEFORE, tick=False):
        yield


def add(moda, *, publish=True, **facts):
    values = {
        "title_it": "Fibre </script> riciclate", "title_en": "Recycled fibres", "abstract_it": "Di che si parla.",
        "abstract_en": "What it is about.", "venue": "Museo", "address": "Via Puccetti 3, Prato", "seats": 30,
        "online_url": SECRET, "activity_line_id": factories.line(moda).id, "sector_id": moda.sectors[0].id,
        "directions_it": "Dalla stazione a piedi in 10 minuti.",
        "sessions": [
            {"title_it": "Apertura", "title_en": "Opening", "starts_at": START, "room": "Sala A",
             "ends_at": START + timedelta(hours=3), "speakers": [("Lia Neri", "CNR"), ("Ugo Po", "")]},
            {"title_it": "Laboratorio", "starts_at": datetime(2027, 4, 1, 12, 0, tzinfo=UTC),
             "ends_at": datetime(2027, 4, 1, 14, 0, tzinfo=UTC), "speakers": [("Lia Neri", "CNR")]},
        ],
        **facts,
    }  # fmt: skip
    with transaction():
        workshop = actions.add(moda, by=None, **values)
        if publish:
            actions.publish(workshop, by=None)
    return workshop


def linked(page):
    return json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.S)[1])


def test_the_page_shows_programme_place_and_how_to_get_there(client, moda):
    slug = add(moda).slug
    page = client.get(f"/moda/workshops/{slug}").text
    for text in ("Fibre &lt;/script&gt; riciclate", "giovedì 11 marzo 2027", "giovedì 1 aprile 2027", "14:00",
                 "Laboratorio", "Lia Neri", "Via Puccetti 3, Prato", "Dalla stazione a piedi", "Tessile",
                 "Anche online"):  # fmt: skip
        assert text in page, text
    english = client.get(f"/moda/workshops/{slug}?lang=en").text
    assert "<h1>Recycled fibres</h1>" in english
    assert "Thursday, 11 March 2027" in english


def test_the_event_as_json_ld_has_every_fact_and_no_private_link(client, moda):
    slug = add(moda).slug
    url = f"http://127.0.0.1:8000/moda/workshops/{slug}"
    event = linked(client.get(f"/moda/workshops/{slug}").text)
    assert "remainingAttendeeCapacity" not in event  # online as many as want
    lia = {"@type": "Person", "name": "Lia Neri", "affiliation": {"@type": "Organization", "name": "CNR"}}
    ugo = {"@type": "Person", "name": "Ugo Po"}
    assert event == {
        "@context": "https://schema.org", "@type": "Event", "@id": url, "url": url,
        "name": "Fibre </script> riciclate", "description": "Di che si parla.",
        "startDate": "2027-03-11T14:00:00+01:00", "endDate": "2027-04-01T16:00:00+02:00",
        "eventStatus": "https://schema.org/EventScheduled",
        "eventAttendanceMode": "https://schema.org/MixedEventAttendanceMode",
        "location": [
            {"@type": "Place", "name": "Museo",
             "address": {"@type": "PostalAddress", "streetAddress": "Via Puccetti 3, Prato", "addressCountry": "IT"}},
            {"@type": "VirtualLocation", "url": url},
        ],
        "organizer": {"@type": "Organization", "name": "Ente gestore", "email": "eventi@moda.example",
                      "url": "http://127.0.0.1:8000/moda/"},
        "isAccessibleForFree": True, "maximumPhysicalAttendeeCapacity": 30,
        "offers": {"@type": "Offer", "price": "0", "priceCurrency": "EUR", "url": url,
                   "availability": "https://schema.org/InStock", "validThrough": "2027-03-11T14:00:00+01:00"},
        "performer": [lia, ugo],
        "subEvent": [
            {"@type": "Event", "name": "Apertura", "startDate": "2027-03-11T14:00:00+01:00",
             "endDate": "2027-03-11T17:00:00+01:00", "performer": [lia, ugo],
             "location": {"@type": "Place", "name": "Sala A"}},
            {"@type": "Event", "name": "Laboratorio", "startDate": "2027-04-01T14:00:00+02:00",
             "endDate": "2027-04-01T16:00:00+02:00", "performer": [lia]},
        ],
    }  # fmt: skip


def test_the_online_link_is_nowhere_in_public(client, moda):
    slug = add(moda).slug
    for path in ("/moda/workshops/", f"/moda/workshops/{slug}", f"/moda/workshops/{slug}.ics", "/moda/workshops.ics",
                 "/moda/workshops.json", "/moda/workshops.atom", "/moda/"):  # fmt: skip
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert "stanza-segreta" not in answer.text.replace("\r\n ", ""), path


def test_nobody_without_an_account_sees_a_draft(client, moda):
    slug = add(moda, publish=False, title_it="Bozza segreta").slug
    for path in (f"/moda/workshops/{slug}", f"/moda/workshops/{slug}.ics"):
        assert client.get(path).status_code == 404
    for path in ("", "?when=all", "?state=draft", "?q=bozza", "?month=2027-03"):
        assert "Bozza segreta" not in client.get(f"/moda/workshops/{path}").text
    for path in (".ics", ".json", ".atom"):
        assert "Bozza segreta" not in client.get(f"/moda/workshops{path}").text


def test_a_cancelled_workshop_says_so_with_its_reason(client, moda):
    workshop = add(moda)
    with transaction():
        actions.cancel(workshop, reason="La sala è allagata", by=None)
    page = client.get(f"/moda/workshops/{workshop.slug}").text
    assert "Questo workshop è annullato." in page
    assert "La sala è allagata" in page
    assert linked(page)["eventStatus"] == "https://schema.org/EventCancelled"
    calendar = vobject.readOne(client.get(f"/moda/workshops/{workshop.slug}.ics").text)
    assert {e.status.value for e in calendar.vevent_list} == {"CANCELLED"}


def test_a_past_workshop_says_so(client, moda):
    slug = add(moda).slug
    with time_machine.travel(START + timedelta(days=60)):
        assert "Questo workshop si è svolto." in client.get(f"/moda/workshops/{slug}").text
        assert slug not in client.get("/moda/workshops/").text
        assert slug in client.get("/moda/workshops/?when=past").text


def test_the_calendar_has_one_event_a_date_and_a_second_library_reads_it(client, moda):
    slug = add(moda).slug
    answer = client.get(f"/moda/workshops/{slug}.ics")
    assert answer.content_type == "text/calendar; charset=utf-8"
    calendar = vobject.readOne(answer.text)
    assert calendar.method.value == "PUBLISH"
    times = [(e.dtstart.value.astimezone(UTC), e.dtend.value.astimezone(UTC)) for e in calendar.vevent_list]
    assert times == [
        (START, START + timedelta(hours=3)),
        (datetime(2027, 4, 1, 12, 0, tzinfo=UTC), datetime(2027, 4, 1, 14, 0, tzinfo=UTC)),
    ]
    first = calendar.vevent_list[0]
    assert first.uid.value.endswith("-1@moda.example")
    assert not hasattr(first, "attendee")
    assert (first.location.value, first.sequence.value) == ("Museo, Via Puccetti 3, Prato, e online", "2")
    again = client.get(f"/moda/workshops/{slug}.ics", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_filters_narrow_the_list_and_its_feeds(client, moda):
    add(moda, title_it="Tessuti")
    add(moda, title_it="Cuoio", sector_id=moda.sectors[1].id, online_url="")
    add(moda, title_it="A distanza", venue="", address="", sector_id=None)
    for query, found in (
        ("sector=pelle", {"Cuoio"}), ("mode=onsite", {"Cuoio"}), ("mode=online", {"A distanza"}),
        ("mode=mixed", {"Tessuti"}), ("q=tess", {"Tessuti"}), ("month=2027-04", set()),
        ("month=2027-03", {"Tessuti", "Cuoio", "A distanza"}), ("when=past", set()),
        ("sector=x&mode=x&month=x&when=x&after=x", {"Tessuti", "Cuoio", "A distanza"}),
    ):  # fmt: skip
        page = client.get(f"/moda/workshops/?{query}").text
        assert {t for t in ("Tessuti", "Cuoio", "A distanza") if f">{t}</a>" in page} == found, query
        data = client.get(f"/moda/workshops.json?{query}").json["workshops"]
        assert {w["title"]["it"] for w in data} == found, query


def test_the_list_as_data_and_as_atom(client, moda):
    slug = add(moda).slug
    (row,) = client.get("/moda/workshops.json").json["workshops"]
    assert (row["url"], row["starts_at"], row["mode"], row["seats"], row["state"]) == (
        f"http://127.0.0.1:8000/moda/workshops/{slug}", "2027-03-11T14:00:00+01:00", "mixed", 30, "published",
    )  # fmt: skip
    feed = ElementTree.fromstring(client.get("/moda/workshops.atom").data)
    atom = "{http://www.w3.org/2005/Atom}"
    assert [e.findtext(f"{atom}title") for e in feed.iter(f"{atom}entry")] == ["Fibre </script> riciclate"]
    assert feed.findtext(f"{atom}updated") == BEFORE.isoformat()


def test_the_head_names_canonical_and_alternate_addresses(client, moda):
    slug = add(moda).slug
    url = f"http://127.0.0.1:8000/moda/workshops/{slug}"
    page = client.get(f"/moda/workshops/{slug}", headers={"Host": "evil.example"}).text
    for tag in (f'<link rel="canonical" href="{url}">', f'<link rel="alternate" hreflang="en" href="{url}?lang=en">',
                f'<meta property="og:url" content="{url}">', '<meta property="og:title" content="Fibre'):  # fmt: skip
        assert tag in page, tag


def test_the_panel_of_a_higher_floor_stands_on_the_page_with_its_seats(client, moda, monkeypatch):
    workshop = add(moda)
    for name in ("_panel", "_left", "_marks"):
        monkeypatch.setattr(slots, name, getattr(slots, name))
    slots.register(lambda w: f"<p>posti di {w.slug}</p>", left=lambda ids: dict.fromkeys(ids, 0))
    page = client.get(f"/moda/workshops/{workshop.slug}").text
    assert f"<p>posti di {workshop.slug}</p>" in page
    assert linked(page)["offers"]["availability"] == "https://schema.org/SoldOut"
    assert linked(page)["remainingAttendeeCapacity"] == 0
    assert client.get("/moda/workshops.json").json["workshops"][0]["seats_left"] == 0
    assert "lista d'attesa" in client.get("/moda/workshops/").text


def test_a_kept_page_never_says_what_is_no_longer_true(client, moda, ada, sign_in):
    workshop = add(moda, online_url="")
    address = f"/moda/workshops/{workshop.slug}"
    seen = [client.get(address).text, client.get(address).text]
    assert seen[0] == seen[1]
    assert "posti" in seen[0]
    with transaction():
        registrations.register(workshop, email="carlo@x.example", given_name="Carlo", family_name="Po")
    taken = client.get(address).text
    assert (taken == seen[0], linked(taken)["remainingAttendeeCapacity"]) == (False, 29)
    with transaction():
        actions.revise(workshop, by=None, version=workshop.version, venue="Altrove")
    assert "Altrove" in client.get(address).text
    with time_machine.travel(START + timedelta(days=60)):
        assert "Questo workshop si è svolto." in client.get(address).text
    with transaction():
        actions.cancel(workshop, reason="Neve", by=None)
    assert "Neve" in client.get(address).text
    assert "Recycled" in client.get(address, headers={"Accept-Language": "en"}).text
    assert "Ada" in sign_in(ada).get(address).text
    assert "Ada" not in client.get(address).text


def test_a_kept_page_costs_one_query_and_is_for_visitors_without_cookies_only(client, moda, ada, sign_in):
    address = f"/moda/workshops/{add(moda).slug}"
    client.get(address)
    statements = []

    def note(_connection, _cursor, statement, *_rest):
        if statement.startswith("SELECT"):
            statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        kept = client.get(address)
        once = len(statements)
        sign_in(ada).get(address)
        client.get(f"{address}?n=1")  # the newsletter that led here changes the link to the form
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert (kept.status_code, once, len(statements) > 3) == (200, 1, True)
    assert kept.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert client.head(address).text == ""
