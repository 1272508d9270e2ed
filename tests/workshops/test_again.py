"""The same workshop again: copies, series, templates."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from dissemination.kernel.database import db, transaction
from dissemination.kernel.text import slugify
from dissemination.plan import queries as plan
from dissemination.plan.models import Plan
from dissemination.workshops import actions, facts, refusals, series, shape, templates
from dissemination.workshops.models import Question, Series, State, Workshop, WorkshopTemplate
from tests import factories
from tests.workshops.scenes import rome, scheduled, selects, session

BEFORE = datetime(2027, 2, 1, 9, 0, tzinfo=UTC)
DESK = "/moda/desk/"


@pytest.fixture(autouse=True)
def _early():
    with time_machine.travel(BEFORE, tick=False):
        yield


@pytest.fixture
def desk(ada, sign_in):
    return sign_in(ada)


def whole(moda, **changes):
    """A workshop in which every fact has a value of its own."""
    area = plan.macro_areas(moda.id)[0]
    values = {
        "theme": "Filiera", "macro_area_id": area.id, "title_en": "Traceability", "abstract_it": "Di che",
        "abstract_en": "What", "address": "Via Puccetti 3", "directions_it": "In treno",
        "directions_en": "By train", "online_url": "https://meet.example/x", "seats": 31, "online_seats": 32,
        "needs_approval": True, "is_private": True, "offer_hours": 5, "required_share": 60,
        "retention_months": 6, "registration_deadline": rome(2027, 3, 9, 18, 30),
        "sessions": [
            session(rome(2027, 3, 11, 14, 30), title_en="Opening", room="Sala A", track="A",
                    speakers=[("Lia Neri", "CNR"), ("Ugo Po", "")]),
            session(rome(2027, 3, 11, 15), title_it="Laboratorio", track="B"),
            session(rome(2027, 3, 12, 23), 3, title_it="Notte"),
        ],
        "co_organisers": [("Camera di Commercio", "https://cc.example"), ("CNA", "")],
        "questions": [
            {"text_it": "Lavori qui?", "kind": "choice", "required": True,
             "choices": [{"key": "k1", "it": "Sì", "en": "Yes"}, {"key": "k2", "it": "No", "en": "No"}]},
            {"text_it": "Da quando?", "text_en": "Since when?", "kind": "date", "retention_months": 3,
             "depends_on": 0, "depends_value": "k1"},
        ],
        **changes,
    }  # fmt: skip
    return scheduled(moda, **values)


def test_a_copy_has_every_fact_programme_and_question_and_conditions_look_at_its_own(moda, ada):
    workshop = whole(moda)
    with transaction():
        copy = actions.copy(workshop, by=ada, day=date(2027, 4, 8))  # summer time by then
    assert {n: getattr(copy, n) for n in shape.PLAIN} == {n: getattr(workshop, n) for n in shape.PLAIN}
    assert [
        (s.starts_at, s.ends_at, s.title_it, s.title_en, s.room, s.track, [(p.name, p.affiliation) for p in s.speakers])
        for s in copy.sessions
    ] == [
        (rome(2027, 4, 8, 14, 30), rome(2027, 4, 8, 16, 30), "Apertura", "Opening", "Sala A", "A",
         [("Lia Neri", "CNR"), ("Ugo Po", "")]),
        (rome(2027, 4, 8, 15), rome(2027, 4, 8, 17), "Laboratorio", "", "", "B", []),
        (rome(2027, 4, 9, 23), rome(2027, 4, 10, 2), "Notte", "", "", "", []),
    ]  # fmt: skip
    assert copy.registration_deadline == rome(2027, 4, 6, 18, 30)
    assert [(c.name, c.website) for c in copy.co_organisers] == [
        ("Camera di Commercio", "https://cc.example"), ("CNA", ""),
    ]  # fmt: skip
    first, second = copy.questions
    assert (first.kind, first.choices, first.required) == ("choice", workshop.questions[0].choices, True)
    assert (second.depends_on_id, second.depends_value, second.retention_months) == (first.id, "k1", 3)
    assert first.id not in [q.id for q in workshop.questions]
    assert (copy.state, copy.published_at, copy.revision) == (State.DRAFT, None, 1)


def test_the_shape_names_every_column_that_a_workshop_says_of_itself():
    """A new column of workshops must be copied, or named here as one that is its own."""
    own = {
        "id", "district_id", "slug", "series_id", "registration_deadline", "deadline_follows", "starts_at",
        "ends_at", "revision", "version", "touched", "form_mark", "created_at", "created_by", "updated_at",
        "updated_by", "published_at",
    }  # fmt: skip
    assert set(Workshop.__table__.columns.keys()) - own == set(shape.PLAIN)
    assert set(Question.__table__.columns.keys()) == {
        "id", "workshop_id", "position", "retired_at", "kind", "text_it", "text_en", "required", "choices",
        "depends_on_id", "depends_value", "retention_months",
    }  # fmt: skip
    assert set(facts.FACTS) == {*shape.PLAIN, "registration_deadline"}


def test_a_copy_in_the_next_plan_hangs_on_its_line_of_the_same_code(moda):
    workshop = scheduled(moda, activity_line_id=factories.line(moda, "b").id)
    with transaction():
        following = factories.plan(moda, starts_on=date(2029, 1, 1), ends_on=date(2031, 12, 31))
    with transaction():
        copy = actions.copy(workshop, by=None, day=date(2029, 3, 8))
    assert (copy.line.plan_id, copy.line.code) == (following.id, "b")


def test_an_hour_that_the_clocks_skip_is_refused_by_its_date(moda):
    workshop = scheduled(moda, start=rome(2027, 3, 20, 2, 30))
    with pytest.raises(refusals.HourDoesNotExist) as told, transaction():
        actions.copy(workshop, by=None, day=date(2027, 3, 28))
    assert "28/03/2027" in str(told.value.message)
    assert "02:30" in str(told.value.message)
    assert db.session.scalars(select(Workshop)).all() == [workshop]


# Series.


def test_each_date_becomes_a_draft_of_its_own_at_the_same_hours(moda, ada):
    workshop = scheduled(moda, start=rome(2027, 3, 11, 14, 30))
    with transaction():
        made = series.repeat(workshop, [date(2027, 11, 4), date(2027, 5, 6)], by=ada)
    assert [(w.starts_at, w.slug, w.state, w.series_id) for w in made] == [
        (rome(2027, 5, 6, 14, 30), "tracciabilita-2", State.DRAFT, workshop.series_id),
        (rome(2027, 11, 4, 14, 30), "tracciabilita-3", State.DRAFT, workshop.series_id),
    ]
    assert workshop.series.title_it == "Tracciabilità"
    with transaction():
        more = series.repeat(made[0], [date(2027, 6, 3)], by=ada)  # the series grows from any of its dates
    assert [w.series_id for w in more] == [workshop.series_id]
    assert len(series.by_id(moda.id, workshop.series_id).workshops) == 4


def test_a_date_that_the_series_has_is_refused_and_nothing_is_made(moda):
    workshop = scheduled(moda, start=rome(2027, 3, 11))
    for days, refusal in (
        ([date(2027, 4, 1), date(2027, 3, 11)], refusals.DateTaken),
        ([], refusals.NoDates),
    ):
        with pytest.raises(refusal), transaction():
            series.repeat(workshop, days, by=None)
    assert (db.session.scalars(select(Series)).all(), len(db.session.scalars(select(Workshop)).all())) == (
        [],
        1,
    )


def test_the_form_takes_several_dates_and_a_second_click_makes_no_second_drafts(desk, moda):
    slug = scheduled(moda).slug
    page = desk.get(f"{DESK}workshops/{slug}/series").text
    assert page.count('name="days-') == 6
    sent = {"days-0": "2027-04-08", "days-1": "", "days-2": "2027-05-06", "form_mark": "m1"}
    answers = [desk.post(f"{DESK}workshops/{slug}/series", data=sent) for _ in range(2)]
    assert [a.status_code for a in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    listed = desk.get(answers[0].location).text
    assert (listed.count("Bozza"), "08/04/2027" in listed, "06/05/2027" in listed) == (2, True, True)
    assert len(db.session.scalars(select(Workshop)).all()) == 3


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({}, "Indica almeno una data."),
        ({"days-0": "2027-02-30"}, "Scrivi una data che esiste"),
        ({"days-0": "1066-10-14"}, "tra gli anni 2000 e 2037"),
        ({"days-0": "2027-03-11"}, "La serie ha già un workshop"),
    ],
)
def test_wrong_dates_are_said_and_kept(desk, moda, sent, message):
    slug = scheduled(moda).slug
    answer = desk.post(f"{DESK}workshops/{slug}/series", data={"form_mark": "m", "days-3": "2027-09-09", **sent}
                       if sent else {"form_mark": "m"})  # fmt: skip
    assert (answer.status_code, message in answer.text) == (422, True), answer.text
    assert 'value="2027-09-09"' in answer.text or not sent
    assert len(db.session.scalars(select(Workshop)).all()) == 1


def test_more_dates_are_asked_for_without_javascript(desk, moda):
    slug = scheduled(moda).slug
    sent = {f"days-{n}": f"2027-04-{n + 1:02}" for n in range(6)} | {"more": "+", "form_mark": "m"}
    page = desk.post(f"{DESK}workshops/{slug}/series", data=sent)
    assert (page.status_code, page.text.count('name="days-') > 6) == (200, True)
    assert 'value="2027-04-06"' in page.text


def test_a_public_page_names_the_other_dates_with_their_free_seats(client, moda):
    first = scheduled(moda, start=rome(2027, 3, 11))
    with transaction():
        second, third, fourth = series.repeat(
            first, [date(2027, 4, 8), date(2027, 5, 6), date(2027, 6, 3)], by=None
        )
    address = f"/moda/workshops/{first.slug}"
    assert "Altre date" not in client.get(address).text  # drafts are nobody's business
    with transaction():
        for workshop in (second, third, fourth):
            actions.publish(workshop, by=None)
    page = client.get(address).text.split("Altre date")[1]
    assert ("giovedì 8 aprile 2027" in page, "30 posti liberi" in page) == (True, True)
    with transaction():
        actions.cancel(second, reason="Neve", by=None)
        actions.revise(third, by=None, version=third.version, is_private=True)
    page = client.get(address).text.split("Altre date")[1]  # a kept page hears of its series at once
    assert ("8 aprile" in page, "6 maggio" in page, "3 giugno" in page) == (False, False, True)


def test_an_existing_workshop_joins_and_leaves_a_series(desk, moda):
    first, other = scheduled(moda), scheduled(moda, title_it="Altro", start=rome(2027, 4, 1))
    with transaction():
        series.repeat(first, [date(2027, 5, 6)], by=None)
    series_id = first.series_id
    address = f"{DESK}series/{series_id}"
    assert desk.post(f"{address}/workshops", data={"workshop_id": other.id}).status_code == 303
    assert db.session.get(Workshop, other.id).series_id == series_id
    refused = desk.post(f"{address}/workshops", data={"workshop_id": other.id})  # no longer offered
    assert refused.status_code == 422
    for workshop in db.session.get(Series, series_id).workshops:
        assert desk.post(f"{DESK}workshops/{workshop.slug}/series/removal").status_code == 303
    db.session.rollback()
    assert db.session.scalars(select(Series)).all() == []  # without workshops it is gone
    assert len(db.session.scalars(select(Workshop)).all()) == 3


def test_a_workshop_of_another_district_never_joins(desk, moda, nautica):
    first, theirs = scheduled(moda), scheduled(nautica)
    with transaction():
        series.repeat(first, [date(2027, 5, 6)], by=None)
    answer = desk.post(f"{DESK}series/{first.series_id}/workshops", data={"workshop_id": theirs.id})
    assert (answer.status_code, db.session.get(Workshop, theirs.id).series_id) == (422, None)


def test_of_two_who_rename_a_series_the_second_is_told(desk, moda):
    first = scheduled(moda)
    with transaction():
        series.repeat(first, [date(2027, 5, 6)], by=None)
    address = f"{DESK}series/{first.series_id}"
    assert desk.post(address, data={"title_it": "Prima", "version": "1"}).status_code == 303
    late = desk.post(address, data={"title_it": "Seconda", "version": "1"})
    assert (late.status_code, 'value="Seconda"' in late.text, "Qualcun altro" in late.text) == (
        422,
        True,
        True,
    )
    db.session.rollback()
    assert db.session.get(Series, first.series_id).title_it == "Prima"


def test_all_drafts_of_a_series_are_published_in_one_go(desk, moda):
    first = scheduled(moda)
    with transaction():
        series.repeat(first, [date(2027, 5, 6), date(2027, 6, 3)], by=None)
    answer = desk.post(f"{DESK}series/{first.series_id}/publications", follow_redirects=True)
    assert "2 workshop sono pubblicati." in answer.text
    assert {w.state for w in db.session.scalars(select(Workshop))} == {State.PUBLISHED}


# Templates.


def test_a_template_keeps_the_shape_and_makes_the_same_workshop_on_another_date(moda, ada):
    workshop = whole(moda)
    with transaction():
        template = templates.save(workshop, name="Due giorni", by=ada)
    with transaction():
        made = templates.make(template, day=date(2027, 9, 9), by=ada)
    assert {n: getattr(made, n) for n in shape.PLAIN} == {n: getattr(workshop, n) for n in shape.PLAIN}
    assert (made.starts_at, made.registration_deadline) == (
        rome(2027, 9, 9, 14, 30),
        rome(2027, 9, 7, 18, 30),
    )
    assert [q.text_it for q in made.questions] == ["Lavori qui?", "Da quando?"]
    assert made.questions[1].depends_on_id == made.questions[0].id


def test_templates_at_the_desk_save_make_rename_delete(desk, moda):
    slug = scheduled(moda, title_it="Fibre").slug
    assert desk.post(f"{DESK}workshops/{slug}/template", data={"name": "Modello A"}).status_code == 303
    assert "Modello A" in desk.get(f"{DESK}templates/").text
    twice = desk.post(f"{DESK}workshops/{slug}/template", data={"name": "Modello A"})
    assert (twice.status_code, "Esiste già un modello con questo nome" in twice.text) == (422, True)
    row = db.session.scalars(select(WorkshopTemplate)).one()
    one = f"{DESK}templates/{row.id}"
    sent = {"day": "2027-10-07", "form_mark": "m"}
    answers = [desk.post(f"{one}/workshops", data=sent) for _ in range(2)]
    assert [a.location for a in answers] == [f"{DESK}workshops/fibre-2"] * 2  # a second click: the same draft
    assert desk.post(f"{one}/workshops", data={"day": ""}).status_code == 422
    new = {"name": "Modello B", "sector_id": moda.sectors[1].id, "version": "1"}
    assert desk.post(f"{one}/edit", data=new).status_code == 303
    late = desk.post(f"{one}/edit", data={**new, "name": "Modello C"})
    assert (late.status_code, "Qualcun altro" in late.text, 'value="Modello C"' in late.text) == (
        422,
        True,
        True,
    )
    db.session.rollback()
    assert db.session.scalars(select(WorkshopTemplate)).one().name == "Modello B"
    assert "Eliminare questo modello?" in desk.get(f"{one}/deletion").text
    assert desk.post(f"{one}/deletion").status_code == 303
    assert "Ancora nessun modello" in desk.get(f"{DESK}templates/").text
    assert len(db.session.scalars(select(Workshop)).all()) == 2


def test_a_district_whose_plan_is_gone_is_told(moda):
    with transaction():
        template = templates.save(scheduled_in(moda), name="X", by=None)
    with transaction():
        for row in db.session.scalars(select(Plan)):
            row.starts_on, row.ends_on = date(2020, 1, 1), date(2020, 12, 31)
        empty = Plan(district_id=moda.id, title="Vuoto", starts_on=date(2027, 1, 1), ends_on=date(2029, 12, 31),
                     created_at=BEFORE)  # fmt: skip
        db.session.add(empty)
    with pytest.raises(refusals.NoPlanLine), transaction():
        templates.make(template, day=date(2027, 9, 9), by=None)


def scheduled_in(moda):
    return db.session.scalars(select(Workshop)).first() or actions.add(
        moda, by=None, title_it="X", venue="Y", seats=3, activity_line_id=factories.line(moda).id,
        sessions=[session(rome(2027, 3, 11))],
    )  # fmt: skip


@pytest.mark.parametrize("page", ["series/", "templates/"])
def test_lists_cost_the_same_for_1_and_for_100(desk, moda, page):
    def more(n):
        with transaction():
            workshop = actions.add(
                moda, by=None, title_it=f"N{n}", venue="X", seats=3, sector_id=moda.sectors[n % 2].id,
                activity_line_id=factories.line(moda).id, sessions=[session(rome(2027, 3, 11) + timedelta(days=n))],
            )  # fmt: skip
            templates.save(workshop, name=slugify(f"modello {n}"), by=None)
            db.session.add(Series(district_id=moda.id, title_it=f"S{n}", created_at=BEFORE))
            db.session.flush()
            workshop.series_id = db.session.scalars(select(Series.id).order_by(Series.id.desc())).first()

    more(0)
    desk.get(f"{DESK}{page}")
    one = selects(desk, f"{DESK}{page}")
    for n in range(1, 100):
        more(n)
    assert selects(desk, f"{DESK}{page}") == one
