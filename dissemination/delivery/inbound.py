"""What came back by mail: read once, classified, handed to whoever knows what to do with it.

Nothing is answered here. Bounces (RFC 3464), complaints (RFC 5965), mailto unsubscribes and automatic
mail are told apart and reported; calendar answers are acted on by the floor that invited, which registers
a handler. All else is people's mail and is left to people.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from email import message_from_bytes, policy
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import getaddresses
from enum import StrEnum
from hashlib import sha256
from itertools import islice

from flask import current_app

from dissemination.delivery import itip, reports, verp
from dissemination.delivery.authentication import from_address, is_authentic
from dissemination.delivery.mail import one_line

LIMIT = 5 * 1024 * 1024  # octets of a message; a calendar answer has some kilobytes
PARTS = 100  # MIME parts that are looked at
KEY = 300
AUTOMATIC = ("auto-generated", "auto-replied", "auto-notified")
TO = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To")


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
    answers_to: tuple[str, ...] = ()  # message ids that it answers
    token: str = ""  # of an unsubscribe
    answer: itip.Answer | None = None
    unreadable: str = ""  # why a calendar answer could not be read

    def explained(self) -> dict:
        """What `--explain` prints of it."""
        found: dict = {
            "kind": self.kind.value, "recipients": [asdict(r) for r in self.recipients],
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


def register(kind: Kind, handler: Handler) -> None:
    """Let `handler(incoming, dry=bool)` act on messages of `kind`; dry: only say what it would do."""
    _handlers[kind] = handler


def act(incoming: Incoming, *, dry: bool = False) -> Outcome:
    """Do what a message asks for, or say what would be done. Needs transaction() unless dry."""
    handler = _handlers.get(incoming.kind)
    return handler(incoming, dry=dry) if handler else Outcome()


def read(octets: bytes) -> Incoming:
    """The message in `octets`, whatever is wrong with it. Raises TooLarge."""
    if len(octets) > LIMIT:
        raise TooLarge(f"the message has more than {LIMIT // 1024 // 1024} MB")
    message = _parsed(octets)
    message_id = one_line(_header(message, "Message-ID"))
    facts = {
        "key": message_id if 0 < len(message_id) <= KEY else f"sha256:{sha256(octets).hexdigest()}",
        "sender": from_address(message)[:254], "to": _to(message),
        "subject": one_line(_header(message, "Subject"))[:300], "automatic": _is_automatic(message),
        "authentic": is_authentic(message, authserv_ids=current_app.config["SETTINGS"].authserv_ids),
        "answers_to": _answers_to(message),
    }  # fmt: skip
    facts["deliveries"] = _deliveries(facts["to"])
    return _classified(message, facts)


def _parsed(octets: bytes) -> Message:
    """A message whose headers are plain strings: the modern parser of headers can fail on hostile ones."""
    try:
        return message_from_bytes(octets, policy=policy.compat32)
    except RecursionError:  # thousands of parts in each other: only the headers count
        return BytesHeaderParser(policy=policy.compat32).parsebytes(octets)


def _header(message, name: str) -> str:
    return str(message.get(name, "")).replace("\r", "").replace("\n", "")


def _to(message) -> tuple[str, ...]:
    values = [str(value) for name in TO for value in message.get_all(name, [])]
    found = [address.strip().lower() for _name, address in getaddresses(values) if "@" in address]
    return tuple(dict.fromkeys(found))[:50]


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
        return Incoming(kind, **facts, recipients=report.recipients)
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
        octets = _as_utf8(payload, part) if isinstance(payload, bytes) else b""
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
        kind, name = part.get_content_type(), str(part.get_filename() or "").lower()
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


def _as_utf8(octets: bytes, part) -> bytes:
    """Calendars are UTF-8 (RFC 5545 §3.1.4) unless the part says otherwise; what is neither is Latin 1."""
    for charset in (part.get_content_charset() or "utf-8", "utf-8"):
        try:
            return octets.decode(charset).removeprefix("\ufeff").encode()
        except (LookupError, UnicodeError):
            continue
    return octets.decode("latin-1").encode()
