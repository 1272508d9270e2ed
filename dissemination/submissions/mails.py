"""The mails to authors and, of what came in, to the district. Nothing here sends."""

from flask_babel import force_locale
from flask_babel import gettext as _

from dissemination.delivery.mail import Mail, Recipient, Sender
from dissemination.districts.models import District
from dissemination.kernel.languages import translated
from dissemination.people.mails import abroad
from dissemination.publications.mails import frame
from dissemination.publications.models import Publication
from dissemination.submissions.models import Submission
from dissemination.submissions.queries import DAYS, token_for


def _mail(submission: Submission, template: str, subject: str, **shared) -> tuple[Mail, Recipient]:
    district, contact = submission.district, submission.contact
    mail = Mail(
        district_id=district.id, template=f"submissions/{template}", language=contact.language,
        subject=subject[:200], sender=Sender(district.mailbox_name, district.mailbox_address),
        shared={**frame(district, contact.language), "name": contact.given_name, **shared},
    )  # fmt: skip
    return mail, Recipient(contact.email, contact.name, contact.id, {"link": link_of(submission)})


def link_of(submission: Submission) -> str:
    """The address of the author's own page."""
    return abroad("submissions.show", district=submission.district.slug, token=token_for(submission))


def invitation(submission: Submission) -> tuple[Mail, Recipient]:
    """The link to send a work."""
    with force_locale(submission.contact.language):
        subject = _("Your link to send a publication")
    return _mail(submission, "invitation", subject, days=DAYS, invited=submission.invited_by is not None)


def received(submission: Submission) -> tuple[Mail, Recipient]:
    """Thanks for what was sent, and where its author sees what becomes of it."""
    with force_locale(submission.contact.language):
        subject = _("Received: %(title)s", title=submission.title)
    return _mail(submission, "received", subject, title=submission.title)


def returned(submission: Submission) -> tuple[Mail, Recipient]:
    """What the organisers ask to correct."""
    with force_locale(submission.contact.language):
        subject = _("Please correct: %(title)s", title=submission.title)
    return _mail(submission, "returned", subject, title=submission.title, words=submission.words)


def declined(submission: Submission) -> tuple[Mail, Recipient]:
    """It is not taken, and why."""
    with force_locale(submission.contact.language):
        subject = _("Not taken: %(title)s", title=submission.title)
    return _mail(submission, "declined", subject, title=submission.title, words=submission.words)


def published(submission: Submission, publication: Publication) -> tuple[Mail, Recipient]:
    """Thanks, and the address of the work."""
    language = submission.contact.language
    title = translated(publication, "title", language)
    with force_locale(language):
        subject = _("Published: %(title)s", title=title)
    address = abroad("publications.show", district=submission.district.slug, slug=publication.slug)
    return _mail(submission, "published", subject, title=title, address=address)


def told(district: District, submission: Submission) -> tuple[Mail, Recipient]:
    """To the district's mailbox: something came in."""
    with force_locale("it"):
        subject = _("A publication came in: %(title)s", title=submission.title)
    mail = Mail(
        district_id=district.id, template="submissions/told", language="it", subject=subject[:200],
        sender=Sender(district.mailbox_name, district.mailbox_address),
        shared={
            **frame(district, "it"), "title": submission.title, "who": submission.contact.name,
            "company": submission.contact.company.name if submission.contact.company else "",
            "message": submission.message,
            "link": abroad("submissions_desk.show", district=district.slug, submission_id=submission.id),
        },
    )  # fmt: skip
    return mail, Recipient(district.mailbox_address, district.mailbox_name)
