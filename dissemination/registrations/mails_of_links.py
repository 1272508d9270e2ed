"""The mail with the link that fills in the form, as a value."""

from flask_babel import force_locale
from flask_babel import gettext as _

from dissemination.delivery.mail import Mail, Recipient
from dissemination.kernel.languages import translated
from dissemination.people.models import Contact
from dissemination.registrations import known
from dissemination.registrations.posts import public_url, sender
from dissemination.workshops.models import Workshop

TEMPLATE = "registrations/recognised"
SUBJECT = 300


def recognised(workshop: Workshop, contact: Contact, language: str) -> tuple[Mail, Recipient]:
    """Your link to register: it fills in the form, and holds for a day."""
    district = workshop.district
    home = public_url(f"/{district.slug}/")
    with force_locale(language):
        title = translated(workshop, "title")
        mail = Mail(
            district_id=workshop.district_id, template=TEMPLATE, language=language,
            subject=_("Your link to register: %(title)s", title=title)[:SUBJECT], sender=sender(workshop),
            shared={
                "district_name": translated(district, "name"), "title": title, "hours": known.HOURS,
                "managing_body": district.managing_body, "mailbox": district.mailbox_address,
                "district_url": home, "privacy_url": f"{home}privacy",
                "footer_lines": [_("Somebody, perhaps you, asked for this link with your address.")],
            },
        )  # fmt: skip
    form = public_url(f"/{district.slug}/workshops/{workshop.slug}/registrations?me={known.token(contact)}")
    merge = {"name": contact.name, "form_url": form}
    return mail, Recipient(address=contact.email, name=contact.name, contact_id=contact.id, merge=merge)
