"""What the mails of this package are made of: the facts of a workshop as one person is told them.

Who comes to the room is told the place, who takes part online her own join link; nobody is told the link
of the meeting itself, so that joining is recorded. A mail that touches a calendar carries exactly one
calendar object (RFC 5546, RFC 6047), which holds no personal link and no secret: people accept it into
shared calendars.
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
from dissemination.registrations.models import Attends, Invitation, Registration, Standing
from dissemination.registrations.queries import token
from dissemination.workshops.models import Mode, Workshop

SUBJECT = 300
ONLINE = "Online"


@dataclass(frozen=True)
class Post:
    """A mail to one person, with the calendar object that it carries."""

    mail: Mail
    recipient: Recipient
    calendar: CalendarObject | None = None


def in_her_language(make: Callable[..., Post]) -> Callable[..., Post]:
    """Let a function that makes a mail about a registration speak the registered person's language."""

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


def way(workshop: Workshop, attends: Attends | None) -> Attends:
    """Where a person takes part: her choice counts in a hybrid workshop only."""
    if workshop.mode is Mode.MIXED:
        return attends or Attends.ROOM
    return Attends.ONLINE if workshop.mode is Mode.ONLINE else Attends.ROOM


def place(workshop: Workshop, attends: Attends | None = None) -> str:
    """Where it is for who attends so, on one line: the venue with its address, or "Online"."""
    if way(workshop, attends) is Attends.ONLINE:
        return ONLINE
    return ", ".join(part for part in (workshop.venue, workshop.address) if part)


def times(workshop: Workshop, start: datetime, end: datetime) -> dict:
    """A date and its hours as words of the current language."""
    start, end = (local(moment, workshop.district.zone) for moment in (start, end))
    return {
        "date": long_date(start.date()), "start": start.strftime("%H:%M"), "end": end.strftime("%H:%M"),
    }  # fmt: skip


def when(workshop: Workshop, start: datetime, end: datetime) -> str:
    """ "giovedì 11 marzo 2027, 14:00-17:00" in the current language."""
    return _("%(date)s, %(start)s–%(end)s", **times(workshop, start, end))


def title(registration: Registration) -> str:
    """The workshop's title in the current language."""
    return translated(registration.workshop, "title")


def page_url(workshop: Workshop) -> str:
    """The workshop's public page."""
    return public_url(f"/{workshop.district.slug}/workshops/{workshop.slug}")


def personal_url(registration: Registration, *path: str) -> str:
    """An address below her personal page `/r/<token>`."""
    return public_url("/".join((f"/r/{token(registration)}", *path)))


def _takes_part(registration: Registration) -> bool:
    """Whether she may be told how to get in: her seat stands, by an address that is proven."""
    stands = registration.standing is Standing.CONFIRMED and registration.proof_due is None
    return stands and registration.workshop.cancellation is None


def shared(registration: Registration) -> dict:
    """The facts of the workshop in the current language, the same for all who stand alike."""
    workshop, district = registration.workshop, registration.workshop.district
    home, how = public_url(f"/{district.slug}/"), way(workshop, registration.attends)
    comes = _takes_part(registration)
    in_room = comes and how is Attends.ROOM
    return {
        "district_name": translated(district, "name"), "site_url": home, "privacy_url": f"{home}privacy",
        "footer_lines": [
            f"{district.managing_body} · {district.mailbox_address}",
            _("We write to you because you registered for this workshop."),
        ],
        "title": translated(workshop, "title"),
        "page_url": "" if workshop.is_private else page_url(workshop),  # else each has a link of her own
        "dates": [times(workshop, *day) for day in workshop.days.values()],
        "place": place(workshop, registration.attends), "attends": how.value,
        "hybrid": comes and workshop.mode is Mode.MIXED, "joins": comes and how is Attends.ONLINE,
        "directions": translated(workshop, "directions").strip() if in_room else "",
    }  # fmt: skip


def join_url(registration: Registration) -> str:
    """Her own link to take part online, which records that she came; the meeting's where nobody records."""
    if "attendance.join" in current_app.view_functions:
        return personal_url(registration, "join")
    return registration.workshop.online_url


def recipient(registration: Registration, **merge: str) -> Recipient:
    """Her address, and what differs from reader to reader: her name and her links."""
    contact, workshop = registration.contact, registration.workshop
    if workshop.is_private:
        merge["programme_url"] = f"{page_url(workshop)}?g={token(registration)}"
    return Recipient(
        address=contact.email, name=contact.name, contact_id=contact.id,
        merge={
            "name": contact.name, "manage_url": personal_url(registration),
            "join_url": join_url(registration), **merge,
        },
    )  # fmt: skip


def post(registration, template: str, subject: str, *, calendar=None, merge=None, **facts) -> Post:
    """The mail `template` of this package about `registration`, with `facts` beside the shared ones."""
    workshop = registration.workshop
    mail = Mail(
        district_id=workshop.district_id, template=f"registrations/{template}",
        language=registration.language, subject=subject[:SUBJECT], sender=sender(workshop),
        shared={**shared(registration), **facts},
    )  # fmt: skip
    return Post(mail, recipient(registration, **(merge or {})), calendar)


def calendar_object(registration: Registration, invitation: Invitation, *, status) -> CalendarObject:
    """What the calendar is told now: the facts kept in `invitation`, in the current language."""
    workshop = registration.workshop
    hours = when(workshop, invitation.starts_at, invitation.ends_at)
    lines, page = [invitation.summary, hours, invitation.location], page_url(workshop)
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


def dated(registration, invitation) -> dict:
    """This mail's own date, and which of how many it is when there are several."""
    starts = [start for start, _end in registration.workshop.days.values()]
    which = starts.index(invitation.starts_at) + 1 if invitation.starts_at in starts else 0
    return {
        "this": times(registration.workshop, invitation.starts_at, invitation.ends_at),
        "which": which if len(starts) > 1 else 0, "of": len(starts),
    }  # fmt: skip


def with_request(registration, invitation, template: str, subject: str, **facts) -> Post:
    """A mail that puts a date into her calendar, or changes it there (METHOD:REQUEST)."""
    return post(
        registration, template, subject, **dated(registration, invitation), **facts,
        calendar=calendar_object(registration, invitation, status="CONFIRMED"),
    )  # fmt: skip


def with_cancel(registration, invitation, template: str, subject: str, *, status, **facts) -> Post:
    """A mail that takes a date out of her calendar, or a plain one when no calendar holds it.

    `status` CANCELLED: the date is off for everybody; None: for her (RFC 5546 §3.2.5).
    """
    if invitation is None:
        return post(registration, template, subject, **facts)
    return post(
        registration, template, subject, **dated(registration, invitation), **facts,
        calendar=calendar_object(registration, invitation, status=status),
    )  # fmt: skip
