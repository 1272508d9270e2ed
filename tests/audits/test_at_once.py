"""Two organisers who plan, appoint and import the same at the same moment."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from dissemination.audits import actions, importing
from dissemination.audits.models import Audit, VisitAppointment
from dissemination.districts.models import District
from dissemination.kernel.database import db, transaction
from dissemination.people.models import Company, Contact
from dissemination.plan.log import Activity
from tests import factories
from tests.audits import cast
from tests.racing import at_once


@pytest.fixture(autouse=True)
def autumn(time_machine):
    time_machine.move_to(cast.NOW, tick=False)


def how_many(model, *where):
    return db.session.scalar(select(func.count()).select_from(model).where(*where))


def test_one_company_is_planned_once_where_two_plan_it_at_once(app, moda):
    with transaction():
        cast.plan_of(moda)
        company_id, district_id = cast.company(moda).id, moda.id

    def read():
        company, district = db.session.get(Company, company_id), db.session.get(District, district_id)
        return lambda: actions.plan(district, [company], by=None)

    assert at_once(app, read, read, read) == ["AuditedAlready", "AuditedAlready", "done"]
    assert how_many(Audit) == 1


def test_of_two_dates_agreed_at_once_one_stands(app, moda):
    with transaction():
        audit = cast.audit(moda)
        actions.contacted(audit, on=cast.TODAY, by=None)
        audit_id, contact_id = audit.id, cast.contact(moda, audit.company).id

    def on(days):
        def read():
            audit, contact = db.session.get(Audit, audit_id), db.session.get(Contact, contact_id)
            starts = cast.NOW + timedelta(days=days)
            ends = starts + timedelta(hours=2)
            return lambda: actions.appoint(audit, contact=contact, starts_at=starts, ends_at=ends, by=None)

        return read

    assert at_once(app, on(3), on(4)) == ["done", "done"]
    assert how_many(VisitAppointment, VisitAppointment.cancelled_at.is_(None)) == 1
    assert db.session.scalars(select(VisitAppointment)).one().sequence == 1  # it was moved, in one calendar


def test_a_file_of_past_audits_that_two_bring_at_once_is_entered_once(app, moda):
    with transaction():
        cast.plan_of(moda)
        district_id = moda.id
    lines = (
        "partita iva;impresa;data visita;ambito;tipo;scheda",
        (f"{factories.tax_id(9001)};Tessitura Gori;10/03/2026;Acqua;processo;faldone 3"),
    )

    def read():
        district = db.session.get(District, district_id)

        def act():
            report = importing.read("\n".join(lines).encode(), district)
            importing.enter(report, district, source="audit.csv", by=None)
            assert report.problems == []

        return act

    assert at_once(app, read, read) == ["done", "done"]
    assert (how_many(Audit), how_many(Activity, Activity.verb == "audit.visited")) == (1, 1)
