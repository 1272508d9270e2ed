"""What the worker does for this package by itself."""

from dissemination.kernel.database import transaction
from dissemination.newsletters import actions, queries, sending


def finish_issues() -> int:
    """Close the books of every issue whose recipients all have a final fate; how many."""
    finished = 0
    for issue_id in queries.unfinished():
        issue = queries.by_id(issue_id)
        if issue is not None and sending.is_done(issue):
            with transaction():
                finished += actions.finish(issue)
    return finished


JOBS = [(10, finish_issues)]
