"""The table of forecasts: one row per indicator and period, written anew each night."""

from datetime import date
from decimal import Decimal

from sqlalchemy import JSON, ForeignKey, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dissemination.kernel.database import db
from dissemination.plan.models import Indicator


class Forecast(db.Model):  # type: ignore[name-defined]
    """What an indicator is expected to come to at the end of a period, and how sure that is.

    `low` to `high` is the range in which eight of ten past forecasts of this kind would have ended.
    """

    __tablename__ = "forecasts"
    indicator_id: Mapped[int] = mapped_column(
        ForeignKey("indicators.id", ondelete="CASCADE"), primary_key=True
    )
    period: Mapped[str] = mapped_column(String(10), primary_key=True)
    made_on: Mapped[date]
    so_far: Mapped[Decimal] = mapped_column(Numeric(16, 2))
    scheduled: Mapped[Decimal] = mapped_column(Numeric(16, 2))  # of the expected, what is on the calendar
    expected: Mapped[Decimal] = mapped_column(Numeric(16, 2))
    low: Mapped[Decimal] = mapped_column(Numeric(16, 2))
    high: Mapped[Decimal] = mapped_column(Numeric(16, 2))
    method: Mapped[str] = mapped_column(String(20))  # see `estimating.Method`
    error_percent: Mapped[Decimal | None] = mapped_column(Numeric(7, 1))  # of the tests on past periods
    tests: Mapped[int] = mapped_column(default=0)
    details: Mapped[dict] = mapped_column(JSON, default=dict)
    indicator: Mapped[Indicator] = relationship()
