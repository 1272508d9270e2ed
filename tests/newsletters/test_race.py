"""Somebody unsubscribes in the very moment in which an issue is sent."""

import threading

import pytest

from dissemination.delivery.models import Fate
from dissemination.kernel.database import db, transaction
from dissemination.newsletters import actions
from dissemination.subscriptions import mails as links_of
from dissemination.subscriptions import queries as readers
from tests.newsletters import cast


def race(app, moda, ada):
    """Send inside a transaction, let gina unsubscribe before it commits; (did she have to wait, fate)."""
    with transaction():
        topic = cast.topic(moda)
        gina = cast.subscriber(moda, topic)
        issue = cast.issue(moda, topic, by=ada)
    token, draft = links_of.token_for(gina.id), actions.prepare(issue)

    def unsubscribe():
        with app.app_context():
            app.test_client(use_cookies=False).post(f"/u/{token}")

    thread = threading.Thread(target=unsubscribe)
    with transaction():
        actions.send(issue, draft, version=draft.version, by=ada)
        thread.start()
        thread.join(timeout=2)
        waited = thread.is_alive()
    thread.join(timeout=30)
    db.session.rollback()
    (delivery,) = cast.deliveries(issue.id)
    return waited, delivery.state


def test_who_unsubscribes_while_it_is_sent_gets_nothing(app, moda, ada):
    assert race(app, moda, ada) == (True, Fate.SKIPPED)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_without_the_lock_the_race_is_real(app, moda, ada, monkeypatch):
    monkeypatch.setattr(readers, "lock_subscriptions", lambda topic_ids: None)
    assert race(app, moda, ada) == (False, Fate.QUEUED)
