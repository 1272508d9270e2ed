"""What is wrong with the HTML of a finished mail, for people who see badly, hear it read or print it.

Reads the HTML that recipients get (styles inlined first, as mail programs do) and knows nothing of issues.
Contrast follows WCAG 2.2 §1.4.3, what it cannot compute (pictures behind text) it leaves out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
SILENT = {"style", "script", "title", "head"}
NAMES = {
    "black": "000000", "silver": "c0c0c0", "gray": "808080", "grey": "808080", "white": "ffffff",
    "maroon": "800000", "red": "ff0000", "purple": "800080", "fuchsia": "ff00ff", "green": "008000",
    "lime": "00ff00", "olive": "808000", "yellow": "ffff00", "navy": "000080", "blue": "0000ff",
    "teal": "008080", "aqua": "00ffff", "cyan": "00ffff", "orange": "ffa500", "pink": "ffc0cb",
    "brown": "a52a2a", "gold": "ffd700", "lightgray": "d3d3d3", "lightgrey": "d3d3d3",
    "darkgray": "a9a9a9", "darkgrey": "a9a9a9", "whitesmoke": "f5f5f5",
}  # fmt: skip
LARGE, LARGE_BOLD = 24.0, 18.66  # CSS pixels: 18 and 14 points
ENOUGH, ENOUGH_LARGE = 4.5, 3.0
SIZES = {"h1": 32.0, "h2": 24.0, "h3": 18.72, "h4": 16.0, "h5": 13.28, "h6": 10.72}
Colour = tuple[int, int, int]


@dataclass
class Style:
    """What an element hands on to the text in it."""

    ink: Colour | None = (0, 0, 0)
    paper: Colour | None = (255, 255, 255)  # None: a picture or gradient
    size: float = 16.0
    bold: bool = False
    hidden: bool = False

    @property
    def is_large(self) -> bool:
        """WCAG's large text: 18 points, or 14 when bold."""
        return self.size >= LARGE or (self.bold and self.size >= LARGE_BOLD)


@dataclass(frozen=True)
class Pale:
    """A text that is too near to its background."""

    words: str
    ratio: float
    needed: float
    ink: str
    paper: str


@dataclass(frozen=True)
class Link:
    """An address and the words (or the pictures' alt) that lead to it."""

    url: str
    words: str


@dataclass
class Found:
    """What a mail holds, in the order of reading."""

    links: list[Link] = field(default_factory=list)
    headings: list[tuple[int, str]] = field(default_factory=list)  # level, words
    pictures: list[tuple[str, str | None]] = field(default_factory=list)  # src, alt
    pale: list[Pale] = field(default_factory=list)
    words: int = 0  # characters of visible text


def colour(value: str) -> Colour | None:
    """A CSS colour; None for what is transparent or not understood."""
    value = value.strip().lower().removesuffix("!important").strip()
    if value in NAMES:
        value = f"#{NAMES[value]}"
    if match := re.fullmatch(r"#([0-9a-f]{3})", value):
        return tuple(int(c * 2, 16) for c in match[1])  # type: ignore[return-value]
    if match := re.fullmatch(r"#([0-9a-f]{6})", value):
        return tuple(int(match[1][i : i + 2], 16) for i in (0, 2, 4))  # type: ignore[return-value]
    if match := re.fullmatch(r"rgb\(\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})\s*\)", value):
        return tuple(min(255, int(n)) for n in match.groups())  # type: ignore[return-value]
    return None


def _luminance(colour: Colour) -> float:
    parts = [c / 255 for c in colour]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Colour, other: Colour) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _declarations(style: str) -> Iterator[tuple[str, str]]:
    for part in style.split(";"):
        name, colon, value = part.partition(":")
        if colon:
            yield name.strip().lower(), value.strip()


def _pixels(value: str, parent: float) -> float:
    match = re.match(r"([\d.]{1,8})(px|pt|r?em|%)?", value.strip().lower())
    if match is None or not re.fullmatch(r"\d+(\.\d*)?|\.\d+", match[1]):
        return parent
    number = float(match[1])
    return {"pt": number / 0.75, "em": number * parent, "rem": number * 16, "%": number * parent / 100}.get(
        match[2] or "px", number
    )


def _styled(tag: str, attributes: dict, parent: Style) -> Style:
    style = Style(parent.ink, parent.paper, parent.size, parent.bold, parent.hidden or tag in SILENT)
    style.size = SIZES.get(tag, style.size)
    style.bold = style.bold or tag in ("b", "strong", "th", *SIZES)
    if attributes.get("bgcolor"):
        style.paper = colour(attributes["bgcolor"]) or style.paper
    if attributes.get("background"):
        style.paper = None
    if tag == "font" and attributes.get("color"):
        style.ink = colour(attributes["color"]) or style.ink
    for name, value in _declarations(attributes.get("style") or ""):
        _apply(style, name, value, parent)
    return style


def _apply(style: Style, name: str, value: str, parent: Style) -> None:
    lower = value.lower()
    if name == "color":
        style.ink = colour(value) or (None if "(" in lower else style.ink)
    elif name in ("background", "background-color", "background-image"):
        if "url(" in lower or "gradient(" in lower:
            style.paper = None
            return
        found = [c for word in re.findall(r"[#\w]+(?:\([^)]*\))?", value) if (c := colour(word))]
        style.paper = found[0] if found else style.paper
    elif name == "font-size":
        style.size = _pixels(value, parent.size)
    elif name == "font-weight":
        style.bold = lower in ("bold", "bolder") or (lower.isdigit() and int(lower) >= 600)
    elif (name, lower) in (("display", "none"), ("visibility", "hidden")):
        style.hidden = True


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = Found()
        self.open: list[tuple[str, Style]] = [("", Style())]
        self.link: tuple[str, list[str]] | None = None
        self.heading: tuple[int, list[str]] | None = None
        self._seen: set[tuple] = set()

    def handle_starttag(self, tag, attrs):
        attributes = {name: value or "" for name, value in attrs}
        style = _styled(tag, attributes, self.open[-1][1])
        if tag == "img":
            self._picture(attributes, style)
        if tag == "a" and attributes.get("href"):
            self.link = (attributes["href"].strip(), [attributes.get("aria-label", "")])
        if tag in SIZES and not style.hidden:
            self.heading = (int(tag[1]), [])
        if tag not in VOID:
            self.open.append((tag, style))

    def _picture(self, attributes, style):
        if style.hidden:
            return
        alt = attributes.get("alt")
        self.found.pictures.append((attributes.get("src", ""), alt))
        for collected in (self.link, self.heading):
            if collected is not None and alt:
                collected[1].append(alt)

    def handle_endtag(self, tag):
        if tag == "a" and self.link is not None:
            self.found.links.append(Link(self.link[0], _joined(self.link[1])))
            self.link = None
        if tag in SIZES and self.heading is not None:
            self.found.headings.append((self.heading[0], _joined(self.heading[1])))
            self.heading = None
        names = [name for name, _style in self.open]
        if tag in names[1:]:
            del self.open[len(names) - 1 - names[::-1].index(tag) :]

    def handle_data(self, data):
        style = self.open[-1][1]
        words = _joined([data])
        if style.hidden or not words.strip("\u200c\u200b\u00a0\u034f\ufeff "):
            return
        self.found.words += len(words)
        for collected in (self.link, self.heading):
            if collected is not None:
                collected[1].append(words)
        self._measure(words, style)

    def _measure(self, words, style):
        if style.ink is None or style.paper is None:
            return
        ratio, needed = contrast(style.ink, style.paper), ENOUGH_LARGE if style.is_large else ENOUGH
        key = (style.ink, style.paper, style.is_large)
        if ratio < needed and key not in self._seen:
            self._seen.add(key)
            self.found.pale.append(
                Pale(words[:60], round(ratio, 2), needed, _hex(style.ink), _hex(style.paper))
            )


def _joined(parts: list[str]) -> str:
    return " ".join(" ".join(parts).split())


def _hex(colour: Colour) -> str:
    return "#" + "".join(f"{c:02x}" for c in colour)


def read(html: str) -> Found:
    """What the mail `html` holds. Rules of its style sheets are written into the elements first."""
    import css_inline  # only who prepares an issue pays for it

    plain = re.sub(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", "", html)
    try:
        plain = css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=False).inline(plain)
    except ValueError:
        plain = html
    reader = _Reader()
    reader.feed(plain)
    reader.close()
    return reader.found


def skipped_headings(headings: list[tuple[int, str]]) -> list[tuple[int, int, str]]:
    """(level before, level, words) of each heading that leaves a level out. The first one may be 1 or 2."""
    found, before = [], 0
    for level, words in headings:
        if level > before + 1 and not (before == 0 and level <= 2):
            found.append((before, level, words))
        before = level
    return found
