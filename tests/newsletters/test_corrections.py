"""After sending: what an issue told wrongly, and the correction to those alone who were told."""

import re

import pytest
import time_machine

from dissemination.delivery.models import Fate
from dissemination.kernel.database import db, transaction
from dissemination.newsletters import actions, corrections
from dissemination.newsletters.findings import Level
from dissemination.newsletters.models import Issue
from dissemination.subscriptions import actions as subscriptions
from dissemination.workshops.models import Cancellation
from tests import factories
from tests.newsletters import cast

DESK = "/moda/desk/newsletters"


@pytest.fixture(autouse=True)
def spring():
    with time_machine.travel("2026-03-02 09:00 +0000", tick=False):
        yield


@pytest.fixture
def topic(moda):
    with transaction():
        return cast.topic(moda, "Tessile", name_en="Textiles")


@pytest.fixture
def sent(moda, ada, topic):
    """An issue with a workshop, sent to four people: accepted twice, uncertain, refused."""
    with transaction():
        for name in ("a", "b", "c", "d"):
            cast.subscriber(moda, topic, email=f"{name}@x.example")
        workshop = factories.workshop(moda)
        issue = cast.issue(moda, topic, by=ada)
        actions.add_rows(issue, "workshop", [workshop.id], by=ada)
    cast.send(issue, by=ada)
    with transaction():
        cast.settle(issue, Fate.ACCEPTED)
        cast.settle(issue, Fate.UNCERTAIN, address="c@x.example")
        cast.settle(issue, Fate.REFUSED, address="d@x.example")
    return issue


def the_workshop(issue):
    from dissemination.workshops.models import Workshop

    return db.session.get(Workshop, issue.blocks[-1].source_ids[0])


def postpone(issue):
    with transaction():
        workshop = the_workshop(issue)
        workshop.starts_at = workshop.starts_at.replace(day=18)
        workshop.ends_at = workshop.ends_at.replace(day=18)


def test_an_issue_whose_facts_still_hold_offers_no_correction(sign_in, ada, sent):
    with transaction():
        the_workshop(sent).title_it = "Altro titolo"
    page = sign_in(ada).get(f"{DESK}/{sent.id}").text
    assert "Scrivi a chi ha ricevuto" not in page
    assert sign_in(ada).post(f"{DESK}/{sent.id}/corrections").status_code == 409


def test_a_correction_goes_to_those_alone_who_got_the_wrong_date_and_are_still_subscribed(
    sign_in, moda, ada, topic, sent
):
    with transaction():
        late = cast.subscriber(moda, topic, email="late@x.example")
        gone = next(d for d in cast.deliveries(sent.id) if d.address == "b@x.example").contact_id
    postpone(sent)
    with transaction():
        from dissemination.people.models import Contact

        subscriptions.unsubscribe_everything(db.session.get(Contact, gone))
    desk = sign_in(ada)
    page = desk.get(f"{DESK}/{sent.id}").text
    assert "11/03/2027 14:00" in page
    assert "18/03/2027 14:00" in page
    answer = desk.post(f"{DESK}/{sent.id}/corrections")
    assert answer.status_code == 303
    db.session.rollback()
    made = db.session.get(Issue, int(re.search(r"/(\d+)$", answer.location)[1]))
    assert made.corrects_id == sent.id
    assert made.subject_it == "Rettifica: Novità di marzo"
    text = actions.prepare(made).letters[0].text
    assert "Inizio: non più 11/03/2027 14:00 ma 18/03/2027 14:00" in text
    assert "giovedì 18 marzo 2027" in text
    assert cast.send(made, by=ada) == 2
    assert [d.address for d in cast.deliveries(made.id)] == ["a@x.example", "c@x.example"]
    assert late.email == "late@x.example"
    assert "Rettifiche:" in desk.get(f"{DESK}/{sent.id}").text


def test_a_cancelled_workshop_is_worth_a_correction_and_does_not_block_it(sign_in, ada, sent):
    with transaction():
        the_workshop(sent).cancellation = Cancellation(reason="Sciopero", at=factories.DAY)
    (wrong,) = corrections.wrong(sent)
    assert [(c.label, c.old, c.new) for c in wrong.changes] == [("Stato", "si tiene", "annullato")]
    sign_in(ada).post(f"{DESK}/{sent.id}/corrections")
    db.session.rollback()
    made = db.session.scalars(db.select(Issue).where(Issue.corrects_id == sent.id)).one()
    draft = actions.prepare(made)
    assert [f.code for f in draft.findings if f.level is Level.BLOCKING] == []
    assert "non più si tiene ma annullato" in draft.letters[0].text


def test_a_correction_waits_until_the_first_issue_has_left(ada, sent):
    with transaction():
        cast.settle(sent, Fate.DEFERRED, address="a@x.example")
    postpone(sent)
    from dissemination.newsletters import composing

    with transaction():
        made = composing.correct(sent, by=ada)
    assert ("blocking", "still_leaving") in [(f.level.value, f.code) for f in actions.prepare(made).findings]
    with transaction():
        cast.settle(sent, Fate.ACCEPTED, address="a@x.example")
    assert "still_leaving" not in [f.code for f in actions.prepare(made).findings]


def test_an_issue_that_corrects_nothing_is_for_everybody(sent):
    assert corrections.told_by(sent) is None


def test_dora_cannot_correct_it(sign_in, dora, sent):
    postpone(sent)
    assert sign_in(dora).post(f"{DESK}/{sent.id}/corrections").status_code == 404
