"""The envelope sender of each delivery: variable (VERP), so that what comes back names its row.

`eventi+b1f-9f3c…@moda.example`: a plus address of the district's mailbox with the row's number and a
short signature, in lower case because some servers fold the case of what they return.
"""

import hmac
import re
from functools import lru_cache
from hashlib import sha256

from flask import current_app

SIGNATURE = 16  # hexadecimal digits: 64 bits
TOKEN = re.compile(rf"\+b([0-9a-f]{{1,16}})-([0-9a-f]{{{SIGNATURE}}})@", re.IGNORECASE)


@lru_cache(maxsize=8)
def _halves(secret: str):
    """HMAC-SHA256 (RFC 2104) with its key taken in, inner and outer: copied for each message.

    `hmac.digest` would let other threads in each time, which costs more than the signature.
    """
    key = sha256(b"verp:" + secret.encode()).digest().ljust(64, b"\0")
    return sha256(bytes(b ^ 0x36 for b in key)), sha256(bytes(b ^ 0x5C for b in key))


def _signed(number: str, secret: str) -> str:
    inner, outer = _halves(secret)
    inner, outer = inner.copy(), outer.copy()
    inner.update(number.encode())
    outer.update(inner.digest())
    return outer.hexdigest()[:SIGNATURE]


def sign(delivery_id: int, mailbox: str, *, secret: str) -> str:
    """The envelope sender of a delivery; `mailbox` itself when a token does not fit (RFC 5321: 64)."""
    local, _, domain = mailbox.rpartition("@")
    number = f"{delivery_id:x}"
    token = f"{local}+b{number}-{_signed(number, secret)}"
    return f"{token}@{domain}" if len(token) <= 64 and len(token) + len(domain) < 254 else mailbox


def read(address: str) -> int | None:
    """The delivery that `address` names, or None when it names none or was forged."""
    found = TOKEN.search(address)
    if not found:
        return None
    number = found[1].lower()
    if not hmac.compare_digest(found[2].lower(), _signed(number, str(current_app.secret_key))):
        return None
    return int(number, 16)
