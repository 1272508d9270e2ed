"""Each fault of the issue, caused for real: whatever a server, the disk, the database or the clock does,
every recipient ends in a true state and gets at most one message."""

import itertools
import os
import sqlite3
import ssl
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select

from dissemination.delivery import connecting, domains, leases, ledger, outbox, queries, sending, sendings
from dissemination.delivery.mail import Recipient
from dissemination.delivery.models import Delivery, Fate, Relay, Suppression
from dissemination.delivery.replies import about
from dissemination.delivery.transport import RelayDown
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from tests.delivery.server import DROP
from tests.delivery.test_outbox import ISSUE, a_mail, people
from tests.delivery.test_sending import GIVEN, fates, put, use

ROOT = Path(__file__).resolve().parents[2]


def assert_true(*peers, of):
    """Every row says what happened: taken once when accepted, not at all otherwise, unless uncertain."""
    db.session.rollback()
    taken = [recipient for peer in peers for _, recipient, _ in peer.taken]
    assert len(taken) == len(set(taken))
    rows = {d.address: d.state for d in db.session.scalars(select(Delivery))}
    assert len(rows) == of
    for address, state in rows.items():
        assert state is not Fate.IN_DATA
        if state is not Fate.UNCERTAIN:
            assert (address in taken) == (state is Fate.ACCEPTED), (address, state)


def again(times=3, hours=2):
    """Let what was deferred have its turn."""
    for n in range(1, times + 1):
        with time_machine.travel(now() + timedelta(hours=n * hours)):
            sending.deliver_due(force=True)


CODES = ["421 4.3.2 bye", "450 4.2.1 busy", "451 4.3.0 error", "452 4.3.1 full", "550 5.7.1 no", "552 5.3.4 big",
         "554 5.7.1 no", DROP]  # fmt: skip


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("reply", CODES)
@pytest.mark.parametrize("stage", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "END"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_each_reply_at_each_stage_leaves_every_recipient_in_a_true_state(
    app, server, stage, reply, pipelining
):
    """The third time the stage is reached (or the first connection), the server says so, once."""
    seen = []

    def once(address):
        seen.append(address)
        return reply if len(seen) == (1 if stage in ("CONNECT", "EHLO") else 3) else None

    peer = server(pipelining=pipelining, **{stage: once})
    use(app, peer, connections=1)
    put(8)
    sending.deliver_due()
    assert_true(peer, of=8)
    again()
    assert_true(peer, of=8)
    counts = fates()
    others = 8 - counts.pop("accepted")
    assert others <= 1
    assert set(counts) <= ({"uncertain"} if (stage, reply) == ("END", DROP) else {"refused"})
    if stage in ("CONNECT", "EHLO", "MAIL") and not (stage == "MAIL" and "552" in reply):
        assert others == 0  # no recipient is to blame for what the server says before it hears of one


@pytest.mark.parametrize("reply", [*CODES[1:7], "454 4.7.0 TLS not available", DROP])
@pytest.mark.parametrize("stage", ["STARTTLS", "AUTH"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_server_that_refuses_tls_or_the_password_gets_no_message_and_is_named(app, server, stage, reply):
    offers = ("STARTTLS",) if stage == "STARTTLS" else ("AUTH PLAIN LOGIN",)
    peer = server(offers=offers, **{stage: lambda a: reply})
    use(app, peer)
    secure(app, "starttls" if stage == "STARTTLS" else "none", password=stage == "AUTH")
    put(3)
    assert sending.deliver_due() == 0
    assert fates() == {"queued": 3}
    trouble = queries.relay_trouble()
    assert trouble.startswith(f"127.0.0.1:{peer.port}: ")
    assert peer.taken == []


def secure(app, security, *, password=False):
    settings = app.config["SETTINGS"]
    mail = replace(
        settings.mail, security=security, username="eventi" if password else None,
        password="segreta" if password else None,
    )  # fmt: skip
    app.config["SETTINGS"] = replace(settings, mail=mail)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_server_without_starttls_or_auth_is_not_spoken_to_in_the_clear(app, server):
    peer = server()
    use(app, peer)
    secure(app, "starttls")
    put(1)
    sending.deliver_due()
    assert "STARTTLS extension not supported" in queries.relay_trouble()
    secure(app, "none", password=True)
    sending.deliver_due(force=True)
    assert "offers no AUTH, but MAIL_USERNAME is set" in queries.relay_trouble()
    assert [stage for stage, _ in peer.stages if stage == "MAIL"] == []


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_password_is_given_as_the_server_wants_it(app, server, mechanism):
    said = []

    def answer(line):
        said.append(line)
        return "334 UGFzc3dvcmQ6" if mechanism == "LOGIN" and len(said) == 1 else None

    peer = server(offers=(f"AUTH {mechanism}",), AUTH=answer)
    use(app, peer)
    secure(app, "none", password=True)
    if mechanism == "LOGIN":  # the second line of the dialogue is the password alone
        peer.script["AUTH"] = lambda line: said.append(line)
    put(2)
    sending.deliver_due()
    assert fates() == {"accepted": 2}
    assert said[0].startswith(f"AUTH {mechanism} ")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_certificate_that_nobody_signed_ends_the_connection(app, server, tmp_path):
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=other.example",
            "-keyout", str(tmp_path / "k"), "-out", str(tmp_path / "c")]  # fmt: skip
    subprocess.run(made, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "c", tmp_path / "k")
    peer = server(offers=("STARTTLS",), tls=context)
    use(app, peer)
    secure(app, "starttls")
    put(2)
    sending.deliver_due()
    assert "CERTIFICATE_VERIFY_FAILED" in queries.relay_trouble()
    assert (fates(), peer.taken) == ({"queued": 2}, [])


@pytest.mark.parametrize("pipelining", [True, False])
def test_replies_that_come_in_crumbs_are_put_together(app, server, pipelining):
    peer = server(
        pipelining=pipelining,
        crumbs=True,
        RCPT=lambda a: "550-5.1.1 nobody\r\n550 5.1.1 here" if a.startswith("p3@") else None,
    )
    use(app, peer)
    put(12)
    sending.deliver_due()
    assert fates() == {"accepted": 11, "refused": 1}
    assert_true(peer, of=12)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_server_that_reads_slowly_holds_up_only_its_own_connection(app, server):
    slow, quick = server(sip=0.001), server()
    use(app, slow, connections=2, timeout=5)
    also(app, quick)
    with transaction():
        outbox.put_many(a_mail(shared=LONG), people(30), about=ISSUE)
    sending.deliver_due()
    assert fates() == {"accepted": 30}
    assert len(quick.taken) > len(slow.taken) > 0
    assert_true(slow, quick, of=30)


LONG = {"title": "Lunga", "paragraphs": ["x" * 70 for _ in range(400)], "district_name": "Moda"}


def also(app, *others, weight=1):
    """Let `app` send to further servers too."""
    settings = app.config["SETTINGS"]
    first = settings.mail.servers[0]
    more = tuple(replace(first, port=other.port, weight=weight) for other in others)
    app.config["SETTINGS"] = replace(settings, mail=replace(settings.mail, others=more))


def test_one_bad_recipient_among_pipelined_ones_touches_nobody_else(app, server):
    bad = {"p0@", "p7@", "p8@", "p19@"}
    peer = server(RCPT=lambda a: "550 5.1.1 nobody" if a.partition("@")[0] + "@" in bad else None)
    use(app, peer, connections=1)
    put(20)
    sending.deliver_due()
    assert fates() == {"accepted": 16, "refused": 4}
    assert_true(peer, of=20)
    assert {s.address.split("@")[0] + "@" for s in db.session.scalars(select(Suppression))} == bad


def test_a_message_larger_than_the_server_takes_is_refused_before_it_is_sent(app, server):
    peer = server(offers=("SIZE 30000",))
    use(app, peer)
    with transaction():
        outbox.put_many(a_mail(shared=LONG), people(2), about=ISSUE)
        outbox.put(a_mail(), Recipient("small@x.example", merge=GIVEN), about=ISSUE)
    sending.deliver_due()
    db.session.rollback()
    rows = db.session.scalars(outbox.deliveries_of(ISSUE)).all()
    assert [(d.state.value, d.reason) for d in rows] == [("refused", "too_big")] * 2 + [("accepted", "")]
    assert rows[0].last_reply.endswith("octets, the server takes 30000 (SIZE)")
    assert [r for _, r, _ in peer.taken] == ["small@x.example"]


@pytest.mark.parametrize(("offers", "fate"), [(("SMTPUTF8", "8BITMIME"), "accepted"), ((), "refused")])
def test_a_local_part_beyond_ascii_needs_a_server_that_takes_it(app, server, offers, fate):
    seen = []
    peer = server(offers=offers, RCPT=seen.append)
    use(app, peer)
    with transaction():
        outbox.put(a_mail(), Recipient("carlò@caffè.example", "Carlò", merge=GIVEN), about=ISSUE)
        outbox.put(a_mail(), Recipient('"carlo rossi"@x.example', merge=GIVEN), about=ISSUE)
    sending.deliver_due()
    db.session.rollback()
    first, second = db.session.scalars(outbox.deliveries_of(ISSUE))
    assert (first.state.value, second.state.value) == (fate, "accepted")
    assert first.reason == ("" if offers else "needs_utf8")
    assert ("carlò@xn--caff-8oa.example" in seen) is bool(offers)
    assert '"carlo rossi"@x.example' in seen


# ---- several servers -------------------------------------------------------------------------------


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_server_that_is_down_leaves_its_share_to_the_others_and_is_named(app, server):
    dead, alive = server(), server()
    use(app, dead, connections=4)
    also(app, alive)
    dead.close()
    put(40)
    sending.deliver_due()
    assert fates() == {"accepted": 40}
    assert "Connection refused" in queries.relay_trouble()
    assert not queries.is_mail_stopped(), "the desk must not say that everything waits"
    deliver = app.test_cli_runner().invoke(args=["outbox", "deliver"])
    assert (deliver.exit_code, "the others carry its share" in deliver.output) == (0, True)
    [row] = db.session.scalars(select(Relay).where(Relay.failures > 0))
    assert (row.name, row.paused_until > now()) == (f"127.0.0.1:{dead.port}", True)
    before = len(alive.taken)
    with transaction():
        outbox.put_many(a_mail(subject="Due"), people(10), about=ISSUE)
    sending.deliver_due()  # the pause of one does not stop the other
    assert len(alive.taken) == before + 10


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_servers_get_connections_by_their_weights(app, server):
    first, second = server(delay=0.002), server(delay=0.002)
    use(app, first, connections=8)
    also(app, second, weight=3)
    put(400)
    sending.deliver_due()
    assert fates() == {"accepted": 400}
    assert (first.connections, second.connections) == (2, 6)
    assert_true(first, second, of=400)


def test_when_all_servers_are_down_everything_waits(app, server):
    one, two = server(CONNECT=lambda a: "554 5.3.2 no"), server()
    use(app, one)
    also(app, two)
    two.close()
    put(3)
    assert sending.deliver_due() == 0
    assert fates() == {"queued": 3}
    assert queries.relay_trouble().count("127.0.0.1:") == 2
    assert queries.is_mail_stopped()


# ---- domains ---------------------------------------------------------------------------------------


def rate(app, **rates):
    settings = app.config["SETTINGS"]
    pairs = tuple((k.replace("_", "."), v) for k, v in rates.items())
    app.config["SETTINGS"] = replace(settings, mail=replace(settings.mail, domain_rates=pairs))


def two_domains(n):
    with transaction():
        for domain in ("slow.example", "quick.example"):
            outbox.put_many(
                a_mail(), (Recipient(f"p{i}@{domain}", merge=GIVEN) for i in range(n)), about=ISSUE
            )


def test_a_domain_gets_so_many_a_second_and_does_not_hold_up_the_others(app, server):
    peer = server()
    use(app, peer)
    rate(app, slow_example=5.0)
    start = now()
    with time_machine.travel(start, tick=False) as clock:
        two_domains(40)
        counts = []
        for _second in range(9):
            sending.deliver_due()
            counts.append(sum(r.endswith("slow.example") for _, r, _ in peer.taken))
            clock.shift(timedelta(seconds=1.01))
        assert sum(r.endswith("quick.example") for _, r, _ in peer.taken) == 40
        assert [b - a for a, b in itertools.pairwise(counts)][:6] == [5, 5, 5, 5, 5, 5]
        assert counts[0] == 5
    assert fates() == {"accepted": 80}
    assert {d.attempts for d in db.session.scalars(select(Delivery))} == {1}


def test_a_sending_may_ask_for_less_than_the_setting_and_the_stricter_holds(app, server):
    peer = server()
    use(app, peer)
    rate(app, slow_example=20.0)
    with time_machine.travel(now(), tick=False) as clock:
        two_domains(40)
        with transaction():
            sendings.change(ISSUE, domain_rates={"slow.example": 5.0, "*": 30.0})
        counts = []
        for _second in range(2):
            sending.deliver_due()
            taken = [r.partition("@")[2] for _, r, _ in peer.taken]
            counts.append((taken.count("slow.example"), taken.count("quick.example")))
            clock.shift(timedelta(seconds=1.01))
    assert counts == [(5, 30), (10, 40)]


@pytest.mark.parametrize(
    ("some", "others", "both"),
    [
        ({}, {"a.example": 2}, {"a.example": 2}),
        ({"a.example": 1}, {"a.example": 2}, {"a.example": 1}),
        ({"*": 5}, {"a.example": 9, "b.example": 3}, {"*": 5, "a.example": 5, "b.example": 3}),
        ({"*": 5}, {"*": 7}, {"*": 5}),
    ],
)
def test_of_two_rates_the_lower_one_holds(some, others, both):
    assert domains.stricter(some, others) == both


def test_a_domain_that_wants_fewer_rests_and_comes_back(app, server):
    peer = server(RCPT=lambda a: "421 4.7.0 try later" if "slow" in a and slow else None)
    peer.script["RCPT"] = lambda a: "450 4.7.1 too many" if a.endswith("slow.example") and slow else None
    slow = [True]
    use(app, peer, connections=1)
    start = now()
    with time_machine.travel(start, tick=False) as clock:
        two_domains(60)
        sending.deliver_due(jitter=lambda: 0.5)
        assert sum(r.endswith("quick.example") for _, r, _ in peer.taken) == 60
        clock.shift(timedelta(seconds=70))  # the deferred ones are due, and it refuses again: it rests
        for _ in range(3):
            sending.deliver_due(jitter=lambda: 0.5)
            clock.shift(timedelta(minutes=6))
        db.session.rollback()
        slow.clear()
        for _ in range(12):
            clock.shift(timedelta(minutes=31))
            sending.deliver_due()
    assert fates() == {"accepted": 120}
    assert queries.resting_domains() == []


def test_only_what_is_about_pace_slows_a_domain_and_only_what_is_about_the_address_condemns_it():
    assert [about(*reply).name for reply in (
        (421, "4.7.0 IP rate"), (450, "greylisted"), (451, "4.7.1 later"), (452, "4.2.2 full"), (450, "4.2.1 off"),
        (550, "5.1.1 no"), (550, "5.7.1 spam"), (552, "5.2.2 full"), (552, "quota"), (554, "5.4.4 no host"),
        (550, "no"), (550, "4.1.1 odd"),
    )] == [
        "PACE", "PACE", "PACE", "MAILBOX", "ADDRESS", "ADDRESS", "POLICY", "MAILBOX", "MAILBOX", "ELSE", "ELSE", "ELSE",
    ]  # fmt: skip


# ---- the disk, the database, the clock -------------------------------------------------------------


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_locked_database_holds_up_the_sending_and_nothing_is_lost(app, server, monkeypatch):
    """Another process holds the write lock of SQLite in the middle of the sending."""
    path = app.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///")
    monkeypatch.setattr(ledger, "RETRY", 0.05)
    locked = threading.Event()

    def lock(address):
        if not locked.is_set():
            locked.set()
            other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            other.execute("BEGIN IMMEDIATE")
            threading.Timer(1.0, lambda: (other.rollback(), other.close())).start()

    @event_once(app)
    def impatient(connection):
        connection.execute("PRAGMA busy_timeout=100")

    peer = server(RCPT=lock)
    use(app, peer)
    put(200)
    sending.deliver_due()
    assert fates() == {"accepted": 200}
    assert_true(peer, of=200)


def event_once(app):
    """Let every new connection of `app` begin with a function."""
    from sqlalchemy import event

    def register(function):
        event.listen(db.engine, "connect", lambda connection, _record: function(connection))
        db.session.remove()
        db.engine.dispose()
        return function

    return register


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_full_disk_stops_the_sending_and_what_was_taken_is_written_when_there_is_room(app, server):
    """RLIMIT_FSIZE in a process of its own: the database cannot grow; then it may again."""
    peer = server()
    with transaction():
        outbox.put_many(a_mail(), people(600), about=ISSUE)
    with db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    db.session.remove()
    db.engine.dispose()
    settings = app.config["SETTINGS"]
    environment = {
        **os.environ, "INSTANCE": str(settings.instance), "MAIL_SERVER": "127.0.0.1",
        "DATABASE_URL": app.config["SQLALCHEMY_DATABASE_URI"], "MAIL_PORT": str(peer.port),
        "MAIL_SECURITY": "none", "SECRET_KEY": "only-for-tests",
    }  # fmt: skip
    run = subprocess.run(
        [sys.executable, "-m", "tests.delivery.full_disk"], cwd=ROOT, env=environment, capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert "disk" in run.stderr  # "database or disk is full", or "disk I/O error": it did happen
    assert fates() == {"accepted": 600}
    assert_true(peer, of=600)


@pytest.mark.parametrize("jump", [timedelta(days=-1), timedelta(days=1), timedelta(days=400)])
def test_a_clock_that_jumps_in_the_middle_repeats_nobody(app, server, jump):
    """Another worker looks after the jump: leases that seem over are not, their holder goes on."""
    moved = []

    def move(address):
        if len(peer.taken) == 50 and not moved:
            moved.append(time_machine.travel(now() + jump))
            moved[0].start()
            with app.app_context():
                sending.recover()

    peer = server(RCPT=move)
    use(app, peer, connections=1)
    put(150)
    try:
        sending.deliver_due()
    finally:
        moved[0].stop()
    sending.deliver_due()
    assert_true(peer, of=150)
    assert fates() == {"accepted": 150}


def test_rows_that_a_jump_of_the_clock_put_into_the_future_leave_when_it_is_put_right(app, server):
    use(app, server())
    with time_machine.travel(now() + timedelta(days=30)):
        put(5)
    assert sending.deliver_due() == 0
    with transaction():
        assert outbox.start_at(ISSUE, None)
        assert outbox.retry_now(ISSUE) == 5
    assert sending.deliver_due() == 5


def test_a_mail_of_many_that_began_late_has_its_three_days_from_the_first_attempt(app, server):
    use(app, server(RCPT=lambda a: "451 4.3.0 later"))
    put(1)
    with time_machine.travel(now() + timedelta(days=4)):
        sending.deliver_due(jitter=lambda: 0.5)
        db.session.rollback()
        row = db.session.scalars(select(Delivery)).one()
        assert (row.state, row.attempts) == (Fate.DEFERRED, 1)
        assert row.deadline > now() + timedelta(days=2)


def test_a_held_row_is_not_taken_twice_when_its_holder_lives(app, server):
    put(10)
    with transaction():
        first = leases.take_bulk("one", most=6, at=now()).rows
    with transaction():
        second = leases.take_bulk("two", most=10, at=now()).rows
    assert {r.id for r in first} & {r.id for r in second} == set()
    assert len(first) + len(second) == 10


def test_an_uncertain_message_is_sent_again_by_a_person_only_and_says_so(app, server):
    peer = server(END=lambda a: DROP if not done and not done.append(1) else None)
    done = []
    use(app, peer, connections=1)
    put(3)
    sending.deliver_due()
    assert fates() == {"accepted": 2, "uncertain": 1}
    again()
    assert fates() == {"accepted": 2, "uncertain": 1}  # never by the machine
    with transaction():
        assert outbox.retry(ISSUE, [Fate.UNCERTAIN]) == 1
    sending.deliver_due()
    db.session.rollback()
    assert fates() == {"accepted": 3}
    assert sorted(d.attempts for d in db.session.scalars(select(Delivery))) == [1, 1, 2]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_settings_of_a_server_that_cannot_be_resolved_are_told(app):
    settings = app.config["SETTINGS"]
    peer = connecting.peer(replace(settings.mail, server="127.0.0.1", port=1, security="none").servers[0])
    with pytest.raises(RelayDown, match=r"^127\.0\.0\.1:1: .*refused"):
        peer.connect()
