"""What the worker does by itself: the nightly purge, and sweeping up after erasures."""

import logging

from sqlalchemy import select

from dissemination.delivery.worker import take_turn
from dissemination.districts.models import District
from dissemination.kernel.clock import ROME, local, now
from dissemination.kernel.database import db
from dissemination.privacy import actions

log = logging.getLogger("dissemination.privacy")
NIGHT = range(1, 5)  # full hours in Rome
DAY = 86400


def purge() -> int:
    """Purge every district at night, or at any hour when no night was seen for a day; how many rows.

    A district that fails keeps no other from being purged.
    """
    if local(now(), ROME).hour not in NIGHT and not take_turn("privacy.any_hour", seconds=DAY):
        return 0
    total = 0
    for district in db.session.scalars(select(District).order_by(District.id)).all():
        try:
            total += sum(actions.run(district).values())
        except Exception:
            db.session.rollback()
            log.exception("the purge of district %s stopped; it goes on in an hour", district.id)
    sweep()
    return total


def sweep() -> bool:
    """Take what was erased out of the files, if anything was."""
    return actions.sweep()


JOBS = [(3600, purge), (900, sweep)]
