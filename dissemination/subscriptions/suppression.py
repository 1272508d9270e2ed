"""Addresses that must not be written to, as this package needs them: the one place that knows their model.

The model is of `delivery`. Here: the desk's list, adding by hand and by an import, and reinstating.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, func, select
from sqlalchemy.dialects import postgresql, sqlite

from dissemination.delivery.models import Suppression
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, insert_once, is_sqlite
from dissemination.kernel.paging import Page, page
from dissemination.kernel.text import like
from dissemination.people.accounts import Account
from dissemination.people.models import Contact

UNSUBSCRIBED, IMPORTED, MANUAL, BOUNCE = "unsubscribed", "imported", "manual", "bounce"
HASHED = ("hash:%", "erased:%")  # rows of persons who were erased: keyed hashes, not addresses


@dataclass(frozen=True)
class Event:
    """Something that happened to an address."""

    at: datetime
    what: str  # "suppressed", "reinstated"
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
    """Every suppressed address of the district."""
    return set(db.session.scalars(select(Suppression.address).where(Suppression.district_id == district_id)))


def rows(district_id: int, *, search: str = "", kind: str = "", after: str | None = None) -> Page:
    """One page of the list, newest first; hashes of erased persons are left out."""
    query = select(Suppression).where(
        Suppression.district_id == district_id, *(Suppression.address.not_like(h) for h in HASHED)
    )
    if search.strip():
        query = query.where(Suppression.address.like(like(search), escape="\\"))
    if kind:
        query = query.where(Suppression.reason.startswith(f"{kind}:"))
    return page(query, columns=(Suppression.at, Suppression.id), after=after, descending=True)


def one(district_id: int, suppression_id: int) -> Suppression:
    """A row of the district's list. Raises NotFound (404)."""
    return db.one_or_404(
        select(Suppression).where(
            Suppression.district_id == district_id, Suppression.id == suppression_id,
            *(Suppression.address.not_like(h) for h in HASHED),
        )
    )  # fmt: skip


def kind_of(row: Suppression) -> str:
    """Which kind a row is."""
    kind = row.reason.partition(":")[0]
    return kind if kind in (UNSUBSCRIBED, IMPORTED, MANUAL) else BOUNCE


def reason_of(row: Suppression) -> str:
    """The reason in words, without the kind."""
    return row.reason.partition(":")[2].strip() if kind_of(row) != BOUNCE else row.reason


def add(district_id: int, address: str, *, kind: str, reason: str, by: Account | None = None) -> bool:
    """Suppress an address; False when it was already."""
    who = f" ({by.name or by.email})" if by else ""
    return (
        insert_once(
            Suppression, district_id=district_id, address=address.strip().lower()[:254],
            reason=f"{kind}: {reason}{who}"[:300], at=now(),
        )
        is not None
    )  # fmt: skip


def add_many(district_id: int, addresses: dict[str, tuple[str, str]]) -> int:
    """Suppress many at once: {address: (kind, reason)}; how many were not yet. One statement."""
    moment, before = now(), known(district_id)
    rows = [
        {"district_id": district_id, "address": a, "reason": f"{kind}: {reason}"[:300], "at": moment}
        for a, (kind, reason) in addresses.items()
        if a not in before
    ]
    if rows:
        insert = (sqlite.insert if is_sqlite() else postgresql.insert)(Suppression)
        db.session.execute(insert.on_conflict_do_nothing(), rows)
    return len(rows)


def lift(row: Suppression, *, reason: str, by: Account) -> None:  # noqa: ARG001 - the model keeps no history yet
    """Take an address off the list: it may be written to again."""
    db.session.delete(row)
    db.session.flush()


def lift_own(district_id: int, address: str) -> None:
    """She asked for newsletters herself, and proved it: an earlier departure holds no more."""
    db.session.execute(
        delete(Suppression).where(
            Suppression.district_id == district_id, Suppression.address == address.lower(),
            Suppression.reason.startswith(f"{UNSUBSCRIBED}:"),
        )
    )  # fmt: skip


def history(district_id: int, address: str) -> list[Event]:
    """What happened to an address, newest first."""
    query = select(Suppression).where(Suppression.district_id == district_id, Suppression.address == address)
    return [Event(r.at, "suppressed", kind_of(r), reason_of(r)) for r in db.session.scalars(query)]


def find(district_id: int, address: str) -> Suppression | None:
    """The row of an address, None when it may be written to."""
    query = select(Suppression).where(
        Suppression.district_id == district_id, Suppression.address == address.lower()
    )
    return db.session.scalar(query)
