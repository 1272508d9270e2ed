"""What this package tells lower floors."""

from dissemination.plan import holders
from dissemination.research import proving


def init_app(_app) -> None:
    """Say what proves a meeting and an agreement."""
    for holder in proving.HOLDERS:
        holders.register(holder)
