"""What an issue brought is counted without following anybody."""

import re
from urllib.parse import urlsplit

import pytest
import time_machine

from dissemination.delivery.models import Fate, SuppressionEvent
from dissemination.kernel.clock import now
from dissemination.kernel.database import db, transaction
from dissemination.newsletters import actions, jobs, outcome, preflight, scheduling, settling
from dissemination.newsletters.dispatches import IssueLink
from dissemination.people.models import Contact
from dissemination.registrations.models import Registration
from dissemination.subscriptions import actions as subscriptions
from tests import factories
from tests.newsletters import cast

DESK = "/moda/desk/newsletters"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel("2027-03-01 09:00 +0000", tick=False) as moved:
        yield moved


@pytest.fixture
def issue(moda, ada):
    with transaction():
        topic = cast.topic(moda)
        for name in "abc":
            cast.subscriber(moda, topic, email=f"{name}@moda.example")
        workshop = factories.workshop(moda)
        return cast.issue(
            moda,
            topic,
            by=ada,
            workshop_ids=[workshop.id],
            text="Leggi [il bando](https://bando.example/a?b=1&c=2).",
        )


def person(n):
    return {
        "given_name": "Gina", "family_name": "Rossi", "email": f"gina{n}@example.org", "consent": "y", "private": "y",
    }  # fmt: skip


def test_registrations_are_counted_per_block_and_old_links_still_count(client, sign_in, ada, issue):
    block = issue.blocks[0]
    slug = actions.sources(issue)[block.id].slug
    (letter,) = actions.prepare(issue).letters
    marked = f"/moda/workshops/{slug}?n={issue.id}.{block.id}"
    assert marked in letter.html
    assert marked in letter.text
    cast.send(issue, by=ada)
    page = client.get(marked).text
    assert f"n={issue.id}.{block.id}" in page, "the way to the form names the block"
    for n, mark in enumerate((f"{issue.id}.{block.id}", f"{issue.id}", f"{issue.id}.{block.id}.9", "x", "")):
        url = f"/moda/workshops/{slug}/registrations"
        assert f'name="n" value="{mark}"' in client.get(f"{url}?n={mark}").text or n > 1
        answer = client.post(url, data={**person(n), "n": mark})
        assert answer.status_code in (302, 303), answer.text
    db.session.rollback()
    found = [
        (r.newsletter_issue_id, r.newsletter_block_id) for r in db.session.query(Registration).order_by("id")
    ]
    assert found == [(issue.id, block.id), (issue.id, None), (None, None), (None, None), (None, None)]
    brought = outcome.registrations(issue)
    assert brought.by_block == {block.id: 1, None: 1}
    assert [(w.slug, n) for w, n in brought.by_workshop] == [(slug, 2)]
    page = sign_in(ada).get(f"{DESK}/{issue.id}/outcome").text
    assert "link che non indicano un blocco" in page
    assert "I link di questo numero non sono stati contati." in page


def test_an_issue_of_another_district_gains_nothing_here(client, moda, nautica, dora, issue, ada):
    with transaction():
        topic = cast.topic(nautica)
        cast.subscriber(nautica, topic)
        other = cast.issue(nautica, topic, by=dora)
        workshop = factories.workshop(moda)
    cast.send(other, by=dora)
    client.post(f"/moda/workshops/{workshop.slug}/registrations", data={**person(1), "n": f"{other.id}"})
    assert outcome.registrations(other).total == 0


def sent_with_counts(moda, ada, issue, clock):
    """The issue sent with counted links, through the worker's job; its HTML."""
    with transaction():
        settling.settle(moda, version=0, counts_clicks=True)
    draft = preflight.check(issue)
    assert "/c/" not in draft.letters[0].html, "what is looked at has the real links"
    with transaction():
        scheduling.decide(issue, draft, version=issue.version, by=ada)
    clock.shift(60)
    assert jobs.begin_due() == 1
    cast.write_rows()
    db.session.rollback()
    return issue.frozen["it"]["html"]


def test_without_the_setting_links_lead_where_they_lead(issue, ada):
    cast.send(issue, by=ada)
    html = issue.frozen["it"]["html"]
    assert "https://bando.example/a?b=1&amp;c=2" in html
    assert "/c/" not in html
    assert db.session.scalars(db.select(IssueLink)).all() == []


def test_counted_links_lead_on_and_keep_a_sum_only(app, moda, ada, issue, clock, sign_in):
    html = sent_with_counts(moda, ada, issue, clock)
    assert "bando.example" not in html
    paths = [urlsplit(url).path for url in re.findall(r'href="(http://127.0.0.1:8000/c/[^"]+)"', html)]
    assert len(set(paths)) == 2
    stranger = app.test_client(use_cookies=False)
    leads = {}
    for path in sorted(set(paths)):
        answer = stranger.get(path, headers={"User-Agent": "Lettrice/1.0", "X-Forwarded-For": "192.0.2.7"})
        assert (answer.status_code, "Set-Cookie" in answer.headers) == (302, False)
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        leads[path] = answer.location
    workshop = actions.sources(issue)[issue.blocks[0].id]
    assert set(leads.values()) == {
        "https://bando.example/a?b=1&c=2",
        f"http://127.0.0.1:8000/moda/workshops/{workshop.slug}?n={issue.id}.{issue.blocks[0].id}",
    }
    stranger.head(paths[0])  # a scanner that only asks
    stranger.get(paths[0])
    db.session.rollback()
    links, by_block = outcome.openings(issue)
    assert sorted(link.opened for link in links) == [1, 2]
    assert sum(by_block.values()) == 3
    assert {c.name for c in IssueLink.__table__.columns} == {
        "id",
        "issue_id",
        "number",
        "block_id",
        "url",
        "opened",
    }
    page = sign_in(ada).get(f"{DESK}/{issue.id}/outcome").text
    assert "macchine comprese" in page
    assert "https://bando.example/a?b=1&amp;c=2" in page


@pytest.mark.parametrize(
    "path",
    [
        "/c/{issue}/99",
        "/c/99999/1",
        "/c/{issue}/0",
        "/c/99999999999999/99999999999999",
        "/c/{issue}/1/https://x.example",
        "/c/{issue}/-1",
    ],
)
def test_nothing_but_a_link_of_that_issue_is_led_to(client, moda, ada, issue, clock, path):
    sent_with_counts(moda, ada, issue, clock)
    assert client.get(path.format(issue=issue.id)).status_code == 404
    assert client.get(f"/c/{issue.id}/1?url=https://x.example&next=//x.example").location.startswith(
        ("http://127.0.0.1:8000/moda/", "https://bando.example/")
    )


def test_who_left_and_who_complained_is_counted_for_the_issue_they_got(
    client, moda, ada, issue, clock, sign_in
):
    cast.send(issue, by=ada)
    with transaction():
        cast.settle(issue, Fate.REFUSED, address="c@moda.example")
        cast.settle(issue, Fate.ACCEPTED, state=Fate.QUEUED)
    deliveries = cast.deliveries(issue.id)
    clock.shift(3600)
    with transaction():
        for delivery in deliveries:  # also the one that never got it
            contact = db.session.get(Contact, delivery.contact_id)
            if delivery.address != "a@moda.example":
                subscriptions.unsubscribe_everything(contact)
        db.session.add(SuppressionEvent(
            district_id=moda.id, address="b@moda.example", what="complaint", delivery_id=deliveries[1].id, at=now(),
        ))  # fmt: skip
        cast.subscriber(moda, email="senza-tema@moda.example")
    assert (outcome.left(issue), outcome.complaints(issue)) == (1, 1)
    clock.shift(3600)
    with transaction():
        new = cast.subscriber(moda, email="nuova@moda.example")
        subscriptions.set_topics(new, [issue.topics[0].id], text="t", version="1", source="s", proof="")
    assert outcome.gained(issue) == 1
    clock.shift(3600)
    with transaction():
        following = cast.issue(moda, issue.topics[0], by=ada)
    cast.send(following, by=ada)
    with transaction():
        cast.settle(following)
    clock.shift(3600)
    with transaction():
        subscriptions.unsubscribe_everything(new)
    assert (outcome.left(issue), outcome.gained(issue)) == (1, 1), "later ones belong to the next issue"
    assert (outcome.left(following), outcome.gained(following)) == (1, 0)
    assert sign_in(ada).get(f"{DESK}/{issue.id}/outcome").status_code == 200


def test_nothing_individual_is_in_a_message(issue, ada):
    cast.send(issue, by=ada)
    first, second = (d.merge for d in cast.deliveries(issue.id)[:2])
    assert {k for k in first if first[k] != second[k]} == {
        "address",
        "preferences_url",
        "unsubscribe_url",
        "why_url",
    }
    html = issue.frozen["it"]["html"]
    assert "<img" not in html
