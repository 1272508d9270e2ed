"""The loop against a real, scripted server: each reply and each hang-up at each stage."""

import re
import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from dissemination.delivery import outbox, queries, sending, verp
from dissemination.delivery.ledger import SPAN, Ledger
from dissemination.delivery.mail import Recipient
from dissemination.delivery.models import Delivery, Fate, Relay, Suppression
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from tests.delivery.server import DROP
from tests.delivery.test_outbox import ISSUE, a_mail, people

GIVEN = {"name": "Carlo", "unsubscribe_url": "https://moda.example/u/c"}


def use(app, server, *, connections=2, timeout=2):
    """Let `app` send to `server`."""
    settings = app.config["SETTINGS"]
    mail = replace(
        settings.mail, server="127.0.0.1", port=server.port, security="none",
        connections=connections, timeout=timeout,
    )  # fmt: skip
    app.config["SETTINGS"] = replace(settings, mail=mail)


def put(n=1):
    with transaction():
        outbox.put_many(a_mail(), people(n), about=ISSUE)


def fates():
    db.session.rollback()
    return {f.value: n for f, n in outbox.progress(ISSUE).items()}


def the_row():
    db.session.rollback()
    return db.session.scalars(select(Delivery)).one()


@pytest.mark.parametrize("pipelining", [True, False])
def test_everybody_gets_exactly_one_message(app, server, pipelining):
    peer = server(pipelining=pipelining)
    use(app, peer, connections=4)
    put(150)
    assert sending.deliver_due() == 150
    assert fates() == {"accepted": 150}
    assert sorted(r for _, r, _ in peer.taken) == sorted(f"p{i}@tessitura.example" for i in range(150))
    assert sending.deliver_due() == 0


def test_the_envelope_names_the_row_and_the_octets_are_those_the_desk_shows(app, server):
    peer = server()
    use(app, peer)
    put()
    sending.deliver_due()
    row = the_row()
    [(sender, _, octets)] = peer.taken
    assert verp.read(sender) == row.id
    assert octets == queries.parts(row).raw
    assert row.last_reply == "250 2.0.0 taken"


REPLIES = [
    ("MAIL", "451 4.3.0 later", "deferred"), ("MAIL", "452 4.3.1 full", "deferred"),
    ("MAIL", "550 5.7.1 who are you", "deferred"), ("MAIL", "552 5.3.4 too big", "refused"),
    ("RCPT", "450 4.2.1 greylisted", "deferred"), ("RCPT", "451 4.3.0 later", "deferred"),
    ("RCPT", "550 5.1.1 nobody here", "refused"), ("RCPT", "552 5.2.2 full", "refused"),
    ("RCPT", "554 5.7.1 no", "refused"), ("DATA", "451 4.3.0 later", "deferred"),
    ("DATA", "554 5.5.1 no", "refused"), ("END", "421 4.3.2 going down", "deferred"),
    ("END", "450 4.7.0 later", "deferred"), ("END", "451 4.7.1 later", "deferred"),
    ("END", "550 5.7.1 spam", "refused"), ("END", "552 5.3.4 too big", "refused"),
    ("END", "554 5.6.0 no", "refused"), ("RCPT", "550-5.7.1 line one\r\n550 5.7.1 line two", "refused"),
]  # fmt: skip


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize(("stage", "reply", "fate"), REPLIES)
def test_a_reply_is_the_fate_of_the_one_it_answers(app, server, stage, reply, fate, pipelining):
    """Ten recipients; the server says `reply` about the fifth. The others are not touched by it."""
    with transaction():
        outbox.put_many(a_mail(), people(10), about=ISSUE)
    fifth = db.session.scalar(select(Delivery.id).where(Delivery.address == "p4@tessitura.example"))

    def say(address):
        who = f"p{envelopes[address]}@" if stage == "MAIL" else address
        return reply if who.startswith("p4@") else None

    secret = app.secret_key
    envelopes = {verp.sign(fifth - 4 + i, "eventi@moda.example", secret=secret): i for i in range(10)}
    peer = server(pipelining=pipelining, **{stage: say})
    use(app, peer, connections=1)
    sending.deliver_due(jitter=lambda: 0.5)
    db.session.rollback()
    states = {d.address: d.state.value for d in db.session.scalars(select(Delivery))}
    assert states.pop("p4@tessitura.example") == fate
    assert set(states.values()) == {"accepted"}
    assert len(peer.taken) == 9
    row = db.session.scalars(select(Delivery).where(Delivery.id == fifth)).one()
    assert (row.attempts, row.last_reply[:3]) == (1, reply[:3])
    suppressed = [s.address for s in db.session.scalars(select(Suppression))]
    assert suppressed == (["p4@tessitura.example"] if "5.1.1" in reply else [])


DROPS = [
    ("MAIL", DROP, 0), ("MAIL", "421 4.3.2 bye", 0), ("RCPT", DROP, 0), ("RCPT", "421 4.3.2 bye", 0),
    ("DATA", DROP, 0), ("DATA", "421 4.3.2 bye", 0), ("END", DROP, 1),
]  # fmt: skip


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize(("stage", "what", "uncertain"), DROPS)
def test_a_hang_up_loses_nobody_and_repeats_nobody(app, server, stage, what, uncertain, pipelining):
    """The server hangs up once, at a stage of the fifth message. Only behind the last dot is it uncertain."""
    seen = []

    def once(address):
        seen.append(address)
        return what if len(seen) == 5 else None

    peer = server(pipelining=pipelining, **{stage: once})
    use(app, peer, connections=1)
    put(10)
    sending.deliver_due()
    result = fates()
    assert result.get("uncertain", 0) == uncertain
    assert sum(result.values()) == 10
    assert result["accepted"] == len(peer.taken) == len({r for _, r, _ in peer.taken})
    with time_machine.travel(now() + timedelta(hours=1)):
        sending.deliver_due()
    assert fates() == {"accepted": 10 - uncertain, **({"uncertain": 1} if uncertain else {})}
    assert len(peer.taken) == len({r for _, r, _ in peer.taken}) == 10 - uncertain


@pytest.mark.parametrize(
    "script",
    [{"CONNECT": lambda a: "554 5.3.2 not now"}, {"CONNECT": lambda a: DROP}, {"EHLO": lambda a: DROP}],
)
def test_a_server_that_lets_nobody_in_blames_nobody(app, server, script):
    use(app, server(**script))
    put(5)
    assert sending.deliver_due() == 0
    assert fates() == {"queued": 5}
    assert {d.attempts for d in db.session.scalars(select(Delivery))} == {0}
    assert db.session.scalar(select(Relay.failures)) == 1


def test_mail_waits_for_a_dead_server_and_leaves_when_it_is_back(app, server):
    peer = server()
    use(app, peer)
    peer.close()
    put(5)
    assert sending.deliver_due() == 0
    assert fates() == {"queued": 5}
    assert "Connection refused" in queries.relay_trouble()
    server(port=peer.port)
    assert sending.deliver_due() == 0  # the pause holds
    with time_machine.travel(now() + timedelta(seconds=16), tick=False):
        assert sending.deliver_due() == 5
    assert fates() == {"accepted": 5}
    assert queries.relay_trouble() is None


def test_a_server_that_falls_silent_is_given_up(app, server):
    peer = server(RCPT=lambda a: threading.Event().wait(3))
    use(app, peer, connections=1, timeout=1)
    put(2)
    sending.deliver_due()
    result = fates()
    assert "accepted" not in result
    assert "uncertain" not in result
    assert sum(result.values()) == 2


def test_a_deferred_mail_is_tried_later_and_given_up_at_its_deadline(app, server):
    use(app, server(RCPT=lambda a: "450 4.2.1 later"))
    put()
    sending.deliver_due(jitter=lambda: 0.5)
    row = the_row()
    assert (row.state, row.attempts) == (Fate.DEFERRED, 1)
    assert sending.deliver_due() == 0
    waits = []
    while row.state is Fate.DEFERRED:
        before = row.next_at
        with time_machine.travel(row.next_at + timedelta(seconds=1), tick=False):
            sending.deliver_due(jitter=lambda: 0.5)
        row = the_row()
        waits.append(round((row.next_at - before).total_seconds() / 60))
    assert waits[:6] == [5, 15, 30, 60, 120, 240]
    assert (row.state, row.reason) == (Fate.REFUSED, "deadline")
    assert row.created_at + timedelta(days=2, hours=20) < row.finished_at <= row.deadline


def test_who_unsubscribes_while_the_others_are_sent_gets_nothing(app, server):
    """The unsubscription commits while the rows are leased and the first message is under way."""

    def unsubscribe(address):
        if not done:
            done.append(address)
            with app.app_context(), transaction():
                outbox.skip_queued(contact_id=399, about_kind="newsletters", reason="unsubscribed")

    done = []
    peer = server(RCPT=unsubscribe)
    use(app, peer, connections=1)
    put(400)
    sending.deliver_due()
    assert fates() == {"accepted": 399, "skipped": 1}
    assert "p399@tessitura.example" not in {r for _, r, _ in peer.taken}


def test_a_suppressed_address_is_skipped_when_its_turn_comes(app, server):
    peer = server()
    use(app, peer)
    put(3)
    with transaction():
        db.session.add(
            Suppression(district_id=1, address="p1@tessitura.example", reason="complaint", at=now())
        )
        db.session.add(
            Suppression(district_id=2, address="p2@tessitura.example", reason="other district", at=now())
        )
    sending.deliver_due()
    assert fates() == {"accepted": 2, "skipped": 1}


def test_a_single_mail_does_not_queue_behind_a_newsletter(app, server):
    peer = server()
    use(app, peer, connections=1)
    put(100)
    with transaction():
        outbox.put(a_mail(subject="Conferma"), Recipient("carlo@tessitura.example", merge=GIVEN), about=ISSUE)
    sending.deliver_due()
    assert peer.taken[0][1] == "carlo@tessitura.example"
    assert len(peer.taken) == 101


def test_what_cannot_be_written_to_is_refused_and_a_broken_letter_waits(app, server):
    use(app, server())
    with transaction():
        outbox.put(a_mail(), Recipient("no address\r\nBcc: x@y.example", merge=GIVEN), about=ISSUE)
        outbox.put(a_mail(template="delivery/missing"), Recipient("a@b.example"), about=ISSUE)
        outbox.put(a_mail(), Recipient("c@d.example"), about=ISSUE)  # the merge value is missing
    sending.deliver_due()
    db.session.rollback()
    rows = list(db.session.scalars(outbox.deliveries_of(ISSUE)))
    assert [(d.state.value, d.reason) for d in rows] == [
        ("refused", "bad_address"), ("deferred", "letter_broken"), ("deferred", "letter_broken"),
    ]  # fmt: skip


def test_stopping_finishes_the_window_and_leaves_nothing_uncertain(app, server):
    peer = server()
    use(app, peer, connections=2)
    put(300)
    sending.deliver_due(stop=lambda: len(peer.taken) > 40)
    result = fates()
    assert set(result) == {"accepted", "queued"}
    assert result["accepted"] == len(peer.taken) < 300
    sending.deliver_due()
    assert fates() == {"accepted": 300}


def test_the_rows_of_a_dead_worker_are_taken_back(app):
    put(3)
    with transaction():
        rows = list(db.session.scalars(outbox.deliveries_of(ISSUE)))
        rows[1].state = Fate.IN_DATA
        rows[1].lease_owner, rows[1].lease_until = "elsewhere/1/2/3/4", now() + timedelta(minutes=2)
    assert sending.recover() == 0
    with time_machine.travel(now() + timedelta(minutes=3)):
        assert sending.recover() == 1
    assert fates() == {"queued": 2, "uncertain": 1}


def test_without_a_server_mail_goes_to_a_folder(app):
    put(3)
    assert sending.deliver_due() == 3
    names = sorted(p.name for p in app.config["SETTINGS"].mail.folder.iterdir())
    assert [re.sub(r"^\d{8}T\d{6}Z-", "", n) for n in names] == ["000001.eml", "000002.eml", "000003.eml"]
    assert fates() == {"accepted": 3}


def test_a_folder_that_cannot_be_written_stops_nothing_for_good(app):
    folder = app.config["SETTINGS"].mail.folder
    folder.write_text("in the way")
    put(3)
    assert sending.deliver_due() == 0
    assert fates() == {"queued": 3}
    folder.unlink()
    assert sending.deliver_due(force=True) == 3


def test_what_is_marked_ahead_follows_the_speed(app):
    """Of a slow server a kill leaves little uncertain; a fast one never waits for the disk."""
    ledger = Ledger(app, limit=640, stop=lambda: False)

    def ahead_at(per_second: int) -> int:
        for _ in range(20):
            ledger.wrote_at = time.monotonic() - 1
            ledger._keep_pace(per_second)
        return ledger.ahead

    assert ahead_at(10) == 160
    assert ahead_at(1500) == pytest.approx(1500 * SPAN, rel=0.05)
    assert ahead_at(40_000) == 640
    ledger._keep_pace(0)
    assert (ledger.ahead, ledger.enough) == (640, 320)
