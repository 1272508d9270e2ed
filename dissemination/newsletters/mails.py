"""The mails of this package as values. Nothing here sends."""

from flask_babel import force_locale
from flask_babel import gettext as _

from dissemination.delivery.mail import Bulk, Mail
from dissemination.kernel.languages import translated
from dissemination.newsletters import content, texts
from dissemination.newsletters.models import Issue
from dissemination.subscriptions.mails import frame, sender


def issue(issue: Issue, language: str) -> Mail:
    """An issue as everybody gets it who reads `language`. Its live blocks show what stands now."""
    district = issue.district
    writer = sender(district)
    archive = content.public(district, f"newsletters/{issue.slug}")
    preheader = translated(issue, "preheader", language)
    return Mail(
        district_id=district.id, template="newsletters/issue", language=language,
        subject=texts.one_line(translated(issue, "subject", language)), sender=writer,
        shared={
            **frame(district, language),
            "title": texts.one_line(translated(issue, "subject", language)),
            "preheader": texts.one_line(preheader),
            "blocks": content.blocks(issue, language),
            "archive_url": f"{archive}?edition={language}",
        },
        bulk=Bulk(
            list_id=f"newsletter.{district.slug}.{writer.domain}",
            list_name=translated(district, "name", language),
            archive_url=content.public(district, "newsletters/"),
            help_url=content.public(district, "subscriptions"),
            feedback_id=f"{issue.id}:{district.slug}:newsletter:districts",
            unsubscribe="unsubscribe_url",
        ),
    )  # fmt: skip


def test_of(mail: Mail) -> Mail:
    """The same mail with a subject that says that it is a test."""
    with force_locale(mail.language):
        subject = _("[Test] %(subject)s", subject=mail.subject)
    return Mail(**{**mail.__dict__, "subject": subject})


def merge_for_everybody(issue: Issue, language: str) -> dict[str, str]:
    """The merge values of the public archive and of previews: no personal link."""
    with force_locale(language):
        everybody = _("all subscribers")
    page = content.public(issue.district, "subscriptions")
    return {"address": everybody, "preferences_url": page, "unsubscribe_url": page, "why_url": page}
