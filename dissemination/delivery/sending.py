"""The sending loop: lease, mark, send, record. The rows decide; a crash at any point loses nothing.

A row is marked `in_data` and committed before its message is handed to a carrier, and its fate is
written in small batches afterwards (see `ledger`). What was marked but not recorded when a worker dies
becomes `uncertain`: shown, never silently lost and never silently repeated.
"""

import random
from collections.abc import Callable

from flask import current_app

from dissemination.delivery import leases, relay
from dissemination.delivery.hand import Hand
from dissemination.delivery.ledger import Ledger, back_off
from dissemination.delivery.smtp import Courier, connect_to
from dissemination.delivery.transport import Carrier, Folder, RelayDown
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction

__all__ = ["back_off", "deliver_due", "recover"]
WINDOW = 16  # messages per connection that may be marked and not yet recorded: what a kill leaves uncertain


def deliver_due(
    *, stop: Callable[[], bool] = lambda: False, jitter: Callable[[], float] = random.random,
    force: bool = False, carrier: Carrier | None = None,
) -> int:  # fmt: skip
    """Send what is due until nothing is, or until `stop()`; the number of messages tried.

    Returns 0 while the mail server is known to be down, unless `force`. Never raises for a server or a
    message: what happened is in the rows.
    """
    recover()
    moment = now()
    idle = not leases.is_due(moment) or (relay.is_paused(moment) and not force)
    db.session.rollback()
    if idle:
        return 0
    settings = current_app.config["SETTINGS"].mail
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    ledger = Ledger(app, limit=settings.connections * WINDOW, stop=stop, jitter=jitter)
    hand = Hand(ledger)
    ledger.open()
    try:
        (carrier or _carrier(hand)).run(hand)
    except RelayDown as down:
        with transaction():
            relay.pause(str(down), at=now())
        current_app.logger.warning("mail server down: %s", down)
    finally:
        ledger.close()
    return hand.tried


def _carrier(hand: "Hand") -> Carrier:
    settings = current_app.config["SETTINGS"].mail
    if settings.server:
        return Courier(connect_to(settings), connections=settings.connections, timeout=settings.timeout)
    return Folder(settings.folder, hand.file_name)


def recover() -> int:
    """Take back what dead workers held; how many messages became uncertain."""
    moment = now()
    condition = leases.lost(moment)
    db.session.rollback()
    if condition is None:
        return 0
    with transaction():
        return leases.recover(condition, at=moment)
