"""An issue's audience: a segment narrows it, the guard and exclusions hold, evidence tells the rule."""

from datetime import UTC, datetime

import pytest
import time_machine
from sqlalchemy import select

from dissemination.delivery.models import Delivery, Letter
from dissemination.kernel.database import db, transaction
from dissemination.newsletters import evidence, jobs, preflight, readers, scheduling
from dissemination.newsletters.sending import NobodyToSendTo
from dissemination.subscriptions import choices, segments
from dissemination.subscriptions import jobs as digest_jobs
from dissemination.subscriptions.models import Cadence
from tests.newsletters import cast

DESK = "/moda/desk/newsletters"
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ENGLISH = [{"what": "language", "language": "en"}]


@pytest.fixture
def textiles(moda):
    with transaction():
        return cast.topic(moda, "Tessile", name_en="Textiles")


@pytest.fixture
def english(moda, ada):
    with transaction():
        return segments.save(moda, None, name="Inglesi", conditions=ENGLISH, version=0, by=ada)


def test_a_segment_chosen_among_the_facts_narrows_who_gets_it(sign_in, moda, ada, textiles, english):
    with transaction():
        cast.subscriber(moda, textiles, email="it@moda.example", language="it")
        cast.subscriber(moda, textiles, email="en@moda.example", language="en")
        issue = cast.issue(moda, textiles, by=ada)
    desk = sign_in(ada)
    facts = {"subject_it": "Novità", "topics": textiles.id, "activity_line_id": issue.activity_line_id,
             "segment_id": english.id, "version": issue.version}  # fmt: skip
    assert desk.post(f"{DESK}/{issue.id}/facts", data=facts).status_code == 303
    page = desk.get(f"{DESK}/{issue.id}/sending").text
    assert "Inglesi" in page
    assert readers.counts(issue).left_out == {"segment": 1}
    assert cast.send(issue, by=ada) == 1
    assert [d.address for d in cast.deliveries(issue.id)] == ["en@moda.example"]
    assert issue.audience["segment"]["name"] == "Inglesi"
    assert "«Inglesi»" in evidence.rule_in_words(issue)


def test_a_segment_of_another_district_selects_nobody(moda, nautica, ada, dora, textiles):
    with transaction():
        cast.subscriber(moda, textiles)
        other = segments.save(nautica, None, name="Altri", conditions=ENGLISH, version=0, by=dora)
        issue = cast.issue(moda, textiles, by=ada, audience_rule={"segment": other.id, "guarded": True})
    assert readers.counts(issue).persons == 0
    with pytest.raises(NobodyToSendTo):
        cast.send(issue, by=ada)


@pytest.fixture
def narrowed(moda, ada, textiles, english):
    """A draft to the English readers; there is one of each language."""
    with transaction():
        cast.subscriber(moda, textiles, email="it@moda.example", language="it")
        cast.subscriber(moda, textiles, email="en@moda.example", language="en")
        return cast.issue(moda, textiles, by=ada, audience_rule={"segment": english.id, "guarded": True})


def change(moda, segment, *, by):
    with transaction():
        conditions = [{"what": "language", "language": "it"}]
        segments.save(moda, segment, name="Italiani", conditions=conditions, version=segment.version, by=by)


def decide(issue, *, by):
    draft = preflight.check(issue)
    with transaction():
        return scheduling.decide(issue, draft, version=issue.version, by=by)


def test_a_segment_changed_after_the_decision_changes_nothing(moda, ada, narrowed, english):
    with time_machine.travel(MONDAY, tick=False) as clock:
        decide(narrowed, by=ada)
        change(moda, english, by=ada)
        clock.shift(61)
        assert jobs.begin_due() == 1
        change(moda, english, by=ada)
        cast.write_rows()
    assert [d.address for d in cast.deliveries(narrowed.id)] == ["en@moda.example"]
    assert narrowed.audience["segment"] == {"name": "Inglesi", "conditions": ENGLISH}
    assert "«Inglesi»" in evidence.rule_in_words(narrowed)


def test_a_draft_whose_sending_was_undone_follows_its_segment_again(moda, ada, narrowed, english):
    with time_machine.travel(MONDAY, tick=False):
        decide(narrowed, by=ada)
        change(moda, english, by=ada)
        assert readers.counts(narrowed).languages == {"en": 1}
        with transaction():
            scheduling.undo(narrowed, by=ada)
    assert readers.counts(narrowed).languages == {"it": 1}


def test_who_chose_the_monthly_mail_finds_issues_with_a_rule_in_it(moda, ada, textiles, english):
    """The form always writes a rule, also when nothing was narrowed."""
    with time_machine.travel(MONDAY, tick=False) as clock:
        with transaction():
            for name, language in (("it", "it"), ("en", "en")):
                monthly = cast.subscriber(moda, textiles, email=f"{name}@moda.example", language=language)
                choices.choose(monthly, cadence=Cadence.MONTHLY, paused_until=None)
            cast.subscriber(moda, textiles, email="now@moda.example", language="en")
        for subject, segment in (("A tutti", None), ("In inglese", english.id)):
            with transaction():
                rule = {"segment": segment, "guarded": True}
                issue = cast.issue(moda, textiles, by=ada, subject_it=subject, audience_rule=rule)
            assert cast.send(issue, by=ada) == 1
        clock.move_to(datetime(2026, 4, 1, 9, 0, tzinfo=UTC))
        assert digest_jobs.send_digests() == 2, "one mail to each of the two"
    found = {}
    query = select(Delivery.address, Letter.source).join(Letter).where(Delivery.subject_kind == "digests")
    for address, source in db.session.execute(query):
        found[address] = [t for t in ("A tutti", "In inglese") if t in str(source)]
    assert found == {"it@moda.example": ["A tutti"], "en@moda.example": ["A tutti", "In inglese"]}
