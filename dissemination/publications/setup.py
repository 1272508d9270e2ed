"""What this package tells lower floors."""

from dissemination.plan import holders
from dissemination.publications import proving


def init_app(_app) -> None:
    """Say what proves a publication."""
    holders.register(proving.HOLDER)
