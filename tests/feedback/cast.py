"""A held workshop with people, for the tests of this package."""

from datetime import timedelta

from sqlalchemy import select

from dissemination.feedback import actions, queries
from dissemination.feedback.models import FeedbackAnswer, Purpose
from dissemination.kernel.database import db, transaction
from dissemination.registrations.models import Registration
from dissemination.registrations.queries import token
from tests import factories

START = factories.DAY
END = START + timedelta(hours=3)
AFTER = END + timedelta(hours=20)
BODY = {"anonymous": "yes", "q_overall": "4"}


def people(workshop, names, *, company=None, came=True):
    """Confirmed people called `names`."""
    with transaction():
        for name in names:
            contact = factories.contact(
                workshop.district, f"{name}@x.example", given_name=name, company=company
            )
            factories.seat(workshop, contact, came=came)


def of(name) -> Registration:
    """The registration of the person called `name`."""
    rows = db.session.scalars(select(Registration))
    return next(r for r in rows if r.contact.email == f"{name}@x.example")


def link(name, purpose="feedback"):
    """Her personal link to a form."""
    return f"/r/{token(of(name))}/{purpose}"


def give(workshop, names, *, overall="4", purpose=Purpose.FEEDBACK, **more):
    """Answers of `names` through the action."""
    for name in names:
        with transaction():
            sheet = queries.sheet(workshop, purpose)
            actions.answer(
                of(name), purpose, answers={"overall": overall, **more}, anonymous=sheet.anonymous
            )  # fmt: skip


def answers():
    """Every answer that is kept."""
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(select(FeedbackAnswer)))
