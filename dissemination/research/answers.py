"""What calendars answer to invitations to meetings: kept with the meeting, and nothing more.

A meeting is found by its UID, 128 random bits that only its two calendars know, never by From. A "no"
changes no date: the organiser sees it and phones. What answers an older date is left aside.
"""

from sqlalchemy import select

from dissemination.delivery import inbound
from dissemination.delivery.inbound import Incoming, Outcome
from dissemination.kernel.database import db
from dissemination.research import mails
from dissemination.research.models import Meeting

KNOWN = ("ACCEPTED", "DECLINED", "TENTATIVE")
COUNTER = "COUNTER"


def receive(incoming: Incoming, *, dry: bool) -> Outcome:
    """Keep the answer to one of our meetings; `Outcome()` for anything else."""
    answer = incoming.answer
    token, _at, domain = (answer.uid if answer else "").partition("@")
    base, _dash, side = token.rpartition("-")
    if answer is None or not base or side not in (mails.COMPANY, mails.LABORATORY):
        return Outcome()
    query = select(Meeting).where(Meeting.uid == f"{base}@{domain}"[:120])
    row = db.session.scalar(query if dry else query.with_for_update(of=Meeting))
    person = row and (row.contact if side == mails.COMPANY else row.laboratory_contact)
    said = COUNTER if answer.method == COUNTER else answer.partstat
    if (
        row is None
        or person is None
        or answer.attendee != person.email.lower()
        or said not in (*KNOWN, COUNTER)
    ):
        return Outcome()
    if answer.sequence < row.sequence:
        return Outcome("stale", "old_date", kept=True)
    if not dry:
        setattr(row, "contact_reply" if side == mails.COMPANY else "laboratory_reply", said)
        db.session.flush()
    return Outcome("noted", said.lower(), kept=True)


inbound.invites_too(receive)
