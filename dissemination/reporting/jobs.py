"""The worker keeps every district's figures ready for the Region."""

from dissemination.kernel.database import transaction
from dissemination.reporting import overview


def keep_overviews() -> int:
    """Count anew what is due; for how many districts. Counting happens before the write."""
    found = overview.due()
    for district in found:
        rows = overview.make(district)
        with transaction():
            overview.keep(district, rows)
    return len(found)


JOBS = [(300, keep_overviews)]
