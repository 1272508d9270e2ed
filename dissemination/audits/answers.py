"""Calendars' answers to appointments: kept with the appointment, and nothing more.

An appointment is found by its UID, 128 random bits that only its calendar knows, never by From. A "no" or
another proposal changes no date: the organiser sees it and phones. Older answers are left aside.
"""

from sqlalchemy import select

from dissemination.audits.models import VisitAppointment
from dissemination.delivery import inbound
from dissemination.delivery.inbound import Incoming, Outcome
from dissemination.kernel.clock import now
from dissemination.kernel.database import db

KNOWN = ("ACCEPTED", "DECLINED", "TENTATIVE")
COUNTER = "COUNTER"


def receive(incoming: Incoming, *, dry: bool) -> Outcome:
    """Keep the answer to one of our appointments; `Outcome()` for anything else.

    What cannot be an answer of that person (another attendee, another state) is left to people.
    """
    answer = incoming.answer
    if answer is None:
        return Outcome()
    query = select(VisitAppointment).where(VisitAppointment.uid == answer.uid[:120])
    row = db.session.scalar(query if dry else query.with_for_update(of=VisitAppointment))
    if row is None:
        return Outcome()
    said = COUNTER if answer.method == COUNTER else answer.partstat
    if answer.attendee != row.contact.email.lower() or said not in (*KNOWN, COUNTER):
        return Outcome()
    if answer.sequence < row.sequence or _is_older(row, answer):
        return Outcome("stale", "old_date", kept=True)
    if not dry:
        # A calendar whose clock is ahead must not make us deaf to what she answers next.
        row.reply, row.replied_at = said, min(answer.stamp or now(), now())
        db.session.flush()
    return Outcome("noted", said.lower(), kept=True)


def _is_older(row: VisitAppointment, answer) -> bool:
    return row.replied_at is not None and answer.stamp is not None and answer.stamp < row.replied_at


inbound.invites_too(receive)
