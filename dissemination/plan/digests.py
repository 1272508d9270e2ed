"""The digest of a row of the log: what shows that it is as it was written.

A row is written with HMAC-SHA256 over its facts, keyed so that SQL alone cannot forge one. Who it is about
and who wrote it stand in it only as `person`, a hash with random `salt`. When privacy lets a person go, the
salt is erased: nothing leads back to her, and the digest still proves everything else. The chain (`seals`)
is made of digests; no personal data is in it.
"""

import hmac
import json
import os
from collections.abc import Mapping
from datetime import UTC
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from hashlib import sha256
from typing import Any

from flask import current_app

FACTS = (
    "district_id", "verb", "subject_kind", "subject_id", "title", "happened_on", "recorded_at",
    "activity_line_id", "company_id", "amount", "attributes", "not_counted", "reverses_id", "reason",
)  # fmt: skip
CENT = Decimal("0.01")


def marked(values: dict[str, Any]) -> dict[str, Any]:
    """`values` of a new row, with `salt`, `person` and `digest`; its amount has two decimals."""
    salt = os.urandom(16)
    person = person_of(salt, values.get("contact_id"), values.get("recorded_by"))
    values = values | {"salt": salt, "person": person}
    if values.get("amount") is not None:
        values["amount"] = Decimal(values["amount"]).quantize(CENT, ROUND_HALF_UP)
    return values | {"digest": digest_of(values, person)}


def person_of(salt: bytes, contact_id: int | None, account_id: int | None) -> bytes:
    """16 bytes that stand for who a row is about and who wrote it, and tell nobody without `salt`."""
    return sha256(salt + f"|{contact_id or ''}|{account_id or ''}".encode()).digest()[:16]


def digest_of(row: Mapping[str, Any], person: bytes) -> bytes:
    """HMAC-SHA256 of a row's facts; the same for what was written and for what the database gives back."""
    return keyed("activity log", canonical(row, person))


def keyed(purpose: str, told: bytes) -> bytes:
    """HMAC-SHA256 that only this installation can make; one for a purpose says nothing about another's."""
    return hmac.digest(_key(purpose, current_app.config["SETTINGS"].log_key), told, "sha256")


def canonical(row: Mapping[str, Any], person: bytes) -> bytes:
    """A row's facts as bytes: JSON in the order of FACTS, then `person` in hex."""
    facts: list[Any] = [row.get(name) for name in FACTS]
    facts[5] = facts[5].isoformat()
    facts[6] = facts[6].astimezone(UTC).isoformat(timespec="microseconds")
    facts[9] = None if facts[9] is None else f"{facts[9]:.2f}"
    facts[13] = facts[13] or ""
    told = json.dumps([*facts, person.hex()], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return told.encode("utf-8", "surrogatepass")


@lru_cache(8)
def _key(purpose: str, secret: str) -> bytes:
    return sha256(f"{purpose}|{secret}".encode()).digest()
