"""Figures against an independent count in plain Python over all rows, on both databases."""

import dataclasses
from collections import namedtuple
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
import time_machine
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, update

from dissemination.districts.models import District
from dissemination.kernel.database import db, transaction
from dissemination.people.models import Membership, OrganisationType
from dissemination.plan import activity, figures, jobs, keeping, kept, periods, queries, splits
from dissemination.plan.log import Activity, KeptClass, KeptPart
from dissemination.plan.models import EvidenceState, Exclusion, Indicator
from tests import factories
from tests.plan.tampering import untouched_by_guards

PHASES = (Phase.explicit, Phase.generate)  # shrinking over two databases takes minutes
FIRST = 1_000_000  # ids of rows written past the log, out of the way of the sequence
LATER = 3_000_000  # subjects of rows that are logged as the packages do
NOW = datetime(2028, 1, 10, 9, tzinfo=UTC)
World = namedtuple("World", "plan companies root kept contacts lines exclusions members")
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "verb": st.sampled_from(["attendance.present", "attendance.absent", "audit.visited"]),
            "day": st.sampled_from([date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 1), date(2027, 2, 3),
                                    date(2025, 12, 31), date(2027, 6, 29)]),
            "company": st.none() | st.integers(0, 6),
            "contact": st.none() | st.integers(0, 2),
            "line": st.sampled_from(["a", "b"]),
            "amount": st.none() | st.integers(1, 5),
            "managing": st.sampled_from(["yes", "no", None]),
            "evidence": st.sampled_from(["missing", None]),
            "sector": st.sampled_from(["tessile", "pelle", None]),
            "not_counted": st.sampled_from([None, None, None, "absent", "without_counting"]),
            "reverses": st.booleans(),
        }
    ),
    max_size=14,
)  # fmt: skip
PERIODS = ["2026-H1", "2026-H2", "2026", "2026-Q3", "2027-02", "plan"]
KEPT = ["2026-01", "2026-07", "2027-02", "2026-Q1", "2026-Q3", "2027-Q2", "2025-H2", "2026-H1", "2027-H1", "2026", "2027",
        "plan"]  # fmt: skip
A, P, V = "attendance.absent", "attendance.present", "audit.visited"
RULES = {
    "COUNT": {"measure": "count", "verbs": [P], "seen": {A: "absent"}},
    "WHERE": {"measure": "count", "verbs": [P, V], "where": {"sector": ["pelle"]}, "lines": ["b"]},
    "DESPITE": {"measure": "count", "verbs": [P, A], "despite": ["absent"]},
    "SUM": {"measure": "sum", "verbs": [P]},
    "MEAN": {"measure": "mean", "verbs": [P]},
    "PERSONS": {"measure": "persons", "verbs": [P]},
    "COMPANIES": {"measure": "companies", "verbs": [P, V]},
    "NEW": {"measure": "new_companies", "verbs": [P, V]},
    "OF_MEMBERS": {"measure": "companies", "verbs": [P], "members_only": True},
    "FOLLOWED": {"measure": "companies", "verbs": [V], "followed_by": {"verbs": [P], "days": 200}},
    "EVIDENCE": {"measure": "evidence", "verbs": [P, V]},
    "RATIO": {"measure": "ratio", "numerator": "COUNT",
              "denominator": {"measure": "count", "verbs": [P, A], "despite": ["absent"]}},
    "MEMBERS": {"measure": "members"},
}  # fmt: skip


@pytest.fixture
def world(moda):
    """Seven companies: 0 and 1 plain, 2 merged into 1, 3 into 2, 4 research, 5 without tax id, 6 plain."""
    with transaction():
        plan = queries.current_plan(moda.id)
        companies = [factories.company(moda) for _ in range(7)]
        companies[2].merged_into_id = companies[1].id
        companies[3].merged_into_id = companies[2].id
        companies[4].type = OrganisationType.RESEARCH
        companies[5].tax_id = None
        contacts = [factories.contact(moda).id for _ in range(3)]
        spans = [(0, date(2020, 1, 1), date(2026, 8, 1)), (3, date(2026, 5, 1), None), (5, date(2020, 1, 1), None),
                 (6, date(2027, 3, 1), None), (1, date(2020, 1, 1), None)]  # fmt: skip
        db.session.add_all(Membership(company_id=companies[n].id, since=s, until=u) for n, s, u in spans)
        exclusion = Exclusion(
            district_id=moda.id, verbs=[P], condition={"in_managing_body": ["yes"]}, reason_it="x", reason_en="x",
            valid_from=date(2026, 3, 1), valid_until=date(2026, 7, 1),
        )  # fmt: skip
        db.session.add(exclusion)
        for code, rule in RULES.items():
            db.session.add(
                Indicator(plan_id=plan.id, code=code, name_it=code, name_en=code, unit="x", rule=rule)
            )
    ids = [c.id for c in companies]
    root = {ids[n]: ids[r] for n, r in enumerate([0, 1, 1, 1, 4, 5, 6])}
    kept = {ids[0], ids[1], ids[6]}  # a company, with a tax id
    lines = {x.code: x.id for x in plan.lines}
    members = [(root[ids[n]], s, u) for n, s, u in spans]
    return World(plan, ids, root, kept, contacts, lines, [exclusion], members)


def write(world, drawn):
    """Put the drawn rows in place of whatever the log held; returns them as plain dictionaries."""
    rows = []
    for n, r in enumerate(drawn, start=FIRST):
        attributes = {"in_managing_body": r["managing"], "sector": r["sector"], "evidence": r["evidence"]}
        rows.append(
            {
                "id": n, "verb": r["verb"], "happened_on": r["day"], "amount": r["amount"],
                "company_id": None if r["company"] is None else world.companies[r["company"]],
                "contact_id": None if r["contact"] is None else world.contacts[r["contact"]],
                "activity_line_id": world.lines[r["line"]], "not_counted": r["not_counted"],
                "attributes": {k: v for k, v in attributes.items() if v}, "district_id": world.plan.district_id,
                "subject_kind": "workshops", "subject_id": n, "title": "x", "recorded_at": NOW,
                "reverses_id": n - 1 if r["reverses"] and n > FIRST else None,
            }
        )  # fmt: skip
    with transaction():
        db.session.execute(delete(KeptPart))
        with untouched_by_guards():
            for row in db.session.query(Activity).order_by(Activity.id.desc()):
                db.session.execute(delete(Activity).where(Activity.id == row.id))
        if rows:
            db.session.execute(insert(Activity), rows)
        judge(world, rows)
    return rows


def judge(world, rows):
    """Keep which rows' evidence is missing, as `proofs` does."""
    db.session.execute(delete(EvidenceState))
    db.session.add_all(
        EvidenceState(
            subject_kind="workshops", subject_id=r["subject_id"], verb=r["verb"], complete=False,
            district_id=world.plan.district_id, missing=["attendance_sheet"],
        )
        for r in rows
        if r["attributes"].get("evidence") == "missing"
    )  # fmt: skip
    db.session.flush()


def reason_of(world, rows, row, rule):
    """Why a row is not counted, in plain words of Python; None when it is."""
    if row["reverses_id"] or any(r["reverses_id"] == row["id"] for r in rows):
        return "corrected"
    if row["not_counted"] and row["not_counted"] not in rule.get("despite", []):
        return row["not_counted"]
    if row["verb"] not in rule["verbs"]:
        return "seen"
    for e in world.exclusions:
        theirs = row["verb"] == P and row["attributes"].get("in_managing_body") == "yes"
        if theirs and e.valid_from <= row["happened_on"] <= e.valid_until:
            return "excluded"
    return None


def by_company(world, rows, row, rule, start, on):
    """The same for rules that count companies."""
    company = world.root.get(row["company_id"])
    if company not in world.kept:
        return "no company to count"
    if rule.get("members_only") and company not in members(world, on):
        return "not a member"
    if "followed_by" in rule:
        until = row["happened_on"] + timedelta(days=rule["followed_by"]["days"])
        if not any(
            world.root.get(r["company_id"]) == company and r["verb"] in rule["followed_by"]["verbs"]
            and row["happened_on"] <= r["happened_on"] <= until and not r["not_counted"]
            and not r["reverses_id"] and not any(x["reverses_id"] == r["id"] for x in rows)
            for r in rows
        ):  # fmt: skip
            return "not followed"
    return None


def members(world, on):
    return {
        c for c, since, until in world.members if since <= on and (until is None or until >= on)
    } & world.kept


def expected(world, rows, rule, period):
    """(actual, counted, not counted) of a rule for a period, by looking at every row."""
    start, end = period.start, period.end
    on = min(end, NOW.date())
    if rule["measure"] == "members":
        seen = [m for m in world.members if m[1] <= end and (m[2] is None or m[2] >= start)]
        active = [m for m in seen if m[0] in world.kept and m[1] <= on and (m[2] is None or m[2] >= on)]
        return Decimal(len({m[0] for m in active})), len(active), len(seen) - len(active)
    if rule["measure"] == "ratio":
        top = expected(world, rows, RULES["COUNT"], period)
        bottom = expected(world, rows, rule["denominator"], period)
        return per_cent(top[0], bottom[0]), top[1], top[2]
    mine = [
        r for r in rows
        if r["verb"] in [*rule["verbs"], *rule.get("seen", {})]
        and all(r["attributes"].get(k) in v for k, v in rule.get("where", {}).items())
        and r["activity_line_id"] in [world.lines[x] for x in rule.get("lines", "abc")]
    ]  # fmt: skip
    marked = [(r, reason_of(world, rows, r, rule)) for r in mine]
    if "compan" in rule["measure"]:
        marked = [(r, why or by_company(world, rows, r, rule, start, on)) for r, why in marked]
    if rule["measure"] == "new_companies":
        first = {}
        for r, why in marked:
            if not why and r["happened_on"] <= end:
                c = world.root[r["company_id"]]
                first[c] = min(first.get(c, r["happened_on"]), r["happened_on"])
        marked = [
            (r, why or ("returning" if first.get(world.root[r["company_id"]], start) < start else None))
            for r, why in marked
        ]
    if rule["measure"] == "evidence":
        missing = lambda r: "evidence_missing" if r["attributes"].get("evidence") == "missing" else None  # noqa: E731
        marked = [(r, why or missing(r)) for r, why in marked]
    if rule["measure"] == "persons":
        marked = [(r, why or (None if r["contact_id"] else "nobody")) for r, why in marked]
    if rule["measure"] in ("sum", "mean"):
        marked = [(r, why or (None if r["amount"] else "nothing")) for r, why in marked]
    marked = [(r, why) for r, why in marked if start <= r["happened_on"] <= end]
    good = [r for r, why in marked if not why]
    return value(world, rule, good, marked), len(good), len(marked) - len(good)


def value(world, rule, good, marked):
    amounts = [r["amount"] for r in good]
    if rule["measure"] == "sum":
        return Decimal(sum(amounts))
    if rule["measure"] == "mean":
        return (
            (Decimal(sum(amounts)) / len(amounts)).quantize(Decimal("0.01"), ROUND_HALF_UP)
            if amounts
            else None
        )
    if rule["measure"] == "persons":
        return Decimal(len({r["contact_id"] for r in good}))
    if "compan" in rule["measure"]:
        return Decimal(len({world.root[r["company_id"]] for r in good}))
    if rule["measure"] == "evidence":
        return per_cent(len(good), sum(why not in ("corrected", "excluded") for _, why in marked))
    return Decimal(len(good))


def per_cent(part, whole):
    return (100 * Decimal(part) / whole).quantize(Decimal("0.1"), ROUND_HALF_UP) if whole else None


@time_machine.travel(NOW, tick=False)
def test_each_measure_agrees_with_a_count_over_all_rows(world):
    @settings(
        max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), database=None, phases=PHASES
    )
    @given(ROWS)
    def agrees(drawn):
        rows = write(world, drawn)
        wanted = [periods.read(code, world.plan) for code in PERIODS]
        found = figures.figures(world.plan.indicators, wanted)
        assert {k: (f.actual, f.counted, f.not_counted) for k, f in found.items()} == {
            (code, p.code): expected(world, rows, rule, p) for code, rule in RULES.items() for p in wanted
        }

    agrees()


SPLIT = {"COUNT", "DESPITE", "SUM", "MEAN", "PERSONS", "COMPANIES", "NEW", "OF_MEMBERS", "RATIO", "EVIDENCE"}


@time_machine.travel(NOW, tick=False)
def test_kept_splits_are_what_a_count_by_class_over_the_log_gives(world):
    """Also: classes of what can be added up come to the figure; of what is counted once, to no less."""
    with transaction():
        for indicator in world.plan.indicators:
            if indicator.code in SPLIT:
                indicator.rule = {**indicator.rule, "split": ["sector", "line"]}

    @settings(
        max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), database=None, phases=PHASES
    )
    @given(ROWS, ROWS)
    def agrees(before, after):
        write(world, before)
        jobs.keep_totals()
        with transaction():
            log_through_activity(world, after)
        assert keeping.stale(world.plan) == []
        wanted = [periods.read(code, world.plan) for code in ("2026-H1", "2026-H2", "2026", "plan")]
        read = 0
        for indicator in world.plan.indicators:
            scope = figures.scope_of(world.plan, wanted[0])
            found = kept.Kept(world.plan, [indicator], scope)
            for name, rule in keeping.keepable(world.plan, indicator).items():
                for period in wanted:
                    for attribute in rule.split:
                        classes = found.split(indicator, name, rule, period, attribute)
                        assert classes is not None
                        if rule.measure != "evidence":
                            classes = {v: t for v, t in classes.items() if t.counted}
                        assert {v: (t.value, t.counted) for v, t in classes.items()} == live_classes(
                            world, rule, period, attribute
                        )
                        add_up(rule, classes, found.tally(indicator, name, rule, period))
                        read += 1
        assert read == 8 * 11

    agrees()


def live_classes(world, rule, period, attribute):
    scope = figures.scope_of(world.plan, period)
    found = splits._by_class(dataclasses.replace(rule, split=(attribute,)), scope)
    return {value: worth for value, worth in found.items() if any(worth)}


def add_up(rule, classes, whole):
    total = sum((t.value or 0) for t in classes.values())
    assert sum(t.counted for t in classes.values()) == whole.counted
    if rule.measure in ("count", "sum"):
        assert total == whole.value
    elif rule.measure != "mean":
        assert total >= whole.value


@time_machine.travel(NOW, tick=False)
def test_kept_totals_agree_with_the_log_whatever_is_logged_and_corrected(world):
    @settings(
        max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), database=None, phases=PHASES
    )
    @given(ROWS, ROWS)
    def agrees(before, after):
        write(world, before)
        jobs.keep_totals()
        with transaction():
            log_through_activity(world, after)
        assert keeping.stale(world.plan) == []
        assert figures.disagreements(world.plan, [periods.read(code, world.plan) for code in KEPT]) == []

    agrees()


def log_through_activity(world, drawn):
    """Log rows as the packages do; a row marked so is corrected again."""
    rows = [
        {
            "verb": r["verb"], "happened_on": r["day"], "amount": r["amount"], "title": "x", "by": None,
            "company_id": None if r["company"] is None else world.companies[r["company"]],
            "contact_id": None if r["contact"] is None else world.contacts[r["contact"]],
            "activity_line_id": world.lines[r["line"]], "not_counted": r["not_counted"],
            "attributes": {"in_managing_body": r["managing"], "sector": r["sector"], "evidence": r["evidence"]},
            "district_id": world.plan.district_id, "subject_kind": "workshops", "subject_id": LATER + n,
        }
        for n, r in enumerate(drawn)
    ]  # fmt: skip
    activity.record_all(rows)
    judge(world, rows)
    mine = db.session.query(Activity).filter(Activity.subject_id >= LATER).order_by(Activity.id).all()
    for row, r in zip(mine, drawn, strict=True):
        if r["reverses"]:
            activity.reverse(row, by=None, happened_on=date(2027, 2, 5), reason="sbagliato")


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize(
    "first", [date(2026, 1, 1), date(2026, 7, 1), date(2026, 4, 1), date(2026, 2, 1), date(2026, 1, 15)]
)
def test_a_plan_may_begin_on_any_day(world, first):
    """New companies of the plan are those of its windows when it begins with one; else they are counted live."""
    with transaction():
        world.plan.starts_on = first
    rows = [
        {"verb": verb, "day": day, "company": company, "contact": 0, "line": "a", "amount": 1, "managing": None,
         "sector": None, "evidence": None, "not_counted": None, "reverses": False}
        for verb, day, company in ((P, date(2026, 1, 1), 0), (V, date(2026, 1, 20), 1), (P, date(2026, 3, 31), 0),
                                   (P, date(2026, 4, 2), 6), (V, date(2026, 8, 1), 1), (P, date(2027, 1, 1), 0))
    ]  # fmt: skip
    write(world, [])
    jobs.keep_totals()
    with transaction():
        log_through_activity(world, rows)
    assert keeping.stale(world.plan) == []
    assert figures.disagreements(world.plan, [periods.read(code, world.plan) for code in KEPT]) == []
    new = queries.indicator(world.plan, "NEW")
    late = {
        date(2026, 1, 1): 3,
        date(2026, 1, 15): 2,
        date(2026, 2, 1): 1,
        date(2026, 4, 1): 1,
        date(2026, 7, 1): 0,
    }
    assert figures.figure(new, "plan").actual == late[first]


def test_totals_are_kept_and_read_instead_of_the_log(world):
    with transaction():
        workshop = factories.workshop(db.session.get(District, world.plan.district_id))
        activity.record(
            P, workshop, district_id=world.plan.district_id, title="x", happened_on=date(2026, 5, 5), by=None
        )
    count = queries.indicator(world.plan, "COUNT")
    assert jobs.keep_totals() == 12
    assert jobs.keep_totals() == 0
    with transaction(), untouched_by_guards():
        db.session.execute(delete(Activity))  # nobody may do that; here it shows which of the two is read
    for period in ("2026-05", "2026-Q2", "2026-H1", "2026", "plan"):
        assert figures.figure(count, period).actual == 1
    assert figures.figure(count, "2026-Q1").actual == 0
    assert ("COUNT", "2026-H1") in figures.disagreements(world.plan)


def test_a_stretch_of_days_that_no_code_names_is_counted_from_the_log(world):
    """Such as "from the plan's first day to the end of March": the kept totals know nothing of it."""
    with transaction():
        workshop = factories.workshop(db.session.get(District, world.plan.district_id))
        for day, company in ((date(2026, 3, 3), 0), (date(2026, 5, 5), 6)):
            activity.record(
                P, workshop, district_id=world.plan.district_id, title="x", happened_on=day, by=None,
                company_id=world.companies[company],
            )  # fmt: skip
    jobs.keep_totals()
    for code in ("to-date", "2026-H1"):  # the code of one stretch with the days of another
        stretch = periods.Period(date(2026, 1, 1), date(2026, 3, 31), code)
        found = figures.figures(world.plan.indicators, [stretch])
        assert found == figures.figures(world.plan.indicators, [stretch], live=True)
        assert [found[name, code].actual for name in ("COUNT", "COMPANIES")] == [1, 1]


def test_splits_are_read_from_kept_totals_and_the_command_says_when_they_differ(world, app):
    with transaction():
        queries.indicator(world.plan, "COUNT").rule = RULES["COUNT"] | {"split": ["sector"]}
        workshop = factories.workshop(db.session.get(District, world.plan.district_id))
        for sector in ("tessile", "x" * 400):
            activity.record(
                P, workshop, district_id=world.plan.district_id, title="x", happened_on=date(2026, 5, 5),
                by=None, attributes={"sector": sector},
            )  # fmt: skip
    jobs.keep_totals()
    count, half = queries.indicator(world.plan, "COUNT"), periods.read("2026-H1", world.plan)
    assert splits.splits(count, half) == splits.splits(count, half, live=True)
    run = app.test_cli_runner().invoke
    assert run(args=["figures", "--district", "moda", "--check"]).exit_code == 0
    with transaction():
        db.session.execute(update(KeptClass).where(KeptClass.value == "tessile").values(counted=7))
    assert splits.splits(count, half)[0].lines[0].actual == 7
    assert splits.splits(count, half, live=True)[0].lines[0].actual == 1
    said = run(args=["figures", "--district", "moda", "--check"])
    assert (said.exit_code, "COUNT 2026-H1 by sector" in said.output) == (1, True)


def test_a_changed_exclusion_is_counted_live_until_the_job_has_counted_anew(world):
    district = world.plan.district_id
    with transaction():
        workshop = factories.workshop(db.session.get(District, district))
    jobs.keep_totals()
    facts = {"district_id": district, "title": "x", "happened_on": date(2027, 5, 5), "by": None,
             "attributes": {"in_managing_body": "yes"}}  # fmt: skip
    count = queries.indicator(world.plan, "COUNT")
    with transaction():
        activity.record(P, workshop, **facts)
    assert figures.figure(count, "2027-H1").actual == 1
    with transaction():
        world.exclusions[0].valid_until = date(2027, 6, 1)
    assert figures.figure(count, "2027-H1").actual == 0
    with transaction():
        activity.record(P, workshop, **facts)
    with transaction():
        world.exclusions[0].valid_until = date(2026, 7, 1)  # the old rule again: a row was missed meanwhile
    assert figures.figure(count, "2027-H1").actual == 2
    assert jobs.keep_totals() > 0
    assert figures.figure(count, "2027-H1").actual == 2
