"""What subscriptions ask of issues and tell them, and how the outbox lists an issue's recipients."""

from dissemination.delivery import outbox
from dissemination.newsletters import live, queries, rehearsing, sending
from dissemination.people.models import Contact
from dissemination.subscriptions import hooks

UNSUBSCRIBED = "unsubscribed"


def _call_back(contact: Contact, topic_ids: set[int]) -> None:
    """Skip what waits to be sent to `contact` for none of `topic_ids`."""
    if not topic_ids:
        outbox.skip_queued(contact_id=contact.id, about_kind="issues", reason=UNSUBSCRIBED)
        return
    for issue_id, sent_to in queries.waiting_issue_topics(contact).items():
        if not sent_to & topic_ids:
            outbox.skip_queued(
                contact_id=contact.id, about_kind="issues", about_id=issue_id, reason=UNSUBSCRIBED
            )


def init_app(app) -> None:  # noqa: ARG001 - every package is set up with the application
    """Register our sources, and with the subscriptions and the outbox, once per process."""
    outbox.expanders["issues"] = sending.recipients_of
    outbox.keepers["issues"] = sending.still_in
    outbox.expanders[rehearsing.KIND] = rehearsing.recipients_of
    live.offer()
    if _call_back not in hooks.left:
        hooks.left.append(_call_back)
        hooks.topic_users.append(queries.names_topic)
