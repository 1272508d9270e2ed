"""A figure in one plain sentence, for people who do not read tables. Italian or English."""

from decimal import Decimal

from flask_babel import force_locale
from flask_babel import gettext as _

from dissemination.kernel.languages import translated
from dissemination.plan import texts
from dissemination.plan.figures import Figure
from dissemination.plan.models import Direction, Indicator


def in_words(indicator: Indicator, figure: Figure, language: str) -> str:
    """ "Workshops held: 27 in the whole plan so far, of 40 promised (67.5 %)." """
    with force_locale(language):
        name = translated(indicator, "name", language)
        period = texts.period_name(figure.period)
        if figure.actual is None:
            return _("%(name)s: nothing to count yet (%(period)s).", name=name, period=period)
        value = texts.shown(figure.actual, figure.unit)
        made = _made(figure)
        if figure.target is None:
            return _(
                "%(name)s: %(value)s%(made)s (%(period)s).", name=name, value=value, made=made, period=period
            )
        target = texts.shown(figure.target, figure.unit)
        return _(
            "%(name)s: %(value)s%(made)s; the promise is %(target)s (%(period)s). %(verdict)s",
            name=name, value=value, made=made, target=target, period=period,
            verdict=_verdict(indicator, figure.actual, figure.target),
        )  # fmt: skip


def _made(figure: Figure) -> str:
    if figure.numerator is not None and figure.denominator is not None:
        return " " + _("(%(part)s of %(whole)s)", part=texts.shown(figure.numerator, ""),
                       whole=texts.shown(figure.denominator, ""))  # fmt: skip
    if figure.denominator is not None:
        return " " + _("(from %(n)s answers)", n=texts.shown(figure.denominator, ""))
    return ""


def _verdict(indicator: Indicator, actual: Decimal, target: Decimal) -> str:
    if indicator.direction is Direction.DOWN:
        return _("So far within the limit.") if actual <= target else _("Above the limit.")
    if actual >= target:
        return _("Reached.")
    if indicator.unit == "%":
        return _("%(missing)s percentage points to go.", missing=texts.shown(target - actual, ""))
    missing = texts.shown(target - actual, indicator.unit)
    return _("%(missing)s to go.", missing=missing)
