"""A new plan from content: a copy for the next period or another district, or a file that was read."""

from datetime import MAXYEAR, MINYEAR, date
from decimal import Decimal

from dissemination.districts.models import District
from dissemination.editions import content as contents
from dissemination.kernel import clock
from dissemination.kernel.database import db
from dissemination.people.accounts import Account
from dissemination.plan import actions, saved
from dissemination.plan.models import (
    ActivityLine,
    ApplicationArea,
    BudgetLine,
    Direction,
    Indicator,
    LineKind,
    MacroArea,
    Objective,
    Operation,
    Plan,
    Target,
)
from dissemination.plan.periods import PLAN

LONG = ("actors", "scenarios", "trends", "synergies", "opportunities", "risks")


def copy(
    plan: Plan, to: District, *, title: str, starts_on: date, ends_on: date, by: Account
) -> tuple[Plan, list[str]]:
    """The plan anew, for other days or another district: what was spent and done stays behind.

    Operations, budget and targets move by as many years as the plan does. Returns the plan and the names
    of what fell outside its days and was left out. Raises actions.PlanOverlaps.
    """
    return take_in(
        to, contents.snapshot(plan), title=title, starts_on=starts_on, ends_on=ends_on, by=by, what="copied",
        progress=False,
    )  # fmt: skip


def take_in(
    district: District, content: dict, *, title: str, starts_on: date, ends_on: date, by: Account | None,
    what: str = "imported", progress: bool = True,
) -> tuple[Plan, list[str]]:  # fmt: skip
    """A new plan of `district` from content (`reading.read`, `content.snapshot`).

    `progress`: with what was spent, committed and done. Returns the plan and the names of what lies
    outside its days and was left out. Raises actions.PlanOverlaps.
    """
    actions.must_be_free(district.id, starts_on, ends_on)
    years = starts_on.year - int(content["starts_on"][:4])
    plan = Plan(
        district_id=district.id, title=title, starts_on=starts_on, ends_on=ends_on,
        created_at=clock.now(), situation=content["situation"]["it"],
        situation_en=content["situation"]["en"], sources="\n".join(content["sources"]),
    )  # fmt: skip
    db.session.add(plan)
    db.session.flush()
    moved = _Moved(plan, years, progress)
    areas = [_macro_area(plan, n, m) for n, m in enumerate(content["macro_areas"], start=1)]
    _objectives(plan, content["objectives"], None, areas)
    lines = {x["code"]: _line(plan, x, moved) for x in content["lines"]}
    db.session.flush()
    indicators = {
        i["code"]: _indicator(plan, n, i, lines, moved) for n, i in enumerate(content["indicators"], start=1)
    }
    db.session.flush()
    for x in content["lines"]:
        for o in x["operations"]:
            _operation(lines[x["code"]], o, indicators, moved)
    db.session.flush()
    db.session.expire_all()
    saved.note(plan, what, by=by)
    return plan, moved.left_out


class _Moved:
    """Days and periods of the old plan in the new one."""

    def __init__(self, plan: Plan, years: int, progress: bool):
        self.plan, self.years, self.progress = plan, years, progress
        self.left_out: list[str] = []

    def day(self, text: str) -> date | None:
        """That day, so many years later; 29 February becomes the 28th. None where no calendar goes."""
        day = date.fromisoformat(text)
        year = day.year + self.years
        if not MINYEAR <= year <= MAXYEAR:
            return None
        try:
            return day.replace(year=year)
        except ValueError:
            return day.replace(year=year, day=28)

    def year(self, year: int) -> int | None:
        """That year in the new plan, or None when it is not in it."""
        year += self.years
        return year if self.plan.starts_on.year <= year <= self.plan.ends_on.year else None

    def period(self, code: str) -> str | None:
        """That half-year in the new plan, or None when it is not in it."""
        if code == PLAN:
            return code
        year = self.year(int(code[:4]))
        if year is None:
            return None
        first = date(year, 1 if code.endswith("1") else 7, 1)
        last = date(year, 6, 30) if code.endswith("1") else date(year, 12, 31)
        inside = first <= self.plan.ends_on and last >= self.plan.starts_on
        return f"{year}{code[4:]}" if inside else None


def _macro_area(plan: Plan, position: int, m: dict) -> MacroArea:
    row = MacroArea(
        plan_id=plan.id, position=position, name_it=m["name"]["it"], name_en=m["name"]["en"],
        sources="\n".join(m["sources"]), prospects=m["prospects"],
        **{name: m[name]["it"] for name in LONG}, **{f"{name}_en": m[name]["en"] for name in LONG},
    )  # fmt: skip
    row.application_areas = [
        ApplicationArea(rank=n, name_it=a["it"], name_en=a["en"])
        for n, a in enumerate(m["application_areas"], start=1)
    ]
    db.session.add(row)
    db.session.flush()
    return row


def _objectives(plan: Plan, rows: list[dict], parent_id: int | None, areas: list[MacroArea]) -> None:
    for position, o in enumerate(rows, start=1):
        row = Objective(
            plan_id=plan.id, parent_id=parent_id, position=position, text=o["text"]["it"],
            text_en=o["text"]["en"], macro_areas=[areas[n - 1] for n in dict.fromkeys(o["macro_areas"])],
        )  # fmt: skip
        db.session.add(row)
        db.session.flush()
        _objectives(plan, o["objectives"], row.id, areas)


def _line(plan: Plan, x: dict, moved: _Moved) -> ActivityLine:
    row = ActivityLine(
        plan_id=plan.id, code=x["code"], kind=LineKind(x["kind"]), name_it=x["name"]["it"],
        name_en=x["name"]["en"], description=x["description"]["it"], description_en=x["description"]["en"],
    )  # fmt: skip
    for b in x["budget"]:
        year = moved.year(b["year"])
        if year is None:
            moved.left_out.append(f"{x['code']}) {b['year']}")
            continue
        done = moved.progress
        row.budget.append(
            BudgetLine(
                year=year, budget_cents=b["budget_cents"], cofinanced_cents=b["cofinanced_cents"],
                cofinancing_percent=b["cofinancing_percent"],
                committed_cents=b["committed_cents"] if done else 0,
                spent_cents=b["spent_cents"] if done else 0,
            )
        )  # fmt: skip
    db.session.add(row)
    return row


def _operation(line: ActivityLine, o: dict, indicators: dict[str, Indicator], moved: _Moved) -> None:
    first, last = moved.day(o["starts_on"]), moved.day(o["ends_on"])
    plan = moved.plan
    if first is None or last is None or first < plan.starts_on or last > plan.ends_on:
        moved.left_out.append(o["title"]["it"])
        return
    done = moved.day(o["done_on"]) if o["done_on"] and moved.progress else None
    feeds = indicators.get(o["indicator"]) if o["indicator"] else None
    line.operations.append(
        Operation(
            title_it=o["title"]["it"], title_en=o["title"]["en"], starts_on=first, ends_on=last,
            planned=o["planned"], indicator_id=feeds.id if feeds else None, done_on=done,
        )
    )  # fmt: skip


def _indicator(
    plan: Plan, position: int, i: dict, lines: dict[str, ActivityLine], moved: _Moved
) -> Indicator:
    number = lambda text: None if text is None else Decimal(text)  # noqa: E731
    row = Indicator(
        plan_id=plan.id, position=position, code=i["code"], name_it=i["name"]["it"],
        name_en=i["name"]["en"], unit=i["unit"], direction=Direction(i["direction"]),
        baseline=number(i["baseline"]), baseline_year=i["baseline_year"], threshold=number(i["threshold"]),
        source_it=i["source"]["it"], source_en=i["source"]["en"], rule=i["rule"], public=i["public"],
        activity_line_id=lines[i["line"]].id if i["line"] else None,
    )  # fmt: skip
    for code, value in i["targets"].items():
        period = moved.period(code)
        if period is None:
            moved.left_out.append(f"{i['code']} {code}")
        else:
            row.targets.append(Target(period=period, value=Decimal(value)))
    db.session.add(row)
    return row
