"""Reminders: 3, 10 and 30 days after an activity its organiser hears what is still missing, once each."""

from collections import defaultdict
from datetime import date, timedelta

from flask_babel import force_locale
from sqlalchemy import select

from dissemination.delivery import outbox
from dissemination.districts.models import District
from dissemination.kernel import clock
from dissemination.kernel.database import db
from dissemination.kernel.rights import Role
from dissemination.people.accounts import Account, Appointment
from dissemination.plan.periods import Period
from dissemination.proofs import mails, queries
from dissemination.proofs.models import EvidenceReminder
from dissemination.proofs.queries import Lack

DAYS = (3, 10, 30)
OLDEST = 45  # what is longer ago when this program is first used is left to the list


def due(district: District, on: date) -> list[tuple[Lack, int]]:
    """What is to be reminded of on a day, each with the days (of DAYS) that have passed."""
    stretch = Period(on - timedelta(days=OLDEST), on - timedelta(days=DAYS[0]), "")
    lacks, after = list(queries.waiting(district.id, period=stretch)), None
    while True:
        page = queries.missing(district.id, period=stretch, after=after)
        lacks += page.rows
        after = page.next
        if after is None:
            break
    told = _told(district.id, lacks)
    found = []
    for lack in {(lack.kind, lack.subject_id): lack for lack in lacks}.values():
        passed = max(days for days in DAYS if (on - lack.on).days >= days)
        if passed > told.get((lack.kind, lack.subject_id), 0):
            found.append((lack, passed))
    return found


def _told(district_id: int, lacks: list[Lack]) -> dict[tuple[str, int], int]:
    """The latest reminder of each subject, in days."""
    ids = {lack.subject_id for lack in lacks}
    query = select(EvidenceReminder).where(
        EvidenceReminder.district_id == district_id, EvidenceReminder.subject_id.in_(ids)
    )
    latest: dict[tuple[str, int], int] = {}
    for row in db.session.scalars(query):
        key = row.subject_kind, row.subject_id
        latest[key] = max(latest.get(key, 0), row.days)
    return latest


def remind(district: District, on: date) -> int:
    """Write to each organiser one mail about all that is due on a day; how many mails."""
    with force_locale("it"):
        found = due(district, on)
    if not found:
        return 0
    by_account: dict[int, list[Lack]] = defaultdict(list)
    managers = _managers(district)
    people = {account.id: account for account in managers}
    for lack, days in found:
        mine = lack.who if lack.who is not None and _works_here(lack.who, district) else None
        for account in [mine] if mine else managers:
            people[account.id] = account
            by_account[account.id].append(lack)
        db.session.add(
            EvidenceReminder(
                district_id=district.id, subject_kind=lack.kind, subject_id=lack.subject_id, days=days,
                account_id=mine.id if mine else None, at=clock.now(),
            )
        )  # fmt: skip
    db.session.flush()
    for account_id, lacks in sorted(by_account.items()):
        mail, recipient = mails.reminder(people[account_id], district, lacks)
        outbox.put(mail, recipient, about=people[account_id], idempotency=f"evidence {on.isoformat()}")
    return len(by_account)


def _works_here(account: Account, district: District) -> bool:
    """Whether it can still do something about it: who has left hears nothing, the managers do."""
    return account.active and account.may(Role.ORGANISER, district)


def _managers(district: District) -> list[Account]:
    query = select(Account).join(Appointment, Appointment.account_id == Account.id)
    query = query.where(
        Appointment.district_id == district.id, Appointment.role == Role.MANAGER, Account.active.is_(True)
    )
    return list(db.session.scalars(query.order_by(Account.id)).unique())
