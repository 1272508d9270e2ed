"""Helpers of the tests about seats: who comes, who stands where, and whether the counters are true."""

from collections import Counter

from sqlalchemy import select

from dissemination.delivery.models import Delivery
from dissemination.kernel.database import db, transaction
from dissemination.registrations import actions, line, rooms
from dissemination.registrations.groups import Person
from dissemination.registrations.models import (
    SEATED,
    Attends,
    Registration,
    Room,
    SeatPool,
    Standing,
)


def enter(workshop, name, **facts):
    """Somebody registers by a mailed link, so that her address needs no proof."""
    with transaction():
        return actions.register(
            workshop, email=f"{name}@tessitura.example", given_name=name.title(), family_name="Rossi",
            **{"proven": True, **facts},
        )  # fmt: skip


def person(name, **facts):
    return Person(f"{name}@tessitura.example", name.title(), "Rossi", **facts)


def enter_group(workshop, booker, *names, **facts):
    with transaction():
        return actions.register_group(
            workshop, booker=person(booker), colleagues=[person(name) for name in names],
            **{"proven": True, **facts},
        )  # fmt: skip


def leave(registration, **facts):
    with transaction():
        actions.cancel(registration, **facts)


def do(verb, *args, **facts):
    """One verb in one transaction."""
    with transaction():
        return verb(*args, **facts)


def named(workshop, name):
    """The last registration of the person."""
    db.session.expire_all()
    rows = db.session.scalars(
        select(Registration).where(Registration.workshop_id == workshop.id).order_by(Registration.id.desc())
    )
    return next(r for r in rows if r.contact.given_name == name.title())


def stand(workshop):
    """Name -> standing of everybody, the last registration of each."""
    db.session.expire_all()
    rows = db.session.scalars(
        select(Registration).where(Registration.workshop_id == workshop.id).order_by(Registration.id)
    )
    return {r.contact.given_name: r.standing.value for r in rows}


def queue(workshop, attends=Attends.ROOM):
    """Who waits, next one first."""
    db.session.expire_all()
    rows = db.session.scalars(
        select(Registration)
        .where(
            Registration.workshop_id == workshop.id, Registration.attends == attends,
            Registration.standing == Standing.WAITING,
        )
        .order_by(Registration.number)
    )  # fmt: skip
    return [r.contact.given_name for r in rows]


def counters(workshop, attends=Attends.ROOM):
    """(taken, reserved, waiting) as the room counts them."""
    db.session.expire_all()
    row = db.session.get(Room, (workshop.id, attends))
    return (row.taken, row.reserved, row.waiting) if row else (0, 0, 0)


def mails(start=0):
    """(to, template, method of the calendar) of all mails from the `start`-th on, in order."""
    db.session.expire_all()
    rows = db.session.scalars(select(Delivery).order_by(Delivery.id)).all()[start:]
    return [
        (d.address.split("@")[0], d.letter.template.split("/")[1], d.calendar and d.calendar["method"])
        for d in rows
    ]


def check(workshop, *, oversold=False):
    """Recount everything from the rows: counters, pools, order, and that no seat is idle while somebody
    who fits waits. The referee of all tests about seats."""
    db.session.expire_all()
    people = db.session.scalars(
        select(Registration).where(Registration.workshop_id == workshop.id).order_by(Registration.number)
    ).all()
    pools = db.session.scalars(select(SeatPool).where(SeatPool.workshop_id == workshop.id)).all()
    used = Counter(r.pool_id for r in people if r.standing in SEATED and r.pool_id)
    assert {p.id: p.used for p in pools} == {p.id: used[p.id] for p in pools}
    assert not [r for r in people if r.pool_id and r.standing not in SEATED]
    for room in db.session.scalars(select(Room).where(Room.workshop_id == workshop.id)):
        here = [r for r in people if r.attends is room.attends]
        taken = sum(r.standing in SEATED for r in here)
        waiting = [r for r in here if r.standing is Standing.WAITING]
        kept = [p for p in pools if p.attends is room.attends and p.released_at is None]
        reserved = sum(p.seats - p.used for p in kept)
        assert (room.taken, room.reserved, room.waiting) == (taken, reserved, len(waiting))
        assert room.last_number >= max((r.number for r in here), default=0)
        limit = rooms.capacity(workshop, room.attends)
        if limit is not None and not oversold:
            assert taken + reserved <= limit
            free = limit - taken - reserved
            left = {p.company_id: p.seats - p.used for p in kept}
            for unit in line.units(workshop, room.attends):
                own = sum(min(left.get(company, 0), n) for company, n in unit.companies.items())
                assert not unit.proven or unit.size - own > free, f"{unit} fits in {free} and waits"
    for members in _groups(people).values():
        assert len({m.standing for m in members} & {Standing.WAITING, Standing.CONFIRMED}) < 2, (
            "a split group"
        )


def _groups(people):
    found = {}
    for r in people:
        if r.group_id and r.standing in (Standing.WAITING, Standing.CONFIRMED, Standing.OFFERED):
            found.setdefault(r.group_id, []).append(r)
    return found
