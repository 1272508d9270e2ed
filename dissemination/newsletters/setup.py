"""What subscriptions ask of issues and tell them, and how the outbox lists an issue's recipients."""

from collections.abc import Iterable
from datetime import datetime

from dissemination.delivery import bounces, outbox
from dissemination.forecast import sources
from dissemination.newsletters import (
    content,
    live,
    proving,
    queries,
    readers,
    rehearsing,
    returned,
    sending,
    upcoming,
)
from dissemination.newsletters.models import Issue
from dissemination.people.models import Contact
from dissemination.plan import holders
from dissemination.subscriptions import hooks
from dissemination.subscriptions.hooks import Newsletter

UNSUBSCRIBED = "unsubscribed"
PAUSED = "paused"


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


def _call_back_all(contact: Contact) -> None:
    """Skip what waits to be sent to `contact`, who paused."""
    outbox.skip_queued(contact_id=contact.id, about_kind="issues", reason=PAUSED)


def _as_newsletter(issue: Issue) -> Newsletter:
    """What subscriptions need to know of an issue that was sent. `frozen` says in which languages."""
    archive = content.public(issue.district, f"newsletters/{issue.slug}")
    languages = tuple(issue.frozen) or ("it",)
    return Newsletter(
        id=issue.id, sent_at=issue.sent_at or issue.created_at,
        topic_ids=frozenset(t.id for t in issue.topics),
        titles={lang: getattr(issue, f"subject_{lang}") for lang in languages},
        preheaders={lang: getattr(issue, f"preheader_{lang}") for lang in languages},
        urls={lang: f"{archive}?edition={lang}" for lang in languages},
        rule=readers.rule_of(issue).to_json(),
    )  # fmt: skip


def _sent_between(district_id: int, since: datetime, until: datetime) -> list[Newsletter]:
    return [_as_newsletter(issue) for issue in queries.sent_between(district_id, since, until)]


def _newsletters(district_id: int, ids: Iterable[int]) -> list[Newsletter]:
    return [_as_newsletter(issue) for issue in queries.sent_by_id(district_id, ids)]


def init_app(app) -> None:  # noqa: ARG001 - every package is set up with the application
    """Register our sources, and with the subscriptions and the outbox, once per process."""
    outbox.expanders["issues"] = sending.recipients_of
    outbox.keepers["issues"] = sending.still_in
    bounces.came_back["issues"] = returned.came_back
    outbox.expanders[rehearsing.KIND] = rehearsing.recipients_of
    live.offer()
    holders.register(proving.HOLDER)
    sources.register(upcoming.CALENDAR)
    if _call_back not in hooks.left:
        hooks.left.append(_call_back)
        hooks.topic_users.append(queries.names_topic)
        hooks.paused.append(_call_back_all)
        hooks.digest_sources.append(_sent_between)
        hooks.newsletters.append(_newsletters)
        hooks.issue_checks.append(queries.is_issue)
