"""The keyed mark of a sign-off: its own hash can be made anew by whoever edits the tables, this cannot."""

from datetime import UTC, datetime

from dissemination.plan import digests
from dissemination.reporting.frozen import packed
from dissemination.reporting.models import SignOff

FACTS = (
    "period_id", "number", "at", "by_name", "position", "chain", "despite", "sha256", "reopened_at",
    "reopened_because",
)  # fmt: skip


def mark_of(found: SignOff) -> bytes:
    """HMAC-SHA256 of what a sign-off says; `sha256` stands for everything frozen. Names no account."""
    return digests.keyed("sign-off", packed([_text(getattr(found, name)) for name in FACTS]).encode())


def _text(value):
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value
