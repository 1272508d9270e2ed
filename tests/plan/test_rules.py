"""Rules and periods are read strictly; no database."""

from datetime import date
from types import SimpleNamespace

import pytest

from dissemination.plan import periods, rules
from dissemination.plan.catalogue import catalogue
from dissemination.plan.periods import Period, UnknownPeriod

PLAN = SimpleNamespace(starts_on=date(2026, 3, 1), ends_on=date(2028, 2, 28))


@pytest.mark.parametrize("entry", catalogue()["indicators"], ids=lambda e: e["code"])
def test_every_rule_of_the_catalogue_can_be_read(entry):
    rules.read(entry["rule"])


def test_the_catalogue_refers_only_to_its_own_codes():
    entries = {e["code"]: rules.read(e["rule"]) for e in catalogue()["indicators"]}
    assert set().union(*[rules.codes_of(r) for r in entries.values()]) <= set(entries)


@pytest.mark.parametrize(
    ("data", "problems"),
    [
        (None, ["rule: must be a mapping"]),
        ({}, ["measure: must be one of count, sum, mean, companies, new_companies, persons, members, ratio, "
              "budget, evidence"]),
        ({"measure": "count"}, ["verbs: count needs at least one"]),
        ({"measure": "members", "verbs": ["a.b"]}, ["verbs: members has none"]),
        ({"measure": "count", "verbs": "a.b"}, ["verbs: must be a list of texts", "verbs: count needs at least one"]),
        ({"measure": "count", "verbs": ["a.b"], "wher": {}}, ["wher: unknown key"]),
        ({"measure": "count", "verbs": ["a.b"], "lines": ["d"]}, ["lines: 'd' is not one of a, b, c"]),
        ({"measure": "count", "verbs": ["a.b"], "seen": {"a.b": "x"}}, ["seen: a.b is counted already"]),
        ({"measure": "count", "verbs": ["a.b"], "where": {"type": "x"}}, ["where.type: must be a list of texts"]),
        ({"measure": "ratio", "numerator": "A"}, ["denominator: is missing"]),
        ({"measure": "sum", "verbs": ["a.b"], "share_of": "A"}, ["share_of: only a count has one"]),
        ({"measure": "ratio", "numerator": {"measure": "ratio"}, "denominator": "A"},
         ["numerator.measure: a part cannot itself be ratio", "numerator: is missing"]),
        ({"measure": "companies", "verbs": ["a.b"], "followed_by": {"verbs": ["c.d"], "days": 0}},
         ["followed_by.days: must be a whole number from 1 to 3660"]),
        ({"measure": "count", "verbs": ["a.b"], "members_only": "yes"}, ["members_only: must be true or false"]),
        # What a database takes for a path or cannot hold must not get so far: the figures' pages would answer 500.
        ({"measure": "count", "verbs": ["a.b"], "where": {'a"b': ["x"]}},
         ["where: 'a\"b' is no name: small letters, digits and _ only"]),
        ({"measure": "count", "verbs": ["a.b"], "where": {"a": ["x\0"]}}, ["where.a: must be a list of texts"]),
        ({"measure": "count", "verbs": ["a.b"], "split": ["$[0]"]},
         ["split: '$[0]' is no name: small letters, digits and _ only"]),
        ({"measure": "count", "verbs": ["\ud800"]}, ["verbs: must be a list of texts", "verbs: count needs at least one"]),
        ({"measure": "count", "verbs": ["A b"]}, ["verbs: 'A b' is no name: small letters, digits and _ only"]),
        ({"measure": "count", "verbs": ["a.b"], "seen": {"c.d": "x y"}},
         ["seen: 'x y' is no name: small letters, digits and _ only"]),
        ({"measure": "count", "verbs": ["a.b"], "despite": ["Ä"]},
         ["despite: 'Ä' is no name: small letters, digits and _ only"]),
        ({"measure": "count", "verbs": ["a.b"], "where": {"a": ["x"] * 201}}, ["where.a: must be a list of texts"]),
    ],
)  # fmt: skip
def test_a_wrong_rule_says_everything_that_is_wrong(data, problems):
    with pytest.raises(rules.RuleError) as caught:
        rules.read(data)
    assert caught.value.problems == problems


@pytest.mark.parametrize(
    ("code", "first", "last"),
    [
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("2026-H1", date(2026, 1, 1), date(2026, 6, 30)),
        ("2026-H2", date(2026, 7, 1), date(2026, 12, 31)),
        ("2026-Q2", date(2026, 4, 1), date(2026, 6, 30)),
        ("2028-02", date(2028, 2, 1), date(2028, 2, 29)),
        ("plan", date(2026, 3, 1), date(2028, 2, 28)),
    ],
)
def test_a_period_is_whole_days(code, first, last):
    assert periods.read(code, PLAN) == Period(first, last, code)


@pytest.mark.parametrize(
    "code", ["", "2026-H3", "2026-Q5", "2026-13", "2026-00", "26", "2026-1", "Plan", "2026-H1 ", "٢٠٢٦", None]
)
def test_another_text_is_no_period(code):
    with pytest.raises(UnknownPeriod):
        periods.read(code, PLAN)


def test_the_half_years_of_a_plan_are_those_that_it_touches():
    assert [p.code for p in periods.half_years(PLAN)] == [
        "2026-H1",
        "2026-H2",
        "2027-H1",
        "2027-H2",
        "2028-H1",
    ]


def test_a_sum_takes_any_numeric_field_and_only_a_sum_or_mean_has_one():
    assert rules.read({"measure": "sum", "verbs": ["audit.visited"], "field": "hours"}).field == "hours"
    assert rules.read({"measure": "sum", "verbs": ["audit.visited"]}).field == "amount"
    assert rules.problems_of({"measure": "count", "verbs": ["x.y"], "field": "hours"}) == [
        "field: only a sum or a mean has one"
    ]
    assert rules.problems_of({"measure": "sum", "verbs": ["x.y"], "field": "Hours!"}) == [
        "field: must be amount or the name of an attribute"
    ]
