"""The verbs of a report: shared, withdrawn, commented, told of; somebody is forgotten.

What a device brings is in `taking`, photos are in `photos`.
"""

import secrets
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select, update

from dissemination.audits import actions as audits
from dissemination.audits.models import Audit, ImprovementArea, State
from dissemination.bibliography.records import paragraphs
from dissemination.delivery import outbox
from dissemination.kernel import clock
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, rows_changed
from dissemination.people.accounts import Account
from dissemination.people.models import Contact
from dissemination.visits import content, mails, queries
from dissemination.visits.models import Remark, Report, Sharing, VisitSheet
from dissemination.visits.refusals import (
    AlreadyReminded,
    ClosedForRemarks,
    NotDrafted,
    NothingSaid,
    NotOfTheCompany,
    NotShared,
    SaidTooOften,
)
from dissemination.visits.taking import settle, take

__all__ = [
    "answer", "comment", "forget", "read", "remind", "settle", "share", "take", "tell", "withdraw",
]  # fmt: skip

LONGEST = 5000  # characters of a comment
MOST_A_DAY = 50  # comments of one person


def share(audit: Audit, contacts: Sequence[Contact], *, by: Account | None) -> Report:
    """Share the report as it is now with these people of the company: each gets a link by mail.

    Who had it before reads the new one too, by the link that she has. A drafted audit becomes shared.
    Raises NotDrafted, NotOfTheCompany.
    """
    db.session.refresh(audit, with_for_update={"of": Audit})
    if audit.state not in (State.DRAFTED, State.SHARED):
        raise NotDrafted
    if not contacts or not all(queries.belongs(audit, one) and one.email for one in contacts):
        raise NotOfTheCompany
    report = _report(audit, by)
    if audit.state is State.DRAFTED:
        audits.shared(audit, on=clock.today(audit.district.zone), by=by)
    known = {row.contact_id: row for row in queries.sharings(audit)}
    for contact in dict.fromkeys(contacts):
        row = known.get(contact.id)
        again = row is not None and row.revoked_at is None
        if row is None:
            row = Sharing(audit=audit, contact=contact)
            db.session.add(row)
        if not again:
            row.mark = secrets.token_hex(16)
        row.shared_at, row.shared_by = now(), by.id if by else None
        row.revoked_at = row.revoked_by = row.read_at = row.reminded_at = None
        db.session.flush()
        _post(mails.shared(row, again=again), row)
    return report


def _report(audit: Audit, by: Account | None) -> Report:
    """What is shared: the last report when nothing changed since, else a further one."""
    last, said = queries.last_report(audit), content.of_audit(audit)
    if last is not None and not content.differ(last.content, said):
        return last
    report = Report(
        audit_id=audit.id, number=last.number + 1 if last else 1, content=said, seen_version=audit.version,
        made_at=now(), made_by=by.id if by else None,
    )  # fmt: skip
    db.session.add(report)
    db.session.flush()
    return report


def withdraw(sharing: Sharing, *, by: Account | None) -> None:
    """Let the link open nothing from now on; a mail that has not left stays here. Twice is once."""
    if sharing.revoked_at is None:
        sharing.revoked_at, sharing.revoked_by = now(), by.id if by else None
        db.session.flush()
        outbox.cancel(sharing, "withdrawn")


def remind(sharing: Sharing) -> None:
    """Mail the link again. Raises NotShared, AlreadyReminded."""
    if not queries.may_read(sharing):
        raise NotShared
    if sharing.reminded_at is not None and sharing.reminded_at > now() - timedelta(days=1):
        raise AlreadyReminded
    sharing.reminded_at = now()
    db.session.flush()
    _post(mails.reminder(sharing), sharing)


def read(sharing: Sharing) -> None:
    """Its reader says that she has read it; what programs open on the way says nothing. Twice is once."""
    query = update(Sharing).where(Sharing.id == sharing.id, Sharing.read_at.is_(None))
    rows_changed(query.values(read_at=now()))


def comment(sharing: Sharing, *, text: str, area_id: int | None) -> Remark:
    """Somebody of the company says something. Raises ClosedForRemarks, NothingSaid, SaidTooOften."""
    audit = sharing.audit
    if audit.state is not State.SHARED:
        raise ClosedForRemarks
    if queries.remarks_by(sharing.contact, since=now() - timedelta(days=1)) >= MOST_A_DAY:
        raise SaidTooOften
    read(sharing)
    return _say(audit, text, area_id, contact=sharing.contact)


def answer(audit: Audit, *, text: str, area_id: int | None, by: Account) -> Remark:
    """The district answers, or says something of its own. Raises NothingSaid."""
    return _say(audit, text, area_id, account=by)


def _say(audit: Audit, text: str, area_id: int | None, **who) -> Remark:
    said = paragraphs(text)[:LONGEST]
    if not said.strip():
        raise NothingSaid
    area = db.session.get(ImprovementArea, area_id) if area_id else None
    about = area.id if area is not None and area.audit_id == audit.id else None
    remark = Remark(audit_id=audit.id, area_id=about, text=said, at=now(), **who)
    db.session.add(remark)
    db.session.flush()
    return remark


def tell(audit: Audit) -> int:
    """Tell each side what the other said since it was told last, in one mail each; how many mails."""
    db.session.refresh(audit, with_for_update={"of": Audit})
    fresh = [remark for remark in queries.remarks(audit) if remark.told_at is None]
    theirs = [remark for remark in fresh if remark.account_id is None]
    ours = [remark for remark in fresh if remark.account_id is not None]
    letters = [(mails.commented(audit, len(theirs)), audit)] if theirs else []
    if ours:
        readers = [row for row in queries.sharings(audit) if queries.may_read(row)]
        letters += [(mails.answered(row, len(ours)), row) for row in readers]
    for remark in fresh:
        remark.told_at = now()
    db.session.flush()
    for letter, about in letters:
        _post(letter, about)
    return len(letters)


def _post(mail_and_recipient, about) -> None:
    mail, recipient = mail_and_recipient
    outbox.put(mail, recipient, about=about, idempotency=f"{now():%Y%m%d%H%M%S%f}")


def forget(contact: Contact) -> list[int]:
    """Somebody asks to be erased: her links end, and sheets that devices sent name her no more.

    What she said of the report stays, as somebody's who was erased; the ids of the audits touched. People
    met, and appointments, belong to `audits`.
    """
    touched = set()
    for row in db.session.scalars(select(Sharing).where(Sharing.contact_id == contact.id)):
        withdraw(row, by=None)
        touched.add(row.audit_id)
    name = f"{contact.given_name} {contact.family_name}".strip()
    for sheet in _sheets_naming(contact, name):
        people = sheet.facts.get("people", [])
        others = [one for one in people if one.get("contact_id") != contact.id and one.get("name") != name]
        sheet.facts = {**sheet.facts, "people": others}
        sheet.signed_by = "" if sheet.signed_by == name else sheet.signed_by
        touched.add(sheet.audit_id)
    db.session.flush()
    return sorted(touched)


def _sheets_naming(contact: Contact, name: str) -> list[VisitSheet]:
    """Sheets of the district's audits that name her, by her row or by her name."""
    mine = select(VisitSheet).join(VisitSheet.audit).where(Audit.district_id == contact.district_id)
    return [
        sheet
        for sheet in db.session.scalars(mine.order_by(VisitSheet.id))
        if (name and sheet.signed_by == name)
        or any(
            one.get("contact_id") == contact.id or (name and one.get("name") == name)
            for one in sheet.facts.get("people", [])
        )
    ]
