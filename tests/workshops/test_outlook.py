"""What is still missing, and the indicators that a workshop will feed."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
import time_machine

from dissemination.kernel.database import db, transaction
from dissemination.plan import queries as plan
from dissemination.plan.models import Indicator, Target
from dissemination.workshops import actions, gaps, materials, outlook, profiles
from dissemination.workshops.models import Audience
from tests import factories
from tests.workshops.scenes import rome, scheduled, selects, session

BEFORE = datetime(2027, 2, 1, 9, 0, tzinfo=UTC)
DESK = "/moda/desk/workshops/"
HELD = {"measure": "count", "verbs": ["workshop.held"], "lines": ["a"], "split": ["sector", "mode"]}
PRESENT = {"measure": "companies", "verbs": ["attendance.present"], "split": ["size", "province", "role"]}


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(BEFORE, tick=False) as traveller:
        yield traveller


@pytest.fixture
def desk(ada, sign_in):
    return sign_in(ada)


@pytest.fixture
def counted(moda):
    """A plan with two indicators; the first has a target for the running half-year."""
    with transaction():
        current = plan.current_plan(moda.id)
        for n, (code, rule) in enumerate((("DV-01", HELD), ("DV-03", PRESENT))):
            db.session.add(Indicator(plan_id=current.id, position=n, code=code, name_it=f"Indicatore {code}",
                                     name_en="x", unit="workshops", rule=rule))  # fmt: skip
        db.session.flush()
        first = db.session.query(Indicator).filter_by(code="DV-01").one()
        db.session.add(Target(indicator_id=first.id, period="2027-H1", value=Decimal(7)))


def full(moda, **changes):
    """A workshop on which nothing is missing."""
    values = {
        "title_en": "Traceability", "abstract_it": "Di che", "abstract_en": "What", "address": "Via 1",
        "directions_it": "In treno", "macro_area_id": plan.macro_areas(moda.id)[0].id,
        "sessions": [session(rome(2027, 3, 11), speakers=[("Lia Neri", "CNR")])], **changes,
    }  # fmt: skip
    return scheduled(moda, **values)


def missing(workshop):
    return [gap.text for gap in gaps.of(workshop)]


@pytest.mark.parametrize(
    ("changes", "text", "anchor"),
    [
        ({"title_en": ""}, "Titolo in inglese", "title_en"),
        ({"abstract_it": " "}, "Sintesi in italiano", "abstract_it"),
        ({"abstract_en": ""}, "Sintesi in inglese", "abstract_en"),
        ({"sector_id": None}, "Settore", "sector_id"),
        ({"macro_area_id": None}, "Macro-area", "macro_area_id"),
        ({"address": ""}, "Indirizzo", "address"),
        ({"directions_it": ""}, "Come arrivare", "directions_it"),
        ({"sessions": [session(rome(2027, 3, 11))]}, "Relatori", "sessions"),
        (
            {"sessions": [session(rome(2027, 3, 11, 9), 1, speakers=[("Lia", "")]), session(rome(2027, 3, 11, 15), 1)]},
            "Programma del 11/03/2027: niente dalle 10:00 alle 15:00", "sessions",
        ),
    ],
)  # fmt: skip
def test_each_gap_is_named_and_leads_to_where_it_is_filled(desk, moda, counted, changes, text, anchor):
    workshop = full(moda, **changes)
    page = desk.get(f"{DESK}{workshop.slug}").text
    assert f'<a href="{DESK}{workshop.slug}/edit#{anchor}">{text}</a>' in page
    assert f'id="{anchor}"' in desk.get(f"{DESK}{workshop.slug}/edit").text  # and the place is there
    assert len(gaps.of(workshop)) == 1


def test_on_a_whole_workshop_nothing_is_missing(desk, moda, counted):
    workshop = full(moda)
    assert missing(workshop) == []
    page = desk.get(f"{DESK}{workshop.slug}").text
    assert "Che cosa manca ancora" not in page
    online = full(moda, venue="", address="", directions_it="", online_url="https://meet.example/x")
    assert missing(online) == []  # nobody has to find it


def test_the_abstracts_are_marked_as_evidence_and_come_first(desk, moda, counted):
    workshop = full(moda, title_en="", abstract_en="")
    assert [(g.anchor, g.evidence) for g in gaps.of(workshop)] == [("abstract_en", True), ("title_en", False)]
    assert "evidenza" in desk.get(f"{DESK}{workshop.slug}").text


def test_a_biography_waits_for_its_consent_on_the_speakers_page(desk, moda, counted):
    workshop = full(moda)
    lia = workshop.sessions[0].speakers[0].profile
    with transaction():
        profiles.revise(lia, version=1, biography_it="Insegna.")
    page = desk.get(f"{DESK}{workshop.slug}").text
    assert f'href="/moda/desk/speakers/{lia.id}/edit#consent"' in page
    with transaction():
        profiles.agree(lia, how="posta", by=None, version=2)
    assert missing(workshop) == []


def test_materials_are_missed_after_the_end_only(moda, counted, clock):
    workshop = full(moda)
    assert missing(workshop) == []
    clock.move_to(workshop.ends_at)
    assert [gap.endpoint for gap in gaps.of(workshop) if not gap.evidence] == ["materials_desk.index"]
    with transaction():
        materials.add(
            workshop, BytesIO(b"%PDF-1"), "a.pdf", by=None, title_it="A", title_en="", session_id=None,
            audience=Audience.PARTICIPANTS, after_end=True,
        )  # fmt: skip
    assert [gap for gap in gaps.of(workshop) if not gap.evidence] == []


def test_a_cancelled_workshop_misses_nothing(moda, counted):
    workshop = full(moda, title_en="")
    with transaction():
        actions.cancel(workshop, reason="Neve", by=None)
    assert gaps.of(workshop) == []


def test_lunch_is_no_gap_and_parallel_sessions_fill_the_day(moda, counted):
    speakers = [("Lia", "")]
    lunch = [session(rome(2027, 3, 11, 9), 3, speakers=speakers), session(rome(2027, 3, 11, 14), 3)]
    assert missing(full(moda, sessions=lunch)) == []
    long = session(rome(2027, 3, 11, 9), 8, track="A", speakers=speakers)
    short = [session(rome(2027, 3, 11, 9), 1, track="B"), session(rome(2027, 3, 11, 16), 1, track="B")]
    assert missing(full(moda, sessions=[long, *short])) == []


def test_a_line_that_feeds_nothing_is_a_gap(moda, counted):
    with transaction():
        for row in db.session.query(Indicator).filter_by(code="DV-03"):
            row.rule = {**PRESENT, "lines": ["a"]}
    on_b = full(moda, activity_line_id=factories.line(moda, "b").id)
    assert [g.anchor for g in gaps.of(on_b)] == ["activity_line_id"]
    assert gaps.of(full(moda)) == []


def test_the_list_counts_gaps_with_as_many_queries_for_100_as_for_1(desk, moda, counted):
    full(moda, title_en="", abstract_en="")
    desk.get(DESK)
    one = selects(desk, DESK)
    assert "mancano 2 dati" in desk.get(DESK).text
    for n in range(49):
        full(moda, title_it=f"N{n}", sessions=[session(rome(2027, 4, 1), speakers=[(f"Nome {n}", "")])])
    assert selects(desk, DESK) == one
    assert desk.get(DESK).text.count("mancano") == 1


# The indicators.


def test_the_overview_shows_the_line_its_indicators_where_they_stand_and_the_splits(desk, moda, counted):
    workshop = full(moda)
    page = desk.get(f"{DESK}{workshop.slug}").text
    panel = page.split('id="outlook"')[1].split("</section>")[0]
    for text in ("Divulgazione tecnologica", "DV-01 Indicatore DV-01", "0 / 7", "Settore, Modalità",
                 "Classe dimensionale, Provincia, Ruolo", "1° semestre 2027"):  # fmt: skip
        assert text in panel, text
    on_b = full(moda, activity_line_id=factories.line(moda, "b").id)
    panel = desk.get(f"{DESK}{on_b.slug}").text.split('id="outlook"')[1]
    assert ("DV-01" in panel, "DV-03" in panel) == (False, True)  # its rule wants line a


def test_outside_the_plan_the_panel_says_that_nothing_counts_it(desk, moda, counted):
    late = full(moda, sessions=[session(rome(2031, 3, 11), speakers=[("Lia", "")])])
    page = desk.get(f"{DESK}{late.slug}").text
    assert "Nessun indicatore del piano conta in quel periodo" in page


def test_the_form_shows_the_panel_for_the_chosen_line_with_and_without_javascript(desk, moda, counted):
    first = desk.get(f"{DESK}new").text
    assert ("DV-01" in first, 'hx-get="/moda/desk/workshops/feeding"' in first) == (True, True)
    line_b = factories.line(moda, "b").id
    part = desk.get(f"{DESK}feeding?activity_line_id={line_b}&sessions-0-day=2027-03-11")
    assert part.text.strip().startswith('<section class="outlook" id="outlook"')
    assert ("DV-01" in part.text, "DV-03" in part.text) == (False, True)
    sent = {"activity_line_id": line_b, "sessions-0-day": "2027-03-11", "look": "1", "title_it": "Mio"}
    page = desk.post(f"{DESK}new", data=sent)
    panel = page.text.split('id="outlook"')[1].split("</section>")[0]
    assert (page.status_code, "DV-01" in panel, "DV-03" in panel, 'value="Mio"' in page.text) == (
        200, False, True, True,
    )  # fmt: skip


@pytest.mark.parametrize("query", ["", "activity_line_id=x", "activity_line_id=999999999999", "sessions-0-day=x",
                                   "activity_line_id=-1&sessions-0-day=9999-12-31"])  # fmt: skip
def test_hostile_questions_get_an_empty_panel(desk, moda, counted, query):
    answer = desk.get(f"{DESK}feeding?{query}")
    assert (answer.status_code, "Scegli la linea di attività" in answer.text) == (200, True)


def test_a_line_of_another_district_shows_nothing(desk, moda, nautica, counted):
    theirs = factories.line(nautica).id
    answer = desk.get(f"{DESK}feeding?activity_line_id={theirs}&sessions-0-day=2027-03-11")
    assert "DV-01" not in answer.text


def test_the_day_of_the_last_session_decides_the_half_year_of_the_plan(moda, counted):
    workshop = full(moda, sessions=[session(rome(2028, 12, 31, 22), 1, speakers=[("L", "")])])
    assert len(gaps.fed(workshop)) == 2
    over = full(moda, sessions=[session(rome(2029, 1, 1, 0), 1, speakers=[("L", "")])])
    assert gaps.fed(over) == []
    assert over.ends_at - workshop.ends_at == timedelta(hours=2)
    assert date(2028, 12, 31) in workshop.days


def test_a_session_over_midnight_belongs_to_the_half_year_in_which_it_began(moda, counted):
    """The same day for the panel, for what the form asks, and for the figures (`attendance.day_of`)."""
    from dissemination.attendance.queries import day_of
    from dissemination.registrations.forms import splits_of

    night = full(moda, sessions=[session(rome(2028, 12, 31, 22), 4, speakers=[("L", "")])])
    assert (night.counted_on, len(gaps.fed(night)), outlook.of(night).period) == (
        date(2028, 12, 31), 2, "1° semestre 2027",
    )  # fmt: skip
    assert splits_of(night) == {"size", "province", "role"}
    midnight = full(moda, sessions=[session(rome(2028, 12, 31, 22), 2, speakers=[("L", "")])])
    assert (midnight.counted_on, len(gaps.fed(midnight))) == (date(2028, 12, 31), 2)
    both = [session(rome(2028, 12, 31), 2), session(rome(2029, 1, 1), 2)]
    turn = full(moda, sessions=both)
    assert (turn.counted_on, gaps.fed(turn), splits_of(turn)) == (date(2029, 1, 1), [], frozenset())
    assert [day_of(w) for w in (night, midnight, turn)] == [w.counted_on for w in (night, midnight, turn)]
