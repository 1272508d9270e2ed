"""What somebody does who owns the database: take the triggers of the log away, and put them back."""

from contextlib import contextmanager

from dissemination.kernel.database import db
from dissemination.plan import guards


@contextmanager
def untouched_by_guards():
    """The log's tables without their triggers. Inside transaction() of the caller, or around plain SQL."""
    connection = db.session.connection()
    guards.drop(connection, *guards.GUARDED)
    yield connection
    guards.protect(connection, *guards.GUARDED)
