"""Six months later: who is asked what came of it, when, and once."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
import time_machine
from sqlalchemy import select

from dissemination.attendance import actions as attendance
from dissemination.delivery.models import Delivery
from dissemination.feedback import actions, jobs, queries, refusals
from dissemination.feedback.models import Purpose
from dissemination.kernel.database import db, transaction
from dissemination.people.models import OrganisationType
from dissemination.plan.models import EvidenceRequirement
from tests import factories
from tests.feedback.cast import AFTER, END, START, answers, link, of, people

DUE = datetime(2027, 9, 11, 8, 0, tzinfo=UTC)  # six months after 11 March


@pytest.fixture
def workshop(moda):
    with transaction():
        row = factories.workshop(moda)
        mill = factories.company(moda, "Filatura")
        university = factories.company(moda, "Università", type=OrganisationType.RESEARCH)
    people(row, ["anna", "bruno"], company=mill)
    people(row, ["rita"], company=university)
    people(row, ["privata"])
    people(row, ["assente"], company=mill, came=False)
    return row


def close(workshop, without_counting=""):
    with time_machine.travel(AFTER), transaction():
        db.session.query(EvidenceRequirement).delete()
        attendance.close(workshop, by=None, started_at=START, ended_at=END, without_counting=without_counting)


def asked_on(moment):
    with time_machine.travel(moment, tick=False):
        db.session.rollback()
        n = jobs.ask_outcomes()
    db.session.rollback()
    return n, sorted(db.session.scalars(select(Delivery.address)))


def test_those_who_came_for_a_company_are_asked_once_after_six_months(workshop):
    close(workshop)
    assert asked_on(DUE - timedelta(days=1)) == (0, [])
    assert asked_on(DUE) == (2, ["anna@x.example", "bruno@x.example"])
    assert asked_on(DUE + timedelta(hours=1))[0] == 0
    assert asked_on(DUE + timedelta(days=20))[0] == 0


def test_not_of_a_workshop_that_is_open_or_does_not_count(workshop):
    assert asked_on(DUE) == (0, [])
    close(workshop, without_counting="Mancano le firme")
    assert asked_on(DUE) == (0, [])


def test_not_the_erased_and_not_after_the_form_was_closed(workshop):
    close(workshop)
    with transaction():
        of("anna").contact.erased_at = AFTER
    assert asked_on(DUE)[1] == ["bruno@x.example"]
    with transaction():
        actions.close(workshop, Purpose.OUTCOME)
        of("anna").contact.erased_at = None
    assert asked_on(DUE)[0] == 0


def test_old_workshops_are_left_to_the_button(workshop, ada, sign_in):
    close(workshop)
    late = END + timedelta(days=300)
    assert asked_on(late) == (0, [])
    with time_machine.travel(late):
        page = f"/moda/desk/workshops/{workshop.slug}/feedback"
        assert "Ask 2 people by mail" in sign_in(ada).get(f"{page}?lang=en").get_data(as_text=True)
        assert sign_in(ada).post(f"{page}/outcome/asking").status_code == 303
    assert asked_on(late)[1] == ["anna@x.example", "bruno@x.example"]


def test_too_early_by_hand_is_refused_with_the_day(workshop):
    with time_machine.travel(AFTER), pytest.raises(refusals.DoesNotCount), transaction():
        actions.ask_outcome(workshop)
    close(workshop)
    with time_machine.travel(AFTER), pytest.raises(refusals.OutcomeNotYet) as why, transaction():
        actions.ask_outcome(workshop)
    assert "11/09/2027" in str(why.value.message)


@pytest.mark.parametrize(
    ("end", "day"),
    [
        ("2027-03-11T16:00", date(2027, 9, 11)), ("2027-08-31T10:00", date(2028, 2, 29)),
        ("2026-08-31T10:00", date(2027, 2, 28)), ("2027-07-15T10:00", date(2028, 1, 15)),
        ("2027-03-30T22:30", date(2027, 9, 30)),  # 31 March in Prato: September has 30 days
    ],
)  # fmt: skip
def test_six_months_are_calendar_months_in_the_districts_zone(end, day):
    workshop = SimpleNamespace(
        ends_at=datetime.fromisoformat(end).replace(tzinfo=UTC),
        district=SimpleNamespace(zone=ZoneInfo("Europe/Rome")),
    )
    assert queries.outcome_day(workshop) == day


def test_it_says_that_it_is_not_anonymous_and_names_stand_beside_the_answers(workshop, client, ada, sign_in):
    close(workshop)
    asked_on(DUE)
    with time_machine.travel(DUE):
        page = client.get(link("anna", "outcome") + "?lang=en").get_data(as_text=True)
        assert "Your answers are not anonymous." in page
        body = {
            "anonymous": "no",
            "q_project": "yes",
            "q_hired": "no",
            "q_contact": "yes",
            "q_what": "Un brevetto",
        }
        assert client.post(link("anna", "outcome"), data=body).status_code == 303
        assert client.post(link("anna", "outcome"), data=body).status_code == 409
        desk = sign_in(ada).get(f"/moda/desk/workshops/{workshop.slug}/feedback/outcome?lang=en")
    assert [a.registration_id for a in answers()] == [of("anna").id]
    shown = desk.get_data(as_text=True)
    assert all(
        said in shown for said in ("anna Rossi", "Filatura", "Un brevetto", "answer of 2 who could (50 %)")
    )


def test_who_was_not_asked_cannot_answer(workshop, client):
    close(workshop)
    with time_machine.travel(DUE):
        assert (
            client.post(link("rita", "outcome"), data={"anonymous": "no", "q_project": "yes"}).status_code
            == 409
        )
        assert "six months after the workshop" in client.get(link("rita", "outcome") + "?lang=en").get_data(
            as_text=True
        )


def test_an_anonymous_survey_keeps_the_rule_of_five(workshop, client, ada, sign_in):
    close(workshop)
    with transaction():
        actions.ensure(workshop, Purpose.OUTCOME).anonymous = True
    asked_on(DUE)
    with time_machine.travel(DUE):
        body = {"anonymous": "yes", "q_project": "yes", "q_what": "Un brevetto"}
        assert client.post(link("anna", "outcome"), data=body).status_code == 303
        page = f"/moda/desk/workshops/{workshop.slug}/feedback/outcome"
        shown = sign_in(ada).get(f"{page}?lang=en").get_data(as_text=True)
        assert sign_in(ada).get(f"{page}/answers.csv").status_code == 404
    assert [a.registration_id for a in answers()] == [None]
    assert "Un brevetto" not in shown
    assert "anna Rossi" not in shown


def test_an_empty_survey_is_refused(workshop, client):
    close(workshop)
    asked_on(DUE)
    with time_machine.travel(DUE):
        answer = client.post(link("anna", "outcome") + "?lang=en", data={"anonymous": "no"})
    assert answer.status_code == 422
    assert "Answer at least one question." in answer.get_data(as_text=True)
