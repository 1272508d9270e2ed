"""Several workers at once write once to each person; the control shows that the race is real."""

from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
import time_machine

from dissemination.delivery.models import Delivery
from dissemination.followups import actions, jobs
from dissemination.followups.models import Anchor, MailRuleSending, State
from dissemination.kernel.database import db, transaction
from tests import factories
from tests.followups import cast

START = datetime(2027, 3, 11, 13, 0, tzinfo=UTC)
PEOPLE, WORKERS = 60, 4


@pytest.fixture
def rule(moda):
    with transaction():
        workshop = factories.workshop(moda, starts_at=START)
        for n in range(PEOPLE):
            cast.registration(workshop, f"p{n:02}@a.example")
        return cast.rule(workshop, anchor=Anchor.START, minutes=-2880, states=[State.CONFIRMED])


def run_workers(app, act):
    barrier, failures = Barrier(WORKERS), []

    def work():
        with app.app_context():
            barrier.wait()
            try:
                act()
            except Exception as failure:  # shown by the assertion
                failures.append(failure)
            finally:
                db.session.remove()

    threads = [Thread(target=work) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.rollback()
    return failures


def test_four_workers_write_once_to_each(app, rule):
    with time_machine.travel(START - timedelta(days=2), tick=False):
        assert run_workers(app, jobs.send_due) == []
    addresses = db.session.scalars(db.select(Delivery.address)).all()
    assert (len(addresses), len(set(addresses))) == (PEOPLE, PEOPLE)
    assert db.session.query(MailRuleSending).count() == PEOPLE


def test_without_the_note_every_worker_writes_to_everybody(app, rule, monkeypatch):
    monkeypatch.setattr(actions, "_note", lambda rule, people: {r.id for r in people})
    put, rule_id = [], rule.id
    monkeypatch.setattr(actions.outbox, "put_many", lambda mail, people, about: put.extend(people))
    with time_machine.travel(START - timedelta(days=2), tick=False):
        assert run_workers(app, lambda: _once(rule_id)) == []
    assert len(put) == WORKERS * PEOPLE


def _once(rule_id):
    with transaction():
        actions.send_batch(rule_id)
