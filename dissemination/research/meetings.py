"""A meeting's verbs: asked for, arranged (again), held, declined, taken back."""

import secrets
from datetime import date, datetime

from flask_babel import lazy_gettext as _l

from dissemination.delivery import outbox
from dissemination.districts.models import District
from dissemination.kernel.clock import now, today
from dissemination.kernel.database import db
from dissemination.kernel.refusals import Refusal
from dissemination.people.accounts import Account
from dissemination.people.actions import hold_version
from dissemination.people.models import Company, Contact
from dissemination.plan import activity, holders
from dissemination.research import mails
from dissemination.research.logged import Did, attributes, standing
from dissemination.research.models import Laboratory, Meeting, MeetingState


class OutOfOrder(Refusal):
    """The step does not follow on the one before."""

    message = _l("This does not follow: look at how the meeting stands, and go on from there.")


class NotYet(Refusal):
    """What is told lies ahead."""

    status = 422
    message = _l("This day is still to come: a meeting counts once it took place.")
    field = "held_on"


class InThePast(Refusal):
    """Nobody can be invited to yesterday."""

    status = 422
    message = _l("Choose a time that is still to come. A meeting that took place is entered as held.")
    field = "day"


class StrangeContact(Refusal):
    """Who is invited belongs to the two sides."""

    status = 422
    message = _l("Choose a person of the company and one of the laboratory.")
    field = "contact_id"


class NoLine(Refusal):
    """Meetings hang on the lines of the plan."""

    message = _l("There is no plan yet that a meeting could belong to. Please write to us.")


def ask(
    district: District, *, company: Company, laboratory: Laboratory | None = None, expert: str = "",
    wish: str, activity_line_id: int | None, by: Account | None, contact: Contact | None = None,
    origin: tuple[str, int] | None = None,
) -> Meeting:  # fmt: skip
    """Note the wish for a meeting of `company` with a laboratory, or with an expert.

    `by` None: the company asked by its own link, and the district is told by mail. `origin` is where the
    wish came from, (kind, id). Raises NoLine.
    """
    if activity_line_id is None:
        raise NoLine
    kind, origin_id = origin or (None, None)
    row = Meeting(
        district_id=district.id, company_id=company.id, contact_id=contact.id if contact else None,
        laboratory_id=laboratory.id if laboratory else None, expert=expert.strip(), wish=wish.strip(),
        activity_line_id=activity_line_id, asked_at=now(), asked_by=by.id if by else None,
        origin_kind=kind, origin_id=origin_id, state=MeetingState.ASKED,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    if by is None:
        outbox.put(*mails.asked(row), about=row)
    return row


def arrange(
    meeting: Meeting, *, contact_id: int, laboratory_contact_id: int | None, starts_at: datetime,
    ends_at: datetime, place: str, message: str, version: int,
) -> None:  # fmt: skip
    """Agree on a date, or change it: each side gets one letter with its own calendar object.

    Who was invited before and is not any more gets a CANCEL. Moments are aware. Raises OutOfOrder,
    InThePast, StrangeContact, ChangedMeanwhile.
    """
    hold_version(meeting, version)
    if meeting.state not in (MeetingState.ASKED, MeetingState.ARRANGED):
        raise OutOfOrder
    if starts_at <= now():
        raise InThePast
    invited = {
        mails.COMPANY: _person(contact_id, meeting.company),
        mails.LABORATORY: _person(
            laboratory_contact_id, meeting.laboratory.organisation if meeting.laboratory else None
        ),
    }
    before = _invited(meeting) if meeting.state is MeetingState.ARRANGED else {}
    if meeting.uid:
        meeting.sequence += 1  # RFC 5546 §2.1.4
    else:
        domain = mails.Sender(meeting.district.mailbox_name, meeting.district.mailbox_address).domain
        meeting.uid = f"{secrets.token_hex(16)}@{domain}"
    for side, person in before.items():
        now_there = invited[side]
        if now_there is None or now_there.id != person.id:
            _withdraw(meeting, person, side=side, reason="")
    meeting.state, meeting.starts_at, meeting.ends_at, meeting.place = (
        MeetingState.ARRANGED, starts_at, ends_at, place.strip(),
    )  # fmt: skip
    meeting.contact_id, meeting.laboratory_contact_id = contact_id, laboratory_contact_id
    meeting.contact_reply = meeting.laboratory_reply = ""
    db.session.flush()
    db.session.refresh(meeting)
    for side, person in _invited(meeting).items():
        mail, recipient, calendar = mails.invitation(meeting, person, side=side, message=message.strip())
        outbox.put(mail, recipient, about=meeting, calendar=calendar, idempotency=_mark(meeting, side))


def _person(contact_id: int | None, organisation: Company | None) -> Contact | None:
    if contact_id is None:
        return None
    found = db.session.get(Contact, contact_id)
    if found is None or found.erased_at is not None or organisation is None:
        raise StrangeContact
    if found.company_id != (organisation.merged_into_id or organisation.id):
        raise StrangeContact
    return found


def _invited(meeting: Meeting) -> dict[str, Contact]:
    """Who holds the date in her calendar, by side; nobody who was erased."""
    sides = {mails.COMPANY: meeting.contact, mails.LABORATORY: meeting.laboratory_contact}
    return {side: who for side, who in sides.items() if who is not None and who.erased_at is None}


def _mark(meeting: Meeting, side: str) -> str:
    return f"{side}.{meeting.sequence}.{now():%Y%m%d%H%M%S%f}"


def _withdraw(meeting: Meeting, person: Contact, *, side: str, reason: str) -> None:
    mail, recipient, calendar = mails.withdrawn(meeting, person, side=side, reason=reason)
    outbox.put(mail, recipient, about=meeting, calendar=calendar, idempotency=f"x{_mark(meeting, side)}")


def hold(meeting: Meeting, *, held_on: date, minutes: str, version: int, by: Account | None) -> None:
    """It took place: RE-04 counts it, its minutes prove it. Raises OutOfOrder, NotYet, ChangedMeanwhile.

    A meeting that was never arranged here, held all the same, is entered so too.
    """
    hold_version(meeting, version)
    if meeting.state not in (MeetingState.ASKED, MeetingState.ARRANGED):
        raise OutOfOrder
    if held_on > today(meeting.district.zone):
        raise NotYet
    meeting.state, meeting.held_on, meeting.minutes = MeetingState.HELD, held_on, minutes.strip()
    meeting.held_by = by.id if by else None
    db.session.flush()
    activity.record(
        Did.HELD, meeting, district_id=meeting.district_id, title=title_of(meeting), happened_on=held_on,
        by=by, activity_line_id=meeting.activity_line_id, company_id=meeting.company_id,
        attributes=attributes(meeting.company, Did.HELD),
    )  # fmt: skip
    holders.changed(Meeting.__tablename__, [meeting.id])


def title_of(meeting: Meeting) -> str:
    """What the log shows: the two organisations, no person."""
    lab = meeting.laboratory
    return f"{meeting.company.name} – {lab.name}" if lab is not None else meeting.company.name


def take_back(meeting: Meeting, *, reason: str, version: int, by: Account | None) -> None:
    """It was entered as held by mistake: the log's row is reversed. Raises OutOfOrder, ChangedMeanwhile."""
    hold_version(meeting, version)
    if meeting.state is not MeetingState.HELD:
        raise OutOfOrder
    row = standing(meeting, Did.HELD)
    if row is not None:
        activity.reverse(row, by=by, happened_on=row.happened_on, reason=reason)
    meeting.state = MeetingState.ARRANGED if meeting.starts_at is not None else MeetingState.ASKED
    meeting.held_on = meeting.held_by = None
    db.session.flush()


def decline(meeting: Meeting, *, reason: str, version: int, by: Account | None) -> None:
    """It does not come to it; who was invited is told why. Raises OutOfOrder, ChangedMeanwhile."""
    hold_version(meeting, version)
    if meeting.state not in (MeetingState.ASKED, MeetingState.ARRANGED):
        raise OutOfOrder
    if meeting.state is MeetingState.ARRANGED:
        meeting.sequence += 1
        for side, person in _invited(meeting).items():
            if meeting.starts_at is not None and meeting.starts_at > now():
                _withdraw(meeting, person, side=side, reason=reason.strip())
    meeting.state, meeting.declined_at = MeetingState.DECLINED, now()
    meeting.declined_by, meeting.declined_because = by.id if by else None, reason.strip()[:300]
    db.session.flush()


def forget(contact: Contact) -> list[int]:
    """Take a person out of meetings; the ids of those that named her. They stay, and count on.

    What she wrote herself when she asked (`wish`) goes; minutes that name her are veiled by `privacy`.
    """
    mine = (Meeting.contact_id == contact.id) | (Meeting.laboratory_contact_id == contact.id)
    rows = db.session.query(Meeting).filter(mine).all()
    for row in rows:
        if row.asked_by is None and row.contact_id == contact.id:
            row.wish = ""
    db.session.flush()
    return [row.id for row in rows]
