"""The mails of this package as values. Nothing here sends."""

from flask_babel import force_locale
from flask_babel import gettext as _

from dissemination.delivery.mail import Bulk, Mail, Sender
from dissemination.districts.models import District
from dissemination.kernel import links
from dissemination.kernel.languages import translated
from dissemination.newsletters import content, texts
from dissemination.newsletters.models import Issue, SubscriptionRequest, Topic


def _sender(district: District) -> Sender:
    return Sender(name=district.mailbox_name, address=district.mailbox_address)


def _frame(district: District, language: str) -> dict:
    """What the layout of every mail shows of the district."""
    return {
        "district_name": translated(district, "name", language),
        "managing_body": district.managing_body,
        "mailbox": district.mailbox_address,
        "district_url": content.public(district),
        "privacy_url": content.public(district, "privacy"),
    }


def confirmation(
    district: District, request: SubscriptionRequest, *, token: str, topics: list[Topic]
) -> Mail:
    """The link that confirms a subscription.

    Holds nothing that the asker typed, not even a name: else the form would send a stranger's words to
    any address.
    """
    language = request.language
    with force_locale(language):
        subject = _(
            "Confirm your subscription: %(district)s", district=translated(district, "name", language)
        )
    return Mail(
        district_id=district.id, template="newsletters/confirmation", language=language, subject=subject,
        sender=_sender(district),
        shared={
            **_frame(district, language),
            "title": subject,
            "topics": [translated(t, "name", language) for t in topics],
            "confirm_url": content.public(district, f"subscriptions/confirmations/{token}"),
        },
    )  # fmt: skip


def issue(issue: Issue, language: str) -> Mail:
    """An issue as everybody gets it who reads `language`. Its live blocks show what stands now."""
    district = issue.district
    sender = _sender(district)
    archive = content.public(district, f"newsletters/{issue.slug}")
    preheader = translated(issue, "preheader", language)
    return Mail(
        district_id=district.id, template="newsletters/issue", language=language,
        subject=texts.one_line(translated(issue, "subject", language)), sender=sender,
        shared={
            **_frame(district, language),
            "title": texts.one_line(translated(issue, "subject", language)),
            "preheader": texts.one_line(preheader),
            "blocks": content.blocks(issue, language),
            "archive_url": f"{archive}?edition={language}",
        },
        bulk=Bulk(
            list_id=f"newsletter.{district.slug}.{sender.domain}",
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


def token_for(contact_id: int) -> str:
    """The token of `/s/…` and `/u/…` for a contact. Does not expire."""
    return links.sign("subscriber", contact_id)


def merge_for(token: str, address: str, public_url: str) -> dict[str, str]:
    """What differs between two recipients of an issue: their links and their address."""
    return {
        "address": address,
        "preferences_url": f"{public_url}/s/{token}",
        "unsubscribe_url": f"{public_url}/u/{token}",
    }


def merge_for_everybody(issue: Issue, language: str) -> dict[str, str]:
    """The merge values of the public archive and of previews: no personal link."""
    with force_locale(language):
        everybody = _("all subscribers")
    page = content.public(issue.district, "subscriptions")
    return {"address": everybody, "preferences_url": page, "unsubscribe_url": page}
