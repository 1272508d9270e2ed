"""What an activity that is still planned will feed."""

from datetime import date

import pytest

from dissemination.kernel.database import db, transaction
from dissemination.plan import contract, queries
from dissemination.plan.models import Indicator
from tests import factories

ON = date(2027, 3, 11)
P, H = "attendance.present", "workshop.held"
RULES = {
    "HELD": {"measure": "count", "verbs": [H], "split": ["sector", "mode"]},
    "PRESENT": {"measure": "companies", "verbs": [P], "split": ["size", "province"]},
    "ON-B": {"measure": "count", "verbs": [H], "lines": ["b"]},
    "ONLINE": {"measure": "count", "verbs": [H], "where": {"mode": ["online"]}},
    "RATE": {"measure": "ratio", "numerator": "PRESENT", "denominator": "MEMBERS", "split": ["role"]},
    "MEMBERS": {"measure": "members"},
    "AUDITS": {"measure": "count", "verbs": ["audit.visited"]},
    "LOST": {"measure": "ratio", "numerator": "NOWHERE", "denominator": {"measure": "count", "verbs": [P]}},
    "BROKEN": {"measure": "guess"},
}


@pytest.fixture
def plan(moda):
    with transaction():
        plan = queries.current_plan(moda.id, ON)
        db.session.add_all(
            Indicator(plan_id=plan.id, position=n, code=code, name_it=code, name_en=code, unit="x", rule=rule)
            for n, (code, rule) in enumerate(RULES.items())
        )
    return plan


def fed(district, code="a", **options):
    line = factories.line(district, code).id if code else None
    return {f.indicator.code: (f.splits, f.verbs) for f in contract.fed_by(district.id, ON, line, **options)}


def test_a_verb_feeds_what_counts_it_also_through_a_ratio(moda, plan):
    assert fed(moda) == {
        "HELD": (("sector", "mode"), (H,)),
        "PRESENT": (("size", "province"), (P,)),
        "ONLINE": ((), (H,)),
        "RATE": (("role",), (P,)),
    }
    assert list(fed(moda, verbs=["audit.visited"])) == ["AUDITS"]


def test_the_line_and_what_is_known_decide_with(moda, plan):
    assert "ON-B" in fed(moda, "b")
    assert "ON-B" not in fed(moda, None)
    assert "ONLINE" not in fed(moda, attributes={"mode": "onsite"})
    assert "ONLINE" in fed(moda, attributes={"mode": "online"})


def test_the_splits_of_a_verb_are_those_of_all_that_count_it(moda, plan):
    found = contract.fed_by(moda.id, ON, factories.line(moda).id)
    assert contract.splits_of(found, verb=P) == {"size", "province", "role"}


def test_outside_every_plan_and_in_other_districts_nothing_is_fed(moda, nautica, plan):
    line = factories.line(moda).id
    assert contract.fed_by(moda.id, date(2031, 1, 1), line) == []
    assert contract.fed_by(moda.id, date(2025, 12, 31), line) == []
    assert contract.fed_by(nautica.id, ON, line) == []
