"""Keyed marks of the tip and of the heads that were told: SQL alone neither sets one back nor takes one away.

Each head's mark stands on the one before; the tip's mark stands on the last of them. Only an old copy of
all of them together passes, and that is what heads on paper and in mail are for.
"""

import json
from collections.abc import Mapping
from datetime import UTC

from dissemination.plan import digests

HEAD = ("district_id", "position", "activity_id", "chain", "at", "place", "about")
TIP = ("district_id", "position", "activity_id", "chain", "at", "began_at", "told")


def of_head(row: Mapping, before: bytes) -> bytes:
    """The mark of a head that was told after the one marked `before` (b"" for the first)."""
    return _mark("log head", [row[name] for name in HEAD], before)


def of_tip(row: Mapping) -> bytes:
    """The mark of a tip."""
    return _mark("log tip", [row[name] for name in TIP], b"")


def _mark(purpose: str, values: list, before: bytes) -> bytes:
    told = json.dumps([before.hex(), *values], default=_text, separators=(",", ":"))
    return digests.keyed(purpose, told.encode())


def _text(value) -> str:
    if isinstance(value, bytes):
        return value.hex()
    return value.astimezone(UTC).isoformat(timespec="microseconds")
