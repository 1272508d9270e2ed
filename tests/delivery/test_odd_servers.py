"""Servers that fall silent, talk nonsense or leave in the middle of a body; a database that goes away."""

import re
import socket
import threading
from contextlib import suppress
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from dissemination.delivery import ledger, outbox, queries, sending
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from tests.delivery.server import DROP, Server, _Dialogue
from tests.delivery.test_faults import LONG, again, assert_true
from tests.delivery.test_outbox import ISSUE, a_mail, people
from tests.delivery.test_sending import fates, put, use

STAGES = ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "END"]


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_silence_at_each_stage_is_given_up_and_only_behind_the_last_dot_uncertain(
    app, server, stage, pipelining
):
    """The server says nothing more, but keeps the connection, at the second message (or at once)."""
    silent, seen = threading.Event(), []

    def say_nothing(address):
        seen.append(address)
        if len(seen) == (1 if stage in ("CONNECT", "EHLO") else 2):
            silent.wait(20)
            return DROP
        return None

    peer = server(pipelining=pipelining, **{stage: say_nothing})
    use(app, peer, connections=1, timeout=1)
    put(6)
    sending.deliver_due()
    assert_true(peer, of=6)
    silent.set()
    again()
    assert_true(peer, of=6)
    assert fates() == ({"accepted": 5, "uncertain": 1} if stage == "END" else {"accepted": 6})


NONSENSE = ["SSH-2.0-OpenSSH_9.2", "", "999 what", "25", "100 go on", "354 go on", "x" * 6000]


# The server would take 354 for a yes to MAIL and RCPT, and what it says to DATA after it for another.
MEETING = [(s, n) for s in STAGES for n in NONSENSE if not (n[:3] == "354" and s in ("MAIL", "RCPT"))]


@pytest.mark.parametrize(("stage", "nonsense"), MEETING)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nonsense_at_each_stage_makes_nobody_accepted(app, server, stage, nonsense):
    """A reply that is none leaves the fate of a whole message unknown: it is not sent again by the machine."""
    seen = []

    def babble(address):
        seen.append(address)
        return nonsense if len(seen) == (1 if stage in ("CONNECT", "EHLO") else 2) else None

    peer = server(**{stage: babble})
    use(app, peer, connections=1, timeout=1)
    put(6)
    sending.deliver_due()
    assert_true(peer, of=6)
    again(times=4, hours=3)
    assert_true(peer, of=6)
    counts = fates()
    assert counts.pop("accepted") >= 5
    assert counts == ({"uncertain": 1} if stage == "END" and nonsense else {})


class LeavesInTheBody(_Dialogue):
    """Reads a line of the third body and hangs up."""

    def data(self):
        self.server.bodies = getattr(self.server, "bodies", 0) + 1
        if self.server.bodies == 3 and self.recipient and self.say("DATA", self.recipient):
            self.stream.readline()
            self.connection.shutdown(socket.SHUT_RDWR)
            raise EOFError
        super().data()


@pytest.mark.parametrize("pipelining", [True, False])
def test_a_server_that_leaves_in_the_middle_of_a_body_repeats_nobody(app, monkeypatch, pipelining):
    """Our side has let go of the last dot already: nobody here knows how much the server read."""
    monkeypatch.setattr("tests.delivery.server._Dialogue", LeavesInTheBody)
    peer = Server(pipelining=pipelining)
    try:
        use(app, peer, connections=1, timeout=5)
        with transaction():
            outbox.put_many(a_mail(shared=LONG), people(5), about=ISSUE)
        sending.deliver_due()
        assert_true(peer, of=5)
        again()
        assert_true(peer, of=5)
        assert fates() == {"accepted": 4, "uncertain": 1}
    finally:
        peer.close()


@pytest.mark.parametrize("stage", ["STARTTLS", "AUTH", "EHLO", "CONNECT"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_waited_for_a_server_that_lets_nobody_in_leaves_when_it_does(app, server, stage):
    from tests.delivery.test_faults import secure

    refusing = [True]
    peer = server(
        offers=("AUTH PLAIN",) if stage == "AUTH" else ("STARTTLS",),
        **{stage: lambda a: "454 4.7.0 not now" if refusing else None},
    )
    use(app, peer)
    secure(app, "starttls" if stage == "STARTTLS" else "none", password=stage == "AUTH")
    put(4)
    assert sending.deliver_due() == 0
    assert queries.relay_trouble()
    refusing.clear()
    if stage == "STARTTLS":
        secure(app, "none")  # what follows is the mail, not the certificate
    with time_machine.travel(now() + timedelta(minutes=1)):
        assert sending.deliver_due() == 4
    assert fates() == {"accepted": 4}
    assert queries.relay_trouble() is None


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_database_that_ends_every_connection_holds_up_and_loses_nothing(app, server, monkeypatch):
    """PostgreSQL is restarted in the middle of a sending: every connection ends at once.

    SQLite has no connections to end; a locked database is tried elsewhere.
    """
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    monkeypatch.setattr(ledger, "RETRY", 0.05)
    ended = []

    def end(address):
        if address == "p150@tessitura.example" and not ended:
            other = create_engine(re.sub(r"/[^/?]+\?", "/postgres?", url), isolation_level="AUTOCOMMIT")
            name = re.search(r"/([^/?]+)\?", url)[1]
            with other.connect() as connection:
                ended.append(connection.execute(
                    text("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = :name"),
                    {"name": name},
                ).scalar())  # fmt: skip
            other.dispose()

    peer = server(RCPT=end)
    use(app, peer)
    put(400)
    db.session.remove()
    for _ in range(3):
        with suppress(OperationalError):  # the worker logs it and comes again
            sending.deliver_due()
        db.session.remove()
    assert ended[0] > 0
    with time_machine.travel(now() + timedelta(minutes=10)):
        sending.recover()
        sending.deliver_due()
    assert_true(peer, of=400)
    assert set(fates()) <= {"accepted", "uncertain"}
