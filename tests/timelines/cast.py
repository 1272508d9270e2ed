"""A company with a story: a workshop, an audit, an application. Call inside transaction()."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from dissemination.applications.models import Application, Stage, StageStep
from dissemination.attendance.models import Presence
from dissemination.calls.models import Call
from dissemination.kernel.database import db
from dissemination.plan import activity
from dissemination.registrations.models import Attends, Registration, Standing
from dissemination.workshops.actions import Did
from tests import factories
from tests.audits import cast as audits

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
WORKSHOP = datetime(2026, 9, 10, 12, 0, tzinfo=UTC)


def company(district, name="Tessitura Blu", **values):
    """A company of the textile sector."""
    return audits.company(district, name, **values)


def contact(district, firm, email="carlo@blu.example", *, proven=True, **values):
    """Carlo, of the company, whose address is proven."""
    values = {"given_name": "Carlo", "family_name": "Neri", **values}
    return factories.contact(district, email, company=firm, proven_at=NOW if proven else None, **values)


def workshop(district, *people, at=WORKSHOP, title="Tingere con meno acqua", **values):
    """A workshop that is over and closed, at which these people were; the log says so."""
    row = factories.workshop(district, starts_at=at, title=title, **values)
    for person in people:
        seat = Registration(
            public_id=f"{row.id:016x}{person.id:016x}", workshop_id=row.id, contact_id=person.id,
            company_id=person.company_id, attends=Attends.ROOM, number=person.id, told_revision=1,
            standing=Standing.CONFIRMED, created_at=at - timedelta(days=9), confirmed_at=at - timedelta(days=9),
        )  # fmt: skip
        db.session.add(seat)
        db.session.flush()
        db.session.add(Presence(registration_id=seat.id, at=at, via=Attends.ROOM))
        activity.record(
            "attendance.present", row, district_id=district.id, title=row.title_it, happened_on=at.date(),
            by=None, activity_line_id=row.activity_line_id, company_id=person.company_id, contact_id=person.id,
        )  # fmt: skip
    activity.record(
        Did.HELD, row, district_id=district.id, title=row.title_it, happened_on=at.date(), by=None,
        activity_line_id=row.activity_line_id,
    )  # fmt: skip
    return row


def call(district, title="Servizi qualificati 2026"):
    """A call."""
    row = Call(
        district_id=district.id, slug=f"bando-{title[-4:]}", title_it=title, body="Regione Toscana", created_at=NOW,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row


def application(
    district, firm, bando=None, *, submitted=date(2026, 11, 12), granted=Decimal("12000.50"), partners=(), title="Acqua",
):  # fmt: skip
    """An application that was submitted and, with a grant, funded; the log says so."""
    bando = bando or call(district)
    row = Application(
        district_id=district.id, call=bando, company_id=firm.id, title=title, requested=Decimal(20000),
        activity_line_id=factories.line(district, "c").id, stage=Stage.FUNDED if granted else Stage.SUBMITTED,
        granted=granted, created_at=NOW, without_audit="", partners=list(partners),
    )  # fmt: skip
    steps = [
        (Stage.PREPARATION, submitted - timedelta(days=9), None),
        (Stage.SUBMITTED, submitted, Decimal(20000)),
    ]
    if granted:
        steps.append((Stage.FUNDED, submitted + timedelta(days=5), granted))
    row.steps = [StageStep(stage=s, on=on, at=NOW, amount=amount) for s, on, amount in steps]
    db.session.add(row)
    db.session.flush()
    for stage, verb in ((Stage.SUBMITTED, "application.submitted"), (Stage.FUNDED, "application.funded")):
        for s, on, amount in steps:
            if s is stage:
                activity.record(
                    verb, row, district_id=district.id, title=f"Domanda: {firm.name}", happened_on=on, by=None,
                    company_id=firm.id, amount=amount,
                )  # fmt: skip
    return row
