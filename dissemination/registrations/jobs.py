"""What the worker does by itself: tell of changes, remind, hand on seats that were added.

Each step is a transaction of its own over a few rows that it holds, so a crash repeats nothing and two
workers never write to the same person.
"""

from datetime import timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from dissemination.districts.models import District
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.registrations import actions, invitations
from dissemination.registrations.models import LIVING, Invitation, Registration, Room, Standing
from dissemination.workshops.models import Workshop

BATCH = 50


def tell_changed() -> int:
    """Tell who holds or awaits a seat of what changed in coming workshops; how many were told."""
    return _in_batches(_to_tell, lambda registration: invitations.tell(registration))


def remind() -> int:
    """Remind of dates that begin within the district's `reminder_hours`; how many reminders."""
    return _in_batches(_to_remind, lambda i: invitations.remind(i.registration, i))


def promote_freed() -> int:
    """Give seats that were added to who waits for them; how many people got one."""
    rows = db.session.scalars(
        select(Workshop)
        .join(Room, Room.workshop_id == Workshop.id)
        .where(Room.waiting > 0, Room.taken < Workshop.seats, Workshop.starts_at > now())
    ).all()
    count = 0
    for workshop in rows:
        with transaction():
            count += len(actions.promote(workshop))
    return count


def _in_batches(due, act) -> int:
    count = 0
    while True:
        with transaction():
            rows = db.session.scalars(due().limit(BATCH)).all()
            for row in rows:
                act(row)
        count += len(rows)
        if len(rows) < BATCH:
            return count


def _to_tell():
    return (
        select(Registration)
        .join(Registration.workshop)
        .where(
            Workshop.ends_at > now(),
            Registration.standing.in_(LIVING),
            Registration.proof_due.is_(None),  # nobody is written to whose address nobody proved
            Registration.told_revision < Workshop.revision,
        )
        .options(joinedload(Registration.contact))
        .order_by(Registration.id)
        .with_for_update(of=Registration, skip_locked=True)
    )


def _to_remind():
    """Dates as they were told: a changed workshop is told of first, then reminded of."""
    hours = db.session.execute(select(District.id, District.reminder_hours)).all()
    near = [
        (Workshop.district_id == key) & (Invitation.starts_at <= now() + timedelta(hours=ahead))
        for key, ahead in hours
    ]
    return (
        select(Invitation)
        .join(Invitation.registration)
        .join(Registration.workshop)
        .where(
            or_(*near),
            Invitation.starts_at > now(),
            Invitation.method == "REQUEST",
            or_(Invitation.reminded_for.is_(None), Invitation.reminded_for != Invitation.starts_at),
            Registration.standing == Standing.CONFIRMED,
            Registration.proof_due.is_(None),
            Registration.told_revision == Workshop.revision,
        )
        .order_by(Invitation.id)
        .with_for_update(of=Invitation, skip_locked=True)
    )


JOBS = [(20, tell_changed), (30, promote_freed), (300, remind)]
