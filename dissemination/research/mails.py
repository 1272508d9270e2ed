"""The mails of this package as values: to both sides of a meeting and to the district. Nothing here sends."""

from datetime import datetime

from flask_babel import force_locale
from flask_babel import gettext as _

from dissemination.delivery.calendar import CalendarObject
from dissemination.delivery.mail import Mail, Recipient, Sender
from dissemination.districts.models import District
from dissemination.kernel.clock import local, now
from dissemination.kernel.languages import long_date, translated
from dissemination.people.mails import abroad
from dissemination.people.models import Contact
from dissemination.research.models import Meeting

COMPANY, LABORATORY = "1", "2"  # whose calendar it is: the end of the UID


def _frame(district: District, language: str) -> dict:
    return {
        "district_name": translated(district, "name", language), "managing_body": district.managing_body,
        "mailbox": district.mailbox_address, "district_url": abroad("front.home", district=district.slug),
        "privacy_url": abroad("front.privacy", district=district.slug),
    }  # fmt: skip


def _times(meeting: Meeting) -> dict:
    zone = meeting.district.zone
    begins, ends = (local(moment, zone) for moment in _dates(meeting))
    return {
        "date": long_date(begins.date()), "begins": begins.strftime("%H:%M"), "ends": ends.strftime("%H:%M"),
        "place": meeting.place,
    }  # fmt: skip


def _dates(meeting: Meeting) -> tuple[datetime, datetime]:
    """Begin and end of a meeting that was arranged; ValueError of one that was not."""
    if meeting.starts_at is None or meeting.ends_at is None:
        raise ValueError("the meeting has no date")
    return meeting.starts_at, meeting.ends_at


def other_side(meeting: Meeting) -> str:
    """The laboratory or the expert whom the company meets."""
    lab = meeting.laboratory
    return f"{lab.name} ({lab.organisation.name})" if lab is not None else meeting.expert


def invitation(
    meeting: Meeting, contact: Contact, *, side: str, message: str
) -> tuple[Mail, Recipient, CalendarObject]:
    """The date for one person of one side, or how it changed, with its calendar object."""
    with force_locale(contact.language):
        names = {"company": meeting.company.name, "other": other_side(meeting)}
        again = meeting.sequence > 0
        if again:
            subject = _("Changed: meeting of %(company)s with %(other)s", **names)
        else:
            subject = _("Meeting of %(company)s with %(other)s", **names)
        shared = {**names, **_times(meeting), "message": message, "again": again}
        calendar = _calendar(meeting, contact, side=side, method="REQUEST")
        return _mail(meeting, contact, "invitation", subject, shared), _to(contact), calendar


def withdrawn(
    meeting: Meeting, contact: Contact, *, side: str, reason: str
) -> tuple[Mail, Recipient, CalendarObject]:
    """It does not take place, or not with this person; takes it out of the calendar."""
    with force_locale(contact.language):
        names = {"company": meeting.company.name, "other": other_side(meeting)}
        subject = _("Cancelled: meeting of %(company)s with %(other)s", **names)
        shared = {**names, **_times(meeting), "reason": reason}
        calendar = _calendar(meeting, contact, side=side, method="CANCEL")
        return _mail(meeting, contact, "withdrawn", subject, shared), _to(contact), calendar


def _mail(meeting: Meeting, contact: Contact, template: str, subject: str, shared: dict) -> Mail:
    district = meeting.district
    return Mail(
        district_id=district.id, template=f"research/{template}", language=contact.language,
        subject=subject[:200], sender=Sender(district.mailbox_name, district.mailbox_address),
        shared={**_frame(district, contact.language), **shared},
    )  # fmt: skip


def _to(contact: Contact) -> Recipient:
    with force_locale(contact.language):
        hello = _("Hello %(name)s,", name=contact.given_name) if contact.given_name else _("Hello,")
    return Recipient(contact.email, contact.name, contact.id, {"hello": hello})


def _calendar(meeting: Meeting, contact: Contact, *, side: str, method: str) -> CalendarObject:
    """What the calendar holds: who meets whom, when and where; never what it is about (people share them)."""
    district = meeting.district
    token, _at, domain = meeting.uid.partition("@")
    begins, ends = _dates(meeting)
    return CalendarObject(
        method=method, uid=f"{token}-{side}@{domain}", sequence=meeting.sequence, stamp=now(),
        start=begins, end=ends, location=meeting.place, url="",
        summary=_("Meeting of %(company)s with %(other)s",
                  company=meeting.company.name, other=other_side(meeting)),
        description=_("Arranged by %(body)s.", body=district.managing_body),
        organizer_name=district.mailbox_name, organizer_address=district.mailbox_address,
        attendee_name=contact.name, attendee_address=contact.email,
        status="CONFIRMED" if method == "REQUEST" else "CANCELLED", zone=district.timezone,
    )  # fmt: skip


def asked(meeting: Meeting) -> tuple[Mail, Recipient]:
    """To the district's mailbox: a company wishes to meet a laboratory."""
    district = meeting.district
    with force_locale("it"):
        subject = _("%(company)s asks to meet %(other)s", company=meeting.company.name,
                    other=other_side(meeting))  # fmt: skip
    mail = Mail(
        district_id=district.id, template="research/asked", language="it", subject=subject[:200],
        sender=Sender(district.mailbox_name, district.mailbox_address),
        shared={
            **_frame(district, "it"), "company": meeting.company.name, "other": other_side(meeting),
            "wish": meeting.wish,
            "link": abroad("meetings_desk.show", district=district.slug, meeting_id=meeting.id),
        },
    )  # fmt: skip
    return mail, Recipient(district.mailbox_address, district.mailbox_name)
