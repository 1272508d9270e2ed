"""A forecast in plain words: what is missing, and what would close the gap."""

from decimal import ROUND_CEILING, Decimal

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from dissemination.forecast.estimating import FEW, Method
from dissemination.forecast.models import Forecast
from dissemination.kernel.languages import language, month_name
from dissemination.plan import texts
from dissemination.plan.models import Direction, Indicator
from dissemination.plan.periods import Period
from dissemination.plan.readings import verb_name

METHODS = {
    Method.CALENDAR: _l("what is on the calendar, or the usual number, with what each usually brings"),
    Method.PLANNED: _l("what the plan foresees, with what each usually brings"),
    Method.RATE: _l("the monthly rate of the past year"),
    Method.LEVEL: _l("as it stands today"),
}


def gap(indicator: Indicator, forecast: Forecast, target: Decimal | None, period: Period) -> str:
    """ "14 companies short: 3 more workshops of the usual size by December 2026"; or that it will do."""
    if target is None:
        return _("There is no target for this period.")
    if indicator.direction is Direction.DOWN:
        return _("Within the limit.") if forecast.expected <= target else _("Above the limit.")
    if forecast.so_far >= target and forecast.method != Method.LEVEL:
        return _("Reached already.")
    if forecast.expected >= target:
        if forecast.low >= target:
            return _("Will be reached.")
        return _("Will be reached if it goes on like this; the low end of the range would miss it.")
    missing = target - forecast.expected
    if indicator.unit == "%":
        said = _("%(missing)s percentage points short", missing=texts.shown(missing, ""))
    else:
        said = ngettext(
            "%(missing)s short (%(unit)s)", "%(missing)s %(unit)s short", int(missing),
            missing=texts.shown(missing, indicator.unit), unit=texts.unit_name(indicator.unit),
        )  # fmt: skip
    return said + _remedy(forecast, missing, period)


def _remedy(forecast: Forecast, missing: Decimal, period: Period) -> str:
    each = Decimal(str(forecast.details.get("each") or 0))
    unit = forecast.details.get("unit") or "workshop.held"
    if forecast.method == Method.LEVEL or each <= 0:
        return "."
    more = int((missing / each).to_integral_value(ROUND_CEILING))
    if forecast.method == Method.RATE:
        usual = texts.shown(each.quantize(Decimal("0.1")), "")
        return ": " + _("the usual rate is %(rate)s a month.", rate=usual)
    month = month_name(period.end)
    month = month.lower() if language() == "it" else month
    return ": " + _more(unit, more, month)


def _more(unit: str, more: int, month: str) -> str:
    """What would close a gap: the units that feed the indicator."""
    if unit == "newsletter.sent":
        return ngettext(
            "%(num)d more newsletter issue of the usual reach by %(month)s.",
            "%(num)d more newsletter issues of the usual reach by %(month)s.", more, month=month,
        )  # fmt: skip
    if unit == "workshop.held":
        return ngettext(
            "%(num)d more workshop of the usual size by %(month)s.",
            "%(num)d more workshops of the usual size by %(month)s.", more, month=month,
        )  # fmt: skip
    return ngettext(
        "%(num)d more of the kind “%(what)s” by %(month)s.",
        "%(num)d more of the kind “%(what)s” by %(month)s.", more, month=month, what=verb_name(unit),
    )  # fmt: skip


def reliability(forecast: Forecast) -> str:
    """How far off the same arithmetic was on past half-years."""
    if forecast.error_percent is None or not forecast.tests:
        return _("not tested: there is no past half-year to test it on")
    said = ngettext(
        "off by %(error)s on average in %(num)d past half-year",
        "off by %(error)s on average in %(num)d past half-years", forecast.tests,
        error=texts.shown(forecast.error_percent, "%"),
    )  # fmt: skip
    return said + (_("; too few for a sure range") if forecast.tests < FEW else "")


def method_name(code: str) -> str:
    """What a forecast is made from."""
    return str(METHODS.get(Method(code), code))
