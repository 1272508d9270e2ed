"""Many at once for few seats, with real threads, and a control that shows the race without the lock."""

import random
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from dissemination.delivery.models import Delivery
from dissemination.kernel.database import db, transaction
from dissemination.registrations import actions, queries
from dissemination.registrations.groups import Person
from dissemination.registrations.models import Registration, Room, Standing
from dissemination.registrations.refusals import AlreadyRegistered
from dissemination.workshops.models import Workshop
from tests import factories
from tests.registrations.cast import check


@pytest.fixture
def workshop(moda):
    with transaction():
        return factories.workshop(moda, seats=30)


def together(app, work, items):
    """`work(item)` for all items, each in a thread and an application context of its own, begun at once."""
    start = Barrier(len(items))

    def run(item):
        start.wait()
        with app.app_context():
            try:
                return work(item)
            finally:
                db.session.remove()

    with ThreadPoolExecutor(len(items)) as pool:
        return list(pool.map(run, items))


def register(workshop_id, n, **facts):
    workshop = db.session.get(Workshop, workshop_id)
    with transaction():
        registration = actions.register(
            workshop,
            email=f"p{n}@tessitura.example",
            given_name="P",
            family_name=str(n),
            proven=True,
            **facts,
        )
        return registration.number


def rows(workshop_id):
    db.session.expire_all()
    return db.session.scalars(
        select(Registration).where(Registration.workshop_id == workshop_id).order_by(Registration.id)
    ).all()


def room(workshop_id):
    found = db.session.get(Room, (workshop_id, "room"), populate_existing=True)
    return (found.taken, found.waiting, found.last_number)


def test_200_at_once_for_30_seats_give_30_confirmed_and_170_waiting_in_order_of_arrival(app, workshop):
    key = workshop.id
    db.session.remove()
    numbers = together(app, lambda n: register(key, n), range(200))
    assert sorted(numbers) == list(range(1, 201))
    came = rows(key)  # ids are given out while the room is held: the order in which they came
    assert [r.number for r in came] == list(range(1, 201))
    assert [r.standing for r in came] == [Standing.CONFIRMED] * 30 + [Standing.WAITING] * 170
    assert room(key) == (30, 170, 200)
    letters = [d.letter.template for d in db.session.scalars(select(Delivery))]
    assert (letters.count("registrations/confirmation"), letters.count("registrations/waiting")) == (30, 170)


def test_50_who_leave_and_50_who_come_at_once_leave_no_seat_empty_and_none_sold_twice(app, workshop):
    key = workshop.id
    for n in range(60):
        register(key, n)
    everybody = [r.id for r in rows(key)]
    db.session.remove()

    def act(job):
        kind, n = job
        if kind == "come":
            return register(key, n)
        with transaction():
            return actions.cancel(db.session.get(Registration, n)).number

    jobs = [("come", n) for n in range(100, 150)] + [("leave", i) for i in everybody[5:55]]
    random.Random(7).shuffle(jobs)
    together(app, act, jobs)
    living = sorted((r for r in rows(key) if r.standing is not Standing.CANCELLED), key=lambda r: r.number)
    assert len(living) == 60
    assert [r.standing for r in living] == [Standing.CONFIRMED] * 30 + [Standing.WAITING] * 30
    assert room(key) == (30, 30, 110)


def test_a_form_sent_twice_at_the_same_moment_registers_once(app, workshop):
    key = workshop.id
    db.session.remove()
    numbers = together(app, lambda _: register(key, 1, form_mark="mark-1"), range(8))
    assert (numbers, room(key), len(rows(key))) == ([1] * 8, (1, 0, 1), 1)


def test_the_same_person_at_the_same_moment_gets_one_seat(app, workshop):
    key = workshop.id
    db.session.remove()

    def attempt(_):
        try:
            return register(key, 1)
        except AlreadyRegistered:
            return "refused"

    outcomes = together(app, attempt, range(8))
    assert sorted(map(str, outcomes)) == ["1"] + ["refused"] * 7
    assert (room(key), len(rows(key))) == ((1, 0, 1), 1)


def test_the_same_new_person_and_company_in_many_workshops_at_once(app, moda):
    with transaction():
        keys = [factories.workshop(moda, seats=3).id for _ in range(8)]
    number = factories.tax_id()
    db.session.remove()
    numbers = together(app, lambda key: register(key, 1, tax_id=number, company_name="Nuova"), keys)
    assert numbers == [1] * 8
    people = {(r.contact_id, r.company_id) for key in keys for r in rows(key)}
    assert len(people) == 1


CLIENTS, SEATS, THREADS = 1000, 100, 12  # fewer than the pool has connections


def colleagues(n, size):
    return [Person(f"p{n}-{k}@tessitura.example", "P", f"{n}-{k}") for k in range(size)]


def client_comes(key, n, size):
    """One client: a person, or somebody who books for 2 to 5 colleagues; the ids of who was registered."""
    workshop, people = db.session.get(Workshop, key), colleagues(n, size)
    with transaction():
        if size == 1:
            return [actions.register(workshop, **vars(people[0]), proven=True).id]
        group = actions.register_group(workshop, booker=people[0], colleagues=people, proven=True)
        return [member.id for member in queries.members(group)]


def client_leaves(registration_id):
    with transaction():
        actions.cancel(db.session.get(Registration, registration_id))


def rush(app, key, seed):
    """All clients at once; a third of those who came leave again, each as soon as a client is free."""
    chance, turns, came = random.Random(seed), count(), []
    sizes = chance.choices((1, 2, 3, 4, 5), weights=(60, 20, 10, 5, 5), k=CLIENTS)
    leaves = {n for n in range(CLIENTS) if chance.random() < 0.35}
    start = Barrier(THREADS)

    def client(seed):
        mine = random.Random(seed)
        start.wait()
        with app.app_context():
            while (n := next(turns)) < CLIENTS:
                came.append(client_comes(key, n, sizes[n]))
                if n in leaves:
                    client_leaves(mine.choice(mine.choice(came)))
            db.session.remove()

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(client, range(THREADS)))
    return sum(sizes)


def replayed(people):
    """Registration id -> has a seat, by the rule told one by one: the earliest unit that fits goes first.

    An own, sequential telling of the rule, fed with what happened in the order in which it happened: rows
    are stamped while the room is held.
    """
    happened, units = [], {}
    for row in people:
        units.setdefault(row.group_id or -row.id, []).append(row.id)
    firsts = {members[0]: list(members) for members in units.values()}
    unit_of = {member: unit for unit in firsts.values() for member in unit}
    for row in people:
        if row.id in firsts:
            happened.append((row.created_at, "comes", row.id))
        if row.cancelled_at is not None:
            happened.append((row.cancelled_at, "leaves", row.id))
    free, line, seated = SEATS, [], set()
    for _at, what, key in sorted(happened):
        if what == "comes":
            line.append(unit_of[key])
        elif key in seated:
            seated.remove(key)
            unit_of[key].remove(key)
            free += 1
        else:
            unit_of[key].remove(key)
        for unit in list(line):
            if len(unit) <= free:
                line.remove(unit)
                seated.update(unit)
                free -= len(unit)
    return {row.id: row.id in seated for row in people}


def test_1000_clients_for_100_seats_in_groups_and_with_cancellations_keep_the_order(app, moda):
    with transaction():
        workshop = factories.workshop(moda, seats=SEATS)
    key = workshop.id
    db.session.remove()
    people = rush(app, key, seed=11)
    everybody = rows(key)
    assert len(everybody) == people
    check(db.session.get(Workshop, key))  # counters true, not oversold, no seat idle for who fits
    seated = {row.id: row.standing is Standing.CONFIRMED for row in everybody}
    assert seated == replayed(everybody)
    assert sum(seated.values()) == SEATS


def sell_without_lock(key, both_have_read, *, begin):
    """What must not be done: read the counter, decide, write it."""
    connection = db.engine.connect()
    try:
        taken = connection.execute(
            text("SELECT taken FROM rooms WHERE workshop_id = :w"), {"w": key}
        ).scalar()
        if not begin:
            connection.rollback()  # as Python's sqlite3 does by default: reading opens no transaction
        both_have_read.wait()
        if taken >= 1:
            return "full"
        connection.execute(
            text("UPDATE rooms SET taken = :t WHERE workshop_id = :w"), {"t": taken + 1, "w": key}
        )
        connection.commit()
        return "sold"
    except OperationalError:
        return "database is locked"
    finally:
        connection.close()


@pytest.mark.parametrize("begin", [True, False])
def test_control_without_the_lock_one_seat_is_sold_twice_or_a_client_fails(app, moda, begin):
    with transaction() as session:
        key = factories.workshop(moda, seats=1).id
        session.add(Room(workshop_id=key, taken=0, waiting=0, last_number=0))
    db.session.remove()
    both_have_read = Barrier(2)
    outcomes = together(app, lambda _: sell_without_lock(key, both_have_read, begin=begin), range(2))
    taken = room(key)[0]
    if db.engine.dialect.name == "sqlite" and begin:  # plain BEGIN: the second cannot upgrade its snapshot
        assert (sorted(outcomes), taken) == (["database is locked", "sold"], 1)
    else:  # two sold, one counted: the update was lost
        assert (outcomes, taken) == (["sold", "sold"], 1)
