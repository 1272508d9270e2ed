"""Whole districts that hypothesis writes: companies with merges, members, money, and a log of every verb.

Each example is a district of its own, so nothing has to be deleted between two of them.
"""

from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from random import Random

from hypothesis import strategies as st

from dissemination.kernel.database import db, transaction
from dissemination.people.models import Membership, OrganisationType, SizeClass
from dissemination.plan import activity
from dissemination.plan.catalogue import catalogue
from dissemination.plan.log import Activity
from dissemination.plan.models import BudgetLine, EvidenceState, Exclusion, Indicator
from tests import factories

VERBS = (
    "attendance.present", "attendance.absent", "audit.visited", "application.submitted", "workshop.held",
    "workshop.cancelled", "feedback.given", "newsletter.sent", "newsletter.reached", "newsletter.bounced",
    "publication.published", "publication.downloaded", "roadmap.approved", "audit.area_found", "meeting.held",
    "agreement.signed", "application.funded", "application.decided",
)  # fmt: skip
DAYS = (
    date(2025, 12, 31), date(2026, 1, 1), date(2026, 3, 31), date(2026, 4, 1), date(2026, 6, 30),
    date(2026, 7, 1), date(2026, 12, 31), date(2027, 2, 28), date(2027, 3, 1), date(2027, 7, 31),
    date(2028, 2, 29),
)  # fmt: skip  # 365 days after 1 March 2027 is the leap day, after 28 February 2027 the day before it
STARTS = (date(2026, 1, 1), date(2026, 1, 1), date(2026, 4, 1), date(2026, 2, 15))
VALUES = {
    "sector": ["tessile", "pelle"], "size": ["micro", "large"], "province": ["PO", "FI"],
    "returning": ["new", "returning"], "channel": ["workshop", "audit"], "mode": ["onsite", "online"],
    "macro_area": ["Processi"], "role": ["owner"], "organisation_type": ["company", "research"],
    "language": ["it", "en"], "type": ["report", "book"], "open_access": ["yes", "no"],
    "application_area": ["Colori"], "area_type": ["process"], "partner": ["CNR"],
    "cooperation": ["active", "passive"], "call": ["2016"], "catalogue_code": ["A.1"],
    "in_managing_body": ["yes", "no"], "evidence": ["missing", "complete"],
}  # fmt: skip
ATTRIBUTES = st.fixed_dictionaries({}, optional={k: st.sampled_from(v) for k, v in VALUES.items()})
COMPANY = st.fixed_dictionaries(
    {
        "type": st.sampled_from([OrganisationType.COMPANY] * 4 + [OrganisationType.RESEARCH]),
        "has_tax_id": st.sampled_from([True, True, True, False]),
        "size": st.sampled_from([None, SizeClass.MICRO, SizeClass.LARGE]),
        "province": st.sampled_from(["PO", "FI", ""]),
        "sector": st.sampled_from([None, 0, 1]),
        "merged_into": st.none() | st.integers(0, 9),  # of the companies before it, when there is one
    }
)
MEMBERSHIP = st.fixed_dictionaries(
    {
        "company": st.integers(0, 9),
        "since": st.sampled_from([date(2020, 1, 1), *DAYS[1:]]),
        "days": st.none() | st.integers(0, 500),
    }
)
EXCLUSION = st.fixed_dictionaries(
    {
        "verbs": st.lists(st.integers(0, len(VERBS) - 1), max_size=2),  # of those that the example is about
        "attribute": st.sampled_from(["in_managing_body", "sector", "province"]),
        "from": st.sampled_from(DAYS),
        "days": st.none() | st.integers(0, 400),
    }
)
MONEY = st.fixed_dictionaries(
    {
        "line": st.sampled_from("abc"), "year": st.sampled_from([2025, 2026, 2027, 2028]),
        "budget": st.integers(0, 10**6), "spent": st.integers(0, 10**6),
    }
)  # fmt: skip
_numbers = count(1)


def rows_of(verbs):
    """Rows of a log, most of them with one of `verbs`."""
    return st.lists(
        st.fixed_dictionaries(
            {
                "verb": st.sampled_from([*verbs, *verbs, *verbs, *VERBS]),
                "day": st.sampled_from(DAYS),
                "company": st.none() | st.integers(0, 9),
                "contact": st.none() | st.integers(0, 2),
                "line": st.sampled_from(["a", "b", "c", None]),
                "amount": st.none() | st.decimals(1, 5, places=2),
                "attributes": ATTRIBUTES,
                "not_counted": st.sampled_from([None] * 5 + ["absent", "without_counting"]),
                "corrected": st.sampled_from([False] * 5 + [True]),
            }
        ),
        min_size=6, max_size=22,
    )  # fmt: skip


def world_of(verbs):
    """A strategy of what `build` takes."""
    return st.fixed_dictionaries(
        {
            "companies": st.lists(COMPANY, min_size=3, max_size=7),
            "memberships": st.lists(MEMBERSHIP, max_size=8),
            "exclusions": st.lists(EXCLUSION, max_size=2),
            "money": st.lists(MONEY, max_size=6, unique_by=lambda m: (m["line"], m["year"])),
            "rows": rows_of(verbs),
            "starts_on": st.sampled_from(STARTS),
            "verbs": st.just(verbs),
        }
    )


def crowded(verbs):
    """One example that stands on every edge: many rows, companies with few of them, days first and last."""
    chance = Random(5)
    return {
        "companies": [_crowd(n, chance) for n in range(MANY)],
        "memberships": [
            {"company": n, "since": since, "days": None if until is None else (until - since).days}
            for n, (since, until) in enumerate(
                (since, until) for since in EDGES for until in (*EDGES, None) if until is None or until >= since
            )
        ],
        "exclusions": [
            {"verbs": [0, 1], "attribute": "in_managing_body", "from": date(2026, 1, 1), "days": 89},
            {"verbs": [], "attribute": "province", "from": date(2026, 7, 1), "days": 183},
            {"verbs": [2, 3], "attribute": "sector", "from": date(2027, 2, 28), "days": None},
        ],
        "money": [
            {"line": line, "year": year, "budget": 700 * year + ord(line), "spent": 90 * year}
            for line in "abc" for year in (2025, 2026, 2027, 2028)
        ],
        "rows": [
            _happened(pick, chance.choice([*verbs, *verbs, *verbs, *VERBS]), chance.choice(DAYS), n % MANY, chance)
            for pick, n in ((chance.choice, n) for n in [*range(14)] * 8 + [*range(14, MANY)] * 2)
        ] + [_happened(chance.choice, verb, day, n, None) for n, verb, day in FOLLOWED]
        + [_happened(chance.choice, verbs[0], day, 56, None, managing) for day, managing in LEFT_OUT_FIRST],
        "starts_on": date(2026, 4, 1),
        "verbs": verbs,
    }  # fmt: skip


EDGES = (
    date(2025, 1, 1), date(2026, 3, 31), date(2026, 4, 1), date(2026, 6, 30), date(2026, 7, 1), date(2026, 12, 31),
    date(2028, 3, 1), date(2028, 4, 1), date(2028, 5, 31),
)  # fmt: skip
MANY = 60
FOLLOWED = (  # a year later to the day, a day too late, by the company that it was merged into, taken in at once
    (50, "audit.visited", date(2027, 3, 1)), (50, "application.submitted", date(2028, 2, 29)),
    (51, "audit.visited", date(2027, 2, 28)), (51, "application.submitted", date(2028, 2, 29)),
    (53, "audit.visited", date(2027, 3, 1)), (52, "application.submitted", date(2027, 7, 31)),
    (54, "application.submitted", date(2026, 6, 30)), (54, "audit.visited", date(2026, 7, 1)),
    (55, "audit.visited", date(2026, 7, 1)), (55, "application.submitted", date(2026, 7, 1)),
)  # fmt: skip


LEFT_OUT_FIRST = ((date(2026, 1, 1), "yes"), (date(2026, 7, 1), "no"))  # new only when it counts


def _crowd(n, chance):
    research = n in (12, 30)
    merged = {10: 0, 11: 10, 31: 30, 53: 52, 40: 39}.get(n)
    return {
        "type": OrganisationType.RESEARCH if research else OrganisationType.COMPANY,
        "has_tax_id": n not in (13, 32, 33), "size": chance.choice([None, SizeClass.MICRO, SizeClass.LARGE]),
        "province": chance.choice(["PO", "FI", ""]), "sector": chance.choice([None, 0, 1]), "merged_into": merged,
    }  # fmt: skip


def _happened(pick, verb, day, company, chance, managing="no"):
    """A row; one that must be there (no `chance`) has no look that a call leaves out."""
    sure = chance is None
    looks = {k: v[-1] if sure else pick(v) for k, v in VALUES.items() if sure or chance.random() < 0.8}
    looks |= {"in_managing_body": managing} if sure else {}
    return {
        "verb": verb, "day": day, "company": None if not sure and chance.random() < 0.1 else company,
        "contact": None if sure else pick([None, 0, 1, 2]), "line": pick(["a", "b", "c", None]),
        "amount": None if sure else pick([None, Decimal("1.01"), Decimal("2.50"), Decimal("4.12"), Decimal(5)]),
        "attributes": looks, "not_counted": None if sure else pick([None] * 8 + ["absent", "without_counting"]),
        "corrected": not sure and chance.random() < 0.1,
    }  # fmt: skip


def build(drawn, codes):
    """The plan of a new district in which `drawn` happened, with the indicators `codes` of the catalogue."""
    with transaction():
        district = factories.district(f"d{next(_numbers)}")
        plan = factories.db.session.query(factories.Plan).filter_by(district_id=district.id).one()
        for entry in catalogue()["indicators"]:
            if entry["code"] in codes:
                facts = {k: entry[k] for k in ("code", "name_it", "name_en", "unit", "rule")}
                db.session.add(Indicator(plan_id=plan.id, **facts))
        plan.starts_on = drawn["starts_on"]
        for e in drawn["exclusions"]:
            _exclude(district, e, drawn["verbs"])
        for m in drawn["money"]:
            line = factories.line(district, m["line"])
            db.session.add(
                BudgetLine(
                    activity_line_id=line.id, year=m["year"], budget_cents=m["budget"], spent_cents=m["spent"]
                )
            )  # fmt: skip
        companies = [_company(district, c) for c in drawn["companies"]]
        for n, c in enumerate(drawn["companies"]):
            if c["merged_into"] is not None and n:
                companies[n].merged_into_id = companies[c["merged_into"] % n].id
        for m in drawn["memberships"]:
            until = None if m["days"] is None else m["since"] + timedelta(days=m["days"])
            owner = companies[m["company"] % len(companies)]
            db.session.add(Membership(company_id=owner.id, since=m["since"], until=until))
        db.session.flush()
        contacts = [factories.contact(district).id for _ in range(3)]
        _write(district, plan, drawn["rows"], [c.id for c in companies], contacts)
    return plan


def _exclude(district, e, about):
    until = None if e["days"] is None else e["from"] + timedelta(days=e["days"])
    db.session.add(
        Exclusion(
            district_id=district.id, verbs=sorted({about[n % len(about)] for n in e["verbs"]}),
            condition={e["attribute"]: VALUES[e["attribute"]][:1]}, reason_it="x", reason_en="x", valid_from=e["from"], valid_until=until,
        )
    )  # fmt: skip


def _company(district, c):
    sector = None if c["sector"] is None else district.sectors[c["sector"]].id
    tax = {} if c["has_tax_id"] else {"tax_id": None}
    return factories.company(
        district, type=c["type"], size=c["size"], province=c["province"], sector_id=sector, **tax
    )  # fmt: skip


def _write(district, plan, drawn, companies, contacts):
    lines = {x.code: x.id for x in plan.lines}
    rows = [
        {
            "verb": r["verb"], "happened_on": r["day"], "title": "x", "by": None, "amount": r["amount"],
            "company_id": None if r["company"] is None else companies[r["company"] % len(companies)],
            "contact_id": None if r["contact"] is None else contacts[r["contact"]],
            "activity_line_id": lines.get(r["line"]), "not_counted": r["not_counted"],
            "attributes": r["attributes"], "district_id": district.id, "subject_kind": "workshops",
            "subject_id": district.id * 10_000 + n,
        }
        for n, r in enumerate(drawn, start=1)
    ]  # fmt: skip
    activity.record_all(rows)
    query = db.session.query(Activity.subject_id, Activity.id).filter_by(district_id=district.id)
    ids = dict(query.all())
    db.session.add_all(  # as `proofs` keeps them
        EvidenceState(
            subject_kind=row["subject_kind"], subject_id=row["subject_id"], verb=row["verb"], complete=False,
            district_id=district.id, missing=["x"],
        )
        for row in rows
        if row["attributes"].get("evidence") == "missing"
    )  # fmt: skip
    db.session.flush()
    activity.record_all(
        [
            row | {"reverses_id": ids[row["subject_id"]], "happened_on": DAYS[-1]}
            for row, r in zip(rows, drawn, strict=True)
            if r["corrected"]
        ]
    )


def cents(value):
    """A Decimal with two digits, as the log keeps amounts."""
    return Decimal(str(value)).quantize(Decimal("0.01"))
