""" "Still coming?": asking those who hold a seat, by hand or some days before, and taking their yes.

Each person is asked once; by hand she may be asked again on another day. A "no" is the cancellation that
everybody has on her personal page. A yes holds for the date that she was told: when that moves, it falls.
"""

from datetime import datetime, timedelta

from sqlalchemy import and_, exists, select
from sqlalchemy.orm import joinedload

from dissemination.kernel.clock import local, now, today
from dissemination.kernel.database import db
from dissemination.people.accounts import Account
from dissemination.registrations import history, invitations, mails
from dissemination.registrations.models import (
    Answer,
    By,
    ComingPlan,
    Invitation,
    Registration,
    Silent,
    Standing,
    What,
)
from dissemination.registrations.refusals import AlreadyBegun, NotLiving, NotOpen
from dissemination.workshops.models import State, Workshop

MOST = timedelta(days=60)


def check(workshop: Workshop) -> None:
    """Raise the refusal that says why nobody can be asked, if so: NotOpen, AlreadyBegun."""
    if workshop.state is State.DRAFT or workshop.cancellation is not None:
        raise NotOpen
    if workshop.starts_at <= now():
        raise AlreadyBegun


def ask(workshop: Workshop, *, whom: Silent) -> int:
    """Ask now whoever holds a seat and was not asked today; how many were asked. Raises what `check` does.

    Who said yes since she was last told of a change is not asked again.
    """
    check(workshop)
    zone = workshop.district.zone
    rows = [
        r
        for r in db.session.scalars(_to_ask(workshop, whom))
        if r.coming_asked_at is None or local(r.coming_asked_at, zone).date() != today(zone)
    ]
    for registration in rows:
        _ask(registration)
    db.session.flush()
    return len(rows)


def _ask(registration: Registration) -> None:
    registration.coming_asked_at = now()
    day = f"{today(registration.workshop.district.zone):%Y%m%d}"
    invitations.put(mails.still_coming(registration), registration, f"coming {day}")


def _to_ask(workshop: Workshop, whom: Silent):
    query = (
        select(Registration)
        .where(
            Registration.workshop_id == workshop.id, Registration.standing == Standing.CONFIRMED,
            Registration.proof_due.is_(None), Registration.coming_at.is_(None),
        )
        .options(joinedload(Registration.contact))
        .order_by(Registration.id)
        .with_for_update(of=Registration)
    )  # fmt: skip
    if whom is Silent.UNANSWERED:
        said_yes = and_(
            Invitation.registration_id == Registration.id, Invitation.answer == Answer.ACCEPTED,
            Invitation.answered_sequence == Invitation.sequence,
        )  # fmt: skip
        query = query.where(~exists().where(said_yes))
    return query


def plan(workshop: Workshop, *, days: int | None, whom: Silent, by: Account) -> None:
    """Let everybody be asked `days` before the start (1 to 60); None: not by itself."""
    found = db.session.get(ComingPlan, workshop.id)
    if days is None:
        if found is not None:
            db.session.delete(found)
    elif found is not None:
        found.days, found.whom, found.set_at, found.set_by = days, whom, now(), by.id
    else:
        db.session.add(
            ComingPlan(workshop_id=workshop.id, days=days, whom=whom, set_at=now(), set_by=by.id)
        )  # fmt: skip
    db.session.flush()


def due() -> list[ComingPlan]:
    """The plans whose day has come, of workshops that have not begun."""
    rows = db.session.scalars(
        select(ComingPlan)
        .join(ComingPlan.workshop)
        .where(
            Workshop.starts_at > now(), Workshop.starts_at <= now() + MOST, ~Workshop.cancellation.has(),
            Workshop.published_at.is_not(None),
        )
        .order_by(ComingPlan.workshop_id)
    )  # fmt: skip
    return [row for row in rows if day_of(row) <= now()]


def day_of(row: ComingPlan) -> datetime:
    """When a plan asks."""
    return row.workshop.starts_at - timedelta(days=row.days)


def ask_as_planned(row: ComingPlan, *, most: int) -> int:
    """Ask at most `most` people of a due plan who were never asked. Who got the seat since is not asked."""
    query = _to_ask(row.workshop, row.whom).where(
        Registration.coming_asked_at.is_(None), Registration.confirmed_at <= day_of(row)
    )
    rows = db.session.scalars(query.limit(most)).all()
    for registration in rows:
        _ask(registration)
    db.session.flush()
    return len(rows)


def say_yes(registration: Registration) -> None:
    """She is coming. Twice is once. Raises AlreadyBegun, NotOpen, NotLiving (she holds no seat)."""
    check(registration.workshop)
    db.session.refresh(registration, with_for_update={"of": Registration})
    if registration.standing is not Standing.CONFIRMED:
        raise NotLiving
    if registration.coming_at is None:
        registration.coming_at = now()
        history.note(registration, What.ANSWERED, By.PERSON, details={"coming": [None, "yes"]})
        db.session.flush()
