"""What this package tells lower floors, and the desk's section about its files' texts."""

from dissemination.plan import holders
from dissemination.publications import findable, hooks, proving


def init_app(app) -> None:
    """Say what proves a publication; let templates show the sections of higher floors."""
    holders.register(proving.HOLDER)
    hooks.show(findable.section, on=hooks.DESK, position=10)
    app.jinja_env.globals["publication_sections"] = hooks.sections
