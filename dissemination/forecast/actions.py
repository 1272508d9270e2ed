"""Writing forecasts down."""

from decimal import Decimal

from sqlalchemy import delete

from dissemination.districts.models import District
from dissemination.forecast.making import Made, Maker, rounded
from dissemination.forecast.models import Forecast
from dissemination.kernel.database import db
from dissemination.plan.figures import readable
from dissemination.plan.models import Indicator, Plan

CENT = Decimal("0.01")
MOST_ERROR = 99999.9  # percent: what the column holds


def make(district: District, plan: Plan) -> list[Forecast]:
    """Forecasts of all indicators of a plan for the half-year that runs and for the plan. Writes nothing."""
    maker, found = Maker(district, plan), []
    for period in maker.periods():
        for indicator in readable(plan.indicators):
            made = maker.make(indicator, period)
            if made is not None:
                found.append(_row(indicator, period.code, rounded(made, indicator.unit), maker.today))
    return found


def keep(plan: Plan, rows: list[Forecast]) -> None:
    """Put forecasts in place of the former ones of a plan."""
    ids = [i.id for i in plan.indicators]
    db.session.execute(delete(Forecast).where(Forecast.indicator_id.in_(ids)))
    db.session.add_all(rows)
    db.session.flush()


def _row(indicator: Indicator, period: str, made: Made, on) -> Forecast:
    return Forecast(
        indicator_id=indicator.id, period=period, made_on=on, so_far=_money(made.so_far),
        scheduled=_money(made.estimate.scheduled), expected=_money(made.estimate.expected),
        low=_money(made.low), high=_money(made.high), method=made.estimate.method.value,
        error_percent=None if made.error is None else Decimal(str(round(min(made.error, MOST_ERROR), 1))),
        tests=len(made.tests),
        details={"each": round(made.estimate.each, 4), "unit": made.unit,
                 "tests": [[code, round(p, 2), round(a, 2)] for code, p, a in made.tests]},
    )  # fmt: skip


def _money(value: float) -> Decimal:
    return Decimal(str(value)).quantize(CENT)
