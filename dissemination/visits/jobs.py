"""What the worker does for this package by itself."""

from datetime import timedelta

from dissemination.kernel.clock import now
from dissemination.kernel.database import transaction
from dissemination.kernel.refusals import Refusal
from dissemination.visits import actions, queries

QUIET = timedelta(minutes=10)  # so long nothing more was written: now it is told
AT_THE_LATEST = timedelta(hours=2)
REMIND_AFTER = timedelta(days=10)


def tell_of_comments() -> int:
    """One mail to each side for what was written since the last one; how many mails."""
    done = 0
    for audit in queries.untold(quiet_since=now() - QUIET, waiting_since=now() - AT_THE_LATEST):
        with transaction():
            done += actions.tell(audit)
    return done


def remind_readers() -> int:
    """Remind, once, those who have not said that they read their report; how many."""
    done = 0
    for sharing in queries.unread(shared_before=now() - REMIND_AFTER):
        if not queries.may_read(sharing):
            continue
        try:
            with transaction():
                actions.remind(sharing)
        except Refusal:
            continue  # withdrawn this moment
        done += 1
    return done


JOBS = [(60, tell_of_comments), (3600, remind_readers)]
"""Every (seconds, function)."""
