"""What the worker does by itself: send the mails whose time has come, a few at a time."""

import logging

from dissemination.followups import actions, queries
from dissemination.kernel.database import db, transaction

log = logging.getLogger("dissemination.followups")


def send_due() -> int:
    """Write to whom the open rules mean; how many mails. One rule that fails keeps no other from sending."""
    count = 0
    for rule_id in queries.open_ids():
        try:
            count += _send(rule_id)
        except Exception:
            db.session.rollback()
            log.exception("mail rule %s could not be sent; it is tried again", rule_id)
    return count


def _send(rule_id: int) -> int:
    count = 0
    while queries.has_people(rule_id):
        with transaction():
            n = actions.send_batch(rule_id)
        if not n:
            break
        count += n
    return count


def call_back() -> int:
    """Call back what has not left about workshops that were cancelled meanwhile; how many messages."""
    count = 0
    for rule_id in queries.called_off_ids():
        with transaction():
            count += actions.call_back(rule_id)
    return count


JOBS = [(60, send_due), (20, call_back)]
