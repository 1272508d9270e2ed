"""A rehearsal: everybody is made a message for, nothing leaves, and little stays."""

import pytest
import time_machine

from dissemination.delivery.models import Delivery, Fate, Sending
from dissemination.delivery.sending import deliver_due
from dissemination.kernel.database import db, transaction
from dissemination.newsletters import actions, history, jobs, rehearsing
from dissemination.newsletters.models import IssueState
from tests.journeys import conftest as journeys
from tests.newsletters import cast

app, mailbox = journeys.app, journeys.mailbox
DESK = "/moda/desk/newsletters"


@pytest.fixture
def issue(app, moda, ada):
    app.config["WTF_CSRF_ENABLED"] = False
    with time_machine.travel("2027-03-02 09:00 +0000", tick=False):
        with transaction():
            topic = cast.topic(moda)
            for n in range(7):
                cast.subscriber(moda, topic, email=f"p{n}@{'acme' if n % 3 else 'tessile'}.example")
            issue = cast.issue(moda, topic, by=ada)
        yield issue


def run():
    for _ in range(3):
        deliver_due()
        jobs.close_rehearsals()
    db.session.rollback()


def test_nothing_leaves_and_the_report_says_where_it_would_have_gone(issue, sign_in, ada, mailbox):
    desk = sign_in(ada)
    answer = desk.post(f"{DESK}/{issue.id}/rehearsals")
    assert answer.location == f"{DESK}/{issue.id}/rehearsal"
    assert "0 su 7 sono passati. Non parte nulla." in desk.get(answer.location).text
    with pytest.raises(rehearsing.RehearsingAlready), transaction():
        rehearsing.rehearse(issue, actions.prepare(issue), by=ada)
    db.session.rollback()
    run()
    assert mailbox.received == []
    report = history.last_rehearsal(issue).report
    assert report["fates"] == {"accepted": 7}
    assert report["domains"] == [["acme.example", 4], ["tessile.example", 3]]
    assert report["octets"] > 7 * 5000
    assert 5000 < report["largest"] < 100_000
    page = desk.get(answer.location).text
    assert "acme.example" in page
    assert "Esempi da guardare" in page

    rows = db.session.scalars(db.select(Delivery)).all()
    assert [(r.state, r.reason) for r in rows] == [(Fate.SKIPPED, rehearsing.NEVER_SENT)] * 3
    assert db.session.scalars(db.select(Sending)).all() == []
    assert "Prova generale: non è mai stato spedito." in desk.get(f"/moda/desk/mail/{rows[0].id}").text
    assert issue.state is IssueState.DRAFT
    assert desk.get(f"{DESK}/{issue.id}/sending").status_code == 200


def test_a_rehearsed_issue_is_sent_to_everybody_and_can_be_rehearsed_again(issue, ada):
    for _ in range(2):
        with transaction():
            rehearsing.rehearse(issue, actions.prepare(issue), by=ada)
        run()
    assert len(history.last_rehearsal(issue).report["samples"]) == 3
    assert cast.send(issue, by=ada) == 7
    assert len(cast.deliveries(issue.id)) == 7
    with pytest.raises(actions.AlreadySent), transaction():
        rehearsing.rehearse(issue, actions.prepare(issue), by=ada)


def test_how_long_the_real_one_would_take_is_taken_from_settings_or_the_last_issue(issue, moda, ada):
    from datetime import UTC, datetime, timedelta

    from dissemination.newsletters import settling

    assert rehearsing.would_take(issue, 700) is None
    with transaction():
        before = cast.issue(moda, issue.topics[0], by=ada)
    cast.send(before, by=ada)
    with transaction():
        for n, delivery in enumerate(cast.deliveries(before.id)):
            delivery.state = Fate.ACCEPTED
            delivery.finished_at = datetime(2027, 3, 2, 9, tzinfo=UTC) + timedelta(seconds=n)
    jobs.finish_issues()
    assert rehearsing.would_take(issue, 700) == (600.0, "last")
    with transaction():
        settling.settle(moda, version=0, per_second=10)
    assert rehearsing.would_take(issue, 700) == (70.0, "paced")
