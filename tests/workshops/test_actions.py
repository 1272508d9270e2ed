"""The verbs of a workshop's life."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from dissemination.kernel.database import db, transaction
from dissemination.plan.log import Activity
from dissemination.registrations import actions as registrations
from dissemination.registrations import queries as seats
from dissemination.workshops import actions, queries, refusals, words
from dissemination.workshops.models import State, Workshop
from dissemination.workshops.queries import Filters, When
from tests import factories

START = datetime(2027, 3, 11, 13, 0, tzinfo=UTC)
BEFORE = datetime(2027, 2, 1, 9, 0, tzinfo=UTC)


def session(start=START, hours=2, **facts):
    return {"title_it": "Apertura", "starts_at": start, "ends_at": start + timedelta(hours=hours), **facts}


def add(district, *, by=None, **facts):
    values = {
        "title_it": "Tracciabilità", "venue": "Museo", "seats": 30, "sessions": [session()],
        "activity_line_id": factories.line(district).id, **facts,
    }  # fmt: skip
    with transaction():
        return actions.add(district, by=by, **values)


def log():
    rows = db.session.scalars(select(Activity).order_by(Activity.id))
    return [(r.verb, r.subject_kind, r.title, r.attributes) for r in rows]


def test_a_new_workshop_is_a_draft_that_ends_with_its_last_session(moda, ada):
    evening = session(START + timedelta(hours=4), 3, speakers=[("Lia Neri", "Università di Pisa")])
    workshop = add(moda, by=ada, sessions=[evening, session()])
    assert (workshop.state, workshop.slug, workshop.revision, workshop.version, workshop.created_by) == (
        State.DRAFT, "tracciabilita", 1, 1, ada.id,
    )  # fmt: skip
    assert (workshop.starts_at, workshop.ends_at) == (START, START + timedelta(hours=7))
    assert workshop.registration_deadline == START
    assert [s.starts_at for s in workshop.sessions] == [START, START + timedelta(hours=4)]
    assert [(p.name, p.affiliation) for p in workshop.sessions[1].speakers] == [
        ("Lia Neri", "Università di Pisa")
    ]
    assert add(moda).slug == "tracciabilita-2"


@pytest.mark.parametrize(
    ("facts", "refusal"),
    [
        ({"title_it": " "}, refusals.NoTitle),
        ({"sessions": []}, refusals.NoSession),
        ({"sessions": [session(hours=0)]}, refusals.SessionEndsBeforeItStarts),
        ({"registration_deadline": START + timedelta(minutes=1)}, refusals.DeadlineAfterStart),
        ({"venue": ""}, refusals.NoPlace),
        ({"online_url": "http://meet.example/x"}, refusals.InsecureLink),
        ({"online_url": "https://"}, refusals.InsecureLink),
        ({"online_url": "https://meet.example/a b"}, refusals.InsecureLink),
        ({"online_url": "javascript:alert(1)"}, refusals.InsecureLink),
        ({"seats": 0}, refusals.NoSeats),
        ({"seats": None}, refusals.NoSeats),
        ({"seats": 100_001}, refusals.NoSeats),
        ({"sessions": [session(), session(START + timedelta(days=200))]}, refusals.TooLong),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_kept(moda, facts, refusal):
    with pytest.raises(refusal):
        add(moda, **facts)
    assert db.session.scalars(select(Workshop)).all() == []


def test_the_second_editor_is_told_and_overwrites_nothing(moda, ada, bice):
    workshop = add(moda)
    with transaction():
        actions.revise(workshop, by=ada, version=1, title_it="Prima")
    with pytest.raises(refusals.ChangedMeanwhile), transaction():
        actions.revise(workshop, by=bice, version=1, title_it="Seconda")
    db.session.refresh(workshop)
    assert (workshop.title_it, workshop.version, workshop.updated_by) == ("Prima", 2, ada.id)


def test_sessions_keep_their_rows_when_revised(moda):
    workshop = add(moda, sessions=[session(), session(START + timedelta(hours=3))])
    first, second = (s.id for s in workshop.sessions)
    with transaction():
        actions.revise(
            workshop, by=None, version=1,
            sessions=[session(id=first, room="Sala 2", speakers=[("Ugo Po", "")]), session(START + timedelta(hours=2), 7)],
        )  # fmt: skip
    assert [(s.id == first, s.room) for s in workshop.sessions] == [(True, "Sala 2"), (False, "")]
    assert second not in [s.id for s in workshop.sessions]
    assert workshop.ends_at == START + timedelta(hours=9)


def test_seats_may_be_lowered_and_nobody_loses_one(moda):
    with transaction():
        workshop = factories.workshop(moda, seats=3)
    with time_machine.travel(BEFORE):
        for name in ("carlo", "lina"):
            with transaction():
                registrations.register(workshop, email=f"{name}@x.example", given_name=name, family_name="Po")
        with transaction():
            actions.revise(workshop, by=None, version=1, seats=1)
        assert len(seats.confirmed(workshop)) == 2
        assert (seats.seats_left(workshop), workshop.revision) == (0, 1)


def test_publishing_is_logged_once(moda, ada):
    workshop = add(moda, sector_id=moda.sectors[0].id)
    with time_machine.travel(BEFORE, tick=False):
        for _ in range(2):
            with transaction():
                actions.publish(workshop, by=ada)
        assert (workshop.state, workshop.published_at, workshop.revision) == (State.PUBLISHED, BEFORE, 2)
    attributes = {"mode": "onsite", "sector": "tessile", "macro_area": ""}
    assert log() == [("workshop.published", "workshops", "Tracciabilità", attributes)]


def test_cancelling_needs_a_reason_and_happens_once(moda, ada):
    workshop = add(moda)
    with time_machine.travel(BEFORE, tick=False):
        with transaction():
            actions.publish(workshop, by=ada)
        with pytest.raises(refusals.NoReason), transaction():
            actions.cancel(workshop, reason="  ", by=ada)
        for reason in ("La sala è allagata", "Altro"):
            with transaction():
                actions.cancel(workshop, reason=reason, by=ada)
        assert (workshop.state, workshop.cancellation.reason, workshop.revision) == (
            State.CANCELLED, "La sala è allagata", 3,
        )  # fmt: skip
    assert [row[0] for row in log()] == ["workshop.published", "workshop.cancelled"]
    with pytest.raises(refusals.AlreadyCancelled), transaction():
        actions.revise(workshop, by=ada, version=workshop.version, title_it="Nuovo")


def test_drafts_are_deleted_and_published_ones_cancelled(moda, ada):
    draft, shown = add(moda), add(moda)
    with transaction():
        actions.publish(shown, by=ada)
    with pytest.raises(refusals.NotYetPublished), transaction():
        actions.cancel(draft, reason="x", by=ada)
    with pytest.raises(refusals.AlreadyPublished), transaction():
        actions.delete_draft(shown)
    with transaction():
        actions.delete_draft(draft)
    assert [w.slug for w in db.session.scalars(select(Workshop))] == ["tracciabilita-2"]


def test_a_workshop_that_is_over_cannot_be_cancelled(moda, ada):
    workshop = add(moda)
    with transaction():
        actions.publish(workshop, by=ada)
    with time_machine.travel(START + timedelta(days=1)), pytest.raises(refusals.AlreadyHeld), transaction():
        actions.cancel(workshop, reason="Tardi", by=ada)


def test_a_copy_starts_at_the_same_hour_after_the_clocks_changed(moda, ada):
    workshop = add(moda, questions=[{"text_it": "Perché?", "required": True}], theme="Filiera")
    with transaction():
        copy = actions.copy(workshop, by=ada, day=date(2027, 4, 8))  # 8 April: summer time since 28 March
    assert copy.starts_at == datetime(2027, 4, 8, 12, 0, tzinfo=UTC)
    assert (copy.state, copy.theme, [q.text_it for q in copy.questions]) == (
        State.DRAFT,
        "Filiera",
        ["Perché?"],
    )


CALENDAR = {
    "venue": "Altrove", "address": "Via Nuova 1", "online_url": "https://meet.example/x", "title_it": "Nuovo",
    "title_en": "New", "sessions": [session(START + timedelta(hours=1))],
}  # fmt: skip
SILENT = {
    "theme": "Altro tema", "abstract_it": "Testo", "abstract_en": "Text", "seats": 5,
    "directions_it": "In treno", "registration_deadline": START - timedelta(days=1),
    "sessions": [session(title_it="Saluti", room="Sala 9")],
}  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=st.sets(st.sampled_from(sorted(CALENDAR))), untold=st.sets(st.sampled_from(sorted(SILENT))))
def test_revision_rises_exactly_when_calendars_must_be_told(moda, told, untold):
    workshop = add(moda)
    facts = {name: SILENT[name] for name in untold} | {name: CALENDAR[name] for name in told}
    with transaction():
        actions.revise(workshop, by=None, version=1, **facts)
    assert workshop.revision == (2 if told else 1)
    with transaction():
        actions.revise(workshop, by=None, version=2, **facts)  # the same again says nothing new
    assert workshop.revision == (2 if told else 1)


def test_an_item_added_within_the_same_hours_tells_no_calendar(moda):
    workshop = add(moda, sessions=[session(hours=4)])
    with transaction():
        actions.revise(workshop, by=None, version=1,
                       sessions=[session(hours=4, track="A"), session(START + timedelta(hours=1), 1, track="B")])  # fmt: skip
    assert workshop.revision == 1


def found(district, **filters):
    return [w.title_it for w in queries.listed(district, Filters(**filters)).rows]


def test_search_finds_beginnings_of_words_in_titles_places_and_speakers(moda, nautica):
    add(moda, title_it="Tracciabilità dei tessuti",
        sessions=[session(speakers=[("Lia Bianchi", "CNR")])])  # fmt: skip
    other = add(moda, title_it="Pelle e cuoio", venue="Polo tecnologico")
    add(nautica, title_it="Tracciabilità nautica")
    assert found(moda, text="TRACCIABILITA") == ["Tracciabilità dei tessuti"]
    assert found(moda, text="bian tess") == ["Tracciabilità dei tessuti"]
    assert found(moda, text="polo") == ["Pelle e cuoio"]
    assert found(moda, text="100% _") == []
    with transaction():
        actions.revise(other, by=None, version=1, title_it="Calzature", venue="Museo")
    assert (found(moda, text="polo"), found(moda, text="calz")) == ([], ["Calzature"])


def test_a_common_word_is_found_like_a_rare_one(moda, monkeypatch):
    for n in range(4):
        add(moda, title_it=f"Comune {n}", sessions=[session(START + timedelta(days=n))])
    rare = found(moda, text="comune")
    monkeypatch.setattr(words, "FEW", 2)
    assert found(moda, text="comune") == rare == [f"Comune {n}" for n in range(4)]


def test_lists_follow_the_clock(moda, ada):
    past, now, _draft = (add(moda, title_it=t, sessions=[session(START + timedelta(days=d))])
                        for t, d in (("Passato", -10), ("Prossimo", 10), ("Bozza", 20)))  # fmt: skip
    with transaction():
        actions.publish(past, by=ada)
        actions.publish(now, by=ada)
    with time_machine.travel(START):
        assert found(moda) == ["Prossimo", "Bozza"]
        assert found(moda, when=When.PAST) == ["Passato"]
        assert found(moda, when=When.ALL) == ["Bozza", "Prossimo", "Passato"]
        assert found(moda, when=When.ALL, state=State.DRAFT) == ["Bozza"]
        assert found(moda, when=When.ALL, state=State.HELD) == ["Passato"]
        assert found(moda, month=START.date()) == ["Passato", "Prossimo", "Bozza"]
        assert [w.title_it for w in queries.upcoming(moda.id)] == ["Prossimo"]
        assert [w.title_it for w in queries.to_close(moda)] == ["Passato"]
        for state in State:
            rows = db.session.scalars(select(Workshop).where(queries.is_in_state(state)))
            assert {w.state for w in rows} <= {state}


def test_pages_go_by_key(moda):
    for n in range(5):
        add(moda, title_it=f"N{n}", sessions=[session(START + timedelta(days=n))])
    first = queries.listed(moda, Filters(), size=2)
    second = queries.listed(moda, Filters(), size=2, after=first.next)
    third = queries.listed(moda, Filters(), size=2, after=second.next)
    assert [[w.title_it for w in p.rows] for p in (first, second, third)] == [
        ["N0", "N1"],
        ["N2", "N3"],
        ["N4"],
    ]
    assert third.next is None
