"""The mail of this package as a value. Nothing is sent here."""

from flask_babel import force_locale
from flask_babel import gettext as _

from dissemination.certificates.models import Certificate
from dissemination.delivery.mail import Mail, Recipient
from dissemination.kernel.languages import translated
from dissemination.registrations.mails import public_url, sender
from dissemination.registrations.queries import token


def ready(certificate: Certificate) -> tuple[Mail, Recipient]:
    """Her certificate can be fetched; with the link and without an attachment."""
    registration = certificate.registration
    workshop, district = registration.workshop, registration.workshop.district
    home = public_url(f"/{district.slug}/")
    with force_locale(registration.language):
        mail = Mail(
            district_id=district.id, template="certificates/ready", language=registration.language,
            subject=_("Your certificate: %(title)s", title=translated(workshop, "title"))[:300],
            sender=sender(workshop),
            shared={
                "district_name": translated(district, "name"), "title": translated(workshop, "title"),
                "managing_body": district.managing_body, "mailbox": district.mailbox_address,
                "district_url": home, "privacy_url": f"{home}privacy",
                "footer_lines": [_("We write to you because you took part in this workshop.")],
            },
        )  # fmt: skip
    contact = registration.contact
    merge = {"name": contact.name, "certificate_url": public_url(f"/r/{token(registration)}/certificate")}
    return mail, Recipient(address=contact.email, name=contact.name, contact_id=contact.id, merge=merge)
