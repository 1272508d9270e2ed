"""Delivery status notifications (RFC 3464) and complaints (RFC 5965), read with the standard library."""

import re
from dataclasses import dataclass

STATUS = re.compile(r"\b([245])\.\d{1,3}\.\d{1,3}\b")
MOST = 100  # recipients of one report
LONGEST = 1000  # characters of a line that names one


@dataclass(frozen=True)
class Failed:
    """One recipient of a report. `permanent` is None when the report does not say."""

    address: str
    permanent: bool | None
    status: str


@dataclass(frozen=True)
class Report:
    """A report about mail of ours."""

    is_complaint: bool
    recipients: tuple[Failed, ...]


def read(message) -> Report | None:
    """The report that `message` is; None when it is none, or tells of no failure."""
    if message.get_content_type() != "multipart/report" or not message.is_multipart():
        return None
    kind = str(message.get_param("report-type") or "").lower()
    for part in message.get_payload():
        if kind == "delivery-status" and part.get_content_type() == "message/delivery-status":
            found = _failures(part)
            return Report(False, found) if found else None
        if kind == "feedback-report" and part.get_content_type() == "message/feedback-report":
            return Report(True, _complained(message, part))
    return None


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
        found.append(Failed(address, action == "failed" and not code.startswith("4"), code))
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
