"""The outbox: rows in the transaction of the fact."""

from types import SimpleNamespace

import pytest
from sqlalchemy import func, select

from dissemination.delivery import outbox
from dissemination.delivery.mail import Mail, Recipient, Sender
from dissemination.delivery.models import Delivery, Fate, Letter
from dissemination.kernel.database import db, transaction

FASHION = Sender("Distretto Moda", "eventi@moda.example")
ISSUE = SimpleNamespace(__tablename__="newsletters", id=7)


def a_mail(**values):
    values = {
        "district_id": 1, "template": "delivery/sample", "language": "it", "subject": "Prova",
        "sender": FASHION, "shared": {"title": "Una prova", "paragraphs": ["Primo."], "district_name": "Distretto Moda"}, **values,
    }  # fmt: skip
    return Mail(**values)


def people(n):
    return (
        Recipient(
            f"p{i}@tessitura.example",
            contact_id=i,
            merge={"name": f"P {i}", "unsubscribe_url": f"https://moda.example/u/{i}"},
        )
        for i in range(n)
    )


def test_a_mail_put_twice_is_one_delivery_and_one_letter(app):
    with transaction():
        first = outbox.put(a_mail(), Recipient("carlo@tessitura.example", "Carlo"), about=ISSUE)
        second = outbox.put(a_mail(), Recipient("carlo@tessitura.example", "Carlo"), about=ISSUE)
        again = outbox.put(
            a_mail(), Recipient("carlo@tessitura.example", "Carlo"), about=ISSUE, idempotency="2"
        )
        assert first.id == second.id != again.id
        assert (first.state, first.subject_kind, first.subject_id) == (Fate.QUEUED, "newsletters", 7)
        assert first.message_id.endswith("@moda.example>")
        assert db.session.scalar(select(func.count()).select_from(Letter)) == 1


def test_a_mail_is_put_only_inside_a_transaction(app):
    with pytest.raises(RuntimeError, match=r"transaction\(\)"):
        outbox.put(a_mail(), Recipient("carlo@tessitura.example"), about=ISSUE)


def test_many_are_put_once_each_however_often_it_is_said(app):
    with transaction():
        assert outbox.put_many(a_mail(), people(2500), about=ISSUE) == 2500
    with transaction():
        assert outbox.put_many(a_mail(), people(2600), about=ISSUE) == 100
    assert outbox.progress(ISSUE) == {Fate.QUEUED: 2600}


def test_who_unsubscribes_is_skipped_and_nobody_else(app):
    with transaction():
        outbox.put_many(a_mail(), people(3), about=ISSUE)
    with transaction():
        assert outbox.skip_queued(contact_id=1, about_kind="newsletters", reason="unsubscribed") == 1
        assert outbox.skip_queued(address="P2@tessitura.example", about_kind="newsletters", reason="x") == 1
        assert outbox.skip_queued(contact_id=0, about_kind="workshops", reason="other kind") == 0
    assert [(d.state, d.reason) for d in db.session.scalars(outbox.deliveries_of(ISSUE))] == [
        (Fate.QUEUED, ""), (Fate.SKIPPED, "unsubscribed"), (Fate.SKIPPED, "x"),
    ]  # fmt: skip


def test_a_cancelled_issue_is_called_back(app):
    with transaction():
        outbox.put_many(a_mail(), people(3), about=ISSUE)
    with transaction():
        row = db.session.scalars(outbox.deliveries_of(ISSUE)).first()
        row.state = Fate.ACCEPTED
        db.session.flush()
        assert outbox.cancel(ISSUE, "stopped by Ada") == 2
    assert outbox.progress(ISSUE) == {Fate.ACCEPTED: 1, Fate.CANCELLED: 2}
    with transaction():
        assert db.session.scalar(select(func.count()).select_from(Delivery)) == 3
