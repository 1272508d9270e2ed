"""Messages that strangers make to hold up or break the reading of the mailbox: each is read in a moment."""

import time

import pytest

from dissemination.delivery import inbound
from dissemination.delivery.inbound import Kind
from tests.delivery.test_inbound import CALENDAR

HEAD = b"From: a@b.example\r\nTo: eventi@moda.example\r\nMessage-ID: <1@b.example>\r\nMIME-Version: 1.0\r\n"
REPORT = (
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n"
    b"Content-Type: message/delivery-status\r\n\r\nAction: failed\r\nFinal-Recipient: rfc822; %s\r\n\r\n--b--\r\n"
)
SECONDS = 5  # generous: before, some of these took hours


ANSWER = CALENDAR.encode()


def calendar(charset=b"utf-8", body=ANSWER):
    return HEAD + b"Content-Type: text/calendar; method=REPLY; charset=" + charset + b"\r\n\r\n" + body


def within(lines):
    return CALENDAR.encode().replace(b"END:VEVENT", lines + b"END:VEVENT")


def header(name, value):
    return HEAD + name + b": " + value + b"\r\n\r\nx"


BOMBS = {
    "codec that is slow": calendar(b"punycode", b"-" + b"zzb9" * 1_000_000),
    "codec that is none": calendar(b"zip"),
    "charset with NUL": calendar(b'"a\0b"'),
    "extended charset": calendar().replace(b"charset=utf-8", b"charset*=a%00b''utf-8"),
    "extended name": HEAD + b"Content-Type: application/x; name*=\0''a\r\n\r\nx",
    "comments in comments": header(b"Cc", b"(" * 100_000 + b"a@b.example"),
    "from comments": HEAD.replace(b"a@b", b"(" * 9000 + b"a@b") + b"\r\nx",
    "groups in groups": header(b"Cc", b"a:" * 9000 + b"b@c.example"),
    "parameters": header(
        b"Content-Type", b"text/calendar" + b"".join(b"; a%d=b" % n for n in range(300_000))
    ),
    "continued name": header(
        b"Content-Disposition",
        b"attachment" + b"".join(b"; filename*%d*=utf-8''a" % n for n in range(150_000)),
    ),
    "results": header(b"Authentication-Results", b"mx.x;" + b" dkim=pass header.d=b.example" * 150_000),
    "recipient of a report": HEAD + REPORT % (b"a" * 4_000_000),
    "recipients of a report": HEAD + REPORT % b"\r\n\r\n".join([b"a" * 15_000] * 300),
    "parts in parts": HEAD
    + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(60_000)
    ),
    "parts": HEAD
    + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    + b"--b\r\nContent-Type: text/calendar\r\n\r\nx\r\n" * 10_000,
    "lines": calendar(body=within(b"X-A:b\r\n" * 100_000)),
    "rule": calendar(body=within(b"RRULE:FREQ=SECONDLY;COUNT=999999999\r\n")),
    "objects in objects": calendar(
        body=CALENDAR.encode().replace(b"BEGIN:VEVENT", b"BEGIN:VEVENT\r\n" * 10_000)
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_read_in_a_moment(app, name):
    began = time.perf_counter()
    found = inbound.read(BOMBS[name][: inbound.LIMIT])
    assert time.perf_counter() - began < SECONDS
    assert found.key == "<1@b.example>"


def test_what_breaks_the_reading_is_left_to_people(app, monkeypatch, caplog):
    def broken(_message):
        raise TypeError("nobody thought of it")

    monkeypatch.setattr(inbound, "_classified", lambda message, facts: broken(message))
    found = inbound.read(calendar())
    assert (found.kind, found.automatic, found.authentic) == (Kind.OTHER, True, False)
    assert "cannot be read" in caplog.text


def test_nothing_that_is_kept_of_a_message_holds_a_nul(app):
    nul = (
        CALENDAR.encode()
        .replace(b"0123@", b"01\x0023@")
        .replace(b"END:VEVENT", b"COMMENT:a\0b\r\nEND:VEVENT")
    )
    found = inbound.read(
        b"From: a\0@b.example\r\nTo: e\0v@moda.example\r\nMessage-ID: <1\0@b>\r\nReferences: <2\0@b>\r\n"
        b"Content-Type: text/calendar; method=REPLY\r\n\r\n" + nul
    )
    assert found.kind is Kind.REPLY
    assert "\0" not in repr(found).replace("\\x00", "\0")


def test_a_long_header_is_read_as_empty_not_as_a_part_of_itself(app):
    padded = header(b"Authentication-Results", b"mx.x; dmarc=pass header.from=b.example" + b" (x)" * 10_000)
    assert inbound._parsed(padded)["Authentication-Results"] == ""
