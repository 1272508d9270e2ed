"""An issue as a real SMTP server receives it: octets, headers, one reader's links only (mail.md §§1, 4)."""

import re
from email import message_from_bytes
from email.policy import default
from email.utils import parsedate_to_datetime

import pytest
import time_machine

from app import periodic_jobs
from dissemination.delivery.models import Fate
from dissemination.delivery.sending import deliver_due
from dissemination.kernel.database import transaction
from dissemination.newsletters import preflight, scheduling
from dissemination.subscriptions import mails as links_of
from tests import factories
from tests.delivery.server import Server
from tests.journeys import conftest as journeys
from tests.newsletters import cast

mailbox = journeys.mailbox
app = journeys.app
NAMES = {
    "gina@example.org": ("Gina", "D'Arc, “la” 🧵"),
    "ugo@example.org": ("Ùgo" * 30, 'Né "\r\nBcc: x@y.example'),
    "zoë@éxample.org": ("Zoë", "Ÿ"),
}


def work(clock):
    for _ in range(3):
        for _seconds, job in periodic_jobs():
            job()
        deliver_due()
        clock.shift(20)


@pytest.fixture
def received(app, moda, ada, mailbox):
    """{address: octets} of an issue that went the whole way, its contacts by address, and the issue."""
    with time_machine.travel("2027-03-02 09:00 +0000", tick=False) as clock:
        with transaction():
            topic = cast.topic(moda)
            people = {
                address: cast.subscriber(moda, topic, email=address, given_name=given, family_name=family)
                for address, (given, family) in NAMES.items()
                if address.isascii()
            }
            issue = cast.issue(
                moda,
                topic,
                by=ada,
                subject_it="Perché la società “cuce” 🧵 più novità à è ì ò ù: marzo " * 2,
                text="Parole molto lunghe: " + "precipitevolissimevolmente" * 12 + "\n.\n.punto",
                workshop_ids=[factories.workshop(moda, title="Filati & <tessuti> “à”").id],
            )
        draft = preflight.check(issue)
        with transaction():
            scheduling.decide(issue, draft, version=issue.version, by=ada)
        clock.shift(61)
        work(clock)
    return {to[0]: (sender, raw) for sender, to, raw in mailbox.received}, people, issue


def fields(raw):
    """[(name, value)] of the header, unfolded."""
    head = raw.partition(b"\r\n\r\n")[0].decode("ascii")
    return re.findall(
        r"^([\w-]+): (.*?)$", re.sub(r"\r\n[ \t]+", " ", head).replace("\r\n", "\n"), re.MULTILINE
    )


def test_every_octet_is_as_the_standards_want_it(received):
    messages, people, issue = received
    assert set(messages) == set(people)
    assert issue.finished_at is not None
    for address, (_sender, raw) in messages.items():
        head, _, body = raw.partition(b"\r\n\r\n")
        assert raw.isascii()
        assert b"\r" not in raw.replace(b"\r\n", b"")
        assert b"\n" not in raw.replace(b"\r\n", b"")
        assert max(map(len, body.split(b"\r\n"))) <= 78, address
        long = [line for line in head.split(b"\r\n") if len(line) > 78]
        assert [line for line in long if not re.search(rb"<(http|mailto:)", line)] == [], (
            "only an address cannot be folded"
        )
        assert max(map(len, head.split(b"\r\n"))) <= 998


def test_headers_say_what_a_newsletter_must_say_once(received):
    messages, people, issue = received
    home = "http://127.0.0.1:8000"
    seen = set()
    for address, (sender, raw) in messages.items():
        pairs = fields(raw)
        names = [name.lower() for name, _value in pairs]
        assert len(names) == len(set(names)), names
        header = dict(pairs)
        token = links_of.token_for(people[address].id)
        assert header["List-Unsubscribe"] == (
            f"<{home}/u/{token}>, <mailto:eventi@moda.example?subject=unsubscribe%20{token}>"
        )
        assert header["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert header["List-Id"].endswith("<newsletter.moda.moda.example>")
        assert header["List-Help"] == f"<{home}/moda/subscriptions>"
        assert header["List-Archive"] == f"<{home}/moda/newsletters/>"
        assert header["Precedence"] == "bulk"
        assert header["Feedback-ID"] == f"{issue.id}:moda:newsletter:districts"
        assert header["From"] == header["Reply-To"]
        assert "eventi@moda.example" in header["From"]
        assert "no-reply" not in raw.decode().lower()
        assert parsedate_to_datetime(header["Date"]).tzinfo is not None
        assert re.fullmatch(r"<[\w.-]+@moda\.example>", header["Message-ID"])
        assert not {"bcc", "cc", "auto-submitted", "dkim-signature", "x-mailer"} & set(names)
        message = message_from_bytes(raw, policy=default)
        assert [a.addr_spec for a in message["To"].addresses] == [address]
        assert sender.endswith("moda.example")
        assert sender != "eventi@moda.example", "the envelope names the delivery (VERP)"
        seen.add((header["Message-ID"], sender))
    assert len(seen) == len({m for m, _s in seen}) == len({s for _m, s in seen}) == len(messages)


def test_text_first_then_html_below_100_kb_and_nobody_elses_links(received):
    messages, people, _issue = received
    for address, (_sender, raw) in messages.items():
        message = message_from_bytes(raw, policy=default)
        assert message.get_content_type() == "multipart/alternative"
        assert [p.get_content_type() for p in message.iter_parts()] == ["text/plain", "text/html"]
        text, html = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
        assert len(html.encode()) <= 100_000
        assert "precipitevolissimevolmente" * 12 in text
        assert "\n.punto" in text.replace("\r\n", "\n")
        assert not re.search(r"<(script|iframe|object|form)\b", html)
        others = [links_of.token_for(p.id) for a, p in people.items() if a != address]
        assert not any(token in text + html for token in others)
        assert links_of.token_for(people[address].id) in html
        found = set(re.findall(r'(?:src|href)="https?://([^/"]+)', html))
        assert found == {"127.0.0.1:8000"}


def test_the_message_that_is_kept_as_evidence_is_the_one_that_was_sent(received):
    from dissemination.kernel import files
    from dissemination.plan.queries import evidence_of

    messages, people, issue = received
    (eml,) = [e for e in evidence_of(issue) if e.file and e.file.name.endswith(".eml")]
    kept = message_from_bytes(files.read(eml.file), policy=default)
    sent = message_from_bytes(messages["gina@example.org"][1], policy=default)
    assert kept["Subject"] == sent["Subject"]
    token = links_of.token_for(people["gina@example.org"].id)
    for kind in ("plain", "html"):
        a, b = (m.get_body((kind,)).get_content().replace("\r\n", "\n") for m in (kept, sent))
        b = b.replace("gina@example.org", "eventi@moda.example")
        b = re.sub(
            rf"http://127.0.0.1:8000/[us]/{token}(/why)?", "http://127.0.0.1:8000/moda/subscriptions", b
        )
        assert a == b


@pytest.mark.parametrize("reply", ["550 5.1.1 no such user", "552 5.3.4 too big", "554 5.7.1 no"])
def test_a_refusal_of_one_reader_stands_in_the_report_and_the_others_get_it(app, moda, ada, mailbox, reply):
    with time_machine.travel("2027-03-02 09:00 +0000", tick=False) as clock:
        server = Server(RCPT=lambda address: reply if "ugo" in address else None)
        app.config["SETTINGS"].mail  # noqa: B018 (the settings are those of the mailbox)
        try:
            from dataclasses import replace

            settings = app.config["SETTINGS"]
            app.config["SETTINGS"] = replace(settings, mail=replace(settings.mail, port=server.port))
            with transaction():
                topic = cast.topic(moda)
                for name in ("gina", "ugo", "zoe"):
                    cast.subscriber(moda, topic, email=f"{name}@example.org")
                issue = cast.issue(moda, topic, by=ada)
            cast.send(issue, by=ada)
            work(clock)
        finally:
            server.close()
    fates = {d.address: d.state for d in cast.deliveries(issue.id)}
    assert fates == {
        "gina@example.org": Fate.ACCEPTED, "ugo@example.org": Fate.REFUSED, "zoe@example.org": Fate.ACCEPTED,
    }  # fmt: skip
