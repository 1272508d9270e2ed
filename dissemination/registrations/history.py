"""The history of a registration: every change with who, when, old and new.

A person who registers herself leaves no line: the registration is that line (`queries.history` shows it).
All else is noted here, in the transaction of the change.
"""

from collections.abc import Mapping

from sqlalchemy import insert

from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.registrations.models import By, Event, Registration, What

REASON = 500


def note(
    registration: Registration, what: What, who: By, *, account=None, reason: str = "",
    details: Mapping[str, list] | None = None,
) -> None:  # fmt: skip
    """Write that `who` (an organiser: with the `account`) did `what`; `details` maps fields to [old, new]."""
    if not db.session().info.get("writing"):
        raise RuntimeError("a write outside transaction(): only views, api, jobs and cli open one")
    db.session.execute(
        insert(Event).values(
            registration_id=registration.id, at=now(), what=what, who=who,
            account_id=account.id if account is not None else None, reason=reason.strip()[:REASON],
            details={name: list(pair) for name, pair in (details or {}).items()},
        )
    )  # fmt: skip


def whose(by, who: By = By.PERSON) -> By:
    """An organiser when `by` (an account) is given, else `who`."""
    return By.ORGANISER if by is not None else who
