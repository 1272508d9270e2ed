"""The mail that tells of a call. Nothing here sends; nothing of an audit stands in it."""

from flask_babel import force_locale
from flask_babel import gettext as _

from dissemination.calls.models import Call
from dissemination.calls.moments import is_in_time, written
from dissemination.calls.texts import euro
from dissemination.delivery.mail import Bulk, Mail, Recipient, Sender
from dissemination.kernel import links
from dissemination.kernel.clock import now
from dissemination.kernel.languages import translated
from dissemination.people.mails import abroad
from dissemination.people.models import Contact
from dissemination.publications.mails import frame

PURPOSE = "opportunities"


def token_for(contact_id: int) -> str:
    """The token of `/o/…`. Does not expire: an old mail must still let its reader leave."""
    return links.sign(PURPOSE, contact_id)


def alert(call: Call, language: str) -> Mail:
    """What everybody who is told of the call in that language reads."""
    district = call.district
    sender = Sender(district.mailbox_name, district.mailbox_address)
    with force_locale(language):
        title = translated(call, "title", language)
        subject = _("A call that may fit your company: %(title)s", title=title)
        money = _("up to %(n)d%% of the cost", n=call.intensity) if call.intensity else ""
        cap = _("at most %(amount)s for one application", amount=euro(call.cap)) if call.cap else ""
    ahead = [written(c.closes_at, district.zone) for c in call.cutoffs if is_in_time(now(), c.closes_at)]
    return Mail(
        district_id=district.id, template="applications/alert", language=language, subject=subject[:200],
        sender=sender,
        shared={
            **frame(district, language), "title": title, "body": call.body, "deadlines": ", ".join(ahead),
            "money": ", ".join(filter(None, (money, cap))), "summary": translated(call, "summary", language),
            "services": [f"{s.code} {translated(s, 'title', language)}" for s in call.services],
            "call_url": abroad("calls.show", district=district.slug, slug=call.slug),
        },
        bulk=Bulk(
            list_id=f"opportunities.{district.slug}.{sender.domain}",
            list_name=translated(district, "name", language),
            archive_url=abroad("calls.index", district=district.slug), unsubscribe="unsubscribe_url",
        ),
    )  # fmt: skip


def reader(contact: Contact) -> Recipient:
    """One person, with the link that lets her leave."""
    url = abroad("opportunities.mine", token=token_for(contact.id))
    return Recipient(
        contact.email, contact.name, contact.id, {"name": contact.given_name, "unsubscribe_url": url}
    )
