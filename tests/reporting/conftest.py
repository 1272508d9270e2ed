"""A half-year of moda with something in every kind of figure, over and ready to be reported."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO

import pytest
import time_machine

from dissemination.kernel import files
from dissemination.kernel.database import db, transaction
from dissemination.people.models import Company, Membership
from dissemination.plan import activity, periods, queries
from dissemination.plan.actions import add_evidence, adopt_catalogue
from dissemination.plan.log import Activity
from dissemination.plan.models import BudgetLine, Plan, Target
from dissemination.proofs import actions as proofs
from dissemination.reporting import actions, checklist, delivered
from dissemination.reporting.queries import calendar_period
from tests import factories

JULY = datetime(2026, 7, 20, 8, 0, tzinfo=UTC)
SHEET = b"%PDF-1.7 firme"


@dataclass
class Half:
    """The rows of the world."""

    district: object
    plan: Plan
    companies: list[Company]
    workshop: object
    rows: list[Activity] = field(default_factory=list)

    def log(self, verb, on, *, company=None, contact=None, **more):
        """One more row of the log about the workshop."""
        attributes = {
            "sector": "tessile",
            "size": "micro",
            "province": "PO",
            "mode": "onsite",
            **more.pop("attributes", {}),
        }
        row = activity.record(
            verb, self.workshop, district_id=self.district.id, title=self.workshop.title_it, happened_on=on,
            by=None, activity_line_id=factories.line(self.district, more.pop("line", "a")).id,
            company_id=company.id if company else None, contact_id=contact.id if contact else None,
            attributes=attributes, **more,
        )  # fmt: skip
        self.rows.append(row)
        return row


@pytest.fixture
def july():
    """The 20th of July 2026: the first half of the year is over."""
    with time_machine.travel(JULY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def half(july, moda, bice):
    """One workshop with three companies (one of them absent), its sheet; members; money; targets."""
    with transaction():
        plan = queries.current_plan(moda.id)
        adopt_catalogue(plan)
        companies = [factories.company(moda, f"Tessitura {name}") for name in ("Alba", "Brina", "Cima")]
        people = [factories.contact(moda, f"p{n}@alba.example", company=c) for n, c in enumerate(companies)]
        workshop = factories.workshop(
            moda, starts_at=datetime(2026, 3, 11, 13, tzinfo=UTC), title="Tracciabilità"
        )  # fmt: skip
        world = Half(moda, plan, companies, workshop)
        db.session.add(Membership(company_id=companies[0].id, since=date(2026, 1, 10)))
        day = date(2026, 3, 11)
        world.log("workshop.held", day)
        for company, person in zip(companies[:2], people[:2], strict=True):
            world.log("attendance.present", day, company=company, contact=person)
        world.log("attendance.absent", day, company=companies[2], contact=people[2], not_counted="absent")
        world.log("feedback.given", day, amount=Decimal(4))
        stored = files.put(BytesIO(SHEET), "firme marzo.pdf", district_id=moda.id)
        add_evidence(workshop, district_id=moda.id, code="attendance_sheet", file=stored, by=None)
        db.session.add(
            BudgetLine(activity_line_id=factories.line(moda).id, year=2026, budget_cents=1000000, spent_cents=250000)
        )  # fmt: skip
        for i in plan.indicators:
            if i.code in ("DV-01", "DV-03"):
                db.session.add(Target(indicator_id=i.id, period="2026-H1", value=Decimal(4)))
                db.session.add(Target(indicator_id=i.id, period="plan", value=Decimal(24)))
        db.session.flush()
        _close(workshop, people[0])
    return world


def _close(workshop, person):
    """Its books are closed, and everything that its checklist asks for is there."""
    from dissemination.workshops.models import Closing

    factories.seat(workshop, person, came=True)
    db.session.add(Closing(workshop_id=workshop.id, at=JULY, by=None, ended_at=workshop.ends_at))
    db.session.flush()
    proofs.judge_district(workshop.district_id)


@pytest.fixture
def period(half, bice):
    """The first half of 2026, opened."""
    with transaction():
        return actions.open_period(half.plan, "2026-H1", due_on=date(2026, 7, 31), by=bice)


def sealed(period):
    """The period as it is known now, with everything logged up to now in the head of the log."""
    with transaction():
        actions.seal(period)
    return delivered.draft(period.plan, calendar_period(period)).frozen


@pytest.fixture
def sign(bice):
    """sign(period, despite="") -> the sign-off, after a review, of what is known now."""

    def signed(period, *, despite="", by=bice):
        if period.review is None:
            with transaction():
                actions.start_review(period, by=by)
        frozen = sealed(period)
        found = checklist.points(period, frozen)
        with transaction():
            return actions.sign_off(period, frozen, points=found, despite=despite, by=by)

    return signed


@pytest.fixture
def h1(half):
    """The stretch of days of the first half of 2026."""
    return periods.read("2026-H1", half.plan)
