"""What came back by mail: read once, classified, handed to whoever knows what to do with it.

Nothing is answered here. Bounces (RFC 3464), complaints (RFC 5965), mailto unsubscribes and automatic
mail are told apart and reported; calendar answers are acted on by the floor that invited, which registers
a handler. All else is people's mail and is left to people.
"""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import Compat32
from enum import StrEnum
from hashlib import sha256
from itertools import islice

from flask import current_app

from dissemination.delivery import itip, reports, verp
from dissemination.delivery.authentication import addresses_in, from_address, is_authentic
from dissemination.delivery.mail import one_line

LIMIT = 5 * 1024 * 1024  # octets of a message; a calendar answer has some kilobytes
PARTS = 100  # MIME parts that are looked at
HEADER = 16 * 1024  # characters of one header, unfolded: what is longer is read as empty
# How calendars are written; other codecs of Python are no character sets, or take hours (punycode).
CHARSETS = re.compile(r"utf|us-ascii|iso-?8859|iso-?2022|latin|windows-?\d|cp\d|koi8|gb|big5|euc|shift_?jis")
KEY = 300
AUTOMATIC = ("auto-generated", "auto-replied", "auto-notified")
TO = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To")
log = logging.getLogger("dissemination.inbound")


class Kind(StrEnum):
    """What a message is."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    REPLY = "reply"  # a calendar's
    UNSUBSCRIBE = "unsubscribe"
    AUTOMATIC = "automatic"
    OTHER = "other"


class TooLarge(ValueError):
    """A message over `LIMIT`."""


@dataclass(frozen=True)
class Incoming:
    """A message as we understood it. Addresses in lower case."""

    kind: Kind
    key: str  # Message-ID, or a hash of the octets when there is none
    sender: str
    to: tuple[str, ...]
    subject: str
    automatic: bool
    authentic: bool  # our own mail server vouches for From
    recipients: tuple[reports.Failed, ...] = ()
    deliveries: tuple[int, ...] = ()  # rows of ours that it names by signed token
    returned: tuple[str, ...] = ()  # message ids that a report brings back
    answers_to: tuple[str, ...] = ()  # message ids that it answers
    token: str = ""  # of an unsubscribe
    answer: itip.Answer | None = None
    unreadable: str = ""  # why a calendar answer could not be read

    def explained(self) -> dict:
        """What `--explain` prints of it."""
        found: dict = {
            "kind": self.kind.value,
            "recipients": [
                {"address": r.address, "permanent": r.permanent, "status": r.status} for r in self.recipients
            ],
            "message_id": self.key, "from": self.sender, "automatic": self.automatic,
        }  # fmt: skip
        if self.token:
            found["token"] = self.token
        if self.kind is Kind.REPLY:
            a = self.answer
            found |= {
                "method": a.method if a else "", "uid": a.uid if a else "",
                "partstat": a.partstat if a else "", "sequence": a.sequence if a else None,
                "authenticated": self.authentic,
            }  # fmt: skip
        return found


@dataclass(frozen=True)
class Outcome:
    """What was done with a message: `effect` in a word, `kept` when nobody needs to read it any more."""

    effect: str = "none"
    note: str = ""
    kept: bool = False
    more: dict = field(default_factory=dict)


Handler = Callable[..., Outcome]
_handlers: dict[Kind, Handler] = {}
_invite_too: list[Handler] = []
_unsubscribe_too: list[Handler] = []


def register(kind: Kind, handler: Handler) -> None:
    """Let `handler(incoming, dry=bool)` act on messages of `kind`; dry: only say what it would do."""
    _handlers[kind] = handler


def invites_too(handler: Handler) -> None:
    """Ask `handler` first about calendars' answers: it keeps those to its own invitations, found by their
    UID, and gives `Outcome()` for all others."""
    if handler not in _invite_too:
        _invite_too.append(handler)


def unsubscribes_too(handler: Handler) -> None:
    """Ask `handler` first about mails that unsubscribe: it keeps those with a token of its own, and gives
    `Outcome()` for all others."""
    if handler not in _unsubscribe_too:
        _unsubscribe_too.append(handler)


def acts_on(kind: Kind) -> bool:
    """Whether somebody acts on messages of `kind`."""
    return kind in _handlers


def act(incoming: Incoming, *, dry: bool = False) -> Outcome:
    """Do what a message asks for, or say what would be done. Needs transaction() unless dry."""
    asked_first = {Kind.REPLY: _invite_too, Kind.UNSUBSCRIBE: _unsubscribe_too}
    for first in asked_first.get(incoming.kind, ()):
        outcome = first(incoming, dry=dry)
        if outcome.kept:
            return outcome
    handler = _handlers.get(incoming.kind)
    return handler(incoming, dry=dry) if handler else Outcome()


def read(octets: bytes) -> Incoming:
    """The message in `octets`, whatever is wrong with it. Raises TooLarge."""
    if len(octets) > LIMIT:
        raise TooLarge(f"the message has more than {LIMIT // 1024 // 1024} MB")
    try:
        return _read(octets)
    except Exception:  # no stranger's message may stop those that come after it
        log.exception("a message cannot be read and is left to people")
        return Incoming(Kind.OTHER, _hash(octets), "", (), "", automatic=True, authentic=False)


def _hash(octets: bytes) -> str:
    return f"sha256:{sha256(octets).hexdigest()}"


def _read(octets: bytes) -> Incoming:
    message = _parsed(octets)
    message_id = one_line(_header(message, "Message-ID"))
    facts = {
        "key": message_id if 0 < len(message_id) <= KEY else _hash(octets),
        "sender": from_address(message)[:254], "to": _to(message),
        "subject": one_line(_header(message, "Subject"))[:300], "automatic": _is_automatic(message),
        "authentic": is_authentic(message, authserv_ids=current_app.config["SETTINGS"].authserv_ids),
        "answers_to": _answers_to(message),
    }  # fmt: skip
    facts["deliveries"] = _deliveries(facts["to"])
    return _classified(message, facts)


class _Bounded(Compat32):
    """Headers are plain strings (the modern parser can fail on hostile ones); endless ones are empty.

    Python reads parameters and addresses in quadratic time.
    """

    def header_source_parse(self, sourcelines):
        """The header as it stands, or its name alone."""
        name, value = super().header_source_parse(sourcelines)
        return name, value if len(value) <= HEADER else ""


def _parsed(octets: bytes) -> Message:
    """The message; of thousands of parts in each other only the headers count."""
    try:
        return message_from_bytes(octets, policy=_Bounded())
    except RecursionError:
        return BytesHeaderParser(policy=_Bounded()).parsebytes(octets)


def _header(message, name: str) -> str:
    return str(message.get(name, "")).replace("\r", "").replace("\n", "").replace("\0", "")


def _to(message) -> tuple[str, ...]:
    values = [str(value) for name in TO for value in message.get_all(name, [])[:50]]
    return tuple(dict.fromkeys(addresses_in(values)))[:50]


def _deliveries(addresses) -> tuple[int, ...]:
    found = (verp.read(address) for address in addresses)
    return tuple(number for number in found if number is not None)


def _answers_to(message) -> tuple[str, ...]:
    return tuple(f"{_header(message, 'In-Reply-To')} {_header(message, 'References')}".split()[:50])


def _is_automatic(message) -> bool:
    words = _header(message, "Auto-Submitted").strip().lower().replace(";", " ").split()
    precedence = _header(message, "Precedence").strip().lower()
    return bool(words and words[0] != "no") or precedence == "auto_reply" or "X-Autoreply" in message


def _classified(message, facts: dict) -> Incoming:
    report = reports.read(message)
    if report is not None:
        kind = Kind.COMPLAINT if report.is_complaint else Kind.BOUNCE
        returned = reports.returned_ids(message)
        return Incoming(kind, **facts, recipients=report.recipients, returned=returned)
    answer = _calendar(message)
    if answer is not None:
        return Incoming(Kind.REPLY, **facts, **answer)
    word, _, token = facts["subject"].partition(" ")
    if word.lower() == "unsubscribe" and not facts["automatic"]:
        return Incoming(
            Kind.UNSUBSCRIBE, **facts, token=token.strip(),
            recipients=(reports.Failed(facts["sender"], None, ""),),
        )  # fmt: skip
    return Incoming(Kind.AUTOMATIC if facts["automatic"] else Kind.OTHER, **facts)


def _calendar(message) -> dict | None:
    """The calendar answer that the message carries, or why it cannot be read; None when it carries none."""
    for part in _likely_parts(message):
        if part.get_content_type() == "application/ms-tnef":
            return {"unreadable": "a winmail.dat, which only Outlook opens"}
        payload = part.get_payload(decode=True)
        octets = _as_utf8(payload[: itip.MOST + 1], part) if isinstance(payload, bytes) else b""
        if itip.method_of(octets) in itip.ANSWERS:
            try:
                return {"answer": itip.read(octets)}
            except itip.Unreadable as why:
                return {"unreadable": str(why)}
        declared = str(part.get_param("method") or "").strip().upper()
        if declared in itip.ANSWERS:
            return {"unreadable": "the calendar object is broken"}
    return None


def _likely_parts(message) -> list:
    """The parts that may be a calendar, text/calendar first; winmail.dat last."""
    parts = []
    for number, part in enumerate(islice(_own_parts(message), PARTS)):
        kind, name = part.get_content_type(), _said(part.get_filename)
        if kind == "text/calendar":
            parts.append((0, number, part))
        elif kind in ("application/ics", "application/calendar") or name.endswith(".ics"):
            parts.append((1, number, part))
        elif kind == "application/ms-tnef" or name == "winmail.dat":
            part.set_type("application/ms-tnef")
            parts.append((2, number, part))
    return [part for _rank, _number, part in sorted(parts, key=lambda p: p[:2])]


def _own_parts(message):
    """The parts of a message, without those of messages that are forwarded in it."""
    waiting = [message]
    while waiting:
        part = waiting.pop(0)
        yield part
        if part.is_multipart() and part.get_content_maintype() == "multipart":
            waiting += part.get_payload()


def _said(ask: Callable[[], str | None]) -> str:
    """What a part says of itself, in lower case; "" also where a stranger made it unreadable."""
    try:
        return (ask() or "").lower()
    except ValueError:
        return ""


def _as_utf8(octets: bytes, part) -> bytes:
    """Calendars are UTF-8 (RFC 5545 §3.1.4) unless the part says otherwise; what is neither is Latin 1."""
    for charset in (_said(part.get_content_charset) or "utf-8", "utf-8"):
        if not CHARSETS.match(charset) or "\0" in charset:
            continue
        try:
            return octets.decode(charset).removeprefix("\ufeff").encode()
        except (LookupError, UnicodeError):
            continue
    return octets.decode("latin-1").encode()
