"""`page.*`: the public page of a workshop against hello-world, and lists at 100,000 rows against 100."""

import shutil
import statistics
import tempfile
import time
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from sqlalchemy import insert, select

import config
from app import create_app
from bench import web
from bench.measure import Result
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.people.accounts import Account
from dissemination.workshops import actions
from dissemination.workshops.models import Workshop, WorkshopSession, WorkshopWord
from dissemination.workshops.words import words_of
from tests import factories

ROUNDS, CLIENTS, SECONDS = 3, 16, 3.0
PAGES, SESSIONS = 100, 5
MANY, FEW, RARE = 100_000, 100, 20  # workshops; those with the rare word
CALLS = 15  # of each list in a round
SUBJECTS = ("tracciabilità", "tintura", "fibre", "concia", "taglio", "filatura", "finissaggio", "stampa")
# Each shows as many rows on both sides, so that only the searching differs.
LISTS = {
    "public list": "/moda/workshops/",
    "filtered": "/moda/workshops/?when=all&sector=pelle&mode=onsite",
    "past": "/moda/workshops/?when=past",
    "common word": "/moda/workshops/?when=all&q=usuale",
    "rare word": "/moda/workshops/?when=all&q=raro",
    "desk": "/moda/desk/workshops/",
    "drafts": "/moda/desk/workshops/?state=draft",
    "desk search": "/moda/desk/workshops/?when=all&q=raro",
}


@contextmanager
def _instance():
    folder = Path(tempfile.mkdtemp(prefix="bench"))
    try:
        yield {"INSTANCE": str(folder), "SECRET_KEY": "only-for-measuring"}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _application(environment):
    application = create_app(config.load(environment))
    with application.app_context():
        db.metadata.create_all(db.engine)
        yield application
        db.session.remove()
        db.engine.dispose()


def _published(environment) -> list[str]:
    """Workshops with five sessions and speakers each; the addresses of their pages."""
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
    with _application(environment), transaction():
        district = factories.district("moda")
        rows = []
        for n in range(PAGES):
            sessions = [
                {
                    "title_it": f"Sessione {i}: come si fa", "starts_at": start + timedelta(hours=i),
                    "ends_at": start + timedelta(hours=i + 1), "room": "Sala grande",
                    "speakers": [(f"Lia Neri {i}", "Università di Pisa")],
                }
                for i in range(SESSIONS)
            ]  # fmt: skip
            row = actions.add(
                district, by=None, title_it=f"Tracciabilità dei tessuti {n}", venue="Museo del Tessuto",
                address="Via Puccetti 3, Prato", seats=30, sector_id=district.sectors[0].id,
                activity_line_id=factories.line(district).id, sessions=sessions,
                abstract_it="Di che cosa si parla, in parole semplici. " * 20,
            )  # fmt: skip
            rows.append(actions.publish(row, by=None))
        return [f"/moda/workshops/{row.slug}" for row in rows]


def _visit(path: str):
    answer = yield web.get(path)
    assert answer.status == 200, f"{path}: {answer.status}"


def workshop() -> Result:
    """Requests per second for workshop pages, seats left checked in each, against hello-world."""
    with _instance() as environment, ExitStack() as stack:
        paths, turns = _published(environment), count()
        port, _process = stack.enter_context(web.served("--factory app:create_served_app", **environment))
        hello, _process = stack.enter_context(web.served("bench.web:hello"))

        def anywhere():
            return _visit(paths[next(turns) % len(paths)])

        web.run(port, anywhere, clients=CLIENTS, seconds=1)
        ours, control = [], []
        for _ in range(ROUNDS):
            control.append(web.run(hello, lambda: _visit("/"), clients=CLIENTS, seconds=SECONDS))
            ours.append(web.run(port, anywhere, clients=CLIENTS, seconds=SECONDS))
    errors = sum(len(load.errors) for load in ours)
    rate, least = (statistics.median(load.rate for load in loads) for loads in (ours, control))
    return Result(
        "page.workshop", round(rate), "requests/s", "hello-world requests/s", round(least),
        round(rate / least, 3), ">= 0.25", errors == 0 and rate >= 0.25 * least, ROUNDS,
    )  # fmt: skip


def _fill(rows: int) -> None:
    """`rows` published workshops, one an hour around now, and Ada who organises."""
    with transaction() as session:
        district = factories.district("moda")
        factories.account("ada@moda.example", district=district)
        line, sectors = factories.line(district).id, [s.id for s in district.sectors]
        first = now() - timedelta(hours=rows // 2)
        workshops, sessions, words = [], [], []
        for n in range(1, rows + 1):
            start = first + timedelta(hours=n)
            rare = "raro" if n <= RARE else "usuale"
            title = f"{SUBJECTS[n % len(SUBJECTS)].title()} {rare} numero {n}"
            times = {"starts_at": start, "ends_at": start + timedelta(minutes=50)}
            workshops.append({
                "id": n, "district_id": district.id, "slug": f"w-{n}", "title_it": title, "seats": 30,
                "venue": "Museo", "activity_line_id": line, "sector_id": sectors[n % 2], **times,
                "registration_deadline": start, "created_at": first, "published_at": first,
            })  # fmt: skip
            sessions.append({"workshop_id": n, "title_it": "Apertura", **times})
            words += [{"district_id": district.id, "workshop_id": n, "word": w} for w in words_of(title)]
        for model, values in ((Workshop, workshops), (WorkshopSession, sessions), (WorkshopWord, words)):
            session.execute(insert(model), values)


def _browser(application):
    """A browser in which Ada is signed in."""
    browser = application.test_client()
    ada = db.session.scalar(select(Account))
    with browser.session_transaction() as session:
        session.update({"_user_id": ada.fs_uniquifier, "_fresh": True, "fs_cc": "set"})
    return browser


def _seconds(browser, path: str) -> float:
    """The median time of one answer."""
    taken = []
    for _ in range(CALLS):
        db.session.remove()
        began = time.perf_counter()
        answer = browser.get(path)
        taken.append(time.perf_counter() - began)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
    return statistics.median(taken)


def lists() -> list[Result]:
    """Each list at 100,000 rows against the same list at 100 rows."""
    with ExitStack() as stack:
        sides = []
        for rows in (FEW, MANY):
            environment = stack.enter_context(_instance())
            with _application(environment):
                _fill(rows)
            sides.append(environment)
        taken: dict[str, tuple[list, list]] = {name: ([], []) for name in LISTS}
        for _ in range(ROUNDS):
            for side, environment in enumerate(sides):
                with _application(environment) as application:
                    browser = _browser(application)
                    for name, path in LISTS.items():
                        browser.get(path)
                        taken[name][side].append(_seconds(browser, path))
    return [_compared(name, *times) for name, times in taken.items()]


def _compared(name: str, few: list[float], many: list[float]) -> Result:
    small, large = statistics.median(few) * 1000, statistics.median(many) * 1000
    return Result(f"page.list.{name.replace(' ', '_')}", round(large, 2), f"ms at {MANY} rows",
                  f"ms at {FEW} rows", round(small, 2), round(large / small, 2), "<= 1.5",
                  large <= 1.5 * small, ROUNDS)  # fmt: skip


MEASURES = {"page.workshop": workshop, "page.list": lists}
