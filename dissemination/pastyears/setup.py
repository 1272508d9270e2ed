"""What this package tells lower floors."""

from dissemination.pastyears import proving
from dissemination.plan import holders


def init_app(_app) -> None:
    """Say what proves a past activity."""
    for holder in proving.HOLDERS:
        holders.register(holder)
