"""Somebody unsubscribes in the very moment in which the rows of an issue's recipients are written."""

import threading

import pytest

from dissemination.delivery import expansion, outbox
from dissemination.delivery.models import Fate, Sending
from dissemination.kernel.database import db, transaction
from dissemination.newsletters import actions, readers, sending
from dissemination.subscriptions import mails as links_of
from tests.newsletters import cast


@pytest.fixture
def gina(app, moda, ada):
    """(her id, the issue that is being sent to her, the id of its sending)."""
    with transaction():
        topic = cast.topic(moda)
        gina = cast.subscriber(moda, topic)
        issue = cast.issue(moda, topic, by=ada)
    draft = actions.prepare(issue)
    with transaction():
        actions.send(issue, draft, version=draft.version, by=ada)
    return gina.id, issue, db.session.scalars(db.select(Sending.id)).one()


def unsubscribing(app, contact_id):
    """A thread that presses "unsubscribe"."""
    token = links_of.token_for(contact_id)

    def press():
        with app.app_context():
            app.test_client(use_cookies=False).post(f"/u/{token}")

    return threading.Thread(target=press)


def fates(issue):
    db.session.rollback()
    return [d.state for d in cast.deliveries(issue.id)], outbox.progress(issue)


def race(app, gina, monkeypatch, *, patience=2):
    """Write the rows, and let her press the button after she was found to belong to the audience; whether
    she had to wait for more than `patience` seconds, and what became of her mail."""
    contact_id, issue, sending_id = gina
    thread, waited = unsubscribing(app, contact_id), []
    still = readers.still

    def and_then_she_leaves(*arguments):
        found = still(*arguments)
        thread.start()
        thread.join(timeout=patience)
        waited.append(thread.is_alive())
        return found

    monkeypatch.setattr(readers, "still", and_then_she_leaves)
    expansion.advance(sending_id)
    thread.join(timeout=30)
    return waited, fates(issue)[0]


def test_who_leaves_before_the_rows_are_written_gets_none(app, gina):
    contact_id, issue, sending_id = gina
    thread = unsubscribing(app, contact_id)
    thread.start()
    thread.join()
    expansion.advance(sending_id)
    assert fates(issue) == ([], {Fate.SKIPPED: 1})


def test_who_leaves_between_the_list_and_the_rows_gets_none(app, gina, monkeypatch):
    contact_id, issue, sending_id = gina
    listed = sending.recipients_of

    def and_then_she_leaves(*arguments):
        yield from listed(*arguments)
        thread = unsubscribing(app, contact_id)
        thread.start()
        thread.join()

    monkeypatch.setitem(outbox.expanders, "issues", and_then_she_leaves)
    expansion.advance(sending_id)
    assert fates(issue) == ([], {Fate.SKIPPED: 1})


def test_who_leaves_between_the_list_and_the_rows_would_get_one_if_nobody_asked_again(app, gina, monkeypatch):
    monkeypatch.delitem(outbox.keepers, "issues")
    contact_id, issue, sending_id = gina
    listed = sending.recipients_of

    def and_then_she_leaves(*arguments):
        yield from listed(*arguments)
        thread = unsubscribing(app, contact_id)
        thread.start()
        thread.join()

    monkeypatch.setitem(outbox.expanders, "issues", and_then_she_leaves)
    expansion.advance(sending_id)
    assert fates(issue)[0] == [Fate.QUEUED]


def test_who_leaves_while_the_rows_are_written_waits_and_gets_nothing(app, gina, monkeypatch):
    assert race(app, gina, monkeypatch) == ([True], [Fate.SKIPPED])


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_without_the_lock_the_race_is_real(app, gina, monkeypatch):
    monkeypatch.setattr(readers, "_hold", lambda *arguments: None)
    assert race(app, gina, monkeypatch, patience=60) == ([False], [Fate.QUEUED])
