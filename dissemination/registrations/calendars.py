"""Asking what calendars hold and answered: the numbers and the lines of the board, in a few queries."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, case, false, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload
from werkzeug.exceptions import NotFound

from dissemination.delivery.models import Delivery, Fate
from dissemination.districts.models import District
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.kernel.paging import Page, page
from dissemination.registrations.models import (
    Answer,
    Effect,
    Invitation,
    Registration,
    Reply,
    Standing,
)
from dissemination.workshops.models import Workshop

# What the board counts and can be narrowed to, in this order. Answers first: they come to one whole.
FILTERS = {
    "yes": _l("yes"),
    "no": _l("no"),
    "perhaps": _l("perhaps"),
    "none": _l("no answer"),
    "earlier": _l("answered an earlier version"),
    "behind": _l("still hold what was before"),
    "failed": _l("not delivered"),
    "coming": _l("said that they are coming"),
    "asked": _l("asked, no answer yet"),
}
BAD = (Fate.REFUSED, Fate.UNCERTAIN, Fate.SKIPPED, Fate.CANCELLED)
LISTED = 20  # replies shown on a workshop's board
# Why a reply waits for a person: the code kept with it -> words.
NOTES = {
    "attendee": _l("It speaks for another address than the one invited."),
    "counter": _l("It proposes another time."),
    "delegated": _l("She sends somebody else in her place."),
    "partstat": _l("It says neither yes, no nor perhaps."),
    "counts_on_it": _l("She says yes, but holds no seat any more."),
    "automatic": _l("A machine declined, and machines are not answered: ask the person."),
    "unknown_uid": _l("It answers an invitation that we no longer know."),
    "unreadable": _l("It cannot be read: look at it in the mailbox."),
}


def note_in_words(note: str) -> tuple:
    """Why a reply waits, and what else it said."""
    code, _, detail = note.partition(": ")
    return NOTES.get(code, code), detail


def _conditions(workshop: Workshop) -> dict[str, ColumnElement[bool]]:
    """What each filter means, on Invitation, Registration and the Delivery that told it last."""
    current = Invitation.answered_sequence == Invitation.sequence
    return {
        "yes": and_(current, Invitation.answer == Answer.ACCEPTED),
        "no": and_(current, Invitation.answer == Answer.DECLINED),
        "perhaps": and_(current, Invitation.answer == Answer.TENTATIVE),
        "none": Invitation.answer.is_(None),
        "earlier": and_(Invitation.answer.is_not(None), Invitation.answered_sequence < Invitation.sequence),
        "behind": or_(
            Invitation.told_revision < workshop.revision,
            and_(Invitation.sequence > 0, func.coalesce(Delivery.state != Fate.ACCEPTED, false())),
        ),
        "failed": func.coalesce(Delivery.state.in_(BAD), false()),
        "coming": Registration.coming_at.is_not(None),
        "asked": and_(Registration.coming_asked_at.is_not(None), Registration.coming_at.is_(None)),
    }


def _narrowed(query, workshop: Workshop):
    """The dates that calendars hold; of a workshop that is off, those that they were told to drop."""
    method = "CANCEL" if workshop.cancellation is not None else "REQUEST"
    return (
        query.select_from(Invitation)
        .join(Invitation.registration)
        .outerjoin(Delivery, Delivery.id == Invitation.delivery_id)
        .where(
            Registration.workshop_id == workshop.id, Registration.standing == Standing.CONFIRMED,
            Invitation.method == method,
        )
    )  # fmt: skip


def counted(workshop: Workshop) -> dict[str, int]:
    """How many lines of the board each filter has, and "all", in one query."""
    sums = [
        func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
        for condition in _conditions(workshop).values()
    ]
    row = db.session.execute(_narrowed(select(func.count(Invitation.id), *sums), workshop)).one()
    return dict(zip(("all", *FILTERS), row, strict=True))


def listed(workshop: Workshop, chosen: str, *, after: str | None) -> Page:
    """A page of the board: one Invitation for each person and date, with person and organisation loaded."""
    query = _narrowed(select(Invitation), workshop).options(
        contains_eager(Invitation.registration).joinedload(Registration.contact),
        contains_eager(Invitation.registration).joinedload(Registration.company),
    )
    if chosen:
        query = query.where(_conditions(workshop)[chosen])
    return page(query, columns=[Invitation.registration_id, Invitation.id], after=after)


def mails_of(rows: Sequence[Invitation]) -> dict[int, Delivery]:
    """The mail that told each invitation last: invitation id -> its delivery, in one query."""
    wanted = {i.delivery_id: i.id for i in rows if i.delivery_id is not None}
    found = db.session.scalars(select(Delivery).where(Delivery.id.in_(wanted))) if wanted else ()
    return {wanted[row.id]: row for row in found}


def leftovers(workshop: Workshop) -> list[Invitation]:
    """Dates that calendars may still show although they were taken out of them: that mail did not arrive.

    Those of people who gave the seat back, and of dates that were removed; the first `LISTED`.
    """
    query = (
        select(Invitation)
        .join(Invitation.registration)
        .join(Delivery, Delivery.id == Invitation.delivery_id)
        .where(
            Registration.workshop_id == workshop.id, Invitation.method == "CANCEL",
            Invitation.starts_at > now(), Delivery.state != Fate.ACCEPTED,
        )
        .options(contains_eager(Invitation.registration).joinedload(Registration.contact))
        .order_by(Invitation.id)
        .limit(LISTED)
    )  # fmt: skip
    if workshop.cancellation is not None:  # the board itself shows those who hold a seat
        query = query.where(Registration.standing != Standing.CONFIRMED)
    return list(db.session.scalars(query))


def in_workshop(workshop: Workshop, invitation_id: int) -> Invitation:
    """The invitation with that id, if it is one of `workshop`. Raises NotFound (404)."""
    found = db.session.scalar(
        select(Invitation)
        .join(Invitation.registration)
        .where(Invitation.id == invitation_id, Registration.workshop_id == workshop.id)
        .options(contains_eager(Invitation.registration).joinedload(Registration.contact))
    )
    if found is None:
        raise NotFound
    return found


def _open(district: District):
    return (
        select(Reply)
        .where(
            Reply.district_id == district.id, Reply.effect == Effect.FOR_A_PERSON,
            Reply.handled_at.is_(None),
        )
        .options(
            joinedload(Reply.invitation).joinedload(Invitation.registration).joinedload(Registration.contact),
            joinedload(Reply.invitation).joinedload(Invitation.registration)
            .joinedload(Registration.workshop),
        )
    )  # fmt: skip


def open_replies(workshop: Workshop) -> list[Reply]:
    """The first answers about `workshop` that wait for a person, oldest first."""
    about = (
        select(Invitation.id)
        .join(Invitation.registration)
        .where(Registration.workshop_id == workshop.id)
    )  # fmt: skip
    query = _open(workshop.district).where(Reply.invitation_id.in_(about))
    return list(db.session.scalars(query.order_by(Reply.id).limit(LISTED)))


def open_page(district: District, *, after: str | None) -> Page:
    """A page of all answers in the district that wait for a person, oldest first."""
    return page(_open(district), columns=[Reply.id], after=after)


def open_in_district(district: District) -> int:
    """How many answers wait for a person in the district."""
    return db.session.scalar(
        select(func.count(Reply.id)).where(
            Reply.district_id == district.id, Reply.effect == Effect.FOR_A_PERSON,
            Reply.handled_at.is_(None),
        )
    ) or 0  # fmt: skip


def reply_in(district: District, reply_id: int) -> Reply:
    """The district's reply with that id. Raises NotFound (404)."""
    found = db.session.scalar(
        select(Reply).where(Reply.id == reply_id, Reply.district_id == district.id)
    )  # fmt: skip
    if found is None:
        raise NotFound
    return found
