"""What servers report of mail of ours: RFC 3464 and RFC 5965 by the standard library, else flufl.bounce.

Servers that write no RFC 3464 report (qmail, old Exchanges, some providers) are understood by flufl.bounce,
but only in messages that a mail server wrote, and of a size that real ones have: its patterns are not made
for hostile input.
"""

import logging
import re
from dataclasses import dataclass

SIZE = 256 * 1024  # characters of all parts together that flufl.bounce is given
PARTS = 30
SERVERS = re.compile(
    r"mailer-daemon|postmaster|mail-?daemon|mdaemon|mailsubsystem|bounce|microsoftexchange", re.I
)
TEXT_STATUS = re.compile(r"#?\b([45]\.\d{1,3}\.\d{1,3})\b")
MESSAGE_ID = re.compile(r"<[^<>\s]{3,250}>")
STATUS = re.compile(r"\b([245])\.\d{1,3}\.\d{1,3}\b")
MOST = 100  # recipients of one report
LONGEST = 1000  # characters of a line that names one


@dataclass(frozen=True)
class Failed:
    """One recipient of a report. `permanent` is None when the report does not say."""

    address: str
    permanent: bool | None
    status: str
    said: str = ""  # what the server that refused it said
    final: bool = True  # False: it is still being tried


@dataclass(frozen=True)
class Report:
    """A report about mail of ours."""

    is_complaint: bool
    recipients: tuple[Failed, ...]


def read(message) -> Report | None:
    """The report that `message` is; None when it is none, or tells of no failure."""
    if message.get_content_type() != "multipart/report" or not message.is_multipart():
        return _unwritten(message)
    kind = str(message.get_param("report-type") or "").lower()
    for part in message.get_payload():
        if kind == "delivery-status" and part.get_content_type() == "message/delivery-status":
            found = _failures(part)
            return Report(False, found) if found else None
        if kind == "feedback-report" and part.get_content_type() == "message/feedback-report":
            return Report(True, _complained(message, part))
    return None


def _unwritten(message) -> Report | None:
    """A bounce in a server's own words; None for what no mail server wrote."""
    if not _is_from_server(message) or not _is_of_usual_size(message):
        return None
    from flufl.bounce import all_failures  # for what comes in only

    logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)
    try:
        passing, final = all_failures(message)
    except Exception:  # patterns of many years over a stranger's text
        return None
    found = [(a, False) for a in passing] + [(a, True) for a in final]
    said = _in_words(message)
    status = TEXT_STATUS.search(said)
    code = status[1] if status else ""
    failed = tuple(
        Failed(address, permanent and not code.startswith("4"), code, said[:300])
        for octets, permanent in sorted(found)[:MOST]
        if (address := _address(octets.decode("utf-8", "replace") if isinstance(octets, bytes) else octets))
    )
    return Report(False, failed) if failed else None


def _is_from_server(message) -> bool:
    sender = str(message.get("From", ""))[:LONGEST]
    null = str(message.get("Return-Path", "")).strip() == "<>"
    return bool(null or SERVERS.search(sender) or "X-Failed-Recipients" in message)


def _is_of_usual_size(message) -> bool:
    size = parts = 0
    waiting = [message]
    while waiting:
        part = waiting.pop()
        parts += 1
        if part.is_multipart():
            waiting += part.get_payload()
        else:
            size += len(part.get_payload())
        if size > SIZE or parts > PARTS:
            return False
    return True


def _in_words(message) -> str:
    """The text that the server wrote, without the message that it returns."""
    for part in message.walk():
        if part.get_content_type() == "text/plain":
            payload = part.get_payload(decode=True) or b""
            text = payload[:16_000].decode("utf-8", "replace")
            return " ".join(text.replace("\0", "").split())
    return ""


def returned_ids(message) -> tuple[str, ...]:
    """The Message-IDs of the messages, or of their headers, that a report brings back."""
    found: list[str] = []
    waiting, seen = [(message, 0)], 0
    while waiting and seen < 100:
        part, depth = waiting.pop(0)
        seen += 1
        kind = part.get_content_type()
        if kind in ("text/rfc822-headers", "message/rfc822-headers") and not part.is_multipart():
            text = str(part.get_payload())[:64_000]
            found += re.findall(r"(?im)^message-id:\s*(<[^<>\s]{3,250}>)", text)
        elif depth and part.get("Message-ID"):
            found += MESSAGE_ID.findall(str(part["Message-ID"])[:LONGEST])
        if part.is_multipart() and depth < 5:
            waiting += [(inner, depth + (kind == "message/rfc822")) for inner in part.get_payload()]
        elif kind == "text/plain" and not depth:
            payload = part.get_payload(decode=True) or b""
            text = payload[:64_000].decode("utf-8", "replace")
            found += re.findall(r"(?im)^message-id:\s*(<[^<>\s]{3,250}>)", text)
    return tuple(dict.fromkeys(found))[:20]


def _failures(part) -> tuple[Failed, ...]:
    blocks = part.get_payload() if part.is_multipart() else []
    found = []
    for block in blocks[:MOST]:
        action = str(block.get("Action", "")).strip().lower()
        address = _address(block.get("Final-Recipient")) or _address(block.get("Original-Recipient"))
        if not address or action not in ("failed", "delayed"):
            continue
        status = STATUS.search(str(block.get("Status", ""))[:LONGEST])
        code = status[0] if status else ""
        said = str(block.get("Diagnostic-Code", "")).replace("\0", "")[:LONGEST].partition(";")[2]
        found.append(
            Failed(
                address,
                action == "failed" and not code.startswith("4"),
                code,
                " ".join(said.split())[:300],
                final=action == "failed",
            )
        )
    return tuple(found)


def _complained(message, part) -> tuple[Failed, ...]:
    """Whom the complaint is from: as the report says, else to whom the returned message went."""
    fields = part.get_payload()[0] if part.is_multipart() else part
    addresses = [_address(value) for value in fields.get_all("Original-Rcpt-To", [])]
    if not any(addresses):
        kinds = ("message/rfc822", "text/rfc822-headers")
        returned = [p for p in message.walk() if p.get_content_type() in kinds]
        inner = [p for r in returned if r.is_multipart() for p in r.get_payload()]
        addresses = [_address(p.get("To")) for p in inner]
    return tuple(Failed(a, None, "") for a in dict.fromkeys(addresses) if a)[:MOST]


def _address(value) -> str:
    """ "rfc822; x@y" or "Name <x@y>" as x@y in lower case."""
    text = str(value or "")[:LONGEST].rpartition(";")[2].strip()
    found = re.search(r"[^\s<>;,\"]+@[^\s<>;,\"]+", text)
    return found[0].lower()[:254] if found else ""
