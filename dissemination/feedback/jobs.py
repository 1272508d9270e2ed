"""What the worker does by itself: six months after a workshop it asks what came of it."""

from datetime import timedelta

from sqlalchemy import select

from dissemination.feedback import actions, queries
from dissemination.feedback.models import Purpose
from dissemination.kernel.clock import now, today
from dissemination.kernel.database import db, transaction
from dissemination.workshops.models import Closing, Workshop

# Six months are 181 to 184 days. What is longer ago than eight (a worker that slept, an old workshop that
# was imported) is left to the organiser's button.
EARLIEST, LATEST = timedelta(days=181), timedelta(days=245)


def ask_outcomes() -> int:
    """Send the outcome survey of every workshop whose six months are over; how many mails."""
    due = (
        select(Workshop)
        .join(Closing, Closing.workshop_id == Workshop.id)
        .where(Workshop.ends_at.between(now() - LATEST, now() - EARLIEST), Closing.not_counted == "")
        .order_by(Workshop.id)
    )
    count = 0
    for workshop in db.session.scalars(due).all():
        if _is_due(workshop):
            with transaction():
                count += actions.ask_outcome(workshop)
    return count


def _is_due(workshop: Workshop) -> bool:
    """Somebody is still to be asked (without taking the write lock to find out)."""
    if today(workshop.district.zone) < queries.outcome_day(workshop):
        return False
    form = queries.form_of(workshop, Purpose.OUTCOME)
    if form is not None and form.closed_at is not None:
        return False
    people = queries.of_companies(workshop)
    return bool(queries.unasked(form, people) if form else people)


JOBS = [(3600, ask_outcomes)]
