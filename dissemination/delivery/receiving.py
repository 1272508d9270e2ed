"""Taking in one message, from the command or from the mailbox: a transaction of its own for each."""

from sqlalchemy.exc import DBAPIError

from dissemination.delivery import bounces, inbound  # noqa: F401 (bounces registers its handlers)
from dissemination.delivery.imap import Left
from dissemination.kernel.database import db, transaction


def explain(incoming: inbound.Incoming) -> dict:
    """What `take` would do, changing nothing: JSON-able (see architecture.md, Commands)."""
    outcome = inbound.act(incoming, dry=True)
    db.session.rollback()
    return _told(incoming, outcome)


def take(incoming: inbound.Incoming) -> dict:
    """Act on a message and commit; the same data as `explain`."""
    with transaction():
        outcome = inbound.act(incoming)
    return _told(incoming, outcome)


def take_octets(octets: bytes) -> bool:
    """Act on a message of the mailbox: whether it is handled. Raises Left when it is people's.

    A database that does not answer raises too: the message is tried again.
    """
    try:
        incoming = inbound.read(octets)
    except inbound.TooLarge as why:
        raise Left from why
    if not inbound.acts_on(incoming.kind):
        raise Left
    try:
        kept = take(incoming)["kept"]
    except DBAPIError:
        db.session.rollback()
        raise
    if not kept:
        raise Left
    return True


def in_words(told: dict) -> str:
    """What was done, in a line for the mail server's log."""
    if "effect" not in told:
        return f"{told['kind']}: left to people"
    return f"{told['kind']}: {told['effect']}" + (f" ({told['note']})" if told["note"] else "")


def _told(incoming: inbound.Incoming, outcome: inbound.Outcome) -> dict:
    found = incoming.explained()
    if inbound.acts_on(incoming.kind):
        found |= {"effect": outcome.effect, "note": outcome.note, **outcome.more}
    found["kept"] = outcome.kept
    return found
