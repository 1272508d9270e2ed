"""What each calendar is told: inviting, telling of changes, withdrawing (RFC 5546, mail.md §2).

`Invitation` rows keep what was last sent. Each function here changes the rows and puts the mails in the
same transaction, so after a crash either both stand or neither. How told dates are paired with those
that stand is in `pairing`.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from flask_babel import force_locale
from sqlalchemy import select

from dissemination.delivery import outbox
from dissemination.delivery.models import Delivery, Letter
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, insert_once
from dissemination.registrations import hours, mails
from dissemination.registrations.models import Invitation, Registration, Standing
from dissemination.registrations.pairing import Facts, by_date, changes, date_of, facts_of, pair

LIFE = ("called_off", "reinstated", "reinstated_waiting")  # mails that say whether it takes place at all


def put(post: mails.Post, registration: Registration, distinct: str = "") -> Delivery:
    """Queue `post`; `distinct` tells an equal mail sent later from this one."""
    return outbox.put(
        post.mail, post.recipient, about=registration, calendar=post.calendar, idempotency=distinct
    )


def _send(make: Callable[..., mails.Post], registration: Registration, invitation: Invitation, *more) -> None:
    revision = f"{invitation.day}.{invitation.sequence}.{invitation.stamp.timestamp():.6f}"
    post = _by_the_same_organiser(make(registration, invitation, *more), invitation)
    delivery = put(post, registration, revision)
    invitation.delivery_id = delivery.id


def _by_the_same_organiser(post: mails.Post, invitation: Invitation) -> mails.Post:
    """A calendar takes changes from the ORGANIZER that invited, also when the district's mailbox changed."""
    told = db.session.get(Delivery, invitation.delivery_id) if invitation.delivery_id is not None else None
    if told is None or told.calendar is None or post.calendar is None:
        return post
    same = {name: told.calendar[name] for name in ("organizer_address", "organizer_name")}
    return replace(post, calendar=replace(post.calendar, **same))


def _stamp(registration: Registration, invitation: Invitation, method: str) -> None:
    invitation.method, invitation.stamp = method, now()
    invitation.told_revision = registration.told_revision = registration.workshop.revision


def _write(invitation: Invitation, facts: Facts) -> None:
    for name, value in vars(facts).items():
        setattr(invitation, name, value)


def _is_near(registration: Registration, facts: Facts) -> bool:
    """Whether a mail sent now serves as the reminder too."""
    ahead = timedelta(hours=registration.workshop.district.reminder_hours)
    return facts.starts_at - now() <= ahead


def new_uid(domain: str) -> str:
    """An identifier that nobody can guess: by it answers are found."""
    return f"{secrets.token_hex(16)}@{domain}"


def _add(registration: Registration, day: int, facts: Facts) -> Invitation:
    domain, workshop = mails.sender(registration.workshop).domain, registration.workshop
    registration.told_revision = workshop.revision
    return insert_once(
        Invitation, registration_id=registration.id, day=day, sequence=0, method="REQUEST", stamp=now(),
        uid=new_uid(domain), told_revision=workshop.revision,
        reminded_for=facts.starts_at if _is_near(registration, facts) else None, **vars(facts),
    )  # fmt: skip


def _put_back(registration: Registration, invitation: Invitation, facts: Facts) -> Invitation:
    """A date that was taken out comes back: its old UID, a higher SEQUENCE."""
    invitation.sequence += 1
    _write(invitation, facts)
    if _is_near(registration, facts):
        invitation.reminded_for = facts.starts_at
    _stamp(registration, invitation, "REQUEST")
    return invitation


def invite(
    registration: Registration, first: Callable[..., mails.Post], former: Sequence[Invitation] = ()
) -> None:
    """Invite a newly confirmed person to each date: `first` makes the mail of the first one.

    Dates among `former`, withdrawn from her before, come back with a higher SEQUENCE and their old
    UID, also when they moved meanwhile. A workshop that is over invites nobody, nor does one that
    is called off; nobody is invited before her address is proven.
    """
    workshop = registration.workshop
    registration.told_revision = workshop.revision
    if workshop.ends_at <= now() or workshop.cancellation is not None or registration.proof_due is not None:
        return
    _put_in(registration, _last_taken_out(former), first, list(former))


def _last_taken_out(invitations: Sequence[Invitation]) -> list[Invitation]:
    """Those that the last withdrawal took out; dates that were removed before it stay out."""
    out = [i for i in invitations if i.method == "CANCEL"]
    last = max((i.told_revision for i in out), default=0)
    return [i for i in out if i.told_revision == last]


def _put_in(
    registration: Registration, former: list[Invitation], first: Callable[..., mails.Post], rows: list
) -> None:
    """Each date that stands goes into her calendar: `former` objects again, new ones for the rest."""
    make = first
    for invitation, facts in pair(registration.workshop, former, facts_of(registration)):
        if facts is None:
            continue  # it was taken out before and stays out
        _send(make, registration, _object_for(registration, invitation, facts, rows))
        make = mails.further_date if first is not mails.reinstated else first


def _object_for(registration, known: Invitation | None, facts: Facts, rows: list[Invitation]) -> Invitation:
    """The calendar object for a date: `known`, one of `rows` that was taken out on that date, or a new one.

    `rows` are all that she has, in order; a new one is added to them.
    """
    workshop = registration.workshop
    if known is None:
        taken_out = by_date(workshop, [i for i in rows if i.method == "CANCEL"])
        known = taken_out.get(date_of(workshop, facts.starts_at))
    if known is not None:
        return _put_back(registration, known, facts)
    made = _add(registration, max((i.day for i in rows), default=0) + 1, facts)
    rows.append(made)
    return made


def _tell_of_change(registration: Registration, invitation: Invitation, facts: Facts, make) -> None:
    with force_locale(registration.language):
        found = changes(registration.workshop, invitation, facts)
    if not found:
        invitation.told_revision = registration.workshop.revision
        return
    shown = ("starts_at", "ends_at", "location")
    if any(getattr(invitation, name) != getattr(facts, name) for name in shown):
        invitation.sequence += 1  # RFC 5546 §2.1.4; a new title or link is only a newer DTSTAMP
        registration.coming_at = None  # she said that she comes to what was told before
    _write(invitation, facts)
    if _is_near(registration, facts):
        invitation.reminded_for = facts.starts_at
    _stamp(registration, invitation, "REQUEST")
    _send(make, registration, invitation, found)


def _take_out(make, registration: Registration, invitation: Invitation) -> None:
    invitation.sequence += 1
    _stamp(registration, invitation, "CANCEL")
    _send(make, registration, invitation)


def _held(registration: Registration) -> list[Invitation]:
    """The calendar objects that still stand in her calendar."""
    return [i for i in registration.invitations if i.method == "REQUEST"]


def withdraw(registration: Registration) -> None:
    """Take one person's dates out of her calendar: CANCEL without STATUS; a waiting one gets a plain mail."""
    registration.told_revision = registration.workshop.revision
    held = _held(registration)
    for invitation in held:
        _take_out(mails.withdrawn, registration, invitation)
    if not held and registration.workshop.ends_at > now():
        put(mails.withdrawn(registration, None), registration, f"{registration.cancelled_at:%Y%m%d%H%M%S%f}")
    db.session.flush()


def tell(registration: Registration) -> None:
    """Tell a living registration of what changed in its workshop since it was last told."""
    if registration.workshop.cancellation is not None:
        _tell_called_off(registration)
    elif registration.standing is Standing.CONFIRMED:
        _tell_changed(registration)
    else:
        again = _thinks_it_is_off(registration)
        if again and registration.offer_until is not None:
            _offer_anew(registration)
        make = mails.reinstated_waiting if again else mails.changed_waiting
        put(make(registration), registration, str(registration.workshop.revision))
    registration.told_revision = registration.workshop.revision
    db.session.flush()


def _tell_called_off(registration: Registration) -> None:
    held = _held(registration)
    for invitation in held:
        _take_out(mails.called_off, registration, invitation)
    if not held:
        put(mails.called_off(registration, None), registration, str(registration.workshop.revision))


def _offer_anew(registration: Registration) -> None:
    """Nobody could take the seat while the workshop was off: her time begins anew."""
    workshop, former = registration.workshop, registration.offer_until
    until = hours.offer_until(workshop, now()) or workshop.starts_at - hours.BEFORE_START
    registration.offer_until = max(until, former) if former else until


def _thinks_it_is_off(registration: Registration) -> bool:
    """Whether the last she heard is that the workshop will not take place."""
    names = [f"registrations/{name}" for name in LIFE]
    last = db.session.scalar(
        select(Letter.template)
        .join(Delivery, Delivery.letter_id == Letter.id)
        .where(
            Delivery.subject_kind == Registration.__tablename__, Delivery.subject_id == registration.id,
            Letter.template.in_(names),
        )
        .order_by(Delivery.id.desc())
        .limit(1)
    )  # fmt: skip
    return last == "registrations/called_off"


def _tell_changed(registration: Registration) -> None:
    held, rows = _held(registration), list(registration.invitations)
    if not held:  # called off, and takes place after all
        make = mails.reinstated if rows else mails.confirmation
        _put_in(registration, _last_taken_out(rows), make, rows)
        return
    for invitation, facts in pair(registration.workshop, held, facts_of(registration)):
        if facts is None and invitation is not None:
            _take_out(mails.date_removed, registration, invitation)
        elif facts is not None and invitation is None:
            _send(mails.date_added, registration, _object_for(registration, None, facts, rows))
        elif facts is not None and invitation is not None:
            _tell_of_change(registration, invitation, facts, mails.changed)


def switched(registration: Registration) -> None:
    """She takes part online instead of in the room, or back: each date gets its new place, SEQUENCE + 1.

    Call it after `registration.attends` was changed. Who holds no seat is not written to.
    """
    stands = facts_of(registration)
    for invitation, facts in pair(registration.workshop, _held(registration), stands):
        if invitation is not None and facts is not None:
            _tell_of_change(registration, invitation, facts, mails.switched)
    db.session.flush()


def send_again(invitation: Invitation) -> None:
    """Send what the calendar was told last once more, with a newer DTSTAMP; or what it was not yet told."""
    registration = invitation.registration
    untold = registration.told_revision < registration.workshop.revision
    if untold and registration.standing is Standing.CONFIRMED:
        tell(registration)
        return
    invitation.stamp = now()
    _send(_last_said(registration, invitation), registration, invitation)
    db.session.flush()


def _last_said(registration: Registration, invitation: Invitation) -> Callable[..., mails.Post]:
    """The mail that says again what the calendar was told: to keep the date, or why to drop it."""
    if invitation.method == "REQUEST":
        return mails.again
    if registration.standing is not Standing.CONFIRMED:
        return mails.withdrawn
    return mails.called_off if registration.workshop.cancellation is not None else mails.date_removed


def remind(registration: Registration, invitation: Invitation) -> None:
    """Remind of one date, once; again only when it begins at another time."""
    invitation.reminded_for = invitation.starts_at
    put(mails.reminder(registration, invitation), registration,
        f"reminder {invitation.day} {invitation.starts_at:%Y%m%d%H%M}")  # fmt: skip
    db.session.flush()
