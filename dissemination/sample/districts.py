"""The districts of the sample, who signs in, and their plans."""

from datetime import date, datetime
from decimal import Decimal

from dissemination.districts import actions as districts
from dissemination.districts.models import District
from dissemination.kernel.clock import local
from dissemination.kernel.database import db
from dissemination.kernel.rights import Role
from dissemination.people import access
from dissemination.people.accounts import Account
from dissemination.plan import actions as plans
from dissemination.plan.models import LineKind, Plan
from dissemination.sample.dates import plan_years
from dissemination.sample.people import CAST, PASSWORD
from dissemination.sample.world import table

COFINANCING = 50  # percent


def add_districts() -> list[District]:
    """Moda and Nautica with their sectors."""
    texts = table("districts")
    privacy = {"privacy_it": texts["privacy"]["it"], "privacy_en": texts["privacy"]["en"]}
    found = []
    for facts in texts["district"]:
        sectors = facts.pop("sectors")
        district = districts.add(**facts, **privacy)
        for code, it, en, place in sectors:
            districts.add_sector(district, code=code, name_it=it, name_en=en, place=place)
        found.append(district)
    return found


def add_cast(found: list[District]) -> dict[str, Account]:
    """The accounts of the cast by first name, each with its role."""
    by_slug = {d.slug: d for d in found}
    accounts = {}
    for person in CAST:
        account = access.add_account(email=person.email, name=person.name, password=PASSWORD)
        access.appoint(account, Role(person.role), by_slug.get(person.district or ""))
        accounts[person.email.split("@")[0]] = account
    return accounts


def add_plan(district: District, now: datetime) -> Plan:
    """The plan of Moda: every section, the annex, the catalogue with its targets."""
    texts = table("plan")
    plan = add_small_plan(district, now)
    plans.revise_plan(plan, version=plans.version_of(plan), situation=texts["situation"])
    for facts in texts["macro_area"]:
        areas = [tuple(names) for names in facts.pop("application_areas")]
        plans.save_macro_area(plan, None, version="", application_areas=areas, **facts)
    for facts in texts["objective"]:
        ids = [plan.macro_areas[number - 1].id for number in facts["macro_areas"]]
        plans.save_objective(plan, None, version="", text=facts["text"], macro_area_ids=ids)
    for facts in texts["line"]:
        _write_line(plan, facts, local(now, district.zone).date())
    _set_targets(plan, texts["targets"])
    for facts in texts["operation"]:
        _plan_operation(plan, facts, local(now, district.zone).date())
    return plan


def add_small_plan(district: District, now: datetime) -> Plan:
    """A plan that has just begun: the three lines of the decree and the catalogue."""
    first, _this, last = plan_years(local(now, district.zone).date())
    return plans.create_plan(
        district.id, title=table("plan")["title"].format(first=first, last=last), catalogue=True,
        starts_on=date(first, 1, 1), ends_on=date(last, 12, 31),
    )  # fmt: skip


def _write_line(plan: Plan, facts: dict, today: date) -> None:
    """Describe a line, with its budget in whole cents; what this year spent grows with its days."""
    elapsed = min(today.timetuple().tm_yday / 365, 1)
    money = zip(plan_years(today), facts.pop("budget"), (1, elapsed, 0), strict=True)
    budget = {
        year: {
            "budget_cents": planned * 100, "spent_cents": round(spent * part) * 100,
            "committed_cents": round(planned * 0.85 * part) * 100,
            "cofinanced_cents": planned * COFINANCING, "cofinancing_percent": COFINANCING,
        }
        for year, (planned, spent), part in money
    }  # fmt: skip
    line = next(line for line in plan.lines if line.code == facts["code"])
    facts["kind"] = LineKind(facts["kind"])
    plans.save_line(plan, line, version=plans.version_of(line), budget=budget, **facts)


def _plan_operation(plan: Plan, facts: dict, today: date) -> None:
    """An operation of one of the three years; what is over is done."""
    year = plan_years(today)[facts["year"]]
    first, last = (date.fromisoformat(f"{year}-{facts[name]}") for name in ("first", "last"))
    line = next(line for line in plan.lines if line.code == facts["line"])
    indicator = next(row for row in plan.indicators if row.code == facts["indicator"])
    plans.save_operation(
        plan, None, version="", activity_line_id=line.id, indicator_id=indicator.id, starts_on=first,
        ends_on=last, done_on=last if last < today else None, planned=facts["planned"],
        title_it=facts["title_it"], title_en=facts["title_en"],
    )  # fmt: skip


def _set_targets(plan: Plan, targets: dict) -> None:
    """Baselines, thresholds, and the targets of each half-year and of the whole plan."""
    years = range(plan.starts_on.year, plan.ends_on.year + 1)
    periods = [*(f"{year}-H{half}" for year in years for half in (1, 2)), "plan"]
    db.session.expire(plan, ["indicators"])
    values = {}
    for row in list(plan.indicators):
        baseline, threshold, halves, whole = targets[row.code]
        plans.save_indicator(
            plan, row, version=plans.version_of(row), code=row.code, rule=row.rule,
            threshold=Decimal(str(threshold)),
        )  # fmt: skip
        numbers = [Decimal(str(value)) for value in (*halves, whole)]
        values[row.id] = {
            "baseline": Decimal(str(baseline)), "year": plan.starts_on.year - 1,
            "targets": dict(zip(periods, numbers, strict=True)),
        }  # fmt: skip
    db.session.expire_all()  # thresholds as the database writes them: the version is over those
    plans.save_targets(plan, version=plans.targets_version(plan), values=values)
