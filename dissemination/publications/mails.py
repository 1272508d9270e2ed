"""The mails of this package as values. Nothing here sends."""

from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from dissemination.delivery.mail import Mail, Recipient, Sender
from dissemination.districts.models import District
from dissemination.kernel.languages import translated
from dissemination.people.accounts import Account
from dissemination.people.mails import abroad
from dissemination.people.models import Contact
from dissemination.publications.models import Publication, Step
from dissemination.publications.texts import STEPS


def frame(district: District, language: str) -> dict:
    """What the layout of every mail shows of the district."""
    return {
        "district_name": translated(district, "name", language), "managing_body": district.managing_body,
        "mailbox": district.mailbox_address, "district_url": abroad("front.home", district=district.slug),
        "privacy_url": abroad("front.privacy", district=district.slug),
    }  # fmt: skip


def reading_link(district: District, contact: Contact, *, token: str, days: int) -> tuple[Mail, Recipient]:
    """The link that opens what is for member companies."""
    with force_locale(contact.language):
        subject = _("Your link to the publications for members")
    mail = Mail(
        district_id=district.id, template="publications/reading_link", language=contact.language,
        subject=subject, sender=Sender(district.mailbox_name, district.mailbox_address),
        shared={**frame(district, contact.language), "days": days},
    )  # fmt: skip
    link = abroad("publications_reader.enter", district=district.slug, token=token)
    return mail, Recipient(contact.email, contact.name, contact.id, {"link": link})


def review(
    publication: Publication, account: Account, *, step: Step, by: str, words: str
) -> tuple[Mail, Recipient]:
    """What happened in the internal review, to who has to know."""
    district, language = publication.district, account.language
    with force_locale(language):
        title = translated(publication, "title", language)
        subject = REVIEW_SUBJECTS[step] % {"title": title}
        happened = f"{by} {STEPS[step]}" if by else str(STEPS[step])
    link = abroad("publications_desk.show", district=district.slug, slug=publication.slug)
    mail = Mail(
        district_id=district.id, template="publications/review", language=language, subject=subject[:200],
        sender=Sender(district.mailbox_name, district.mailbox_address),
        shared={
            **frame(district, language), "subject": subject, "title": title, "happened": happened,
            "words": words, "link": link,
        },
    )  # fmt: skip
    return mail, Recipient(account.email, account.name)


REVIEW_SUBJECTS = {
    Step.ASKED: _l("To approve: %(title)s"),
    Step.CHANGES: _l("Changes are wanted: %(title)s"),
    Step.APPROVED: _l("Approved: %(title)s"),
}
