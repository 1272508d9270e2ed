"""The mails of this package as values. Nothing here sends."""

from flask_babel import force_locale
from flask_babel import gettext as _

from dissemination.delivery.mail import Bulk, Mail
from dissemination.kernel.languages import translated
from dissemination.newsletters import content, fields, looks, texts
from dissemination.newsletters.models import Issue
from dissemination.subscriptions.mails import frame, sender


def issue(issue: Issue, language: str, *, among=None, look: dict | None = None) -> Mail:
    """An issue as everybody gets it who reads `language`. Its live blocks show what stands now.

    For previews: `among` stands for its blocks, `look` (see looks.look) for that of its template.
    """
    district = issue.district
    writer = sender(district)
    archive = content.public(district, f"newsletters/{issue.slug}")
    preheader = translated(issue, "preheader", language)
    shown = content.blocks(issue, language, among)
    if look is None:
        look = looks.look(district, looks.template_of(issue), language)
    return Mail(
        district_id=district.id, template="newsletters/issue", language=language,
        subject=texts.one_line(translated(issue, "subject", language)), sender=writer,
        shared={
            **frame(district, language),
            "title": texts.one_line(translated(issue, "subject", language)),
            "preheader": texts.one_line(preheader),
            "blocks": shown,
            "look": look,
            # What a person wrote as MJML renders apart, in a child process with a time limit.
            "own_mjml": bool(look["frame"]) or any(b["kind"] == "mjml" for b in shown),
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


def merge_for_everybody(issue: Issue, language: str, mail: Mail | None = None) -> dict[str, str]:
    """The merge values of the public archive and of previews: no personal link, the words for strangers.

    `mail` is what they are for; made anew when it is left out.
    """
    with force_locale(language):
        everybody = _("all subscribers")
    page = content.public(issue.district, "subscriptions")
    keys = fields.wanted((mail or _issue(issue, language)).shared["blocks"])
    strangers = fields.values(keys, {})
    return {"address": everybody, "preferences_url": page, "unsubscribe_url": page, "why_url": page,
            **strangers}  # fmt: skip


_issue = issue  # its name is an argument elsewhere
