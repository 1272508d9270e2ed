"""The mails of this package as values, and the links in every newsletter. Nothing here sends."""

from collections.abc import Sequence
from datetime import date

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from dissemination.delivery.mail import Bulk, Mail, Sender
from dissemination.districts.models import District
from dissemination.kernel import links
from dissemination.kernel.languages import month_name, translated
from dissemination.subscriptions.hooks import Newsletter
from dissemination.subscriptions.models import SubscriptionRequest, Topic


def public(district: District, path: str = "") -> str:
    """The absolute address of a public page of `district`."""
    return f"{current_app.config['SETTINGS'].public_url}/{district.slug}/{path}"


def sender(district: District) -> Sender:
    """Who newsletters of `district` come from."""
    return Sender(name=district.mailbox_name, address=district.mailbox_address)


def frame(district: District, language: str) -> dict:
    """What the layout of every mail shows of the district."""
    return {
        "district_name": translated(district, "name", language),
        "managing_body": district.managing_body,
        "mailbox": district.mailbox_address,
        "district_url": public(district),
        "privacy_url": public(district, "privacy"),
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
        district_id=district.id, template="subscriptions/confirmation", language=language, subject=subject,
        sender=sender(district),
        shared={
            **frame(district, language),
            "title": subject,
            "topics": [translated(t, "name", language) for t in topics],
            "confirm_url": public(district, f"subscriptions/confirmations/{token}"),
        },
    )  # fmt: skip


def digest(district: District, month: date, newsletters: Sequence[Newsletter], language: str) -> Mail:
    """The newsletters of a month in one mail: title, preheader and the link to the web archive of each."""
    writer = sender(district)
    with force_locale(language):
        subject = _(
            "%(district)s: the newsletters of %(month)s", district=translated(district, "name", language),
            month=month_name(month),
        )  # fmt: skip
    return Mail(
        district_id=district.id, template="subscriptions/digest", language=language, subject=subject,
        sender=writer,
        shared={
            **frame(district, language),
            "title": subject,
            "issues": [
                {"title": _said(n.titles, language), "preheader": _said(n.preheaders, language),
                 "url": _said(n.urls, language)}
                for n in newsletters
            ],
        },
        bulk=Bulk(
            list_id=f"newsletter.{district.slug}.{writer.domain}",
            list_name=translated(district, "name", language),
            archive_url=public(district, "newsletters/"), help_url=public(district, "subscriptions"),
            feedback_id=f"{month:%Y-%m}:{district.slug}:digest:districts", unsubscribe="unsubscribe_url",
        ),
    )  # fmt: skip


def _said(texts: dict[str, str], language: str) -> str:
    """The text in `language`, else the one that there is."""
    return texts.get(language) or next((text for text in texts.values() if text), "")


def token_for(contact_id: int) -> str:
    """The token of `/s/…` and `/u/…` for a contact. Does not expire."""
    return links.sign("subscriber", contact_id)


def merge_for(token: str, address: str, public_url: str) -> dict[str, str]:
    """What differs between two recipients of an issue: their links and their address."""
    return {
        "address": address,
        "preferences_url": f"{public_url}/s/{token}",
        "unsubscribe_url": f"{public_url}/u/{token}",
        "why_url": f"{public_url}/s/{token}/why",
    }
