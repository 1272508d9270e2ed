"""Topics: order, names, closing."""

import pytest

from dissemination.kernel.database import db, transaction
from dissemination.people.actions import ChangedMeanwhile
from dissemination.subscriptions import actions
from dissemination.subscriptions.models import Topic
from tests.newsletters import cast

DESK = "/moda/desk/subscriptions"


@pytest.fixture
def textiles(moda):
    with transaction():
        return cast.topic(moda, "Tessile", name_en="Textiles")


def names(district, **more):
    from dissemination.subscriptions.queries import topics

    return [t.name_it for t in topics(district.id, **more)]


def test_topics_are_added_at_the_end_and_ordered(moda):
    with transaction():
        first, second, third = (actions.add_topic(moda, name_it=n) for n in ("Uno", "Due", "Tre"))
        actions.move_topic(third, up=True)
        actions.move_topic(first, up=True)
    assert names(moda) == ["Uno", "Tre", "Due"]
    assert (first.code, second.code) == ("uno", "due")


def test_a_topic_name_is_not_given_twice(moda, textiles):
    with transaction(), pytest.raises(actions.TopicExists):
        actions.add_topic(moda, name_it="tessile ")


def test_a_topic_with_subscribers_is_not_taken_away_silently(moda, textiles):
    with transaction():
        cast.subscriber(moda, textiles)
    with pytest.raises(actions.TopicHasSubscribers), transaction():
        actions.close_topic(textiles)
    with transaction():
        assert actions.close_topic(textiles, acknowledged=True) is False
    assert (names(moda), names(moda, closed=True)) == ([], ["Tessile"])
    with transaction():
        actions.reopen_topic(textiles)
    assert names(moda) == ["Tessile"]


def test_a_topic_that_nobody_used_is_deleted(moda, textiles):
    with transaction():
        assert actions.close_topic(textiles) is True
    assert names(moda, closed=True) == []


def test_two_editors_of_a_topic(moda, textiles):
    with transaction():
        actions.revise_topic(textiles, version=1, name_it="Tessile e filati", name_en="", sector_id=None)
    with pytest.raises(ChangedMeanwhile), transaction():
        actions.revise_topic(textiles, version=1, name_it="Altro", name_en="", sector_id=None)
    assert names(moda) == ["Tessile e filati"]


def test_topics_are_run_at_the_desk(sign_in, ada, moda, textiles):
    desk = sign_in(ada)
    desk.post(f"{DESK}/topics/new", data={"name_it": "Pelle", "sector_id": moda.sectors[1].id})
    leather = db.session.scalars(db.select(Topic).where(Topic.name_it == "Pelle")).one()
    assert leather.sector_id == moda.sectors[1].id
    answer = desk.post(f"{DESK}/topics/new", data={"name_it": "Pelle", "sector_id": 0})
    assert answer.status_code == 422
    assert "C&#39;è già un tema con questo nome." in answer.text
    desk.post(f"{DESK}/topics/{leather.id}/position", data={"direction": "up"})
    desk.post(f"{DESK}/topics/{textiles.id}", data={"name_it": "Filati", "sector_id": 0, "version": 1})
    page = desk.get(f"{DESK}/topics").text
    assert page.index("Pelle") < page.index("Filati")
    with transaction():
        cast.subscriber(moda, leather)
    question = desk.get(f"{DESK}/topics/{leather.id}/closing").text
    assert "1 persona vi è iscritta." in question
    assert desk.post(f"{DESK}/topics/{leather.id}/closing", data={}).status_code == 422
    desk.post(f"{DESK}/topics/{leather.id}/closing", data={"acknowledged": "y"})
    db.session.rollback()
    assert leather.closed_at is not None
    desk.post(f"{DESK}/topics/{leather.id}/opening")
    db.session.rollback()
    assert leather.closed_at is None
