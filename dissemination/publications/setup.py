"""What this package tells lower floors."""

from dissemination.plan import holders
from dissemination.publications import contents, proving


def init_app(_app) -> None:
    """Say what proves a publication; `contents` is loaded for the tables of its files' texts."""
    assert contents.FileText
    holders.register(proving.HOLDER)
