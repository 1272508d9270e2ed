"""What a message is: bounces, complaints, answers, and everything that people and machines send."""

import json
import os
from email import message_from_bytes
from email.message import EmailMessage
from hashlib import sha256
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dissemination.delivery import authentication, inbound, itip, reports, verp
from dissemination.delivery.inbound import Kind

BOUNCE = b"""From: Mail Delivery System <MAILER-DAEMON@mx.example>
To: %s
Subject: Undelivered Mail Returned to Sender
Message-ID: <bounce-1@mx.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="x"

--x
Content-Type: text/plain

This is the mail system.
--x
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; Carlo@Tessitura.example
Action: %s
Status: %s
Diagnostic-Code: smtp; 550 5.1.1 no such user

--x
Content-Type: message/rfc822

From: eventi@moda.example
To: carlo@tessitura.example
Subject: Iscrizione

--x--
"""
COMPLAINT = b"""From: <abuse@provider.example>
To: eventi@moda.example
Subject: FW: Iscrizione
Message-ID: <fbl-1@provider.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="x"

--x
Content-Type: text/plain

This is an abuse report.
--x
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: SomeGenerator/1.0
Version: 1
%s
--x
Content-Type: message/rfc822

From: eventi@moda.example
To: Carlo <carlo@tessitura.example>
Subject: Iscrizione

--x--
"""
CALENDAR = """BEGIN:VCALENDAR\r
PRODID:x\r
VERSION:2.0\r
METHOD:REPLY\r
BEGIN:VEVENT\r
UID:0123@moda.example\r
DTSTAMP:20270201T100000Z\r
SEQUENCE:2\r
ATTENDEE;PARTSTAT=DECLINED:MAILTO:Carlo@Tessitura.example\r
END:VEVENT\r
END:VCALENDAR\r
"""


def plain(**headers):
    lines = {"From": "Carlo <carlo@tessitura.example>", "To": "eventi@moda.example", **headers}
    return "".join(f"{k.replace('_', '-')}: {v}\r\n" for k, v in lines.items()).encode() + b"\r\nCiao\r\n"


def with_calendar(
    text=CALENDAR, *, charset="utf-8", maintype="text", subtype="calendar", encoding="base64", **params
):
    message = EmailMessage()
    message["From"], message["To"], message["Message-ID"] = (
        "a@b.example",
        "eventi@moda.example",
        "<r@b.example>",
    )
    message.set_content("Declined: x")
    octets = text.encode(charset)
    message.add_attachment(octets, maintype=maintype, subtype=subtype, params={"charset": charset, **params})
    return message.as_bytes()


def test_a_bounce_names_whom_and_whether_for_good(app):
    token = verp.sign(77, "eventi@moda.example", secret="only-for-tests")
    found = inbound.read(BOUNCE % (token.encode(), b"failed", b"5.1.1"))
    assert (found.kind, found.recipients, found.deliveries) == (
        Kind.BOUNCE, (reports.Failed("carlo@tessitura.example", True, "5.1.1", "550 5.1.1 no such user"),), (77,),
    )  # fmt: skip
    delayed = inbound.read(BOUNCE % (b"eventi+b25-0123456789abcdef@moda.example", b"delayed", b"4.4.1"))
    assert [(r.permanent, r.status, r.final) for r in delayed.recipients] == [(False, "4.4.1", False)]
    assert delayed.deliveries == ()  # a forged token names nobody


def test_a_report_of_success_is_no_bounce(app):
    assert inbound.read(BOUNCE % (b"e@moda.example", b"delivered", b"2.0.0")).kind is Kind.AUTOMATIC


@pytest.mark.parametrize("field", [b"Original-Rcpt-To: <carlo@tessitura.example>\n", b""])
def test_a_complaint_names_who_complained(app, field):
    found = inbound.read(COMPLAINT % field)
    assert (found.kind, [r.address for r in found.recipients]) == (
        Kind.COMPLAINT,
        ["carlo@tessitura.example"],
    )


def test_an_unsubscribe_by_mail_is_told_with_its_token(app):
    found = inbound.read(plain(Subject="unsubscribe abc.DEF-1"))
    assert (found.kind, found.token, [r.address for r in found.recipients]) == (
        Kind.UNSUBSCRIBE, "abc.DEF-1", ["carlo@tessitura.example"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({"Subject": "Fuori sede", "Auto_Submitted": "auto-replied"}, Kind.AUTOMATIC),
        ({"Subject": "Fuori sede", "Auto_Submitted": "auto-replied; x=1"}, Kind.AUTOMATIC),
        ({"Subject": "Fuori sede", "Precedence": "auto_reply"}, Kind.AUTOMATIC),
        ({"Subject": "Una domanda", "Auto_Submitted": "no"}, Kind.OTHER),
        ({"Subject": "Una domanda"}, Kind.OTHER),
    ],
)
def test_automatic_mail_is_told_from_peoples(app, headers, kind):
    assert inbound.read(plain(**headers)).kind is kind


@pytest.mark.parametrize(
    "octets",
    [
        with_calendar(method="REPLY"),
        with_calendar(),  # no method parameter: METHOD inside counts
        with_calendar(charset="iso-8859-1", text=CALENDAR.replace("x\r", "Perché\r")),
        with_calendar(charset="utf-16"),
        with_calendar(maintype="application", subtype="ics"),
        with_calendar(text=CALENDAR.replace("\r\n", "\n")),
        with_calendar(
            text=CALENDAR.replace("ATTENDEE;PARTSTAT=DECLINED:", "ATTENDEE;PARTSTAT=DECLINED\r\n :")
        ),
        with_calendar(
            text=CALENDAR.replace(
                "END:VEVENT", "LOCATION;X=\r\nX-MICROSOFT-CDO-BUSYSTATUS:BUSY\r\nEND:VEVENT"
            )
        ),
    ],
)
def test_an_answer_is_read_whatever_its_wrapping(app, octets):
    found = inbound.read(octets)
    assert (found.kind, found.answer.uid, found.answer.partstat, found.answer.sequence, found.answer.attendee) == (
        Kind.REPLY, "0123@moda.example", "DECLINED", 2, "carlo@tessitura.example",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (CALENDAR.replace("SEQUENCE:2", "SEQUENCE:two"), "SEQUENCE cannot be read"),
        (CALENDAR.replace("20270201T100000Z", "yesterday"), "DTSTAMP cannot be read"),
        (CALENDAR.replace("UID:0123@moda.example\r\n", ""), "no UID"),
        (CALENDAR.replace("END:VCALENDAR", "BEGIN:VEVENT\r\nUID:b\r\nEND:VEVENT\r\nEND:VCALENDAR"), "2 events instead of one"),
        (CALENDAR.replace("SEQUENCE:2", "RECURRENCE-ID:20270201T100000Z"), "it answers one date of a repeated event"),
        (CALENDAR.replace("ATTENDEE;PARTSTAT=DECLINED:MAILTO:Carlo@Tessitura.example\r\n", ""), "0 attendees instead of one"),
        (CALENDAR.split("UID")[0], "0 events instead of one"),
        (CALENDAR + "X-PAD:" + "x" * 300_000, "the calendar object is too large"),
    ],
)  # fmt: skip
def test_an_answer_that_cannot_be_read_says_why(app, text, why):
    found = inbound.read(with_calendar(text=text))
    assert (found.kind, found.answer, found.unreadable) == (Kind.REPLY, None, why)


def test_a_winmail_dat_is_an_answer_that_only_a_person_can_open(app):
    found = inbound.read(with_calendar(text="\x78\x9f\x3e", maintype="application", subtype="ms-tnef"))
    assert (found.kind, found.unreadable) == (Kind.REPLY, "a winmail.dat, which only Outlook opens")


def test_an_invitation_from_somebody_else_and_a_forwarded_answer_are_peoples_mail(app):
    assert inbound.read(with_calendar(text=CALENDAR.replace("REPLY", "REQUEST"))).kind is Kind.OTHER
    outer = EmailMessage()
    outer["From"], outer["To"], outer["Subject"] = "a@b.example", "eventi@moda.example", "I: risposta"
    outer.set_content("guarda")
    outer.add_attachment(message_from_bytes(with_calendar(), _class=EmailMessage))
    assert inbound.read(outer.as_bytes()).kind is Kind.OTHER


def test_a_message_without_message_id_is_known_by_its_octets(app):
    octets = plain(Subject="x")
    assert inbound.read(octets).key == f"sha256:{sha256(octets).hexdigest()}"
    assert inbound.read(plain(Message_ID="<a@b>")).key == "<a@b>"


def test_what_is_over_five_megabytes_is_refused(app):
    inbound.read(plain() + b"x" * (inbound.LIMIT - len(plain())))
    with pytest.raises(inbound.TooLarge, match="more than 5 MB"):
        inbound.read(plain() + b"x" * inbound.LIMIT)


@pytest.mark.parametrize("octets", [
    b"", b"\x00" * 100, b"From: \xff\xfe\r\n\r\n", b"From: =?utf-8?b?????=\r\nTo: <\r\n\r\n",
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\n--x--",
    b"Content-Type: multipart/mixed\n\nno boundary",
    b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000)),
    b"Content-Type: text/calendar; method=REPLY; charset=klingon\nContent-Transfer-Encoding: base64\n\n!!!!",
])  # fmt: skip
def test_malformed_messages_are_somebody_elses_problem_not_ours(app, octets):
    assert inbound.read(octets).kind in (Kind.OTHER, Kind.REPLY)


def test_no_octets_break_the_reading(app):
    samples = [BOUNCE % (b"e@moda.example", b"failed", b"5.1.1"), COMPLAINT % b"", with_calendar(), plain()]

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.sampled_from(samples), st.lists(st.tuples(st.integers(0, 3000), st.binary(max_size=6)), max_size=6)
    )
    def mangled(octets, changes):
        for place, more in changes:
            octets = octets[:place] + more + octets[place + len(more) :]
        inbound.read(octets)

    mangled()


def authenticated(value, sender="Carlo <carlo@tessitura.example>", ids=("mx.moda.example",)):
    values = [value] if isinstance(value, str) else value
    head = "".join(f"Authentication-Results: {v}\n" for v in values)
    return authentication.is_authentic(
        message_from_bytes(f"{head}From: {sender}\n\nx".encode()), authserv_ids=ids
    )


@pytest.mark.parametrize("value", [
    "mx.moda.example; dmarc=pass (p=reject) header.from=tessitura.example",
    "mx.moda.example 1; dkim=pass header.d=tessitura.example header.s=s1; spf=fail",
    "mx.moda.example; dkim=fail header.d=a.example; dkim=pass (2048-bit; \"x\") header.i=@tessitura.example",
    "MX.moda.example (our own); dmarc = pass header.from = Tessitura.example",
])  # fmt: skip
def test_our_own_server_vouches_for_a_sender(value):
    assert authenticated(value)


@pytest.mark.parametrize(("value", "more"), [
    ("mx.moda.example; none", {}),
    ("mx.moda.example; dmarc=fail header.from=tessitura.example", {}),
    ("mx.moda.example; spf=pass smtp.mailfrom=tessitura.example", {}),
    ("mx.moda.example; dkim=pass header.d=evil.example", {}),
    ("mx.moda.example; dkim=pass header.d=example", {}),
    ("mx.moda.example; dkim=pass header.d=sura.example", {}),
    ("mx.moda.example; dmarc=pass header.from=evil.example", {}),
    ("mx.moda.example; dkim=fail (dkim=pass header.d=tessitura.example)", {}),
    ('mx.moda.example; dkim=fail reason="; dkim=pass header.d=tessitura.example"', {}),
    ("mx.evil.example; dmarc=pass header.from=tessitura.example", {}),
    (["mx.evil.example; none", "mx.moda.example; dmarc=pass header.from=tessitura.example"], {}),
    ("mx.moda.example; dmarc=pass header.from=tessitura.example", {"ids": ()}),
    ("mx.moda.example; dmarc=pass header.from=tessitura.example", {"sender": "a@tessitura.example, b@evil.example"}),
    ("mx.moda.example; dmarc=pass header.from=tessitura.example", {"sender": "a@tessitura.example\nFrom: b@evil.example"}),
    ("", {}),
])  # fmt: skip
def test_nobody_vouches_for_a_forged_sender(value, more):
    assert not authenticated(value, **more)


def run(app, octets, *arguments, monkeypatch=None):
    return app.test_cli_runner().invoke(args=["mail", "receive", *arguments], input=BytesIO(octets))


def test_the_command_explains_as_json_and_says_in_a_line_what_it_did(app):
    found = run(app, BOUNCE % (b"e@moda.example", b"failed", b"5.1.1"), "--explain")
    told = json.loads(found.output)
    assert (found.exit_code, told["kind"], told["recipients"]) == (
        0, "bounce", [{"address": "carlo@tessitura.example", "permanent": True, "status": "5.1.1"}],
    )  # fmt: skip
    said = run(app, plain(Subject="Una domanda"))
    assert (said.exit_code, said.output) == (0, "other: left to people\n")


def test_the_command_refuses_what_is_too_large_for_good(app):
    found = run(app, plain() + b"x" * inbound.LIMIT)
    assert (found.exit_code, found.stderr) == (
        os.EX_DATAERR, "mail receive: refused: the message has more than 5 MB.\n",
    )  # fmt: skip


def test_the_command_asks_to_try_again_while_the_database_is_away(app, monkeypatch):
    from sqlalchemy.exc import OperationalError

    def away(*_args, **_more):
        raise OperationalError("select", {}, Exception("no connection"))

    monkeypatch.setattr(inbound, "act", away)
    assert run(app, with_calendar()).exit_code == os.EX_TEMPFAIL


def test_a_method_is_found_without_trusting_the_rest():
    assert [itip.method_of(o) for o in (b"METHOD:reply\r\n", b"x\nMETHOD\n", b"", b"METH\r\n OD:COUNTER")] == [
        "REPLY", "", "", "COUNTER",
    ]  # fmt: skip
