"""A whole draft from the calendar: period, topics, one press of a button."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from dissemination.kernel.database import db, transaction
from dissemination.newsletters import actions, composing, sources
from dissemination.newsletters.models import Issue
from dissemination.publications.models import Kind
from tests import factories
from tests.newsletters import cast

DESK = "/moda/desk/newsletters"


@pytest.fixture(autouse=True)
def spring():
    with time_machine.travel("2026-03-02 09:00 +0000", tick=False):
        yield


@pytest.fixture
def topics(moda):
    with transaction():
        first, second = moda.sectors[:2]
        return cast.topic(moda, "Tessile", sector_id=first.id), cast.topic(moda, "Pelle", sector_id=second.id)


def on(day):
    return datetime.combine(day, datetime.min.time().replace(hour=13), tzinfo=UTC)


def workshop(moda, day, *, sector_id=None, **values):
    row = factories.workshop(moda, starts_at=on(day), **values)
    row.sector_id = sector_id
    return row


def test_a_month_becomes_a_draft_in_both_languages(sign_in, moda, ada, topics):
    with transaction():
        ours = workshop(moda, date(2026, 3, 12), title="In marzo", sector_id=topics[0].sector_id)
        last_day = workshop(moda, date(2026, 3, 31), title="L'ultimo", sector_id=None)
        workshop(moda, date(2026, 4, 1), title="In aprile")
        workshop(moda, date(2026, 3, 20), title="D'altri", sector_id=topics[1].sector_id)
        work = cast.publication(moda, "Atlante")
        note = cast.publication(moda, "Il 2030", published_at=datetime(2026, 2, 20, tzinfo=UTC))
        note.kind = Kind.FORESIGHT
        cast.publication(moda, "Vecchio", published_at=datetime(2025, 1, 1, tzinfo=UTC))
    desk = sign_in(ada)
    page = desk.get(f"{DESK}/compose?period=this&topics={topics[0].id}").text
    assert "In marzo" in page
    assert "In aprile" not in page
    assert "D&#39;altri" not in page
    values = dict(re.findall(r'<input[^>]*name="((?:subject|preheader)_\w\w)"[^>]*value="([^"]*)"', page))
    assert values["subject_it"] == "Distretto moda: appuntamenti e novità, marzo 2026"
    assert values["subject_en"] == "moda district: what is on, March 2026"
    answer = desk.post(f"{DESK}/compose", data={
        "period": "this", "topics": [topics[0].id], **values, "intro_it": "Gentile {nome|amica},", "intro_en": "Dear {name|friend},",
        "activity_line_id": factories.line(moda).id, "template_id": 0, "workshops": [ours.id, last_day.id],
        "publications": [work.id], "foresights": [note.id],
    })  # fmt: skip
    assert answer.status_code == 303
    db.session.rollback()
    issue = db.session.scalars(db.select(Issue)).one()
    assert [t.id for t in issue.topics] == [topics[0].id]
    assert [(b.kind.value, b.text_it or b.source_ids) for b in issue.blocks] == [
        ("text", "Gentile {nome|amica},"), ("heading", "Prossimi workshop"), ("workshop", [ours.id]),
        ("workshop", [last_day.id]), ("heading", "Nuove pubblicazioni"), ("publication", [work.id]),
        ("heading", "Foresight"), ("source", [note.id]),
    ]  # fmt: skip
    assert [b.text_en for b in issue.blocks if b.text_en] == [
        "Dear {name|friend},", "Coming workshops", "New publications", "Foresight",
    ]  # fmt: skip
    italian, english = actions.prepare(issue).letters
    assert "In marzo" in italian.html
    assert "Il 2030" in italian.text
    assert "Dear friend," in english.text


def test_what_was_not_proposed_cannot_be_smuggled_in(sign_in, moda, nautica, ada, topics):
    with transaction():
        foreign = workshop(nautica, date(2026, 3, 12))
    answer = sign_in(ada).post(f"{DESK}/compose", data={
        "period": "this", "topics": [topics[0].id], "subject_it": "S", "activity_line_id": factories.line(moda).id,
        "template_id": 0, "workshops": [foreign.id, 99], "intro_it": "", "intro_en": "",
    })  # fmt: skip
    assert answer.status_code == 303
    db.session.rollback()
    assert db.session.scalars(db.select(Issue)).one().blocks == []


def test_only_what_is_new_since_the_last_issue_is_proposed(moda, ada, topics):
    with transaction():
        cast.subscriber(moda, topics[0])
        old = cast.publication(moda, "Già detto", published_at=datetime(2026, 2, 1, tzinfo=UTC))
        issue = cast.issue(moda, topics[0], by=ada)
    cast.send(issue, by=ada)
    with time_machine.travel("2026-03-20", tick=False):
        with transaction():
            new = cast.publication(moda, "Nuovo", published_at=datetime(2026, 3, 10, tzinfo=UTC))
        found = composing.propose(moda, composing.month(date(2026, 3, 1)), topics).rows["publication"]
    assert [p.id for p in found] == [new.id]
    assert old.id != new.id


def test_a_general_topic_brings_in_all_sectors(moda, topics):
    with transaction():
        general = cast.topic(moda, "Bandi")
        one = workshop(moda, date(2026, 3, 12), sector_id=topics[1].sector_id)
    period = composing.month(date(2026, 3, 1))
    assert composing.propose(moda, period, [topics[0]]).rows["workshop"] == []
    assert [w.id for w in composing.propose(moda, period, [topics[0], general]).rows["workshop"]] == [one.id]


def test_a_full_calendar_before_the_period_hides_nothing_of_it(sign_in, moda, ada, topics):
    """A hundred workshops of another sector, and sooner: those of the period and topic are proposed all the same."""
    with transaction():
        for n in range(100):
            workshop(moda, date(2026, 3, 3) + timedelta(days=n % 20), sector_id=topics[1].sector_id)
        wanted = workshop(moda, date(2026, 3, 30), sector_id=topics[0].sector_id)
        general, later = workshop(moda, date(2026, 3, 31)), workshop(moda, date(2026, 5, 5))
        assert sources.MOST < 100
    march, may = (composing.month(date(2026, n, 1)) for n in (3, 5))
    found = composing.propose(moda, march, [topics[0]]).rows["workshop"]
    assert [w.id for w in found] == [wanted.id, general.id]
    assert [w.id for w in composing.propose(moda, may, topics).rows["workshop"]] == [later.id]
    desk = sign_in(ada)
    page = desk.get(f"/moda/desk/newsletters/compose?period=this&topics={topics[1].id}").text
    assert "Sono elencati solo i primi 60. Per gli altri scegli un periodo più breve" in page
    page = desk.get(f"/moda/desk/newsletters/compose?period=this&topics={topics[0].id}").text
    assert "solo i primi" not in page
    assert "Sono elencati solo i primi 60." in desk.get("/moda/desk/newsletters/new").text


@pytest.mark.parametrize("asked", ["first=x&last=", "first=2026-05-01&last=2026-01-01", "first=9999-12-31&last=9999-12-31", "first=0001-01-01&last=9999-12-31"])  # fmt: skip
def test_days_that_make_no_sense_are_put_right(sign_in, ada, topics, asked):
    assert sign_in(ada).get(f"{DESK}/compose?period=custom&{asked}").status_code == 200


def test_from_the_middle_of_the_month_the_next_one_is_proposed(sign_in, ada, topics):
    desk = sign_in(ada)
    assert "Dal 01/03/2026 al 31/03/2026" in desk.get(f"{DESK}/compose").text
    with time_machine.travel("2026-03-29 00:30 +0100", tick=False):
        assert "Dal 01/04/2026 al 30/04/2026" in sign_in(ada).get(f"{DESK}/compose").text


def test_an_unknown_field_in_the_opening_words_is_refused_and_kept(sign_in, moda, ada, topics):
    answer = sign_in(ada).post(f"{DESK}/compose", data={
        "period": "this", "topics": [topics[0].id], "subject_it": "S", "activity_line_id": factories.line(moda).id,
        "template_id": 0, "intro_it": "Ciao {soprannome|x}",
    })  # fmt: skip
    assert answer.status_code == 422
    assert "Riga 1: {soprannome} non è un campo." in answer.text
    assert "Ciao {soprannome|x}" in answer.text


def test_proposing_makes_as_many_queries_for_one_workshop_as_for_many(sign_in, moda, ada, topics):
    from sqlalchemy import event

    desk, statements = sign_in(ada), []
    event.listen(db.engine, "before_cursor_execute", lambda *a: statements.append(a[2]))

    def count(times):
        with transaction():
            for _ in range(times):
                workshop(moda, date(2026, 3, 12))
                cast.publication(moda)
        statements.clear()
        assert desk.get(f"{DESK}/compose?period=this").status_code == 200
        return len(statements)

    assert count(1) == count(20)
