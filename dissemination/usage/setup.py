"""What usage tells lower floors: who looks, what pages show of it, and what proves downloads."""

from dissemination.plan import holders
from dissemination.publications import hooks
from dissemination.usage import noting, panels, proving


def init_app(_app) -> None:
    """Listen to the public pages of publications, show figures on them, vouch for the downloads."""
    hooks.listen(noting.seen)
    hooks.show(panels.public, on=hooks.PUBLIC, position=50)
    hooks.show(panels.desk, on=hooks.DESK, position=50)
    holders.register(proving.HOLDER)
