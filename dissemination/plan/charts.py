"""Figures as plain SVG text, for pages and for PDF: printable in black and white, readable without colour.

Every chart has a title and a description that says its numbers. Lines differ by dash and by mark, and are
named where they end. No styles, no scripts, no identifiers from outside: `name` makes the ids.
"""

from collections.abc import Sequence
from decimal import Decimal
from math import floor, log10

from flask_babel import force_locale
from flask_babel import gettext as _
from markupsafe import escape

from dissemination.plan import texts
from dissemination.plan.series import Point

INK, ACTUAL, SOFT, PAPER = "#17324d", "#0055aa", "#d9dde2", "#ffffff"
WIDTH, HEIGHT = 440, 250
LEFT, RIGHT, TOP, BOTTOM = 48, 14, 34, 34
FONT = 'font-family="Titillium Web, Libertinus Serif, serif" font-size="12"'
LARGE = 'font-size="17" font-weight="700"'
HALO = 'stroke="#ffffff" stroke-width="3" paint-order="stroke"'
SHADES = ("#ffffff", "#dbe9f8", "#a9cbef", "#6aa5e0")
# Where the ten provinces lie, roughly: (column, row). No map, no coordinates.
PLACES = {
    "MS": (0, 0), "LU": (1, 0), "PT": (2, 0), "PO": (3, 0), "PI": (1, 1), "FI": (2, 1), "AR": (3, 1),
    "LI": (1, 2), "SI": (2, 2), "GR": (2, 3),
}  # fmt: skip


def burn_up(
    points: Sequence[Point], unit: str, language: str, *, title: str = "", name: str = "burn-up"
) -> str:
    """What was reached since the plan's first day, against what was promised by then."""
    with force_locale(language):
        said = [
            _("%(period)s: actual %(actual)s, target %(target)s", period=texts.period_name(p.period.code),
              actual=texts.shown(p.cumulative, unit), target=texts.shown(p.target_cumulative, unit))
            for p in points
        ]  # fmt: skip
        actual, target = [p.cumulative for p in points], [p.target_cumulative for p in points]
        top = _top([*actual, *target])
        body = _frame(points, top, unit)
        body += _line(target, top, "#435a70", 'stroke-dasharray="6 4"', square=True)
        body += _line(actual, top, ACTUAL, "", square=False)
        body += _legend(
            (_("cumulative actual"), ACTUAL, ""), (_("target"), "#435a70", 'stroke-dasharray="6 4"')
        )
        heading = title or _("Reached so far against the target")
        return _svg(name, heading, ". ".join(said) + ".", body, WIDTH, HEIGHT)


def bars(points: Sequence[Point], unit: str, language: str, *, title: str = "", name: str = "bars") -> str:
    """Each period by itself: filled what was reached, outlined what was promised for it."""
    with force_locale(language):
        said = [
            _("%(period)s: actual %(actual)s, target %(target)s", period=texts.period_name(p.period.code),
              actual=texts.shown(p.increment, unit), target=texts.shown(p.target, unit))
            for p in points
        ]  # fmt: skip
        top = _top([p.increment for p in points] + [p.target for p in points])
        step = (WIDTH - LEFT - RIGHT) / max(len(points), 1)
        body = _frame(points, top, unit)
        for n, p in enumerate(points):
            x, wide = LEFT + n * step, step * 0.62
            if p.target is not None and p.target > 0:
                y = _y(p.target, top)
                dashed = 'fill="none" stroke="#17324d" stroke-width="1.5" stroke-dasharray="3 2"'
                body += _box(x + step * 0.09, y, step * 0.82, HEIGHT - BOTTOM - y, dashed)
            if p.increment is not None and p.increment > 0:
                y = _y(p.increment, top)
                body += _box(x + step * 0.19, y, wide, HEIGHT - BOTTOM - y, f'fill="{ACTUAL}"')
                if len(points) <= 8:
                    body += _text(x + step / 2, y - 4, texts.shown(p.increment, unit), HALO)
        body += _legend((_("actual"), ACTUAL, ""), (_("target"), "#435a70", 'stroke-dasharray="3 2"'))
        return _svg(name, title or _("By period"), ". ".join(said) + ".", body, WIDTH, HEIGHT)


def provinces(values: dict[str, Decimal | None], unit: str, language: str, *, title: str = "") -> str:
    """The ten provinces of Tuscany as tiles with their number, the other values below."""
    with force_locale(language):
        most = max([v for v in values.values() if v] or [Decimal(1)])
        elsewhere = sum((v or Decimal(0) for k, v in values.items() if k and k not in PLACES), Decimal(0))
        tiles: list[tuple[str, Decimal | None, int, int]] = [
            (code, values.get(code), *place) for code, place in PLACES.items()
        ]
        tiles += [(_("elsewhere"), elsewhere, 3, 3), (_("not given"), values.get(""), 0, 3)]
        body = ""
        for label, value, column, row in tiles:
            x, y, share = column * 84 + 2, row * 62 + 2, (value or 0) / most
            shade = SHADES[
                0 if not value else 1 if share <= Decimal("0.34") else 2 if share <= Decimal("0.67") else 3
            ]
            edge = "" if value else ' stroke-dasharray="3 2"'
            body += _box(x, y, 80, 58, f'fill="{shade}" stroke="{INK}"{edge} rx="4"')
            body += _text(x + 40, y + 20, label)
            body += _text(
                x + 40, y + 45, texts.shown(value or Decimal(0), unit), 'font-size="17" font-weight="700"'
            )
        said = "; ".join(
            f"{label}: {texts.shown(value or Decimal(0), unit)}" for label, value, *_place in tiles
        )
        return _svg("provinces", title or _("Provinces"), said, body, 340, 252)


def _svg(name: str, title: str, description: str, body: str, width: int, height: int) -> str:
    name = "".join(c if c.isalnum() or c == "-" else "-" for c in name)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="plot" viewBox="0 0 {width} {height}" role="img" '
        f'aria-labelledby="{name}-title {name}-desc" {FONT} fill="{INK}">'
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-desc">{escape(description)}</desc>{body}</svg>'
    )


def _top(values: Sequence[Decimal | None]) -> Decimal:
    """A number at or above all values whose quarters are round."""
    most = max([v for v in values if v is not None] or [Decimal(0)])
    if most <= 4:
        return Decimal(4)
    power = Decimal(10) ** (floor(log10(float(most) / 4)))
    sizes = (Decimal(n) * power for n in ("1", "1.5", "2", "2.5", "3", "4", "5", "6", "8", "10"))
    step = next(s for s in sizes if s * 4 >= most and s % 1 == 0)
    return step * 4


def _y(value: Decimal, top: Decimal) -> float:
    return round(HEIGHT - BOTTOM - float(value / top) * (HEIGHT - TOP - BOTTOM), 1)


def _x(n: int, total: int) -> float:
    step = (WIDTH - LEFT - RIGHT) / max(total, 1)
    return round(LEFT + (n + 0.5) * step, 1)


def _frame(points: Sequence[Point], top: Decimal, unit: str) -> str:
    """The horizontal lines with their numbers, and the names of the periods below."""
    body = ""
    for n in range(5):
        value = top * n / 4
        y = _y(value, top)
        body += f'<path d="M{LEFT} {y}H{WIDTH - RIGHT}" stroke="{INK if n == 0 else SOFT}" fill="none"/>'
        body += _text(LEFT - 6, y + 4, _short(value, unit), anchor="end")
    every = 1 if len(points) <= 6 else 2 if len(points) <= 12 else 6
    for n, p in enumerate(points):
        if n % every == 0:
            body += _text(_x(n, len(points)), HEIGHT - 14, _code(p.period.code))
    return body


def _short(value: Decimal, unit: str) -> str:
    """A number that fits beside an axis: thousands as k."""
    if value >= 10_000:
        return texts.shown((value / 1000).quantize(Decimal(1)), "") + " k"
    return texts.shown(value, unit)


def _code(code: str) -> str:
    """ "2026-H1" → "1/2026" would mislead: months read 3/26, the others as they are written."""
    year, _dash, part = code.partition("-")
    if part[:1] in ("H", "Q"):
        return f"{part} {year[2:]}"
    return f"{int(part)}/{year[2:]}" if part else year


def _line(values: Sequence[Decimal | None], top: Decimal, colour: str, dash: str, *, square: bool) -> str:
    places = [(_x(n, len(values)), _y(v, top)) for n, v in enumerate(values) if v is not None]
    if not places:
        return ""
    path = "M" + "L".join(f"{x} {y}" for x, y in places)
    body = f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2.5" {dash}/>'
    size = 3 if len(values) <= 12 else 1.8
    for x, y in places:
        if square:
            body += _box(x - size, y - size, 2 * size, 2 * size, f'fill="{PAPER}" stroke="{colour}"')
        else:
            body += f'<circle cx="{x}" cy="{y}" r="{size + 0.8}" fill="{colour}"/>'
    return body


def _legend(*items: tuple[str, str, str]) -> str:
    body, x = "", LEFT
    for label, colour, dash in items:
        body += f'<path d="M{x} 14h26" stroke="{colour}" stroke-width="2.5" fill="none" {dash}/>'
        body += _text(x + 32, 18, label, anchor="start")
        x += 46 + 7 * len(label)
    return body


def _box(x, y, width, height, more: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{max(height, 0):.1f}" {more}/>'


def _text(x, y, text: str, more: str = "", *, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {more}>{escape(text)}</text>'
