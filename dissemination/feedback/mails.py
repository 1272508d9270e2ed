"""The mails of this package as values. Nothing is sent here."""

from flask_babel import force_locale
from flask_babel import gettext as _

from dissemination.delivery.mail import Mail, Recipient
from dissemination.feedback.models import Purpose
from dissemination.kernel.languages import long_date, translated
from dissemination.registrations.mails import public_url, sender
from dissemination.registrations.models import Registration
from dissemination.registrations.queries import token


def ask(registration: Registration, *, anonymous: bool) -> tuple[Mail, Recipient]:
    """How was it? With the link to the feedback form."""
    with force_locale(registration.language):
        subject = _("How was it? %(title)s", title=translated(registration.workshop, "title"))
        return _mail(registration, "ask", subject, anonymous), _recipient(registration, Purpose.FEEDBACK)


def outcome(registration: Registration, *, anonymous: bool) -> tuple[Mail, Recipient]:
    """What came of it? Six months later, with the link to the survey."""
    with force_locale(registration.language):
        subject = _("What came of it? %(title)s", title=translated(registration.workshop, "title"))
        return _mail(registration, "outcome", subject, anonymous), _recipient(registration, Purpose.OUTCOME)


def _mail(registration: Registration, name: str, subject: str, anonymous: bool) -> Mail:
    workshop, district = registration.workshop, registration.workshop.district
    home = public_url(f"/{district.slug}/")
    return Mail(
        district_id=district.id, template=f"feedback/{name}", language=registration.language,
        subject=subject[:300], sender=sender(workshop),
        shared={
            "district_name": translated(district, "name"), "title": translated(workshop, "title"),
            "day": long_date(workshop.counted_on), "anonymous": anonymous,
            "managing_body": district.managing_body, "mailbox": district.mailbox_address,
            "district_url": home, "privacy_url": f"{home}privacy",
            "footer_lines": [_("We write to you because you took part in this workshop.")],
        },
    )  # fmt: skip


def _recipient(registration: Registration, purpose: Purpose) -> Recipient:
    contact = registration.contact
    url = public_url(f"/r/{token(registration)}/{purpose.value}")
    return Recipient(
        address=contact.email, name=contact.name, contact_id=contact.id,
        merge={"name": contact.name, "form_url": url},
    )  # fmt: skip
