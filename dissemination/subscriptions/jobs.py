"""What the worker does for this package by itself."""

from dissemination.kernel.database import transaction
from dissemination.subscriptions import actions


def forget_requests() -> int:
    """Delete requests for subscription that are older than 30 days; how many."""
    with transaction():
        return actions.forget_old_requests()


JOBS = [(86400, forget_requests)]
