"""What the worker does by itself: tell of changes, remind, hand on seats that were added.

Each step is a transaction of its own over a few rows that it holds, so a crash repeats nothing and two
workers never write to the same person.
"""

from datetime import timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import joinedload

from dissemination.districts.models import District
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.registrations import (
    actions,
    answers,
    asking,
    invitations,
    moves,
    offers,
    proofs,
    queries,
    unasked,
)
from dissemination.registrations.models import (
    LIVING,
    Attends,
    ComingPlan,
    Invitation,
    Registration,
    Room,
    SeatPool,
    Standing,
)
from dissemination.workshops.models import Workshop

BATCH = 50


def tell_changed() -> int:
    """Tell who holds or awaits a seat of what changed in coming workshops; how many were told."""
    return _in_batches(_to_tell, lambda registration: invitations.tell(registration))


def remind() -> int:
    """Remind of dates that begin within the district's `reminder_hours`; how many reminders."""
    return _in_batches(_to_remind, lambda i: invitations.remind(i.registration, i))


def ask_who_is_coming() -> int:
    """Ask "still coming?" where a workshop's plan says so; how many were asked."""
    count = 0
    for workshop_id in [row.workshop_id for row in asking.due()]:
        asked = BATCH
        while asked == BATCH:
            with transaction():
                row = db.session.get(ComingPlan, workshop_id)
                asked = asking.ask_as_planned(row, most=BATCH) if row is not None else 0
            count += asked
    return count


def promote_freed() -> int:
    """Give seats that were added to who waits for them; how many people got one."""
    waiting = select(Room.workshop_id).where(Room.waiting > 0)
    rows = db.session.scalars(
        select(Workshop).where(Workshop.id.in_(waiting), Workshop.starts_at > now())
    ).all()
    seats, count = queries.seats_many([workshop.id for workshop in rows]), 0
    for workshop in rows:
        if not _may_have_free(seats[workshop.id]):
            continue
        with transaction():
            count += len(actions.promote(workshop))
    return count


def _may_have_free(seats) -> bool:
    parts = seats.parts or (seats,)
    return any(p.waiting and (p.capacity is None or p.reserved or p.taken < p.capacity) for p in parts)


def expire_proofs() -> int:
    """Free the places of those who did not prove their address in time; how many."""
    due = select(Registration).where(Registration.proof_due <= now(), Registration.standing.in_(LIVING))
    return _each(due, proofs.expire)


def expire_offers() -> int:
    """Pass on seats that were offered and not taken in time; how many offers."""
    due = (
        select(Registration)
        .join(Registration.workshop)
        .where(
            Registration.offer_until <= now(), Registration.standing == Standing.OFFERED,
            Registration.told_revision == Workshop.revision, ~Workshop.cancellation.has(),
        )
    )  # fmt: skip
    return _each(due, offers.expire)


def release_pools() -> int:
    """Give seats that were kept until now to everybody; how many pools."""
    due = select(SeatPool).where(SeatPool.until <= now(), SeatPool.released_at.is_(None))

    def release(pool: SeatPool) -> bool:
        actions.release_pool(pool)
        return True

    return _each(due, release)


def follow_modes() -> int:
    """Move the people of a way that their workshop no longer offers to the one it has; how many."""
    changed = select(Workshop).join(Room).where(
        Workshop.ends_at > now(), Room.taken + Room.waiting + Room.reserved > 0,
        or_(
            and_(Room.attends == Attends.ROOM, Workshop.venue == "", Workshop.online_url != ""),
            and_(Room.attends == Attends.ONLINE, Workshop.online_url == ""),
        ),
    )  # fmt: skip
    return _each(changed, moves.follow_mode)


def forget_unasked() -> int:
    """Delete old counts of mails to unproven addresses; how many."""
    with transaction():
        return unasked.forget()


def _each(due, act) -> int:
    """`act` on each row of `due`, each in a transaction of its own; how many it answered yes for."""
    count = 0
    for key in [row.id for row in db.session.scalars(due.limit(BATCH))]:
        entity = due.column_descriptions[0]["entity"]
        with transaction():
            count += int(act(db.session.get_one(entity, key)))
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


def drop_waiting_files() -> int:
    """Delete files whose form was never finished; how many."""
    with transaction():
        return answers.drop_waiting()


JOBS = [
    (20, tell_changed), (600, ask_who_is_coming), (30, follow_modes), (30, promote_freed),
    (60, expire_offers), (60, expire_proofs),
    (60, release_pools), (300, remind), (86400, forget_unasked), (3600, drop_waiting_files),
]  # fmt: skip
