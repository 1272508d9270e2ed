"""The calendar of a month, clash warnings, and the feeds that people subscribe to."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
import vobject

from dissemination.kernel.database import transaction
from dissemination.workshops import actions, agenda, clashes
from tests.workshops.scenes import rome, scheduled, selects, session

BEFORE = datetime(2027, 2, 1, 9, 0, tzinfo=UTC)
DESK = "/moda/desk/workshops/"


@pytest.fixture(autouse=True)
def _early():
    with time_machine.travel(BEFORE, tick=False):
        yield


@pytest.fixture
def desk(ada, sign_in):
    return sign_in(ada)


def titles(month):
    return {
        d.date: [e.workshop.title_it for e in d.entries] for week in month.weeks for d in week if d.entries
    }


def test_a_month_has_whole_weeks_and_each_workshop_on_each_of_its_days(moda):
    scheduled(
        moda, title_it="Due date", sessions=[session(rome(2027, 3, 4, 14)), session(rome(2027, 3, 18, 9))]
    )
    scheduled(moda, title_it="Presto", start=rome(2027, 3, 18, 8))
    scheduled(moda, title_it="Notte", start=rome(2027, 3, 31, 23), publish=False)
    scheduled(moda, title_it="Aprile", start=rome(2027, 4, 1, 0))
    month = agenda.month(moda, date(2027, 3, 17), public=False)
    assert ([len(w) for w in month.weeks], month.weeks[0][0].date, month.weeks[-1][-1].date) == (
        [7] * 5, date(2027, 3, 1), date(2027, 4, 4),
    )  # fmt: skip
    assert titles(month) == {
        date(2027, 3, 4): ["Due date"], date(2027, 3, 18): ["Presto", "Due date"], date(2027, 3, 31): ["Notte"],
        date(2027, 4, 1): ["Aprile"],
    }  # fmt: skip
    assert [d.date.day for d in month.busy] == [4, 18, 31]
    assert "Notte" not in str(titles(agenda.month(moda, date(2027, 3, 1), public=True)))
    assert (month.before, month.after) == (date(2027, 2, 1), date(2027, 4, 1))
    assert agenda.month(moda, date(2027, 12, 31), public=True).after == date(2028, 1, 1)


def test_the_months_in_which_the_clocks_change_keep_their_days(moda):
    for day in (date(2027, 3, 28), date(2027, 10, 31)):
        for hour in (0, 23):
            scheduled(
                moda, title_it=f"{day} {hour}", sessions=[session(rome(*day.timetuple()[:3], hour), 0.5)]
            )
        assert titles(agenda.month(moda, day, public=True)) == {day: [f"{day} 0", f"{day} 23"]}


def test_the_public_calendar_is_a_table_with_headings_and_a_list_for_phones(client, moda):
    scheduled(moda, start=rome(2027, 3, 11, 14, 30))
    cancelled = scheduled(moda, title_it="Saltato", start=rome(2027, 3, 12))
    with transaction():
        actions.cancel(cancelled, reason="Neve", by=None)
    page = client.get("/moda/workshops/calendar?month=2027-03").text
    table = re.search(r'<table class="month">.*?</table>', page, re.S)[0]
    assert re.findall(r'<th scope="col">(\w+)', table)[:2] == ["luned", "marted"] or "lunedì" in table
    assert table.count('<th scope="col">') == 7
    assert "<caption" in table
    for text in ("14:30", "Tracciabilità", "Tessile", "Saltato", "Annullato"):
        assert text in table, text
    listed = page.split('<div class="month-list">')[1]
    assert ("giovedì 11 marzo 2027" in listed, "Tracciabilità" in listed) == (True, True)
    assert 'rel="prev" href="/moda/workshops/calendar?month=2027-02"' in page
    assert 'rel="next" href="/moda/workshops/calendar?month=2027-04"' in page


@pytest.mark.parametrize("month", ["", "x", "2027-13", "0000-01", "9999-12", "99999-01", "2027-03-01", "%00"])
@pytest.mark.parametrize("path", ["/moda/workshops/calendar", f"{DESK}calendar"])
def test_a_month_that_is_none_shows_the_present_one(desk, moda, path, month):
    answer = desk.get(f"{path}?month={month}")
    assert (answer.status_code, "Febbraio 2027" in answer.text) == (200, True)


def test_the_desk_calendar_shows_drafts_with_their_state_and_narrows_by_sector(desk, moda):
    scheduled(moda, publish=False)
    scheduled(moda, title_it="Cuoio", sector_id=moda.sectors[1].id)
    page = desk.get(f"{DESK}calendar?month=2027-03").text
    assert ("Bozza" in page, "Cuoio" in page) == (True, True)
    narrowed = desk.get(f"{DESK}calendar?month=2027-03&sector=pelle").text
    assert ("Tracciabilità" in narrowed, "Cuoio" in narrowed) == (False, True)
    assert "month=2027-04&amp;sector=pelle" in narrowed
    assert "In questo mese non c’è nulla in programma." in desk.get(f"{DESK}calendar?month=2027-09").text


@pytest.mark.parametrize("path", ["/moda/workshops/calendar?month=2027-03", f"{DESK}calendar?month=2027-03"])
def test_the_calendar_costs_the_same_for_1_and_for_60(desk, moda, path):
    scheduled(moda)
    desk.get(path)
    one = selects(desk, path)
    for n in range(60):
        scheduled(moda, title_it=f"N{n}", start=rome(2027, 3, 1 + n % 28, 8 + n % 9))
    assert selects(desk, path) == one


# Clashes.


def told(workshop):
    return [(c.why.value, c.other.title_it, c.day, c.speaker) for c in clashes.of(workshop)]


def test_the_same_sector_on_the_same_day_is_told_also_of_drafts(moda):
    mine = scheduled(moda, start=rome(2027, 3, 11, 9))
    scheduled(moda, title_it="Bozza", start=rome(2027, 3, 11, 18), publish=False)
    scheduled(moda, title_it="Domani", start=rome(2027, 3, 12, 9))
    scheduled(moda, title_it="Altro settore", start=rome(2027, 3, 11, 9), sector_id=moda.sectors[1].id)
    off = scheduled(moda, title_it="Annullato", start=rome(2027, 3, 11, 9))
    with transaction():
        actions.cancel(off, reason="x", by=None)
    assert told(mine) == [("sector", "Bozza", date(2027, 3, 11), "")]


def test_a_day_is_a_day_of_the_programme_not_of_the_span(moda):
    mine = scheduled(moda, sessions=[session(rome(2027, 3, 4)), session(rome(2027, 3, 18))])
    scheduled(moda, title_it="In mezzo", start=rome(2027, 3, 11))
    scheduled(moda, title_it="Stesso giorno", start=rome(2027, 3, 18, 17))
    assert told(mine) == [("sector", "Stesso giorno", date(2027, 3, 18), "")]


def test_other_districts_are_looked_at_by_the_sectors_code_and_what_their_public_sees(moda, nautica):
    mine = scheduled(moda)
    scheduled(nautica, title_it="Da loro")  # its sector has the same code
    scheduled(nautica, title_it="Loro bozza", publish=False)
    scheduled(nautica, title_it="Loro riservato", is_private=True)
    scheduled(nautica, title_it="Loro cuoio", sector_id=nautica.sectors[1].id)
    assert told(mine) == [("sector", "Da loro", date(2027, 3, 11), "")]
    without = scheduled(moda, title_it="Senza settore", sector_id=None)
    assert told(without) == []


def test_the_same_speaker_at_the_same_time_is_told_by_name(moda):
    mine = scheduled(moda, sessions=[session(rome(2027, 3, 11, 9), 2, speakers=[("Lia Neri", "CNR")])])
    other = moda.sectors[1].id
    scheduled(moda, title_it="Insieme", sector_id=other,
              sessions=[session(rome(2027, 3, 11, 10), 2, speakers=[("lia neri", ""), ("Ugo Po", "")])])  # fmt: skip
    scheduled(moda, title_it="Dopo", sector_id=other,
              sessions=[session(rome(2027, 3, 11, 11), 2, speakers=[("Lia Neri", "CNR")])])  # fmt: skip
    assert told(mine) == [("speaker", "Insieme", date(2027, 3, 11), "Lia Neri")]


def test_a_warning_stands_on_overview_form_and_before_publishing_and_stops_nothing(desk, moda, nautica):
    mine = scheduled(moda, publish=False)
    scheduled(nautica, title_it="Da loro")
    for path in ("", "/edit", "/publication"):
        page = desk.get(f"{DESK}{mine.slug}{path}").text
        assert "lo stesso settore nello stesso giorno, Distretto nautica:" in page, path
        assert "Da loro" in page, path
    assert desk.post(f"{DESK}{mine.slug}/publication").status_code == 302
    assert "Da loro" in desk.get(f"{DESK}{mine.slug}").text


def test_many_clashes_cost_as_many_queries_as_one(desk, moda):
    mine = scheduled(moda)
    scheduled(moda, title_it="N")
    desk.get(f"{DESK}{mine.slug}")
    one = selects(desk, f"{DESK}{mine.slug}")
    for n in range(40):
        scheduled(moda, title_it=f"N{n}", sessions=[session(rome(2027, 3, 11), speakers=[(f"Nome {n}", "")])])
    assert selects(desk, f"{DESK}{mine.slug}") == one
    assert len(clashes.of(mine)) == clashes.MOST


# Feeds.


def test_a_feed_of_one_sector_has_that_sector_only_and_says_its_name(client, moda):
    scheduled(moda, title_it="Tessuti")
    scheduled(moda, title_it="Cuoio", sector_id=moda.sectors[1].id)
    answer = client.get("/moda/workshops/.ics?sector=pelle")
    calendar = vobject.readOne(answer.text)
    assert [e.summary.value for e in calendar.vevent_list] == ["Cuoio"]
    assert calendar.contents["x-wr-calname"][0].value == "Workshop: Distretto moda, Pelle e cuoio"
    unknown = vobject.readOne(client.get("/moda/workshops/.ics?sector=x").text)
    assert len(unknown.vevent_list) == 2


def test_what_is_over_stays_in_the_feed_for_three_months(client, moda):
    workshop = scheduled(moda)
    for days, there in ((1, True), (91, True), (93, False)):
        with time_machine.travel(workshop.ends_at + timedelta(days=days)):
            assert ("Tracciabilit" in client.get("/moda/workshops.ics").text) is there, days
            assert "Tracciabilit" not in client.get("/moda/workshops.ics?when=coming").text


def test_the_list_offers_to_subscribe_to_all_and_to_each_sector(client, moda):
    page = client.get("/moda/workshops/", headers={"Host": "evil.example"}).text
    for address in ("webcal://127.0.0.1:8000/moda/workshops.ics", "webcal://127.0.0.1:8000/moda/workshops.ics?sector=pelle",
                    "/moda/workshops.ics?sector=tessile"):  # fmt: skip
        assert address in page.replace("/workshops/.ics", "/workshops.ics"), address
