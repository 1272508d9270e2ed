"""The mails about the date of a visit, each with one calendar object for one person. Nothing here sends."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from flask_babel import force_locale
from flask_babel import gettext as _

from dissemination.audits.models import Audit, VisitAppointment
from dissemination.delivery.calendar import CalendarObject
from dissemination.delivery.mail import Mail, Recipient, Sender
from dissemination.kernel.clock import local
from dissemination.kernel.languages import long_date, translated
from dissemination.people.mails import abroad
from dissemination.publications.mails import frame


@dataclass(frozen=True)
class Post:
    """A mail to one person, with the calendar object that it carries."""

    mail: Mail
    recipient: Recipient
    calendar: CalendarObject


def _in_her_language(make: Callable[..., Post]) -> Callable[..., Post]:
    @wraps(make)
    def made(row: VisitAppointment, *args) -> Post:
        with force_locale(row.contact.language):
            return make(row, *args)

    return made


def sender(audit: Audit) -> Sender:
    """The district's mailbox, which is also the ORGANIZER."""
    return Sender(audit.district.mailbox_name, audit.district.mailbox_address)


def domain(audit: Audit) -> str:
    """The domain of its calendar objects' UIDs."""
    return sender(audit).domain


@_in_her_language
def appointment(row: VisitAppointment) -> Post:
    """The visit is agreed: what it is, when and where, who comes (METHOD:REQUEST)."""
    return _post(row, "appointment", _("Our visit on %(day)s", day=_day(row)), method="REQUEST")


@_in_her_language
def appointment_changed(row: VisitAppointment, old: dict) -> Post:
    """Another time or place; the calendar changes with it."""
    facts = {"before": {"when": _when(row, old["starts_at"], old["ends_at"]), "place": old["place"]}}
    subject = _("Our visit, changed: %(day)s", day=_day(row))
    return _post(row, "appointment_changed", subject, method="REQUEST", **facts)


@_in_her_language
def appointment_cancelled(row: VisitAppointment) -> Post:
    """We do not come on that day (METHOD:CANCEL, STATUS:CANCELLED)."""
    return _post(
        row,
        "appointment_cancelled",
        _("Our visit on %(day)s does not take place", day=_day(row)),
        method="CANCEL",
        auditor="",
    )


def _day(row: VisitAppointment) -> str:
    return long_date(local(row.starts_at, row.audit.district.zone).date())


def _when(row: VisitAppointment, starts_at, ends_at) -> str:
    zone = row.audit.district.zone
    start, end = local(starts_at, zone), local(ends_at, zone)
    return _(
        "%(date)s, %(start)s–%(end)s", date=long_date(start.date()), start=start.strftime("%H:%M"),
        end=end.strftime("%H:%M"),
    )  # fmt: skip


def auditor(audit: Audit) -> str:
    """Who visits: an account's name, else an expert's; "" when nobody was named."""
    return audit.auditor.name if audit.auditor is not None else audit.auditor_name


def _post(row: VisitAppointment, template: str, subject: str, *, method: str, **facts) -> Post:
    audit, contact = row.audit, row.contact
    shared = {
        **frame(audit.district, contact.language), "when": _when(row, row.starts_at, row.ends_at),
        "place": row.place, "words": row.message, "company": audit.company.name, "auditor": auditor(audit),
        **facts,
    }  # fmt: skip
    mail = Mail(
        district_id=audit.district_id, template=f"audits/{template}", language=contact.language,
        subject=subject[:200], sender=sender(audit), shared=shared,
    )  # fmt: skip
    recipient = Recipient(
        contact.email, contact.name, contact.id, {"name": contact.given_name or contact.name}
    )
    return Post(mail, recipient, _object(row, method))


def _object(row: VisitAppointment, method: str) -> CalendarObject:
    """What the calendar is told: never what the organiser wrote, for calendars are shared."""
    audit, organizer = row.audit, sender(row.audit)
    body = audit.district.managing_body or translated(audit.district, "name")
    lines = [
        _("Technology audit, free of charge: a visit to the departments and a talk."),
        *([_("Visiting: %(who)s", who=auditor(audit))] if auditor(audit) else []),
        organizer.address,
    ]  # fmt: skip
    return CalendarObject(
        method=method, uid=row.uid, sequence=row.sequence, stamp=row.cancelled_at or row.made_at,
        start=row.starts_at, end=row.ends_at, summary=_("Technology audit: visit of %(body)s", body=body),
        location=row.place, url=abroad("front.home", district=audit.district.slug),
        description="\n".join(lines), organizer_name=organizer.name, organizer_address=organizer.address,
        attendee_name=row.contact.name, attendee_address=row.contact.email,
        status="CONFIRMED" if method == "REQUEST" else "CANCELLED", zone=audit.district.timezone,
    )  # fmt: skip
