"""What the worker does for this package by itself."""

from dissemination.kernel.database import transaction
from dissemination.newsletters import actions, history, queries, rehearsing, scheduling, sending


def begin_due() -> int:
    """Begin every sending whose moment has come; how many began."""
    begun = 0
    for dispatch_id in history.due():
        dispatch = history.dispatch_by_id(dispatch_id)
        if dispatch is not None:
            draft = scheduling.made(dispatch)  # rendering, outside of the transaction
            with transaction():
                begun += scheduling.begin(dispatch, draft)
    return begun


def rest_on_quiet_days() -> int:
    """Let sendings that are under way rest on Sundays and public holidays; how many."""
    rested = 0
    for issue_id in queries.unfinished():
        issue = queries.by_id(issue_id)
        if issue is not None:
            with transaction():
                rested += scheduling.keep_quiet_day(issue)
    return rested


def finish_issues() -> int:
    """Close the books of every issue whose recipients all have a final fate; how many."""
    finished = 0
    for issue_id in queries.unfinished():
        issue = queries.by_id(issue_id)
        if issue is not None and sending.is_done(issue):
            with transaction():
                finished += actions.finish(issue)
    return finished


def close_rehearsals() -> int:
    """Write the report of every rehearsal that is through; how many."""
    closed = 0
    for rehearsal_id in history.open_rehearsals():
        rehearsal = history.rehearsal_by_id(rehearsal_id)
        if rehearsal is not None and rehearsing.is_through(rehearsal):
            with transaction():
                closed += rehearsing.close(rehearsal)
    return closed


JOBS = [(5, begin_due), (60, rest_on_quiet_days), (10, finish_issues), (10, close_rehearsals)]
