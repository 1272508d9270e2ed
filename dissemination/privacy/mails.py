"""The mail of this package as a value. Nothing is sent here."""

from flask_babel import force_locale
from flask_babel import gettext as _

from dissemination.delivery.mail import Mail, Recipient, Sender
from dissemination.districts.models import District
from dissemination.kernel.languages import translated
from dissemination.people.models import Contact
from dissemination.registrations.mails import public_url


def declined(contact: Contact, district: District, answer: str) -> tuple[Mail, Recipient]:
    """Her data cannot be erased now, and why; with where to complain (GDPR art. 12.4)."""
    home = public_url(f"/{district.slug}/")
    with force_locale(contact.language):
        mail = Mail(
            district_id=district.id, template="privacy/declined", language=contact.language,
            subject=_("Your request to erase your data"),
            sender=Sender(name=district.mailbox_name, address=district.mailbox_address),
            shared={
                "district_name": translated(district, "name"), "managing_body": district.managing_body,
                "mailbox": district.mailbox_address, "district_url": home, "privacy_url": f"{home}privacy",
                "answer": answer,
            },
        )  # fmt: skip
    merge = {"name": contact.name}
    return mail, Recipient(address=contact.email, name=contact.name, contact_id=contact.id, merge=merge)
