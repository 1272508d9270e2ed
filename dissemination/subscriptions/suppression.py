"""Addresses that must not be written to, as this package asks for them: see `delivery.suppressed`.

Here: the condition on a contact, and many at once for an import.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, insert, select

from dissemination.delivery import suppressed
from dissemination.delivery.models import Suppression, SuppressionEvent, SuppressionKind
from dissemination.delivery.suppressed import Score
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, insert_into
from dissemination.kernel.paging import Page
from dissemination.people.accounts import Account
from dissemination.people.models import Contact

UNSUBSCRIBED, IMPORTED = SuppressionKind.UNSUBSCRIBED.value, SuppressionKind.IMPORTED.value
MANUAL, BOUNCE = SuppressionKind.MANUAL.value, SuppressionKind.BOUNCE.value
HASHED = ("hash:%", "erased:%")  # rows of persons who were erased: keyed hashes, not addresses


@dataclass(frozen=True)
class Event:
    """Something that happened to an address."""

    at: datetime
    what: str  # "suppressed", "reinstated", "soft", "complaint"
    kind: str
    reason: str
    by_name: str = ""


def is_suppressed() -> ColumnElement[bool]:
    """The condition that a contact's address must not be written to."""
    return exists().where(
        Suppression.district_id == Contact.district_id, Suppression.address == func.lower(Contact.email)
    )


def reasons(district_id: int, addresses: Iterable[str]) -> dict[str, str]:
    """Why each of these addresses (lower case) is suppressed; those that are not left out."""
    query = select(Suppression.address, Suppression.reason).where(Suppression.district_id == district_id)
    return dict(db.session.execute(query.where(Suppression.address.in_(list(addresses)))).all())


def known(district_id: int) -> set[str]:
    """Every suppressed address of the district, the hashes of erased persons among them."""
    return set(db.session.scalars(select(Suppression.address).where(Suppression.district_id == district_id)))


def rows(district_id: int, *, search: str = "", kind: str = "", after: str | None = None) -> Page:
    """One page of the list, newest first; hashes of erased persons are left out."""
    return suppressed.listed(
        district_id, text=search, kind=SuppressionKind(kind) if kind else None, after=after
    )


def one(district_id: int, suppression_id: int) -> Suppression:
    """A row of the district's list. Raises NotFound (404)."""
    return db.one_or_404(
        select(Suppression).where(
            Suppression.district_id == district_id, Suppression.id == suppression_id,
            *(Suppression.address.not_like(h) for h in HASHED),
        )
    )  # fmt: skip


def find(district_id: int, address: str) -> Suppression | None:
    """The row of an address, None when it may be written to."""
    query = select(Suppression).where(
        Suppression.district_id == district_id, Suppression.address == address.lower()
    )
    return db.session.scalar(query)


def add(district_id: int, address: str, *, kind: str, reason: str, by: Account | None = None) -> bool:
    """Suppress an address; False when it was already."""
    new = find(district_id, address.strip()) is None
    suppressed.suppress(
        district_id, address, reason, kind=SuppressionKind(kind), by=by.id if by else None,
        by_name=(by.name or by.email) if by else "", source="desk" if by else "",
    )  # fmt: skip
    return new


def add_many(
    district_id: int, addresses: dict[str, tuple[str, str]], *, source: str, by: Account | None
) -> None:
    """Suppress many at once, {address: (kind, reason)}: two statements for those that are new.

    Those that are known go one by one: a stronger reason takes the place of a weaker one.
    """
    moment, before = now(), known(district_id)
    name = (by.name or by.email) if by else ""
    values, events = [], []
    for address, (kind, reason) in addresses.items():
        if address in before:
            suppressed.suppress(
                district_id, address, reason, kind=SuppressionKind(kind), source=source, by_name=name,
                by=by.id if by else None,
            )  # fmt: skip
            continue
        row = {"district_id": district_id, "address": address, "reason": reason[:300], "at": moment}
        values.append({**row, "kind": SuppressionKind(kind), "source": source[:200], "note": "",
                       "by": by.id if by else None})  # fmt: skip
        events.append({**row, "what": "suppressed", "kind": kind, "by_name": name[:200]})
    if values:
        once = insert_into(Suppression).on_conflict_do_nothing()
        db.session.execute(once, values)
        db.session.execute(insert(SuppressionEvent), events)


def lift(row: Suppression, *, reason: str, by: Account) -> None:
    """Take an address off the list: it may be written to again. Raises suppressed.NoReason, Erased."""
    suppressed.reinstate(row, reason=reason, by_name=by.name or by.email)


def history(district_id: int, address: str) -> list[Event]:
    """What happened to an address, newest first."""
    events = suppressed.history(district_id, address)
    return [Event(e.at, e.what, e.kind, e.reason, e.by_name) for e in reversed(events)]


def score(district_id: int, address: str) -> Score:
    """How often mail to it came back lately."""
    return suppressed.score(district_id, address)
