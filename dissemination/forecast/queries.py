"""Reading forecasts."""

from sqlalchemy import select

from dissemination.forecast.models import Forecast
from dissemination.kernel.database import db
from dissemination.plan.models import Indicator, Plan


def latest(indicator: Indicator, period: str) -> Forecast | None:
    """The latest forecast of an indicator for a period code, or None."""
    return db.session.get(Forecast, (indicator.id, period))


def of_plan(plan: Plan, period: str) -> dict[int, Forecast]:
    """The latest forecasts of a plan's indicators for a period, by indicator id."""
    query = select(Forecast).where(
        Forecast.period == period, Forecast.indicator_id.in_([i.id for i in plan.indicators])
    )  # fmt: skip
    return {f.indicator_id: f for f in db.session.scalars(query)}
