"""The mails to guests as values: one function per mail, named as its template. Nothing is sent here."""

from dataclasses import dataclass

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from dissemination.delivery.mail import Mail, Recipient, Sender
from dissemination.guests.models import Guest
from dissemination.guests.queries import token
from dissemination.kernel.clock import local
from dissemination.kernel.languages import long_date, translated
from dissemination.workshops.models import Mode, Workshop

SUBJECT = 300


@dataclass(frozen=True)
class Words:
    """What the organiser adds in her own words, by language; "" for nothing."""

    it: str = ""
    en: str = ""

    def of(self, language: str) -> str:
        """Hers in `language`, or else in the other."""
        first, second = (self.it, self.en) if language == "it" else (self.en, self.it)
        return first.strip() or second.strip()


def public_url(path: str) -> str:
    """The address of `path` on the installation's public host; works without a request."""
    return current_app.config["SETTINGS"].public_url + path


def invitation(workshop: Workshop, language: str, words: Words) -> Mail:
    """You are invited: the facts, the way to register, the way to decline. The same for everybody."""
    with force_locale(language):
        subject = _("Invitation: %(title)s", title=translated(workshop, "title", language))
        return _mail(workshop, language, "invitation", subject, words)


def reminder(workshop: Workshop, language: str, words: Words) -> Mail:
    """We have not heard from you yet."""
    with force_locale(language):
        subject = _("Are you coming? %(title)s", title=translated(workshop, "title", language))
        return _mail(workshop, language, "reminder", subject, words)


def recipient(guest: Guest) -> Recipient:
    """What differs from guest to guest: her name and her links."""
    with force_locale(guest.language):
        hello = _("Hello %(name)s,", name=guest.name) if guest.name else _("Hello,")
    key, workshop = token(guest), guest.workshop
    page = f"/{workshop.district.slug}/workshops/{workshop.slug}"
    return Recipient(
        address=guest.email, name=guest.name, contact_id=guest.contact_id,
        merge={
            "hello": hello, "register_url": public_url(f"{page}/registrations?g={key}"),
            "page_url": public_url(f"{page}?g={key}"), "decline_url": public_url(f"/g/{key}"),
        },
    )  # fmt: skip


def _mail(workshop: Workshop, language: str, template: str, subject: str, words: Words) -> Mail:
    district = workshop.district
    return Mail(
        district_id=workshop.district_id, template=f"guests/{template}", language=language,
        subject=subject[:SUBJECT], sender=Sender(district.mailbox_name, district.mailbox_address),
        shared={**_facts(workshop, language), "words": words.of(language)},
    )  # fmt: skip


def _facts(workshop: Workshop, language: str) -> dict:
    district = workshop.district
    return {
        "district_name": translated(district, "name", language),
        "managing_body": district.managing_body, "mailbox": district.mailbox_address,
        "privacy_url": public_url(f"/{district.slug}/privacy"),
        "district_url": public_url(f"/{district.slug}/"),
        "footer_lines": [_("The invitation is personal: it holds for this address only.")],
        "title": translated(workshop, "title", language),
        "abstract": translated(workshop, "abstract", language),
        "dates": [_times(workshop, *day) for day in workshop.days.values()],
        "private": workshop.is_private, "mode": workshop.mode.value, "place": _place(workshop),
        "until": long_date(local(workshop.registration_deadline, district.zone).date()),
    }  # fmt: skip


def _times(workshop: Workshop, start, end) -> dict:
    start, end = (local(moment, workshop.district.zone) for moment in (start, end))
    return {
        "date": long_date(start.date()), "start": start.strftime("%H:%M"), "end": end.strftime("%H:%M"),
    }  # fmt: skip


def _place(workshop: Workshop) -> str:
    if workshop.mode is Mode.ONLINE:
        return "Online"
    return ", ".join(part for part in (workshop.venue, workshop.address) if part)
