"""The sending loop: lease, mark, send, record. The rows decide; a crash at any point loses nothing.

A row is marked `in_data` and committed before its message is handed to a carrier, and its fate is
written in small batches afterwards (see `ledger`). What was marked but not recorded when a worker dies
becomes `uncertain`: shown, never silently lost and never silently repeated.
"""

import gc
import random
from collections import Counter
from collections.abc import Callable

from flask import current_app

from dissemination.delivery import connecting, expansion, leases, relay, sendings
from dissemination.delivery.hand import Hand
from dissemination.delivery.ledger import Ledger
from dissemination.delivery.recording import back_off
from dissemination.delivery.smtp import Courier
from dissemination.delivery.transport import FOLDER, Carrier, Folder, RelayDown, Sink
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.kernel.memory import give_back

__all__ = ["back_off", "deliver_due", "recover"]
WINDOW = 32  # messages per connection that may be marked and not recorded: what a kill leaves uncertain


def deliver_due(
    *, stop: Callable[[], bool] = lambda: False, jitter: Callable[[], float] = random.random,
    force: bool = False, carrier: Carrier | None = None, rehearsals: bool = True,
) -> int:  # fmt: skip
    """Send what is due until nothing is, or until `stop()`; the number of messages tried.

    Returns 0 while the mail server is known to be down, unless `force`. Never raises for a server or a
    message: what happened is in the rows. Rehearsals come behind, into their sink.
    """
    recover()
    _close_done()
    tried = 0
    if _is_due(to_sink=False) and (force or _may_connect()):
        tried = _round(
            lambda hand: carrier or _carrier(hand, force=force), stop=stop, jitter=jitter, to_sink=False
        )
    return tried + (rehearse_due(stop=stop) if rehearsals else 0)


def rehearse_due(*, stop: Callable[[], bool] = lambda: False) -> int:
    """Put every rehearsal that is due into the sink; the number of messages."""
    if not _is_due(to_sink=True):
        return 0
    sunk: Counter = Counter()
    largest: dict[int, int] = {}

    def note(sending: int, octets: int, most: int) -> None:
        sunk[sending] += octets
        largest[sending] = max(most, largest.get(sending, 0))

    count = _round(
        lambda hand: Sink(hand.sending_of, note),
        stop=stop,
        jitter=random.random,
        to_sink=True,
    )
    with transaction():
        for sending, octets in sunk.items():
            sendings.note_sunk(sending, octets, largest[sending])
    return count


def _is_due(*, to_sink: bool) -> bool:
    due = leases.is_due(now(), to_sink=to_sink)
    db.session.rollback()
    return due


def _may_connect() -> bool:
    """Whether some server is not paused because it was down."""
    paused = relay.paused(now())
    db.session.rollback()
    servers = current_app.config["SETTINGS"].mail.servers
    return any(server.name not in paused for server in servers) if servers else FOLDER not in paused


def _close_done() -> None:
    """Note which sendings have nothing left to be done, so that no look at the rows asks for them."""
    done = sendings.done_ones()
    db.session.rollback()
    if done:
        with transaction():
            for one in done:
                sendings.close_if_done(one)


def _round(
    carrier: Callable[[Hand], Carrier],
    *,
    stop: Callable[[], bool],
    jitter: Callable[[], float],
    to_sink: bool,
) -> int:
    """One opening of connections: send until nothing is due; the number of messages tried."""
    settings = current_app.config["SETTINGS"].mail
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    give_back()
    expansion.advance_all(to_sink=to_sink)
    db.session.rollback()
    ledger = Ledger(
        app, limit=settings.connections * WINDOW, stop=stop, jitter=jitter, to_sink=to_sink,
        advance=lambda: expansion.advance_all(to_sink=to_sink),
    )  # fmt: skip
    hand = Hand(ledger)
    ledger.open()
    chosen = carrier(hand)
    gc.freeze()  # what is there now stays: not to be looked through every few thousand messages
    try:
        chosen.run(hand)
    except RelayDown as down:
        _pause(chosen.down if isinstance(chosen, Courier) else {FOLDER: str(down)})
        current_app.logger.warning("mail server down: %s", down)
    else:
        _pause(chosen.down if isinstance(chosen, Courier) else {})
    finally:
        gc.unfreeze()
        ledger.close()
    return hand.tried


def _pause(down: dict[str, str]) -> None:
    if down:
        with transaction():
            for name, error in down.items():
                relay.pause(name, error, at=now())


def _carrier(hand: Hand, *, force: bool) -> Carrier:
    """SMTP over the servers that are not known to be down (all, with `force`), or the folder."""
    settings = current_app.config["SETTINGS"].mail
    if not settings.servers:
        return Folder(settings.folder, hand.file_name)
    paused = set() if force else relay.paused(now())
    db.session.rollback()
    peers = [connecting.peer(server) for server in settings.servers if server.name not in paused]
    return Courier(peers, connections=settings.connections, timeout=settings.timeout)


def recover() -> int:
    """Take back what dead workers held; how many messages became uncertain."""
    moment = now()
    condition = leases.lost(moment)
    db.session.rollback()
    if condition is None:
        return 0
    with transaction():
        return leases.recover(condition, at=moment)
