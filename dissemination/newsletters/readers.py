"""Who gets an issue: its topics, its rule beyond them, and for a correction those who were told wrongly.

The one place where issues meet subscriptions. An audience is described by data (`described`), so that the
worker can list it later, batch by batch, and ask again whether somebody still belongs to it.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import select

from dissemination.kernel.database import db
from dissemination.newsletters import corrections
from dissemination.newsletters.models import Issue
from dissemination.people.models import Contact
from dissemination.subscriptions import audience
from dissemination.subscriptions.audience import Audience, Counts
from dissemination.subscriptions.models import Segment, Subscription

__all__ = [
    "Counts", "arguments", "counts", "described", "english", "freeze", "listed", "rule_of", "segment_of",
    "still", "thaw",
]  # fmt: skip


def rule_of(issue: Issue, *, until: datetime | None = None) -> Audience:
    """The rule of `issue`; with `until` it leaves out who joined later. A correction knows no guard."""
    chosen = issue.audience_rule or {}
    told = corrections.told_by(issue)
    return Audience(
        tuple(sorted(t.id for t in issue.topics)), segment=chosen.get("segment"),
        conditions=_frozen(chosen), issue=issue.id,
        guarded=chosen.get("guarded", True) and told is None, until=until, told=told,
    )  # fmt: skip


def _frozen(chosen: dict) -> tuple[dict, ...] | None:
    conditions = (chosen.get("frozen") or {}).get("conditions")
    return None if conditions is None else tuple(conditions)


def freeze(issue: Issue) -> None:
    """Keep with `issue` its segment as it stands now: whoever changes that later changes nothing here."""
    segment = segment_of(issue)
    if segment is not None and "frozen" not in issue.audience_rule:
        kept = {"name": segment.name, "conditions": segment.conditions}
        issue.audience_rule = {**issue.audience_rule, "frozen": kept}


def thaw(issue: Issue) -> None:
    """Let a draft follow its segment again."""
    issue.audience_rule = {k: v for k, v in (issue.audience_rule or {}).items() if k != "frozen"}


def described(issue: Issue, *, language: str | None, until: datetime | None) -> dict[str, Any]:
    """The audience of `issue` as JSON. `language` "en" means those who chose English, "it" all others, None
    everybody."""
    return {**rule_of(issue, until=until).to_json(), "language": language}


def counts(issue: Issue) -> Counts:
    """The audience of `issue` as it stands now: persons, companies, who is left out and why, who gets two."""
    return audience.count(issue.district_id, rule_of(issue))


def english(issue: Issue) -> int:
    """How many of them chose English: asked for each look at a draft, so nobody else is judged for it."""
    return audience.size(issue.district_id, rule_of(issue), "en")


def arguments(issue: Issue) -> dict | None:
    """The rule as the values of the addresses of the pages that list the audience; None for a correction,
    whose rule no address can hold."""
    rule = rule_of(issue)
    if rule.told is not None:
        return None
    return {
        "topic": list(rule.topics), "segment": rule.segment, "issue": rule.issue,
        "unguarded": None if rule.guarded else "1",
    }  # fmt: skip


def segment_of(issue: Issue) -> Segment | None:
    """The segment that the issue is narrowed to."""
    chosen = (issue.audience_rule or {}).get("segment")
    found = db.session.get(Segment, chosen) if chosen else None
    return found if found is not None and found.district_id == issue.district_id else None


def listed(district_id: int, described: dict, after: int = 0) -> Iterator:
    """(id, email, given_name, family_name, language) of the audience behind the contact `after`, by id."""
    return audience.recipients(district_id, described, described.get("language"), after=after)


def still(district_id: int, described: dict, ids: Iterable[int]) -> set[int]:
    """Those of `ids` who belong to the audience now, their subscriptions held until the transaction ends:
    whoever leaves meanwhile waits, and then finds the mail to call back. SQLite has one writer at a time."""
    wanted = list(ids)
    _hold(wanted, described["topics"])
    query = select(Contact.id).where(
        Contact.id.in_(wanted), Contact.district_id == district_id,
        audience.is_reached(district_id, described),
    )  # fmt: skip
    if described.get("language"):
        query = query.where((Contact.language == "en") == (described["language"] == "en"))
    return set(db.session.scalars(query))


def _hold(contact_ids: list[int], topic_ids: list[int]) -> None:
    query = select(Subscription.id).where(
        Subscription.contact_id.in_(contact_ids), Subscription.topic_id.in_(topic_ids)
    )
    db.session.execute(query.order_by(Subscription.id).with_for_update(read=True)).all()
