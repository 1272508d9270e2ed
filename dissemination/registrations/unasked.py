"""Mails that nobody proved to want: who registers with an address not seen before is asked to confirm it.

Two counters in one statement (`UnaskedMail`, kept in the database for all workers alike): how often a
mailbox was written to today (under any of its addresses: `carla+1@`, `carla+2@` …), and how many unknown
addresses came from one place of the network in ten minutes (of IPv6 a /64, which one line has). Both are
kept as keyed hashes. Known people may be written to more often because of what others did (a colleague who
books, whoever asks for a link in their name), but not without end.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from ipaddress import ip_address, ip_network
from typing import Any

from flask import current_app
from sqlalchemy import Date, bindparam, delete, text

from dissemination.kernel.clock import now
from dissemination.kernel.database import db, writing
from dissemination.kernel.text import mailbox_of
from dissemination.people.models import Contact
from dissemination.registrations.models import UnaskedMail
from dissemination.registrations.refusals import TooManyFromHere
from dissemination.workshops.models import Workshop

MAILS = 3  # a day to one address of a district
KNOWN = 10  # a day to a proven one, because of others
FROM_HERE, MINUTES = 30, 10  # unknown addresses from one network address
HOLD = timedelta(hours=24)  # how long a place waits for its address to be proven


def proof_due(workshop: Workshop, contact: Contact, *, by=None, proven: bool = False) -> datetime | None:
    """Until when `contact` has to prove her address; None: it is known, or an organiser vouches for it."""
    if by is not None or proven or contact.proven_at is not None:
        return None
    return min(now() + HOLD, workshop.starts_at)


def count(
    district_id: int, emails: Sequence[str], *, others: Sequence[Contact] = (), network: str | None = None
) -> set[str]:
    """Count one mail to each of `emails` (unproven, lower case) and of `others`, who are written to because
    of somebody else (all different); the addresses that may be written to.

    `network` is the client's address when a stranger is at the other end. Raises TooManyFromHere.
    """
    by_mark: dict[str, tuple[list[str], int]] = {}
    for email in emails:
        by_mark.setdefault(_mark("mail", mailbox_of(email)), ([], MAILS))[0].append(email)
    for other in others:
        kind, most = ("mail", MAILS) if other.proven_at is None else ("known", KNOWN)
        by_mark.setdefault(_mark(kind, mailbox_of(other.email)), ([], most))[0].append(other.email)
    marks = {mark: len(some) for mark, (some, _most) in by_mark.items()}
    here = None
    if network:
        window = int(now().timestamp()) // (MINUTES * 60)
        here = _mark("network", _place(network), str(window))
        marks[here] = len(emails)
    counts = _add(district_id, marks)
    if here is not None and counts[here] > FROM_HERE:
        raise TooManyFromHere(FROM_HERE, MINUTES)
    return {
        email for mark, (some, most) in by_mark.items()
        for email in some[: max(0, most - (counts[mark] - len(some)))]
    }  # fmt: skip


def may_write(district_id: int, email: str) -> bool:
    """Count one mail to an unproven address; False: it got enough for today."""
    return email in count(district_id, [email])


def may_tell(contact: Contact) -> bool:
    """Count one mail that somebody else is the reason for; False: she got enough of them for today."""
    return contact.email in count(contact.district_id, [], others=[contact])


def _add(district_id: int, marks: dict[str, int]) -> dict[str, int]:
    day = now().date()
    values: dict[str, Any] = {}
    for n, (mark, size) in enumerate(sorted(marks.items())):  # in one order: no two wait for each other
        values |= {f"mark{n}": mark, f"size{n}": size}
    values |= {"district": district_id, "day": day}
    rows = writing().execute(_counting(len(marks)), values)
    return dict(rows.all())


@cache
def _counting(rows: int):
    """One statement for all counters; as text, for SQLAlchemy compiles an INSERT of several rows anew each
    time, which costs more than running it."""
    values = ", ".join(f"(:district, :mark{n}, :day, :size{n})" for n in range(rows))
    return text(
        f"INSERT INTO unasked_mails (district_id, address_hash, day, count) VALUES {values} "  # noqa: S608 (numbers)
        "ON CONFLICT (district_id, address_hash, day) DO UPDATE "
        "SET count = unasked_mails.count + excluded.count RETURNING address_hash, count"
    ).bindparams(bindparam("day", type_=Date))


def _place(network: str) -> str:
    try:
        address = ip_address(network)
    except ValueError:
        return network
    if address.version == 4:
        return network
    return str(address.ipv4_mapped or ip_network((int(address) >> 64 << 64, 64)))


def _mark(*parts: str) -> str:
    key = str(current_app.secret_key).encode()
    return hmac.new(key, "\0".join(("unasked", *parts)).encode(), "sha256").hexdigest()


def forget() -> int:
    """Delete the counts of days before yesterday; how many."""
    old = delete(UnaskedMail).where(UnaskedMail.day < (now() - timedelta(days=1)).date())
    return len(db.session.execute(old.returning(UnaskedMail.address_hash)).all())
