"""The mails of this package as values: one function per mail, named as its template. Nothing is sent here.

Every mail tells all facts in its body. A mail that touches a calendar carries exactly one calendar
object (RFC 5546, RFC 6047), which holds no personal link and no secret: people accept it into shared
calendars.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from dissemination.delivery.calendar import CalendarObject
from dissemination.delivery.mail import Mail, Recipient, Sender
from dissemination.kernel.clock import local
from dissemination.kernel.languages import long_date, translated
from dissemination.registrations.models import Invitation, Registration, Standing
from dissemination.registrations.queries import token
from dissemination.workshops.models import Mode, Workshop

SUBJECT = 300


@dataclass(frozen=True)
class Post:
    """A mail to one person, with the calendar object that it carries."""

    mail: Mail
    recipient: Recipient
    calendar: CalendarObject | None = None


def _in_her_language(make: Callable[..., Post]) -> Callable[..., Post]:
    @wraps(make)
    def made(registration: Registration, *args, **kwargs) -> Post:
        with force_locale(registration.language):
            return make(registration, *args, **kwargs)

    return made


def public_url(path: str) -> str:
    """The address of `path` on the installation's public host; works without a request."""
    return current_app.config["SETTINGS"].public_url + path


def sender(workshop: Workshop) -> Sender:
    """The district's mailbox, which is also the ORGANIZER."""
    district = workshop.district
    return Sender(name=district.mailbox_name, address=district.mailbox_address)


def place(workshop: Workshop) -> str:
    """Where it is, on one line: the venue with its address, or "Online"."""
    if workshop.mode is Mode.ONLINE:
        return "Online"
    return ", ".join(part for part in (workshop.venue, workshop.address) if part)


def _times(workshop: Workshop, start: datetime, end: datetime) -> dict:
    """A date and its hours as words of the current language."""
    start, end = (local(moment, workshop.district.zone) for moment in (start, end))
    return {
        "date": long_date(start.date()), "start": start.strftime("%H:%M"), "end": end.strftime("%H:%M"),
    }  # fmt: skip


def when(workshop: Workshop, start: datetime, end: datetime) -> str:
    """ "giovedì 11 marzo 2027, 14:00-17:00" in the current language."""
    return _("%(date)s, %(start)s–%(end)s", **_times(workshop, start, end))


def _may_take_part(registration: Registration) -> bool:
    return registration.standing is Standing.CONFIRMED and registration.workshop.cancellation is None


def _shared(registration: Registration) -> dict:
    """The facts of the workshop in the current language, the same for all who stand alike."""
    workshop, district = registration.workshop, registration.workshop.district
    home = public_url(f"/{district.slug}/")
    return {
        "district_name": translated(district, "name"), "site_url": home, "privacy_url": f"{home}privacy",
        "footer_lines": [
            f"{district.managing_body} · {district.mailbox_address}",
            _("We write to you because you registered for this workshop."),
        ],
        "title": translated(workshop, "title"), "page_url": f"{home}workshops/{workshop.slug}",
        "dates": [_times(workshop, *day) for day in workshop.days.values()],
        "mode": workshop.mode.value, "place": place(workshop),
        "online_url": workshop.online_url if _may_take_part(registration) else "",
    }  # fmt: skip


def _recipient(registration: Registration, **merge: str) -> Recipient:
    contact = registration.contact
    return Recipient(
        address=contact.email, name=contact.name, contact_id=contact.id,
        merge={
            "name": contact.name, "manage_url": public_url(f"/r/{token(registration)}"), **merge,
        },
    )  # fmt: skip


def _post(registration, template, subject, *, calendar=None, merge=None, **shared) -> Post:
    workshop = registration.workshop
    mail = Mail(
        district_id=workshop.district_id, template=f"registrations/{template}",
        language=registration.language, subject=subject[:SUBJECT], sender=sender(workshop),
        shared={**_shared(registration), **shared},
    )  # fmt: skip
    return Post(mail, _recipient(registration, **(merge or {})), calendar)


def calendar_object(registration: Registration, invitation: Invitation, *, status) -> CalendarObject:
    """What the calendar is told now: the facts kept in `invitation`, in the current language."""
    workshop = registration.workshop
    hours = when(workshop, invitation.starts_at, invitation.ends_at)
    lines = [invitation.summary, hours, invitation.location]
    page = public_url(f"/{workshop.district.slug}/workshops/{workshop.slug}")
    if invitation.method == "REQUEST":
        if invitation.online_url:
            lines.append(_("The link to take part online is in the e-mail."))
        lines += [page, _("To change or cancel your registration use the personal link in the e-mail.")]
    organizer = sender(workshop)
    return CalendarObject(
        method=invitation.method, uid=invitation.uid, sequence=invitation.sequence, stamp=invitation.stamp,
        start=invitation.starts_at, end=invitation.ends_at, summary=invitation.summary,
        location=invitation.location, url=page, description="\n".join(lines),
        organizer_name=organizer.name, organizer_address=organizer.address,
        attendee_name=registration.contact.name, attendee_address=registration.contact.email,
        status=status, zone=workshop.district.timezone,
    )  # fmt: skip


def _dated(registration, invitation) -> dict:
    """This mail's own date, and which of how many it is when there are several."""
    starts = [start for start, _end in registration.workshop.days.values()]
    which = starts.index(invitation.starts_at) + 1 if invitation.starts_at in starts else 0
    return {
        "this": _times(registration.workshop, invitation.starts_at, invitation.ends_at),
        "which": which if len(starts) > 1 else 0, "of": len(starts),
    }  # fmt: skip


def _title(registration) -> str:
    return translated(registration.workshop, "title")


def _with_request(registration, invitation, template, subject, **shared) -> Post:
    return _post(
        registration, template, subject, **_dated(registration, invitation), **shared,
        calendar=calendar_object(registration, invitation, status="CONFIRMED"),
    )  # fmt: skip


@_in_her_language
def confirmation(registration: Registration, invitation: Invitation) -> Post:
    """She has a seat; carries the invitation to the first date."""
    subject = _("You are registered: %(title)s", title=_title(registration))
    return _with_request(registration, invitation, "confirmation", subject)


@_in_her_language
def promoted(registration: Registration, invitation: Invitation) -> Post:
    """A seat became free and is hers; carries the invitation to the first date."""
    subject = _("A seat is yours: %(title)s", title=_title(registration))
    return _with_request(registration, invitation, "promoted", subject)


@_in_her_language
def further_date(registration: Registration, invitation: Invitation) -> Post:
    """The invitation to the second, third … date of a workshop on several dates."""
    dated = _dated(registration, invitation)
    subject = _("Date %(which)d of %(of)d: %(title)s", title=_title(registration), **_only(dated))
    return _with_request(registration, invitation, "further_date", subject)


def _only(dated: dict) -> dict:
    return {"which": dated["which"], "of": dated["of"]}


@_in_her_language
def changed(registration: Registration, invitation: Invitation, changes: list[dict]) -> Post:
    """Something changed; `changes` as `{"what", "old", "new"}` in words. Updates the calendar."""
    subject = _("Changed: %(title)s", title=_title(registration))
    return _with_request(registration, invitation, "changed", subject, changes=changes)


@_in_her_language
def date_added(registration: Registration, invitation: Invitation) -> Post:
    """The workshop got one more date; carries its invitation."""
    subject = _("A further date: %(title)s", title=_title(registration))
    return _with_request(registration, invitation, "date_added", subject)


@_in_her_language
def date_removed(registration: Registration, invitation: Invitation) -> Post:
    """One date of the workshop is off for everybody; takes it out of the calendar."""
    subject = _("A date is cancelled: %(title)s", title=_title(registration))
    return _post(
        registration, "date_removed", subject, **_dated(registration, invitation),
        calendar=calendar_object(registration, invitation, status="CANCELLED"),
    )  # fmt: skip


@_in_her_language
def changed_waiting(registration: Registration) -> Post:
    """The workshop for which she waits changed. No calendar: she holds no seat."""
    subject = _("Changed: %(title)s", title=_title(registration))
    return _post(registration, "changed_waiting", subject)


@_in_her_language
def waiting(registration: Registration, position: int) -> Post:
    """No seat is free; she is on the waiting list. No calendar until she gets a seat."""
    subject = _("You are on the waiting list: %(title)s", title=_title(registration))
    return _post(registration, "waiting", subject, merge={"position": str(position)})


@_in_her_language
def withdrawn(registration: Registration, invitation: Invitation | None) -> Post:
    """Her registration is cancelled; takes one date out of her calendar (CANCEL without STATUS)."""
    subject = _("Your registration is cancelled: %(title)s", title=_title(registration))
    if invitation is None:
        return _post(registration, "withdrawn", subject)
    return _post(
        registration, "withdrawn", subject, **_dated(registration, invitation),
        calendar=calendar_object(registration, invitation, status=None),
    )  # fmt: skip


@_in_her_language
def called_off(registration: Registration, invitation: Invitation | None) -> Post:
    """The workshop will not take place, with the reason (METHOD:CANCEL, STATUS:CANCELLED)."""
    cancellation = registration.workshop.cancellation
    reason = cancellation.reason if cancellation else ""
    subject = _("Cancelled: %(title)s", title=_title(registration))
    if invitation is None:
        return _post(registration, "called_off", subject, reason=reason)
    return _post(
        registration, "called_off", subject, **_dated(registration, invitation), reason=reason,
        calendar=calendar_object(registration, invitation, status="CANCELLED"),
    )  # fmt: skip


@_in_her_language
def reminder(registration: Registration, invitation: Invitation) -> Post:
    """The date is near; with the link to take part online. The calendar has it already."""
    dated = _dated(registration, invitation)
    subject = _("Reminder: %(title)s, %(date)s", title=_title(registration), date=dated["this"]["date"])
    return _post(registration, "reminder", subject, **dated)


@_in_her_language
def my_link(registration: Registration, position: int | None) -> Post:
    """Somebody asked to register with an address that is registered: her personal link again."""
    subject = _("Your registration: %(title)s", title=_title(registration))
    return _post(
        registration, "my_link", subject, standing=registration.standing.value,
        merge={"position": str(position or "")},
    )  # fmt: skip
