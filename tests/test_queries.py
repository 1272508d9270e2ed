"""Every page of a workshop's desk asks the database as often for many people as for a few.

The pages are found in the routes, so that a new one is looked at too. What a page shows of the district
as a whole (lists of workshops, companies, deliveries …) has tests of its own beside that page.
"""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from sqlalchemy import event

from dissemination.attendance.models import Move, Scan, Stay
from dissemination.certificates.models import Certificate
from dissemination.delivery import outbox
from dissemination.delivery.mail import Mail, Recipient, Sender
from dissemination.feedback.models import FeedbackAnswer, FeedbackForm, Purpose
from dissemination.followups.models import MailRuleSending
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.plan.actions import adopt_catalogue
from dissemination.plan.queries import current_plan
from dissemination.registrations import history
from dissemination.registrations.models import (
    Answer,
    Attends,
    By,
    Effect,
    Group,
    Invitation,
    Reply,
    SeatPool,
    What,
)
from tests import factories
from tests.followups import cast

START = factories.DAY
AFTER = START + timedelta(days=1)
PREFIX = "/<district>/desk/workshops/<slug>"
# Pages of which one says nothing about rows: a form's empty copy, a script, what redirects.
LEFT_OUT = {"attendance_door.worker"}


def pages(app, workshop):
    """The addresses below the workshop's desk that need nothing but the workshop."""
    found = set()
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(PREFIX) and "GET" in rule.methods and rule.endpoint not in LEFT_OUT:
            values = {"district": "moda", "slug": workshop.slug}
            choices = {name: sorted(c.items) for name, c in rule._converters.items() if hasattr(c, "items")}
            if set(rule.arguments) <= {*values, *choices}:
                values |= {name: those[-1] for name, those in choices.items()}
                _part, address = rule.build(values)
                found.add(address)
    return sorted(found)


@pytest.fixture
def workshop(moda):
    with transaction():
        adopt_catalogue(current_plan(moda.id))
        row = factories.workshop(moda, seats=500, online_url="https://meet.example/x", online_seats=500)
        rule = cast.rule(row)
        form = FeedbackForm(workshop_id=row.id, purpose=Purpose.FEEDBACK, anonymous=False,
                            questions=[{"key": "overall", "kind": "score", "it": "Voto", "en": "Score"},
                                       {"key": "more", "kind": "text", "it": "Altro", "en": "More"}])  # fmt: skip
        db.session.add(form)
        db.session.flush()
    row.rule_id, row.form_id = rule.id, form.id
    return row


def people(workshop, n, account):
    """`n` people of `n` companies, each with something in every table."""
    with transaction():
        for _ in range(n):
            company = factories.company(workshop.district)
            contact = factories.contact(workshop.district, company=company)
            group = Group(public_id=uuid4().hex, workshop_id=workshop.id, contact_id=contact.id,
                          company_id=company.id, created_at=START)  # fmt: skip
            pool = SeatPool(workshop_id=workshop.id, company_id=company.id, seats=1, until=START,
                            created_at=START, created_by=account.id)  # fmt: skip
            db.session.add_all([group, pool])
            db.session.flush()
            for standing in ("confirmed", "waiting", "requested", "cancelled", "offered"):
                who = contact if standing == "confirmed" else factories.contact(workshop.district)
                row = factories.seat(workshop, who, standing=standing, came=standing == "confirmed",
                                     group_id=group.id, company_id=company.id, answers={})  # fmt: skip
                history.note(row, What.MOVED, By.ORGANISER, account=account, details={"position": [2, 1]})
                if standing in ("confirmed", "waiting"):
                    _around(workshop, row)
            factories.guest(workshop, contact_id=contact.id, company_id=company.id)
            db.session.add(MailRuleSending(rule_id=workshop.rule_id, registration_id=row.id, at=START))


def _around(workshop, row):
    mail = Mail(district_id=workshop.district_id, template="x", language="it", subject="S",
                sender=Sender("Moda", "eventi@moda.example"), shared={})  # fmt: skip
    who = row.contact
    delivery = outbox.put(mail, Recipient(who.email, who.name, who.id, {}), about=row, idempotency="q")
    db.session.flush()
    invitation = Invitation(registration_id=row.id, day=1, uid=uuid4().hex, stamp=START, starts_at=START,
                            ends_at=START, method="REQUEST", told_revision=0, delivery_id=delivery.id,
                            answer=Answer.ACCEPTED, answered_at=START, answered_sequence=0)  # fmt: skip
    db.session.add(invitation)
    db.session.flush()
    db.session.add_all([
        Reply(district_id=workshop.district_id, message_id=uuid4().hex, received_at=START, effect=Effect.FOR_A_PERSON,
              invitation_id=invitation.id, address=who.email),
        Scan(scan_id=str(uuid4()), registration_id=row.id, move=Move.IN, at=START, received_at=START),
        Stay(registration_id=row.id, via=Attends.ROOM, came_at=START, left_at=START + timedelta(hours=3)),
        Certificate(registration_id=row.id, code=uuid4().hex[:16], name=who.name, minutes=180, of_minutes=180, issued_at=now()),
        FeedbackAnswer(id=uuid4().hex, form_id=workshop.form_id, registration_id=row.id, given_on=START.date(),
                       answers={"overall": "5", "more": "Bene"}),
    ])  # fmt: skip


def count(browser, address):
    statements = []

    def note(*args):
        statements.append(args[2])

    browser.get(address)
    db.session.rollback()
    db.session.expire_all()
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        answer = browser.get(address)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert answer.status_code in (200, 302, 303, 404, 409), (address, answer.status_code)
    return len(statements)


@pytest.mark.parametrize("moment", [START - timedelta(days=2), AFTER])
def test_each_page_of_a_workshop_makes_the_same_number_of_queries(app, workshop, bice, sign_in, moment):
    with time_machine.travel(moment):
        browser, addresses = sign_in(bice), pages(app, workshop)
        assert len(addresses) > 25
        people(workshop, 2, bice)
        few = {address: count(browser, address) for address in addresses}
        people(workshop, 20, bice)
        many = {address: count(browser, address) for address in addresses}
        assert {a: (few[a], n) for a, n in many.items() if n > few[a]} == {}
