"""What this package tells lower floors."""

from dissemination.plan import holders
from dissemination.research import answers, proving


def init_app(_app) -> None:
    """Say what proves a meeting and an agreement."""
    for holder in proving.HOLDERS:
        holders.register(holder)


__all__ = ["answers", "init_app"]  # importing `answers` lets it hear of calendars' replies
