"""What this package tells lower floors."""

from dissemination.applications import leaving, panels, proving, queries  # noqa: F401 (leaving: registers itself)
from dissemination.audits import hooks as audits
from dissemination.calls import hooks as calls
from dissemination.plan import holders


def init_app(_app) -> None:
    """Say what proves an application; show suggestions at areas and on calls; keep areas that are named."""
    for holder in proving.HOLDERS:
        holders.register(holder)
    holders.listen(proving.follow)
    audits.show_at_areas(panels.at_areas, position=20)
    audits.show(panels.of_audit, position=40)
    audits.keep(queries.areas_in_use)
    calls.show(panels.of_call, position=20)
