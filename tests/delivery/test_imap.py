"""The mailbox over a real socket: what is ours is put away after the commit, people's mail stays as it was."""

import logging
from dataclasses import replace

import pytest

from config import ImapSettings
from dissemination.delivery import imap, inbound, jobs, receiving
from dissemination.delivery.inbound import Kind, Outcome
from tests.delivery.imap_server import ImapServer
from tests.delivery.test_bounces import accepted, octets, standing
from tests.delivery.test_inbound import plain, with_calendar
from tests.delivery.test_tls import certificate  # noqa: F401 (a fixture)

SETTINGS = ImapSettings(
    server="127.0.0.1", port=0, username="eventi", password="segreta", security="none", folder="INBOX",
    handled=None, timeout=5,
)  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_remembered():
    imap._left.clear()
    imap._failed.clear()


@pytest.fixture
def serve():
    """serve(*messages, **how) -> a server that runs until the end of the test, and settings for it."""
    running = []

    def start(*messages, security="none", handled=None, **how):
        running.append(ImapServer(*messages, **how))
        return running[-1], replace(SETTINGS, port=running[-1].port, security=security, handled=handled)

    yield start
    for one in running:
        one.close()


@pytest.fixture
def handler(monkeypatch):
    """What handles calendar answers in this test: a list of the keys that it saw."""
    seen = []

    def handle(incoming, *, dry):
        seen.append(incoming.key)
        return Outcome("noted", kept=True)

    monkeypatch.setitem(inbound._handlers, Kind.REPLY, handle)
    return seen


def flags(server):
    return [(m["uid"], m["folder"], sorted(m["flags"])) for m in server.messages]


def test_an_answer_is_marked_as_read_and_peoples_mail_stays_unread(app, serve, handler):
    server, settings = serve(plain(Subject="Una domanda"), with_calendar())
    assert imap.fetch(settings, receiving.take_octets) == imap.Count(handled=1, left=1)
    assert flags(server) == [(1, "INBOX", []), (2, "INBOX", ["\\Seen"])]
    assert handler == ["<r@b.example>"]
    assert "EXPUNGE" not in " ".join(server.log)


def test_bounces_and_complaints_come_in_by_the_mailbox(app, serve):
    dead, annoyed = accepted(1), accepted(2)
    server, settings = serve(
        octets("postfix", dead), octets("out-of-office", dead), octets("complaint", annoyed),
        octets("qmail", dead, token="eventi+b1-0123456789abcdef@moda.example", message_id="<guess@x.example>"),
    )  # fmt: skip
    assert imap.fetch(settings, receiving.take_octets) == imap.Count(handled=2, left=2)
    assert standing(dead)[:2] == ("refused", "complaint")  # the stronger of both reasons
    assert [bool(m["flags"]) for m in server.messages] == [True, False, True, False]


def test_peoples_mail_is_downloaded_once(app, serve, handler):
    server, settings = serve(plain(Subject="Una domanda"))
    imap.fetch(settings, receiving.take_octets)
    server.log.clear()
    assert imap.fetch(settings, receiving.take_octets) == imap.Count()
    assert [line for line in server.log if "FETCH" in line] == []


@pytest.mark.parametrize("capabilities", ["UIDPLUS", "UIDPLUS MOVE"])
def test_an_answer_is_moved_to_a_folder_that_is_made_when_missing(app, serve, handler, capabilities):
    server, settings = serve(with_calendar(), plain(), capabilities=capabilities, handled="Gestiti")
    server.messages[1]["flags"].add("\\Deleted")  # somebody is about to delete it: not ours to expunge
    assert imap.fetch(settings, receiving.take_octets).handled == 1
    assert server.folders == ["INBOX", "Gestiti"]
    assert [(m["uid"], m["folder"]) for m in server.messages] in ([(1, "Gestiti"), (2, "INBOX")], [(2, "INBOX"), (1, "Gestiti")])  # fmt: skip


def test_without_uidplus_nothing_is_moved_for_expunging_would_take_others(app, serve, handler):
    server, settings = serve(with_calendar(), capabilities="", handled="Gestiti")
    imap.fetch(settings, receiving.take_octets)
    assert flags(server) == [(1, "INBOX", ["\\Seen"])]


def test_what_fails_stays_unread_is_tried_again_and_does_not_stop_the_others(app, serve, handler, caplog):
    server, settings = serve(with_calendar(), with_calendar().replace(b"<r@b", b"<s@b"))
    tries = []

    def take(octets):
        tries.append(octets)
        if len(tries) == 1:
            raise ValueError("a bug")
        return receiving.take_octets(octets)

    assert imap.fetch(settings, take) == imap.Count(handled=1, failed=1)
    assert flags(server) == [(1, "INBOX", []), (2, "INBOX", ["\\Seen"])]
    assert imap.fetch(settings, take) == imap.Count(handled=1)
    assert "a bug" in caplog.text


def test_a_batch_of_failures_does_not_keep_the_others_waiting(app, serve, handler, monkeypatch):
    def poisoned(octets):
        if b"poison" in octets:
            raise RuntimeError("poison")
        return receiving.take_octets(octets)

    monkeypatch.setattr(imap, "BATCH", 2)
    answers = [b"X-Is: poison\n" + with_calendar() for _n in range(3)]
    server, settings = serve(*answers, with_calendar())
    looks = [imap.fetch(settings, poisoned) for _n in range(2)]
    assert [(look.failed, look.handled) for look in looks] == [(2, 0), (1, 1)]
    assert flags(server)[-1] == (4, "INBOX", ["\\Seen"])


def test_a_crash_between_commit_and_putting_away_handles_it_once(app, serve, handler):
    server, settings = serve(with_calendar(), drops=("STORE",))
    with pytest.raises(imap.Trouble):
        imap.fetch(settings, receiving.take_octets)
    server.drops.clear()
    assert imap.fetch(settings, receiving.take_octets).handled == 1
    assert (
        handler == ["<r@b.example>"] * 2
    )  # the handler knows the key: see tests/registrations/test_replies.py


def test_what_is_over_the_limit_is_not_even_downloaded(app, serve, handler):
    server, settings = serve(with_calendar() + b"x" * inbound.LIMIT)
    assert imap.fetch(settings, receiving.take_octets) == imap.Count(left=1)
    assert [line for line in server.log if "PEEK" in line] == []


@pytest.mark.parametrize("how", [
    {"fails": ("LOGIN",)}, {"fails": ("SELECT",)}, {"drops": ("SEARCH",)}, {"drops": ("FETCH",)},
])  # fmt: skip
def test_a_mailbox_in_trouble_is_said_in_one_line(app, serve, handler, how):
    _server, settings = serve(with_calendar(), **how)
    with pytest.raises(imap.Trouble, match=r"the mailbox at 127\.0\.0\.1: "):
        imap.fetch(settings, receiving.take_octets)


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_the_certificate_is_checked(app, serve, handler, certificate, security, monkeypatch):  # noqa: F811
    _server, settings = serve(
        with_calendar(), certificate=certificate, implicit=security == "tls", security=security
    )  # fmt: skip
    with pytest.raises(imap.Trouble, match="certificate verify failed"):
        imap.fetch(settings, receiving.take_octets)
    assert handler == []
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert imap.fetch(settings, receiving.take_octets).handled == 1


def test_the_command_and_the_job_read_the_configured_mailbox(app, serve, handler, caplog):
    runner = app.test_cli_runner()
    silent = runner.invoke(args=["mail", "fetch"])
    assert (silent.exit_code, jobs.fetch_mail()) == (1, 0)
    assert "set IMAP_SERVER" in silent.output
    server, settings = serve(with_calendar(), plain())
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], imap=settings)
    found = runner.invoke(args=["mail", "fetch"])
    assert (found.exit_code, found.output) == (0, "1 handled, 1 left for people, 0 to be tried again\n")
    server.close()
    with caplog.at_level(logging.WARNING):
        assert jobs.fetch_mail() == 0
    assert "the mailbox at 127.0.0.1" in caplog.text
    assert runner.invoke(args=["mail", "fetch"]).exit_code == 1
