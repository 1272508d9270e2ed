"""What higher floors are asked and told: they append their functions in `setup.init_app`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from dissemination.people.models import Contact
from dissemination.subscriptions.models import Topic


@dataclass(frozen=True)
class Newsletter:
    """An issue that was sent, as this floor needs to know it. Texts and address by language."""

    id: int
    sent_at: datetime
    topic_ids: frozenset[int]
    titles: dict[str, str]
    preheaders: dict[str, str]
    urls: dict[str, str]  # of the web archive
    rule: dict | None = field(default=None)  # of `audience.Audience`, when it has one


topic_users: list[Callable[[Topic], bool]] = []
"""Each says whether rows of its package name the topic, which then may not be deleted."""

left: list[Callable[[Contact, set[int]], None]] = []
"""Each is told, in the transaction, who left topics and the ids of those that remain: what waits to be
sent to her for other topics is called back."""

paused: list[Callable[[Contact], None]] = []
"""Each is told, in the transaction, who paused: what waits to be sent to her is called back."""

digest_sources: list[Callable[[int, datetime, datetime], list[Newsletter]]] = []
"""Each gives the newsletters of a district whose sending began from a moment until another (not included)."""

newsletters: list[Callable[[int, Iterable[int]], list[Newsletter]]] = []
"""Each gives the newsletters of a district with these ids."""


issue_checks: list[Callable[[int, int], bool]] = []
"""Each says whether a district has an issue with this id, sent or not."""


def is_issue(district_id: int, issue_id: int | None) -> bool:
    """Whether the district has this issue."""
    return issue_id is not None and any(check(district_id, issue_id) for check in issue_checks)


def sent_between(district_id: int, since: datetime, until: datetime) -> list[Newsletter]:
    """The newsletters of a district that were sent in a time, oldest first."""
    found = [n for source in digest_sources for n in source(district_id, since, until)]
    return sorted(found, key=lambda n: (n.sent_at, n.id))


def newsletters_by_id(district_id: int, ids: Iterable[int]) -> dict[int, Newsletter]:
    """The newsletters of a district with these ids."""
    wanted = list(ids)
    return {n.id: n for source in newsletters for n in source(district_id, wanted)}
