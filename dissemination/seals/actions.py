"""Telling a head to others, and asking for a verification."""

from sqlalchemy import select

from dissemination.delivery import outbox
from dissemination.districts.models import District
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.people.accounts import Account
from dissemination.seals import mails, queries
from dissemination.seals.models import LogCheck, LogHead, Place
from dissemination.seals.queries import Head
from dissemination.seals.sealing import seal, tell
from dissemination.seals.verifying import Finding


def publish(head: Head, *, where: Place, about: str = "", by: Account | None = None) -> LogHead:
    """Remember that a head was told to others: from then on verification asks for it."""
    return tell(head, place=where, about=about, by=by.id if by else None)


def ask_check(district_id: int, *, by: Account | None) -> LogCheck:
    """Have the worker verify the log soon. One that is asked for already is not asked for twice."""
    # One at a time per district: of two people asking at once the second finds the first one's.
    db.session.execute(select(District.id).where(District.id == district_id).with_for_update())
    waiting = select(LogCheck).where(LogCheck.district_id == district_id, LogCheck.done_at.is_(None))
    found = db.session.scalars(waiting.limit(1)).first()
    if found is None:
        found = LogCheck(district_id=district_id, asked_at=now(), asked_by=by.id if by else None, findings=[])
        db.session.add(found)
        db.session.flush()
    return found


def note_check(check: LogCheck, district: District, findings: list[Finding], *, position: int) -> None:
    """Keep what a verification found; the managers get a mail when it is anything."""
    check.done_at, check.position = now(), position
    check.findings = [f.as_json() for f in findings]
    db.session.flush()
    if findings:
        for account in queries.readers(district.id, observers=False):
            outbox.put(*mails.alarm(check, district, account), about=check)


def mail_head(district: District) -> LogHead:
    """Seal what is new and mail the head to the managers and to the Region."""
    head = seal(district.id)
    row = publish(head, where=Place.MAIL)
    for account in queries.readers(district.id, observers=True):
        outbox.put(*mails.head(head, district, account), about=row)
    return row
