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
def _keyed(secret: str) -> hmac.HMAC:
    """With its key taken in, to be copied: `hmac.digest` lets other threads in each time, which costs more
    than the signature."""
    return hmac.new(sha256(b"verp:" + secret.encode()).digest(), digestmod="sha256")


def _signed(number: str, secret: str) -> str:
    signature = _keyed(secret).copy()
    signature.update(number.encode())
    return signature.hexdigest()[:SIGNATURE]


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
