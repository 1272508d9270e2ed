"""Programmes of several days with parallel sessions, and the hours and years that cannot be."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from dissemination.kernel.database import db, transaction
from dissemination.workshops import actions, refusals
from dissemination.workshops.models import Workshop
from tests.workshops.scenes import rome, scheduled, session
from tests.workshops.test_desk import BASE, only, written

BEFORE = datetime(2027, 2, 1, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _early():
    with time_machine.travel(BEFORE, tick=False):
        yield


@pytest.fixture
def desk(ada, sign_in):
    return sign_in(ada)


def two(first_track, second_track, *, minutes=60):
    """A session from 9 to 11, and one that begins `minutes` later."""
    start = rome(2027, 3, 11)
    later = start + timedelta(minutes=minutes)
    return [
        session(start, title_it="Uno", track=first_track),
        session(later, title_it="Due", track=second_track),
    ]


@pytest.mark.parametrize(("first", "second"), [("", ""), ("A", ""), ("", "B"), ("A", "A"), ("sala", "SALA")])
def test_sessions_at_the_same_time_need_different_tracks_and_both_are_named(moda, first, second):
    with pytest.raises(refusals.Overlap) as told:
        scheduled(moda, sessions=two(first, second))
    assert all(title in str(told.value.message) for title in ("«Uno»", "«Due»"))
    assert db.session.scalars(select(Workshop)).all() == []


@pytest.mark.parametrize(("tracks", "minutes"), [(("A", "B"), 60), (("", ""), 120), (("A", "A"), 120)])
def test_other_tracks_may_run_in_parallel_and_what_follows_needs_none(moda, tracks, minutes):
    workshop = scheduled(moda, sessions=two(*tracks, minutes=minutes))
    blocks = next(iter(workshop.blocks_by_day.values()))
    assert [{t: [s.title_it for s in rows] for t, rows in block.items()} for block in blocks] == (
        [{"A": ["Uno"], "B": ["Due"]}] if minutes == 60 else [{tracks[0]: ["Uno"]}, {tracks[1]: ["Due"]}]
    )


def test_parallel_sessions_stand_side_by_side_by_track_each_under_its_heading(client, moda):
    evening = session(rome(2027, 3, 12), title_it="Giorno dopo")
    workshop = scheduled(moda, sessions=[*two("Filati", "Tessuti"), evening])
    page = client.get(f"/moda/workshops/{workshop.slug}").text
    block = page.split('<div class="tracks">')[1]
    for text in ("<h4>Percorso Filati</h4>", "<h4>Percorso Tessuti</h4>"):
        assert text in block
    assert block.index("Uno") < block.index("Percorso Tessuti") < block.index("Due")  # track after track
    assert page.count('class="tracks"') == 1
    assert "venerdì 12 marzo 2027" in page


def test_the_refusal_stands_at_the_programme_and_the_form_is_kept(desk, moda):
    more = {
        "sessions-1-title_it": "Laboratorio", "sessions-1-day": "2027-03-11", "sessions-1-start": "15:00",
        "sessions-1-end": "16:00",
    }  # fmt: skip
    answer = desk.post(f"{BASE}new", data=written(moda, **more))
    assert answer.status_code == 422
    assert "«Apertura» e «Laboratorio» si svolgono nello stesso momento" in answer.text
    assert "Lia Neri" in answer.text
    tracks = {"sessions-0-track": "A", "sessions-1-track": "B"}
    assert desk.post(f"{BASE}new", data=written(moda, **more, **tracks)).status_code == 302
    assert [s.track for s in only().sessions] == ["A", "B"]


@pytest.mark.parametrize("year", [1999, 2038, 9999])
def test_years_that_were_mistyped_are_refused(desk, moda, year):
    answer = desk.post(f"{BASE}new", data=written(moda, **{"sessions-0-day": f"{year}-03-11"}))
    assert (answer.status_code, "tra gli anni 2000 e 2037" in answer.text) == (422, True)
    with pytest.raises(refusals.YearOutOfBounds):
        scheduled(moda, start=rome(year, 3, 11))
    assert db.session.scalars(select(Workshop)).all() == []


def test_an_hour_that_comes_twice_is_taken_the_first_time_and_said(desk, moda):
    night = {
        "sessions-0-day": "2027-10-31", "sessions-0-start": "02:30", "sessions-0-end": "04:00",
        "registration_deadline": "",
    }  # fmt: skip
    answer = desk.post(f"{BASE}new", data=written(moda, **night), follow_redirects=True)
    assert "Il 31/10/2027 le lancette tornano indietro e le 02:30 ricorrono due volte" in answer.text
    assert only().starts_at == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    assert only().ends_at - only().starts_at == timedelta(hours=2, minutes=30)


def test_an_ordinary_night_says_nothing_of_clocks(desk, moda):
    night = {"sessions-0-start": "22:00", "sessions-0-end": "02:30", "sessions-0-overnight": "y"}
    answer = desk.post(f"{BASE}new", data=written(moda, **night), follow_redirects=True)
    assert "lancette" not in answer.text


def test_more_speakers_fit_without_javascript(desk, moda):
    page = desk.post(f"{BASE}new", data=written(moda, more_speakers="sessions-0"))
    assert page.status_code == 200
    assert 'name="sessions-0-speakers-5-name"' in page.text
    assert db.session.scalars(select(Workshop)).all() == []


def test_an_empty_deadline_follows_the_start_when_that_moves(moda):
    workshop = scheduled(moda, publish=False)
    assert (workshop.deadline_follows, workshop.registration_deadline) == (True, workshop.starts_at)
    for start in (rome(2027, 3, 18), rome(2027, 3, 4)):
        with transaction():
            actions.revise(workshop, by=None, version=workshop.version, sessions=[session(start)])
        assert workshop.registration_deadline == workshop.starts_at == start
    with transaction():
        actions.revise(workshop, by=None, version=workshop.version, registration_deadline=rome(2027, 3, 1))
    with transaction():
        actions.revise(workshop, by=None, version=workshop.version, sessions=[session(rome(2027, 4, 1))])
    assert (workshop.deadline_follows, workshop.registration_deadline) == (False, rome(2027, 3, 1))
    with transaction():
        actions.revise(workshop, by=None, version=workshop.version, registration_deadline=None)
    assert (workshop.deadline_follows, workshop.registration_deadline) == (True, rome(2027, 4, 1))


def test_the_form_shows_a_following_deadline_empty_and_keeps_it_following(desk, moda):
    desk.post(f"{BASE}new", data=written(moda, registration_deadline=""))
    page = desk.get(f"{BASE}fibre-riciclate/edit").text
    assert 'name="registration_deadline" type="date" value=""' in page
    moved = written(moda, registration_deadline="", version="1", **{"sessions-0-id": only().sessions[0].id,
                    "sessions-0-day": "2027-03-18"})  # fmt: skip
    assert desk.post(f"{BASE}fibre-riciclate/edit", data=moved).status_code == 302
    assert only().registration_deadline == only().starts_at == rome(2027, 3, 18, 14)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"online_seats": "50", "online_url": ""}, "sia una sede sia un link online"),
        ({"online_seats": "0"}, "Posti online"),
        ({"online_seats": "molti"}, "Scrivi un numero intero"),
        ({"offer_hours": "-1"}, "Ore d’ufficio"),
        ({"required_share": "101"}, "Presenza richiesta"),
        ({"retention_months": "0"}, "Mesi di conservazione"),
        ({"co_organisers-0-website": "https://cc.example"}, "Scrivi il nome."),
        ({"co_organisers-0-name": "X", "co_organisers-0-website": "javascript:alert(1)"}, "Co-organizzatori"),
    ],
)
def test_settings_that_cannot_be_are_said_and_the_folded_part_is_opened(desk, moda, changes, message):
    answer = desk.post(f"{BASE}new", data=written(moda, **changes))
    assert (answer.status_code, message in answer.text) == (422, True)
    if "online_seats" not in changes:
        assert '<details class="settings" open>' in answer.text
    assert db.session.scalars(select(Workshop)).all() == []


def test_all_settings_are_kept_and_shown_again(desk, moda):
    settings = {
        "online_seats": "50", "is_private": "y", "needs_approval": "y", "offer_hours": "4",
        "required_share": "80", "retention_months": "12", "co_organisers-0-name": "CNA",
        "co_organisers-0-website": "https://cna.example", "co_organisers-1-name": "CNR",
    }  # fmt: skip
    assert desk.post(f"{BASE}new", data=written(moda, **settings)).status_code == 302
    w = only()
    assert (w.online_seats, w.is_private, w.needs_approval, w.offer_hours, w.required_share) == (
        50,
        True,
        True,
        4,
        80,
    )
    assert (w.retention_months, [(c.name, c.website) for c in w.co_organisers]) == (
        12, [("CNA", "https://cna.example"), ("CNR", "")],
    )  # fmt: skip
    form = desk.get(f"{BASE}fibre-riciclate/edit").text
    for kept in ('value="50"', 'value="80"', "https://cna.example", '<details class="settings" open>'):
        assert kept in form
    page = desk.get(f"{BASE}fibre-riciclate").text
    for told in (
        "30 in sala",
        "50 online",
        "Solo su invito",
        "offerti per 4 ore d’ufficio",
        "80 %",
        "12 mesi",
        "CNA, CNR",
    ):
        assert told in page, told


def test_what_is_left_empty_takes_the_usual_value(desk, moda):
    desk.post(f"{BASE}new", data=written(moda, offer_hours="", required_share="", retention_months=""))
    w = only()
    assert (w.online_seats, w.offer_hours, w.required_share, w.retention_months) == (None, 0, 75, 24)
    assert '<details class="settings">' in desk.get(f"{BASE}new").text  # a tired organiser sees little


def test_co_organisers_and_seats_of_both_kinds_are_public(client, moda):
    workshop = scheduled(
        moda, online_url="https://meet.example/x", online_seats=70,
        co_organisers=[("CNA", "https://cna.example"), ("CNR", "")],
    )  # fmt: skip
    page = client.get(f"/moda/workshops/{workshop.slug}").text
    for told in ('<a href="https://cna.example" rel="noopener">CNA</a>, CNR', "30 in sala, 70 online"):
        assert told in page, told
    assert '"organizer": [{"@type": "Organization", "email"' in page
    assert '{"@type": "Organization", "name": "CNA", "url": "https://cna.example"}' in page
    assert '"maximumPhysicalAttendeeCapacity": 30' in page
    assert '"maximumVirtualAttendeeCapacity": 70' in page
    row = client.get("/moda/workshops.json").json["workshops"][0]
    assert (row["seats"], row["online_seats"], row["co_organisers"][1]) == (
        30,
        70,
        {"name": "CNR", "website": ""},
    )
