"""The verbs of attendance. Who was there is in `presence`, closing the books in `closing`; here they meet
registering: whoever came without a seat.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from dissemination.attendance.closing import Did, close, reopen
from dissemination.attendance.door import Newcomer, Unreadable
from dissemination.attendance.evidence import remove_evidence
from dissemination.attendance.models import Scan
from dissemination.attendance.presence import (
    Act,
    Outcome,
    check_in,
    check_out,
    derive,
    is_online_now,
    join,
    leave,
    must_be_open,
    registration_ids,
    scan,
    take_report,
    tick,
    undo,
)
from dissemination.attendance.refusals import NeverPublished
from dissemination.delivery.models import Suppression
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, insert_once
from dissemination.kernel.refusals import Refusal
from dissemination.people import queries as people_queries
from dissemination.people.accounts import Account
from dissemination.registrations import actions as registrations
from dissemination.registrations import queries as registration_queries
from dissemination.registrations.models import Registration
from dissemination.registrations.seating import seat_now
from dissemination.workshops.models import Workshop
from dissemination.workshops.queries import hold
from dissemination.workshops.refusals import AlreadyCancelled

__all__ = [
    "Act", "Did", "Outcome", "check_in", "check_out", "close", "derive", "is_online_now", "join", "leave",
    "let_in", "registration_ids", "remove_evidence", "reopen", "scan", "take_batch", "take_report", "tick",
    "undo", "walk_in",
]  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """What a phone is told of one item of its batch; `why` in words when something was wrong with it."""

    scan_id: str
    outcome: Outcome
    why: str = ""


NO_MAIL = "no-mail.invalid"  # RFC 2606 §2: nothing is ever delivered below .invalid
WHY_SUPPRESSED = "came without giving an e-mail address"


def walk_in(
    workshop: Workshop, *, by: Account, email: str = "", act: Act | None = None, at_door: bool = False,
    device: str = "", **facts,
) -> Registration:  # fmt: skip
    """Somebody came without a seat: register her, seat her even when the room is full, note her present.

    `facts` as in `registrations.actions.register`. Without an address she gets one that is never written
    to. A person who is registered is only noted present: ticked (afterwards), checked in now
    (`at_door`), or as `act` says (its code is left out).
    Raises AlreadyClosed, AlreadyCancelled, NeverPublished.
    """
    hold(workshop)
    must_be_open(workshop)
    address = email.strip() or _address_of_nobody(workshop)
    contact = people_queries.contact_by_email(workshop.district_id, address)
    registration = registration_queries.of_contact(workshop, contact) if contact else None
    if registration is None:
        registration = registrations.register(workshop, email=address, by=by, **facts)
    seat_now(registration, by=by)
    if at_door:
        check_in(workshop, registration, by=by)
    elif act is None:
        tick(workshop, came=[registration.id], by=by)
    else:
        scan(workshop, [act.about(registration)], by=by, device=device)
    return registration


def take_batch(
    workshop: Workshop, items: Iterable[Act | Newcomer | Unreadable], *, by: Account, device: str = ""
) -> list[Answer]:
    """Take in what a phone sends, in its order; each item is answered apart.

    A newcomer who is refused leaves nothing behind and stops nobody. The same batch twice is once.
    """
    hold(workshop)
    answers: dict[str, Answer] = {}
    acts = []
    for item in items:
        if isinstance(item, Unreadable):
            answers[item.scan_id] = Answer(item.scan_id, Outcome.INVALID, item.why)
        elif isinstance(item, Newcomer):
            answers[item.act.scan_id] = _newcomer(workshop, item, by=by, device=device)
        else:
            acts.append(item)
    for scan_id, outcome in scan(workshop, acts, by=by, device=device).items():
        answers[scan_id] = Answer(scan_id, outcome)
    return list(answers.values())


def _newcomer(workshop: Workshop, item: Newcomer, *, by, device) -> Answer:
    scan_id = item.act.scan_id
    if db.session.get(Scan, scan_id) is not None:
        return Answer(scan_id, Outcome.REPEATED)
    if workshop.closing is not None:
        return Answer(scan_id, Outcome.NOT_NOW)
    try:
        with db.session.begin_nested():
            walk_in(workshop, act=item.act, by=by, device=device, **item.facts)
    except Refusal as refusal:
        off = isinstance(refusal, AlreadyCancelled | NeverPublished)
        return Answer(scan_id, Outcome.OFF if off else Outcome.INVALID, str(refusal.message))
    return Answer(scan_id, Outcome.ACCEPTED)


def _address_of_nobody(workshop: Workshop) -> str:
    """An address for whoever gave none: unique, at no host, and suppressed so that no mail is tried."""
    address = f"walk-in-{secrets.token_hex(8)}@{NO_MAIL}"
    insert_once(
        Suppression, district_id=workshop.district_id, address=address, reason=WHY_SUPPRESSED, at=now()
    )
    return address


def let_in(workshop: Workshop, registration: Registration, *, by: Account) -> None:
    """Give a seat to somebody who was seen in the room without one. Raises as `walk_in`."""
    hold(workshop)
    must_be_open(workshop)
    seat_now(registration, by=by)
