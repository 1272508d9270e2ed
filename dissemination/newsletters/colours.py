"""Colours of a template, and whether words in them can be read (WCAG 2.2, 1.4.3: 4.5 to 1)."""

import re

from flask_babel import lazy_gettext as _l

HEX = re.compile(r"#[0-9a-f]{6}")
PARTS = {  # name: (label, what it is in our own look)
    "page": (_l("Background of the page"), "#f0f4f8"),
    "card": (_l("Background of the blocks"), "#ffffff"),
    "ink": (_l("Words"), "#17324d"),
    "link": (_l("Links"), "#0066cc"),
    "accent": (_l("Buttons"), "#0066cc"),
    "on_accent": (_l("Words on buttons"), "#ffffff"),
}
PAIRS = (("ink", "card"), ("ink", "page"), ("link", "card"), ("link", "page"), ("on_accent", "accent"))
NEEDED = 4.5


def cleaned(colours: dict | None) -> dict[str, str]:
    """A colour for every part: what was chosen where it is one, else ours."""
    chosen = colours or {}
    return {
        part: value if HEX.fullmatch(value := str(chosen.get(part, "")).lower()) else ours
        for part, (_label, ours) in PARTS.items()
    }


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def luminance(colour: str) -> float:
    """The relative luminance of "#rrggbb", 0 to 1."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (value / 255 for value in _channels(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def readable(colour: str, ground: str) -> str:
    """The colour nearest to `colour`, darker or lighter, that can be read on `ground`."""
    goal = 0 if luminance(ground) > 0.18 else 255
    for step in range(101):
        mixed = "#" + "".join(f"{round(c + (goal - c) * step / 100):02x}" for c in _channels(colour))
        if contrast(mixed, ground) >= NEEDED:
            return mixed
    return "#000000" if goal == 0 else "#ffffff"


def faults(colours: dict[str, str]) -> list[tuple[str, str, float, str]]:
    """(part, the part behind it, contrast, a colour that can be read) of every pair below 4.5 to 1."""
    return [
        (part, ground, ratio, readable(colours[part], colours[ground]))
        for part, ground in PAIRS
        if (ratio := contrast(colours[part], colours[ground])) < NEEDED
    ]
