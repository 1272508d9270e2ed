"""What the worker does for this package by itself."""

from dissemination.kernel.database import transaction
from dissemination.submissions import actions, queries


def thank_authors() -> int:
    """Mail the address of their works to authors whose work became public; how many."""
    done = 0
    for submission in queries.unthanked():
        with transaction():
            done += actions.thank(submission)
    return done


JOBS = [(60, thank_authors)]
