"""Every district's figures kept ready for the Region, so that many districts are read like one.

The worker counts them anew when the log grew, a day began or an hour went by; the page says when. A row
per district and period: the whole plan, and its half-years that have begun.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import delete, func, select

from dissemination.districts.models import District
from dissemination.kernel.clock import now, today
from dissemination.kernel.database import db
from dissemination.plan import figures, periods
from dissemination.plan import queries as plans
from dissemination.plan.figures import Figure
from dissemination.plan.log import Activity
from dissemination.plan.models import Indicator, Plan
from dissemination.plan.periods import PLAN, Period
from dissemination.reporting import given, queries
from dissemination.reporting.frozen import decimal
from dissemination.reporting.given import Forecast
from dissemination.reporting.models import DistrictOverview

AN_HOUR = timedelta(hours=1)
NUMBERS = ("actual", "target", "numerator", "denominator")


@dataclass(frozen=True)
class Name:
    """How an indicator is called, and its unit."""

    name_it: str
    name_en: str
    unit: str


@dataclass(frozen=True)
class Seen:
    """A district's plan in one period as it was counted at `at`."""

    at: datetime
    plan_id: int
    starts_on: date
    ends_on: date
    figures: dict[str, Figure]
    names: dict[str, Name]
    forecasts: dict[str, Forecast]
    complete: tuple[int, int]
    late: list[str]


def due() -> list[District]:
    """The districts whose figures are to be counted anew. Two queries."""
    made = {
        row[0]: row[1:]
        for row in db.session.execute(
            select(
                DistrictOverview.district_id, func.min(DistrictOverview.made_at),
                func.min(DistrictOverview.activity_id),
            ).group_by(DistrictOverview.district_id)
        )
    }  # fmt: skip
    newest = select(func.max(Activity.id)).where(Activity.district_id == District.id).scalar_subquery()
    query = select(District, func.coalesce(newest, 0)).order_by(District.id)
    return [d for d, last in db.session.execute(query) if _is_old(d, made.get(d.id), last)]


def _is_old(district: District, made, last: int) -> bool:
    if made is None:
        return True
    at, upto = made
    same_day = at.astimezone(district.zone).date() == today(district.zone)
    return upto != last or not same_day or now() - at >= AN_HOUR


def make(district: District) -> list[DistrictOverview]:
    """A district's figures as they are known now; [] without a plan. Writes nothing."""
    plan = plans.current_plan(district.id)
    if plan is None:
        return []
    last = db.session.scalar(select(func.max(Activity.id)).where(Activity.district_id == district.id)) or 0
    begun = [half for half in periods.half_years(plan) if half.start <= today(district.zone)]
    wanted = [periods.read(PLAN, plan), *begun]
    indicators = figures.readable(plan.indicators)
    found = figures.figures(indicators, wanted)
    late = [p.code for p in queries.to_report(district)]
    return [
        DistrictOverview(
            district_id=district.id, code=p.code, plan_id=plan.id, starts_on=p.start, made_at=now(),
            activity_id=last, content=_content(plan, p, indicators, found) | {"late": late},
        )
        for p in wanted
    ]  # fmt: skip


def keep(district: District, rows: list[DistrictOverview]) -> None:
    """Put a district's rows in place of the former ones. Called inside a transaction."""
    db.session.execute(delete(DistrictOverview).where(DistrictOverview.district_id == district.id))
    db.session.add_all(rows)
    db.session.flush()


def _content(plan: Plan, period: Period, indicators: list[Indicator], found) -> dict:
    own = {i.code: found[i.code, period.code] for i in indicators}
    forecasts = given.forecasts(plan, period)
    return {
        "plan": [plan.starts_on.isoformat(), plan.ends_on.isoformat()],
        "names": {i.code: {"name_it": i.name_it, "name_en": i.name_en, "unit": i.unit} for i in indicators},
        "figures": {code: _values(f) for code, f in own.items()},
        "forecasts": {code: [str(f.expected), str(f.low), str(f.high)] for code, f in forecasts.items()},
        "complete": list(given.completeness(plan, period)),
    }


def _values(f: Figure) -> dict:
    values = {name: getattr(f, name) for name in NUMBERS}
    texts = {name: None if v is None else str(decimal(v)) for name, v in values.items()}
    return texts | {"counted": f.counted, "not_counted": f.not_counted}


def seen(district_ids: list[int], code: str) -> dict[int, Seen]:
    """Each district's figures of a period; where its plan has no such period, its plan without figures.
    One query."""
    rows = db.session.scalars(
        select(DistrictOverview).where(
            DistrictOverview.district_id.in_(district_ids), DistrictOverview.code.in_((code, PLAN))
        )
    )
    found: dict[int, Seen] = {}
    for row in sorted(rows, key=lambda row: row.code == code):
        found[row.district_id] = _seen(row, whole=row.code == code)
    return found


def _seen(row: DistrictOverview, *, whole: bool) -> Seen:
    content = row.content
    names = {code: Name(**values) for code, values in content["names"].items()}
    starts_on, ends_on = (date.fromisoformat(day) for day in content["plan"])
    own = content["figures"] if whole else {}
    return Seen(
        at=row.made_at, plan_id=row.plan_id, starts_on=starts_on, ends_on=ends_on, names=names,
        figures={code: _figure(code, row.code, names[code].unit, v) for code, v in own.items()},
        forecasts={
            code: Forecast(*(Decimal(n) for n in numbers))
            for code, numbers in (content["forecasts"] if whole else {}).items()
        },
        complete=tuple(content["complete"]) if whole else (0, 0), late=content["late"],
    )  # fmt: skip


def _figure(code: str, period: str, unit: str, values: dict) -> Figure:
    numbers = {name: decimal(values[name]) for name in NUMBERS}
    return Figure(
        code=code, period=period, unit=unit, counted=values["counted"], not_counted=values["not_counted"],
        **numbers,
    )  # fmt: skip


def codes(district_ids: list[int]) -> list[str]:
    """The half-years that some plan has had, the latest first. One query."""
    query = select(DistrictOverview.code, func.min(DistrictOverview.starts_on)).where(
        DistrictOverview.district_id.in_(district_ids), DistrictOverview.code != PLAN
    )
    rows = db.session.execute(query.group_by(DistrictOverview.code)).all()
    return [code for code, _start in sorted(rows, key=lambda row: row[1], reverse=True)]
