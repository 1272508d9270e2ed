"""`report.growth`: the Region report of one half-year with 10 years in the log, against 1 year.

Both logs hold the same activities a year and the same last half-year, which is what the report counts; the
one has ten times the past. Counting, freezing and all documents are measured: PDF, workbook, evidence,
open data.
"""

import json
import shutil
import statistics
import tempfile
import time
from datetime import date, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path

from sqlalchemy import insert

import config
from app import create_app
from bench.measure import Result
from dissemination.kernel import files
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.people.models import Company, Contact
from dissemination.plan import activity, jobs, periods, queries
from dissemination.plan.actions import adopt_catalogue
from dissemination.plan.log import Evidence
from dissemination.reporting import delivered
from tests import factories

LONG, SHORT = 10, 1  # years
A_YEAR, AT_A_WORKSHOP = 5_000, 25
COMPANIES, CONTACTS = 500, 2_000
ROUNDS, LEAST = 3, 2  # turns; of each the least of so many, because the machine is shared
GOAL = 1.5


class Instance:
    """An application on a SQLite file of its own, whose log begins so many years ago."""

    def __init__(self, years: int):
        self.folder = Path(tempfile.mkdtemp(prefix="bench"))
        self.app = create_app(config.load({"INSTANCE": str(self.folder), "SECRET_KEY": "only-for-measuring"}))
        with self.app.app_context():
            db.metadata.create_all(db.engine)
            with transaction():
                _district(years)
            jobs.keep_totals()

    def report(self) -> float:
        """Milliseconds for the report of the last half-year that is over, the least of a few."""
        return min(self._one() for _ in range(LEAST))

    def _one(self) -> float:
        with self.app.app_context():
            began = time.perf_counter()
            plan = queries.current_plan(1)
            report = delivered.draft(plan, last_half(plan))
            made = dict(delivered.files(report))
            took = time.perf_counter() - began
            assert len(made) == len(delivered.WRITERS) + 1
            assert not report.frozen.disagreements()
            return took * 1000


def last_half(plan) -> periods.Period:
    """The last half-year that is over."""
    return [half for half in periods.half_years(plan) if half.end < now().date()][-1]


def _district(years: int) -> None:
    year = now().year
    district = factories.district("moda")
    plan = queries.current_plan(district.id)
    plan.starts_on, plan.ends_on = date(year - 2, 1, 1), date(year, 12, 31)
    adopt_catalogue(plan)
    common = {"district_id": district.id, "created_at": now(), "name_folded": "x"}
    db.session.execute(insert(Company), [
        {"id": n, "name": f"Tessitura {n}", "tax_id": f"{n:011d}", **common} for n in range(1, COMPANIES + 1)
    ])  # fmt: skip
    db.session.execute(insert(Contact), [
        {"id": n, "email": f"p{n}@tessitura.example", "given_name": "Lia", "family_name": "Neri", **common}
        for n in range(1, CONTACTS + 1)
    ])  # fmt: skip
    stored = files.put(BytesIO(b"%PDF-1.7 firme"), "firme.pdf", district_id=district.id)
    db.session.flush()
    line = factories.line(district).id
    workshops = years * A_YEAR // AT_A_WORKSHOP
    activity.record_all(_rows(district.id, line, workshops, years))
    db.session.execute(insert(Evidence), [
        {"district_id": district.id, "subject_kind": "workshops", "subject_id": n, "code": "attendance_sheet",
         "file_id": stored.id, "added_at": now()}
        for n in range(workshops)
    ])  # fmt: skip


def _rows(district_id: int, line: int, workshops: int, years: int):
    """Workshops evenly over the years up to today, the latest first, each with people of companies."""
    attributes = [
        json.loads(json.dumps({"sector": sector, "size": size, "province": "PO", "in_managing_body": "no"}))
        for sector in ("tessile", "pelle") for size in ("micro", "small", "medium")
    ]  # fmt: skip
    for workshop in range(workshops):
        day = now().date() - timedelta(days=workshop * 365 * years // workshops)
        common = {
            "district_id": district_id, "subject_kind": "workshops", "subject_id": workshop, "by": None,
            "title": f"Workshop {workshop}", "happened_on": day, "activity_line_id": line,
        }  # fmt: skip
        yield {"verb": "workshop.held", "attributes": attributes[workshop % 6], **common}
        for n in range(workshop * AT_A_WORKSHOP, (workshop + 1) * AT_A_WORKSHOP):
            absent = n % 5 == 0
            yield {
                "verb": "attendance.absent" if absent else "attendance.present",
                "company_id": n * 7 % COMPANIES + 1, "contact_id": n * 11 % CONTACTS + 1,
                "attributes": attributes[n % 6], "not_counted": "absent" if absent else None, **common,
            }  # fmt: skip


@cache
def _instances() -> tuple[Instance, Instance]:
    return Instance(LONG), Instance(SHORT)


def growth() -> Result:
    """The report with ten years in the log against one."""
    long, short = _instances()
    try:
        many, few = [], []
        for turn in range(ROUNDS + 1):
            for instance, times in ((long, many), (short, few))[:: 1 if turn % 2 else -1]:
                times.append(instance.report())
    finally:
        for instance in _instances():
            shutil.rmtree(instance.folder, ignore_errors=True)
        _instances.cache_clear()
    value, control = statistics.median(many[1:]), statistics.median(few[1:])
    ratio = value / control
    return Result(
        "report.growth", round(value, 1), "ms for the report of a half-year, 10 years in the log", "1 year",
        round(control, 1), round(ratio, 3), f"<= {GOAL}", ratio <= GOAL, ROUNDS,
    )  # fmt: skip


MEASURES = {"report.growth": growth}
