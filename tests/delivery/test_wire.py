"""Messages as a real SMTP server (aiosmtpd) received them: the octets keep mail.md §1 whatever people type."""

import email
import email.policy
import re
import socket
from email.header import decode_header, make_header
from email.utils import parseaddr
from types import SimpleNamespace

import pytest
from aiosmtpd.controller import Controller
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dissemination.delivery import outbox, sending, verp
from dissemination.delivery.letters import compile_letter, fill
from dissemination.delivery.mail import Bulk, Mail, Recipient
from dissemination.delivery.models import Delivery
from dissemination.kernel.database import db, transaction
from tests.delivery.test_letters import SLIP
from tests.delivery.test_outbox import ISSUE, a_mail
from tests.delivery.test_sending import use

BULK = Bulk(
    "newsletter.moda.example", "https://moda.example/n/", list_name='Novità "moda"', feedback_id="7:moda"
)
HARMFUL = {
    "quotes": 'Carlo "il Lungo" Rossi', "newline": "Carlo\r\nBcc: x@evil.example", "emoji": "Zoë 🧵👩‍🔧",
    "long": "Carlo " * 50, "comma": "Rossi, Carlo", "encoded": "=?utf-8?q?x?=", "brackets": "<x@evil.example>",
    "tab": "a\tb\x0bc\x00d", "line separator": "a\u2028Bcc: b", "bidi": "\u202eolraC", "dot": ".", "from": "From me",
}  # fmt: skip
ADDRESSES = {
    "plain@tessitura.example": "plain@tessitura.example", "idn@caffè.example": "idn@xn--caff-8oa.example",
    '"a b"@x.example': '"a b"@x.example', "o'neill+x@x.example": "o'neill+x@x.example",
}  # fmt: skip
ONCE = ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Reply-To")


class Inbox:
    def __init__(self):
        self.taken = []

    async def handle_DATA(self, server, session, envelope):
        self.taken.append((envelope.mail_from, envelope.rcpt_tos, envelope.original_content))
        return "250 2.0.0 taken"


@pytest.fixture
def inbox(app):
    """A real server; `app` sends to it."""
    found = Inbox()
    controller = Controller(found, hostname="127.0.0.1", port=0)

    def port():
        return controller.server.sockets[0].getsockname()[1]

    # Its own first connection would go to port 0.
    controller._trigger_server = lambda: socket.create_connection(("127.0.0.1", port())).close()
    controller.start()
    use(app, SimpleNamespace(port=port()))
    yield found
    controller.stop()


def assert_sound(octets):
    """What holds for every message; the parsed message."""
    assert octets.isascii()
    assert b"\n" not in octets.replace(b"\r\n", b"")
    assert max(map(len, octets.split(b"\r\n"))) <= 78
    head, _, _body = octets.partition(b"\r\n\r\n")
    message = email.message_from_bytes(octets, policy=email.policy.SMTP)
    assert not message.defects
    for name in ONCE:
        assert len(message.get_all(name)) == 1, name
    assert not {"Bcc", "Cc", "X"} & set(message.keys())
    assert len(message["To"].addresses) == 1
    assert all(re.match(rb"[A-Za-z-]+: |[ \t]", line) for line in head.split(b"\r\n"))
    return message


def parts(message):
    return [part.get_content_type() for part in message.walk() if not part.is_multipart()]


@pytest.mark.parametrize("bulk", [None, BULK])
def test_every_message_on_the_wire_keeps_the_rules(app, inbox, bulk):
    secret = app.secret_key
    with transaction():
        for n, name in enumerate(HARMFUL.values()):
            merge = {"name": name, "unsubscribe_url": f"https://moda.example/u/{n}"}
            outbox.put(a_mail(bulk=bulk), Recipient(f"p{n}@x.example", name, merge=merge), about=ISSUE)
        for address in ADDRESSES:
            merge = {"name": "C", "unsubscribe_url": "https://moda.example/u/a"}
            outbox.put(a_mail(bulk=bulk), Recipient(address, "C", merge=merge), about=ISSUE)
    sending.deliver_due()
    assert len(inbox.taken) == len(HARMFUL) + len(ADDRESSES)
    db.session.rollback()
    rows = {row.id: row for row in db.session.scalars(outbox.deliveries_of(ISSUE))}
    names = dict(zip((f"p{n}@x.example" for n in range(len(HARMFUL))), HARMFUL.values(), strict=True))
    for sender, recipients, octets in inbox.taken:
        message = assert_sound(octets)
        row = rows[verp.read(sender)]
        assert message["Message-ID"] == row.message_id
        assert re.fullmatch(r"<[0-9a-f]{20,40}@moda\.example>", row.message_id)
        assert sender.startswith("eventi+b")
        assert len(recipients) == 1
        assert message["To"].addresses[0].addr_spec in (recipients[0], row.address)
        assert parts(message) == ["text/plain", "text/html"]
        assert message.get_body(("plain",)).get_content().startswith("Una prova")
        if row.address in names:
            shown = " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", names[row.address]).split())[
                :201
            ]
            assert display_name(octets) == shown.strip()
        assert_kind(message, bulk)
    assert verp.sign(1, "eventi@moda.example", secret=secret) != verp.sign(
        1, "eventi@moda.example", secret="x"
    )


def display_name(octets):
    """The name in To as RFC 2047 wants it read: nothing stands between two encoded words."""
    written = parseaddr(email.message_from_bytes(octets)["To"].replace("\r\n", ""))[0]
    return str(make_header(decode_header(written)))


def assert_kind(message, bulk):
    """A newsletter says so and can be left in one click; any other mail says that it is automatic."""
    lists = {"List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Archive", "List-Help", "Precedence",
             "Feedback-ID"}  # fmt: skip
    if bulk is None:
        assert not lists & set(message.keys())
        assert message["Auto-Submitted"] == "auto-generated"
        return
    assert lists <= set(message.keys())
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.fullmatch(
        r"<https://moda\.example/u/\w+>,\s+<mailto:eventi@moda\.example\?subject=unsubscribe%20\w+>",
        message["List-Unsubscribe"],
    )


def test_the_message_id_is_the_same_at_every_attempt(app, server):
    refused = []
    peer = server(RCPT=lambda a: "451 4.3.0 later" if not refused and not refused.append(a) else None)
    use(app, peer)
    with transaction():
        row = outbox.put(
            a_mail(),
            Recipient("c@x.example", merge={"name": "C", "unsubscribe_url": "https://x"}),
            about=ISSUE,
        )
    sending.deliver_due()
    with transaction():
        assert outbox.retry_now(ISSUE) == 1
    sending.deliver_due()
    [(_, _, octets)] = peer.taken
    db.session.rollback()
    assert f"Message-ID: {db.session.get(Delivery, row.id).message_id}\r\n".encode() in octets


INVALID = ["", "no at sign", "a@b@c.example", "a b@c.example", "x@", "@x.example", "a@x.example>\r\nDATA", "a..b@x.example",
           "a@-x.example", f"{'a' * 65}@x.example", f"a@{'b' * 64}.example", "a@x.example, b@x.example", "a@[::1]"]  # fmt: skip


def test_what_is_no_address_is_refused_without_a_word_to_the_server(app, server):
    peer = server()
    use(app, peer)
    with transaction():
        for n, address in enumerate(INVALID):
            merge = {"name": "C", "unsubscribe_url": "https://x"}
            outbox.put(a_mail(), Recipient(address, merge=merge), about=ISSUE, idempotency=str(n))
    sending.deliver_due()
    db.session.rollback()
    found = {(d.state.value, d.reason) for d in db.session.scalars(outbox.deliveries_of(ISSUE))}
    assert found == {("refused", "bad_address")}
    assert peer.taken == []


TEXT = st.text(st.characters(codec="utf-8"), max_size=300)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_text_gets_out_of_its_place(app):
    """Any name, subject, list name and merge value: one To, no further header, no line over 78."""

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(name=TEXT, subject=TEXT, list_name=TEXT, value=TEXT, url=TEXT)
    def placed(name, subject, list_name, value, url):
        bulk = Bulk(
            "newsletter.moda.example",
            "https://moda.example/n/",
            list_name=list_name,
            feedback_id=subject[:50],
        )
        mail = Mail(**{**vars(a_mail()), "subject": subject, "bulk": bulk})
        merge = {"name": value, "unsubscribe_url": f"https://moda.example/u/{url}"}
        raw = fill(compile_letter(mail, seed="x"), SLIP._replace(name=name[:201], merge=merge))
        head = raw.partition(b"\r\n\r\n")[0]
        allowed = {b"From", b"Reply-To", b"Subject", b"MIME-Version", b"Content-Language", b"List-Id", b"List-Archive",
                   b"List-Help", b"List-Unsubscribe-Post", b"Precedence", b"Feedback-ID", b"Content-Type", b"To", b"Date",
                   b"Message-ID", b"List-Unsubscribe"}  # fmt: skip
        lines = head.split(b"\r\n")
        assert raw.isascii()
        assert {line.partition(b":")[0] for line in lines if line[:1] not in b" \t"} <= allowed
        assert len([line for line in lines if line.lower().startswith(b"to:")]) == 1
        assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
        body = raw.partition(b"\r\n\r\n")[2]
        assert all(len(line) <= 78 and not line.startswith(b".") for line in body.split(b"\r\n"))

    placed()
