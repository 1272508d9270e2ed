"""Slowing down those who guess passwords: failures are counted in the database, for all workers alike.

Counted per account and per network address, so that neither one account nor one machine can be tried
without end. Addresses are kept as keyed hashes only, for a day.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import delete, select

from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.people.accounts import Attempt

WINDOW = timedelta(minutes=15)
PER_ACCOUNT = 10  # failures in WINDOW
MAILS = 3  # of recovery to one account in WINDOW: a stranger may ask for somebody else's
PER_ADDRESS = 50  # many people of one office share an address
KEPT = timedelta(days=1)


@dataclass(frozen=True)
class Attempted:
    """What is being tried ("sign-in", "recovery"), on which account and from where."""

    what: str
    account: str
    address: str

    def marks(self) -> dict[str, int]:
        """The keyed hashes under which this is counted, each with its limit."""
        most = MAILS if self.what == "recovery" else PER_ACCOUNT
        return {
            _mark(self.what, "account", self.account.strip().lower()): most,
            _mark(self.what, "address", self.address): PER_ADDRESS,
        }


def _mark(*parts: str) -> str:
    key = str(current_app.secret_key).encode()
    return hmac.new(key, "\0".join(parts).encode(), "sha256").hexdigest()


def wait_until(attempted: Attempted) -> datetime | None:
    """When another try is allowed (UTC); None when it is allowed now."""
    since = now() - WINDOW
    for mark, limit in attempted.marks().items():
        recent = select(Attempt.at).where(Attempt.mark == mark, Attempt.at > since)
        oldest = db.session.scalar(recent.order_by(Attempt.at.desc()).offset(limit - 1).limit(1))
        if oldest is not None:
            return oldest + WINDOW
    return None


def count(attempted: Attempted) -> None:
    """Remember a failure, and forget those of yesterday."""
    db.session.execute(delete(Attempt).where(Attempt.at < now() - KEPT))
    db.session.add_all(Attempt(mark=mark, at=now()) for mark in attempted.marks())
    db.session.flush()


def forgive(attempted: Attempted) -> None:
    """Forget the failures on an account after its owner came in."""
    mark = _mark(attempted.what, "account", attempted.account.strip().lower())
    db.session.execute(delete(Attempt).where(Attempt.mark == mark))


def counted(attempted: Attempted) -> bool:
    """Whether failures are remembered on the account."""
    mark = _mark(attempted.what, "account", attempted.account.strip().lower())
    return db.session.scalar(select(Attempt.id).where(Attempt.mark == mark).limit(1)) is not None
