"""The districts of the sample, who signs in, and their plans."""

from datetime import date, datetime
from decimal import Decimal

from dissemination.districts.models import District, Sector
from dissemination.kernel import clock
from dissemination.kernel.database import db
from dissemination.kernel.rights import Role
from dissemination.people import access
from dissemination.people.accounts import Account
from dissemination.plan.actions import adopt_catalogue
from dissemination.plan.models import (
    ActivityLine,
    ApplicationArea,
    BudgetLine,
    LineKind,
    MacroArea,
    Objective,
    Plan,
    Target,
)
from dissemination.sample.dates import at, plan_years
from dissemination.sample.people import CAST, PASSWORD
from dissemination.sample.world import table

PART_OF_YEAR = 365


def add_districts() -> list[District]:
    """Moda and Nautica with their sectors."""
    texts = table("districts")
    privacy = texts["privacy"]
    found = []
    for facts in texts["district"]:
        sectors = facts.pop("sectors")
        district = District(
            **facts, privacy_version=privacy["version"], privacy_it=privacy["it"], privacy_en=privacy["en"]
        )
        district.sectors = [
            Sector(code=code, name_it=it, name_en=en, place=place, position=position)
            for position, (code, it, en, place) in enumerate(sectors)
        ]
        db.session.add(district)
        found.append(district)
    db.session.flush()
    return found


def add_cast(districts: list[District]) -> dict[str, Account]:
    """The accounts of the cast by first name, each with its role."""
    by_slug = {d.slug: d for d in districts}
    accounts = {}
    for person in CAST:
        account = access.add_account(email=person.email, name=person.name, password=PASSWORD)
        access.appoint(account, Role(person.role), by_slug.get(person.district or ""))
        accounts[person.email.split("@")[0]] = account
    return accounts


def add_plan(district: District, now: datetime) -> Plan:
    """The plan of Moda: every section, the annex, the catalogue with its targets."""
    texts = table("plan")
    plan = _empty_plan(district, now, texts["title"], texts["situation"])
    plan.macro_areas = [_macro_area(n, facts) for n, facts in enumerate(texts["macro_area"])]
    plan.objectives = [
        Objective(
            position=n,
            text=facts["text"],
            macro_areas=[plan.macro_areas[i - 1] for i in facts["macro_areas"]],
        )
        for n, facts in enumerate(texts["objective"])
    ]
    plan.lines = [_line(facts, now) for facts in texts["line"]]
    db.session.flush()
    adopt_catalogue(plan)
    db.session.expire(plan, ["indicators"])
    _set_targets(plan, texts["targets"])
    db.session.flush()
    return plan


def add_small_plan(district: District, now: datetime) -> Plan:
    """A plan that has just begun: three lines and the catalogue, no targets yet."""
    plan = _empty_plan(district, now, "Piano strategico-operativo {first}-{last}", "")
    plan.macro_areas = [MacroArea(name_it="Refit e nuovi materiali", name_en="Refit and new materials")]
    plan.lines = [
        ActivityLine(code=f["code"], kind=LineKind(f["kind"]), name_it=f["name_it"], name_en=f["name_en"])
        for f in table("plan")["line"]
    ]
    db.session.flush()
    adopt_catalogue(plan)
    return plan


def _empty_plan(district: District, now: datetime, title: str, situation: str) -> Plan:
    first, _this, last = plan_years(clock.local(now, district.zone).date())
    plan = Plan(
        district_id=district.id, title=title.format(first=first, last=last), situation=situation,
        starts_on=date(first, 1, 1), ends_on=date(last, 12, 31), created_at=at(date(first - 1, 11, 20)),
    )  # fmt: skip
    db.session.add(plan)
    return plan


def _macro_area(position: int, facts: dict) -> MacroArea:
    areas = [
        ApplicationArea(rank=rank, name_it=it, name_en=en)
        for rank, (it, en) in enumerate(facts.pop("application_areas"), start=1)
    ]
    return MacroArea(position=position, application_areas=areas, **facts)


def _line(facts: dict, now: datetime) -> ActivityLine:
    """An activity line with its budget in whole cents; what this year spent grows with its days."""
    today = now.date()
    elapsed = today.timetuple().tm_yday / PART_OF_YEAR
    money = zip(plan_years(today), facts.pop("budget"), (1, min(elapsed, 1), 0), strict=True)
    return ActivityLine(
        **{**facts, "kind": LineKind(facts["kind"])},
        budget=[
            BudgetLine(year=year, budget_cents=budget * 100, spent_cents=round(spent * part) * 100)
            for year, (budget, spent), part in money
        ],
    )


def _set_targets(plan: Plan, targets: dict) -> None:
    halves = [
        f"{year}-H{half}" for year in range(plan.starts_on.year, plan.ends_on.year + 1) for half in (1, 2)
    ]
    for indicator in plan.indicators:
        baseline, threshold, values, whole = targets[indicator.code]
        indicator.baseline, indicator.baseline_year = Decimal(str(baseline)), plan.starts_on.year - 1
        indicator.threshold = Decimal(str(threshold))
        indicator.targets = [
            Target(period=period, value=Decimal(str(value)))
            for period, value in zip([*halves, "plan"], [*values, whole], strict=True)
        ]
