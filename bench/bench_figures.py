"""`figures.*`: the plan page and closing a workshop, at 1,000,000 participations in the log against 100,000.

Both logs are of one district with 25 indicators, three years, 2,000 companies and 20,000 people; only the
number of participations differs. The kept totals are counted by the job that counts them for users.
"""

import json
import shutil
import statistics
import tempfile
import time
from datetime import date, timedelta
from functools import cache
from itertools import count
from pathlib import Path

from sqlalchemy import insert

import config
from app import create_app
from bench.measure import Result
from dissemination.attendance import actions as attendance
from dissemination.attendance.models import Presence
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.people.models import Company, Contact
from dissemination.plan import figures, jobs, queries
from dissemination.plan.actions import add_evidence, adopt_catalogue
from dissemination.registrations.models import Registration, Standing
from dissemination.workshops.models import Workshop
from tests import factories

MANY, FEW = 1_000_000, 100_000
ROUNDS, PAGES, PEOPLE = 5, 3, 30
COMPANIES, CONTACTS = 2_000, 20_000
AT_A_WORKSHOP = 50
COLUMNS = (
    "district_id", "verb", "subject_kind", "subject_id", "title", "happened_on", "recorded_at",
    "activity_line_id", "company_id", "contact_id", "attributes", "not_counted",
)  # fmt: skip
INSERT = f"INSERT INTO activities ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"


class Instance:
    """An application on a SQLite file of its own, with so many participations in its log."""

    def __init__(self, participations: int):
        self.folder = Path(tempfile.mkdtemp(prefix="bench"))
        self.app = create_app(config.load({"INSTANCE": str(self.folder), "SECRET_KEY": "only-for-measuring"}))
        self.client = self.app.test_client()
        with self.app.app_context():
            db.metadata.create_all(db.engine)
            with transaction():
                _district(participations)
            jobs.keep_totals()

    def page(self) -> float:
        """Milliseconds for the public page of the plan, the least of a few."""
        return min(self._one_page() for _ in range(PAGES))

    def _one_page(self) -> float:
        began = time.perf_counter()
        answer = self.client.get("/moda/plan/")
        took = time.perf_counter() - began
        assert answer.status_code == 200
        return took * 1000

    def closing(self) -> float:
        """Milliseconds to close a workshop with 30 people, its log rows and totals in the transaction."""
        with self.app.app_context():
            with transaction():
                workshop = _workshop()
            identity = workshop.id
        with self.app.app_context():
            began = time.perf_counter()
            with transaction():
                workshop = db.session.get(Workshop, identity)
                attendance.close(workshop, by=None, started_at=workshop.starts_at, ended_at=workshop.ends_at)
            return (time.perf_counter() - began) * 1000

    def agrees(self) -> bool:
        """Whether the kept totals are read, and are what a count over the whole log gives."""
        with self.app.app_context():
            plan = queries.current_plan(1)
            return not jobs.keep_totals() and not figures.disagreements(plan)


def _district(participations: int) -> None:
    year = now().year
    district = factories.district("moda")
    plan = queries.current_plan(district.id)
    plan.starts_on, plan.ends_on = date(year - 2, 1, 1), date(year, 12, 31)
    adopt_catalogue(plan)
    companies, contacts = range(1, COMPANIES + 1), range(1, CONTACTS + 1)
    common = {"district_id": district.id, "created_at": now(), "name_folded": "x"}
    db.session.execute(
        insert(Company),
        [{"id": n, "name": f"Tessitura {n}", "tax_id": f"{n:011d}", **common} for n in companies],
    )
    db.session.execute(insert(Contact), [
        {"id": n, "email": f"p{n}@tessitura.example", "given_name": "Lia", "family_name": "Neri", **common}
        for n in contacts
    ])  # fmt: skip
    line, stamp = factories.line(district).id, "2026-01-01 00:00:00.000000"
    attributes = [
        json.dumps({"sector": sector, "size": size, "province": "PO", "in_managing_body": "no"})
        for sector in ("tessile", "pelle") for size in ("micro", "small", "medium")
    ]  # fmt: skip
    days = (now().date() - plan.starts_on).days or 1

    def rows():
        for n in range(participations):
            workshop = n // AT_A_WORKSHOP
            day = plan.starts_on + timedelta(days=workshop * 7 % days)
            head = ("workshops", workshop, f"Workshop {workshop}", day.isoformat(), stamp, line)
            if n % AT_A_WORKSHOP == 0:
                yield (district.id, "workshop.held", *head, None, None, attributes[workshop % 6], None)
            absent = n % 5 == 0
            yield (
                district.id, "attendance.absent" if absent else "attendance.present", *head,
                companies[n * 7 % COMPANIES], contacts[n * 11 % CONTACTS], attributes[n % 6],
                "absent" if absent else None,
            )  # fmt: skip

    connection = db.session.connection().connection.driver_connection
    connection.executemany(INSERT, rows())


_turns = count()


def _workshop() -> Workshop:
    """A workshop of yesterday with 30 people present and its attendance sheet."""
    district = queries.db.session.get(factories.District, 1)
    start = now().replace(hour=9, minute=0) - timedelta(days=1)
    workshop = factories.workshop(district, starts_at=start, hours=2)
    turn = next(_turns)
    for n in range(1, PEOPLE + 1):
        person = Registration(
            public_id=f"{turn}-{n}", workshop_id=workshop.id, number=n, contact_id=turn * PEOPLE % 900 + n,
            company_id=n * 3, standing=Standing.CONFIRMED, told_revision=workshop.revision,
            created_at=now(), confirmed_at=now(),
        )  # fmt: skip
        db.session.add(person)
        db.session.flush()
        db.session.add(Presence(registration_id=person.id, at=now()))
    add_evidence(workshop, district_id=1, code="attendance_sheet", note="foglio firme", by=None)
    return workshop


@cache
def _instances() -> tuple[Instance, Instance]:
    return Instance(MANY), Instance(FEW)


def _measured(name: str, way: str, unit: str, goal: float) -> Result:
    """The median of `way` on the large log over its median on the small one, in turns."""
    many, few = _instances()
    large, small = [], []
    for turn in range(ROUNDS + 1):
        for instance, times in ((many, large), (few, small))[:: 1 if turn % 2 else -1]:
            times.append(getattr(instance, way)())
    value, control = statistics.median(large[1:]), statistics.median(small[1:])
    ratio = value / control
    holds = ratio <= goal and few.agrees()
    return Result(
        name, round(value, 2), unit, "at 100,000", round(control, 2), round(ratio, 3), f"<= {goal}", holds,
        ROUNDS,
    )  # fmt: skip


def growth() -> Result:
    """The plan page at 1,000,000 participations against 100,000."""
    return _measured("figures.growth", "page", "ms for the plan page at 1,000,000", 1.3)


def update() -> Result:
    """Closing a workshop at 1,000,000 participations against 100,000."""
    try:
        return _measured("figures.update", "closing", "ms to close a workshop at 1,000,000", 1.2)
    finally:
        for instance in _instances():
            shutil.rmtree(instance.folder, ignore_errors=True)
        _instances.cache_clear()


MEASURES = {"figures.growth": growth, "figures.update": update}
