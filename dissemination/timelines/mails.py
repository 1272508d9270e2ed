"""The mails about a company's own page. Nothing here sends."""

from flask_babel import force_locale
from flask_babel import gettext as _

from dissemination.delivery.mail import Mail, Recipient, Sender
from dissemination.districts.models import District
from dissemination.kernel.languages import long_date
from dissemination.people.mails import abroad
from dissemination.people.models import Contact
from dissemination.publications.mails import frame
from dissemination.timelines.models import CompanyCorrection, CompanyLink
from dissemination.timelines.queries import token_for


def _mail(district: District, language: str, template: str, subject: str, **shared) -> Mail:
    return Mail(
        district_id=district.id, template=f"timelines/{template}", language=language, subject=subject[:200],
        sender=Sender(district.mailbox_name, district.mailbox_address),
        shared={**frame(district, language), **shared},
    )  # fmt: skip


def _to(contact: Contact, **merge: str) -> Recipient:
    with force_locale(contact.language):
        hello = _("Hello %(name)s,", name=contact.given_name) if contact.given_name else _("Hello,")
    return Recipient(contact.email, contact.name, contact.id, {"hello": hello, **merge})


def link(row: CompanyLink, company_name: str) -> tuple[Mail, Recipient]:
    """The link to the company's own page, and until when it works."""
    contact, district = row.contact, row.district
    with force_locale(contact.language):
        subject = _("What the district holds about %(company)s", company=company_name)
        until = long_date(row.expires_at.astimezone(district.zone).date())
    address = abroad("timelines.show", district=district.slug, token=token_for(row))
    mail = _mail(district, contact.language, "link", subject, company=company_name, until=until)
    return mail, _to(contact, link_url=address)


def decided(row: CompanyCorrection, contact: Contact) -> tuple[Mail, Recipient]:
    """What became of the correction, with the organiser's word."""
    with force_locale(contact.language):
        name = row.company.name
        accepted = bool(row.accepted)
        subject = _("Corrected: %(company)s", company=name) if accepted else _(
            "About your correction: %(company)s", company=name
        )  # fmt: skip
    mail = _mail(
        row.district, contact.language, "decided", subject, company=name, accepted=accepted, answer=row.answer
    )
    return mail, _to(contact)


def told(row: CompanyCorrection) -> tuple[Mail, Recipient]:
    """To the district's mailbox: a company says that something is wrong."""
    district = row.district
    with force_locale("it"):
        subject = _("%(company)s asks for a correction", company=row.company.name)
    link_to = abroad("timelines_desk.correction", district=district.slug, correction_id=row.id)
    mail = _mail(district, "it", "told", subject, company=row.company.name, link=link_to)
    return mail, Recipient(district.mailbox_address, district.mailbox_name)
