"""A figure by half-year as SVG for paper: the target is an outline, the actual figure is filled."""

from decimal import Decimal
from html import escape

from flask_babel import gettext as _

from dissemination.plan.texts import period_name, shown

STEP, LEFT, TOP, FLOOR, WIDTH = 100, 8, 16, 108, 40
MOST = 6  # half-years that fit on a page at the usual height


def bars(history: list[tuple[str, Decimal | None, Decimal | None]], unit: str) -> str:
    """The SVG of (period code, actual, target) points; "" when there is no number to draw."""
    numbers = [v for _code, *values in history for v in values if v is not None]
    if not numbers:
        return ""
    top = max([*numbers, Decimal(1)])
    width = max(LEFT + STEP * len(history), 230)
    parts = [part for n, point in enumerate(history) for part in _point(n, point, top, unit)]
    axis = f'<line x1="0" y1="{FLOOR}" x2="{width}" y2="{FLOOR}" stroke="#455b71" stroke-width="1"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} 128" width="{width}" height="128"'
        f' font-family="Libertinus Serif" font-size="11" fill="#17324d">{"".join(parts)}{axis}</svg>'
    )


def is_wide(history: list) -> bool:
    """Whether it has to be drawn smaller to fit on the page."""
    return len(history) > MOST


def _point(n: int, point, top: Decimal, unit: str) -> list[str]:
    code, actual, target = point
    x, found = LEFT + STEP * n, []
    if target is not None:
        found.append(_bar(x, target, top, 'fill="none" stroke="#455b71" stroke-width="1.5"'))
        found.append(_words(x + WIDTH / 2, FLOOR - _height(target, top) - 4, shown(target, unit)))
    if actual is not None:
        at = x + WIDTH + 3
        found.append(_bar(at, actual, top, 'fill="#0066cc"'))
        y = FLOOR - _height(actual, top) - 4
        found.append(_words(at + WIDTH / 2, y, shown(actual, unit)))
    found.append(_words(x + WIDTH + 1, FLOOR + 15, _short(code)))
    return found


def _short(code: str) -> str:
    """A half-year as it fits below two bars."""
    year, _dash, part = code.partition("-H")
    if not part:
        return period_name(code)
    return _("1st half %(year)s", year=year) if part == "1" else _("2nd half %(year)s", year=year)


def _height(value: Decimal, top: Decimal) -> float:
    return round(float((FLOOR - TOP) * max(value, Decimal(0)) / top), 1)


def _bar(x: float, value: Decimal, top: Decimal, look: str) -> str:
    height = _height(value, top)
    return f'<rect x="{x}" y="{FLOOR - height:.1f}" width="{WIDTH}" height="{height}" {look}/>'


def _words(x: float, y: float, text: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{escape(text)}</text>'


def in_words(name: str, history: list[tuple[str, Decimal | None, Decimal | None]], unit: str) -> str:
    """The same for whoever does not see it: every number that is drawn."""
    said = [_("%(name)s by half-year.", name=name)]
    for code, actual, target in history:
        period = period_name(code)
        if target is None:
            said.append(_("%(period)s: actual %(actual)s.", period=period, actual=shown(actual, unit)))
        else:
            said.append(_("%(period)s: target %(target)s, actual %(actual)s.", period=period,
                          target=shown(target, unit), actual=shown(actual, unit)))  # fmt: skip
    return " ".join(said)
