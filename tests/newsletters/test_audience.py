"""An issue's audience: a segment narrows it, the guard and exclusions hold, evidence tells the rule."""

import pytest

from dissemination.kernel.database import transaction
from dissemination.newsletters import evidence, readers
from dissemination.newsletters.sending import NobodyToSendTo
from dissemination.subscriptions import segments
from tests.newsletters import cast

DESK = "/moda/desk/newsletters"
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
