"""What each calendar is told: inviting, telling of changes, withdrawing (RFC 5546, mail.md §2).

`Invitation` rows keep what was last sent. Each function here changes the rows and puts the mails in the
same transaction, so after a crash either both stand or neither.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import force_locale
from flask_babel import gettext as _

from dissemination.delivery import outbox
from dissemination.kernel.clock import local, now
from dissemination.kernel.database import db, insert_once
from dissemination.kernel.languages import translated
from dissemination.registrations import mails
from dissemination.registrations.models import Invitation, Registration, Standing
from dissemination.workshops.models import Workshop


@dataclass(frozen=True)
class Facts:
    """What a calendar entry of one date shows."""

    starts_at: datetime
    ends_at: datetime
    location: str
    online_url: str
    summary: str


def facts_now(workshop: Workshop, language: str) -> list[Facts]:
    """What stands now, one for each date of `workshop`, in order."""
    rest = (mails.place(workshop), workshop.online_url, translated(workshop, "title", language))
    return [Facts(start, end, *rest) for start, end in workshop.days.values()]


def put(post: mails.Post, registration: Registration, distinct: str = "") -> None:
    """Queue `post`; `distinct` tells an equal mail sent later from this one."""
    outbox.put(post.mail, post.recipient, about=registration, calendar=post.calendar, idempotency=distinct)


def _send(make: Callable[..., mails.Post], registration: Registration, invitation: Invitation, *more) -> None:
    revision = f"{invitation.day}.{invitation.sequence}.{invitation.stamp.timestamp():.6f}"
    put(make(registration, invitation, *more), registration, revision)


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


def _add(registration: Registration, day: int, facts: Facts) -> Invitation:
    domain, workshop = mails.sender(registration.workshop).domain, registration.workshop
    registration.told_revision = workshop.revision
    return insert_once(
        Invitation, registration_id=registration.id, day=day, sequence=0, method="REQUEST", stamp=now(),
        uid=f"{secrets.token_hex(16)}@{domain}", told_revision=workshop.revision,
        reminded_for=facts.starts_at if _is_near(registration, facts) else None, **vars(facts),
    )  # fmt: skip


def invite(
    registration: Registration, first: Callable[..., mails.Post], former: Sequence[Invitation] = ()
) -> None:
    """Invite a newly confirmed person to each date: `first` makes the mail of the first one.

    Dates among `former`, withdrawn from her before, come back with a higher SEQUENCE and their old
    UID. A workshop that is over invites nobody.
    """
    workshop = registration.workshop
    registration.told_revision = workshop.revision
    if workshop.ends_at <= now():
        return
    known, day, make = _by_date(workshop, former), max((i.day for i in former), default=0), first
    for facts in facts_now(workshop, registration.language):
        invitation = known.get(_date(workshop, facts.starts_at))
        if invitation is None:
            day += 1
            invitation = _add(registration, day, facts)
        else:
            invitation.sequence += 1
            _write(invitation, facts)
            _stamp(registration, invitation, "REQUEST")
        _send(make, registration, invitation)
        make = mails.further_date


def _date(workshop: Workshop, moment: datetime):
    return local(moment, workshop.district.zone).date()


def _by_date(workshop: Workshop, invitations) -> dict:
    return {_date(workshop, i.starts_at): i for i in invitations}


def pair(workshop: Workshop, told: list[Invitation], stands: list[Facts]) -> list[tuple]:
    """Pair what calendars were told with what stands: (invitation, facts), None where one is missing.

    A date that both know stays a pair; what is left over on both sides moved, in order; the rest was
    added or removed.
    """
    known = _by_date(workshop, told)
    pairs: list[tuple[Invitation | None, Facts | None]] = []
    new = []
    for facts in stands:
        invitation = known.pop(_date(workshop, facts.starts_at), None)
        if invitation is None:
            new.append(facts)
        else:
            pairs.append((invitation, facts))
    gone = sorted(known.values(), key=lambda i: i.starts_at)
    moved = min(len(gone), len(new))
    pairs += zip(gone, new, strict=False)
    pairs += [(None, facts) for facts in new[moved:]]
    pairs += [(invitation, None) for invitation in gone[moved:]]
    return sorted(pairs, key=lambda p: (p[1] or p[0]).starts_at)


def _changes(workshop: Workshop, invitation: Invitation, facts: Facts) -> list[dict]:
    """Old and new in the current language's words."""
    found = []

    def compare(what, old, new):
        if old != new:
            found.append({"what": what, "old": old, "new": new})

    compare(
        _("When"),
        mails.when(workshop, invitation.starts_at, invitation.ends_at),
        mails.when(workshop, facts.starts_at, facts.ends_at),
    )
    compare(_("Where"), invitation.location, facts.location)
    compare(_("Title"), invitation.summary, facts.summary)
    compare(_("Link to take part online"), invitation.online_url or "–", facts.online_url or "–")
    return found


def _tell_of_change(registration: Registration, invitation: Invitation, facts: Facts) -> None:
    with force_locale(registration.language):
        changes = _changes(registration.workshop, invitation, facts)
    if not changes:
        invitation.told_revision = registration.workshop.revision
        return
    shown = ("starts_at", "ends_at", "location")
    if any(getattr(invitation, name) != getattr(facts, name) for name in shown):
        invitation.sequence += 1  # RFC 5546 §2.1.4; a new title or link is only a newer DTSTAMP
    _write(invitation, facts)
    if _is_near(registration, facts):
        invitation.reminded_for = facts.starts_at
    _stamp(registration, invitation, "REQUEST")
    _send(mails.changed, registration, invitation, changes)


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
    elif registration.standing is Standing.WAITING:
        put(mails.changed_waiting(registration), registration, str(registration.workshop.revision))
    else:
        _tell_changed(registration)
    registration.told_revision = registration.workshop.revision
    db.session.flush()


def _tell_called_off(registration: Registration) -> None:
    held = _held(registration)
    for invitation in held:
        _take_out(mails.called_off, registration, invitation)
    if not held:
        put(mails.called_off(registration, None), registration)


def _tell_changed(registration: Registration) -> None:
    workshop = registration.workshop
    stands = facts_now(workshop, registration.language)
    next_day = max((i.day for i in registration.invitations), default=0)
    for invitation, facts in pair(workshop, _held(registration), stands):
        if invitation is None:
            next_day += 1
            _send(mails.date_added, registration, _add(registration, next_day, facts))
        elif facts is None:
            _take_out(mails.date_removed, registration, invitation)
        else:
            _tell_of_change(registration, invitation, facts)


def remind(registration: Registration, invitation: Invitation) -> None:
    """Remind of one date, once; again only when it begins at another time."""
    invitation.reminded_for = invitation.starts_at
    put(mails.reminder(registration, invitation), registration,
        f"reminder {invitation.day} {invitation.starts_at:%Y%m%d%H%M}")  # fmt: skip
    db.session.flush()
