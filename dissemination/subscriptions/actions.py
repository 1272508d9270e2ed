"""The verbs of this package: topics here, subscribing in `subscribing.py`; named here too."""

from collections.abc import Iterable

from flask_babel import lazy_gettext as _l

from dissemination.districts.models import District
from dissemination.kernel.clock import now
from dissemination.kernel.database import db
from dissemination.kernel.ordering import swap
from dissemination.kernel.refusals import Refusal
from dissemination.kernel.text import free_slug, slugify
from dissemination.people.actions import check_version
from dissemination.subscriptions import queries
from dissemination.subscriptions.models import Topic, TopicKind
from dissemination.subscriptions.subscribing import (
    ask,
    confirm,
    forget_old_requests,
    set_topics,
    unsubscribe_everything,
)

__all__ = [
    "add_topic", "ask", "close_topic", "confirm", "forget_old_requests", "move_topic", "reopen_topic",
    "revise_topic", "set_topics", "unsubscribe_everything",
]  # fmt: skip


class TopicExists(Refusal):
    """The district has a topic of that name."""

    field = "name_it"
    message = _l("There is already a topic with this name.")


class TopicHasSubscribers(Refusal):
    """People are subscribed and nobody said that this is known."""

    message = _l("People are subscribed to this topic. Confirm that you know.")


def add_topic(
    district: District, *, name_it: str, name_en: str = "", sector_id: int | None = None, code: str = "",
    kind: TopicKind = TopicKind.NEWS, macro_area_id: int | None = None, language: str = "",
) -> Topic:  # fmt: skip
    """Add a topic that people can subscribe to, at the end of the list. Raises TopicExists."""
    every = queries.topics(district.id, closed=True)
    _refuse_same_name(every, name_it)
    taken = {t.code for t in every}
    topic = Topic(
        district_id=district.id, code=code or free_slug(slugify(name_it, limit=36), taken.__contains__),
        name_it=name_it, name_en=name_en, sector_id=sector_id, kind=kind, macro_area_id=macro_area_id,
        language=language,
        position=max((t.position for t in every), default=-1) + 1,
    )  # fmt: skip
    db.session.add(topic)
    db.session.flush()
    return topic


def _refuse_same_name(topics: Iterable[Topic], name: str) -> None:
    if any(slugify(t.name_it) == slugify(name) for t in topics):
        raise TopicExists


def revise_topic(
    topic: Topic, *, version: int, name_it: str, name_en: str, sector_id: int | None, **facts
) -> None:
    """Change a topic's names, sector and `facts` (kind, macro_area_id, language); its subscribers stay.

    Raises ChangedMeanwhile, TopicExists.
    """
    every = queries.topics(topic.district_id, closed=True)
    _refuse_same_name([t for t in every if t.id != topic.id], name_it)
    check_version(topic, version)
    topic.name_it, topic.name_en, topic.sector_id = name_it, name_en, sector_id
    for column in facts.keys() & {"kind", "macro_area_id", "language"}:
        setattr(topic, column, facts[column])
    db.session.flush()


def move_topic(topic: Topic, *, up: bool) -> None:
    """Move a topic one place up or down among those offered."""
    swap(queries.topics(topic.district_id), topic, up=up)


def close_topic(topic: Topic, *, acknowledged: bool = False) -> bool:
    """Take a topic out of the offer. True when its row is gone: nobody ever used it.

    A topic with a history stays as closed: its subscriptions are kept, nothing is sent for it unless an
    issue names it. Raises TopicHasSubscribers unless `acknowledged`.
    """
    if queries.subscriber_counts(topic.district_id).get(topic.id, 0) and not acknowledged:
        raise TopicHasSubscribers
    if queries.topic_is_used(topic):
        topic.closed_at = now()
        db.session.flush()
        return False
    db.session.delete(topic)
    db.session.flush()
    return True


def reopen_topic(topic: Topic) -> None:
    """Offer a closed topic again."""
    topic.closed_at = None
    db.session.flush()
