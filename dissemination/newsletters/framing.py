"""MJML that people bring: a block of it, or a whole file that becomes the frame of a template.

Nothing is taken in that `delivery.mjml` would not render. Where a file only differs from what we can
send in things that have an equal (pictures of other hosts, icons, fonts), they are changed and listed.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from html import escape
from urllib.parse import urlsplit

from flask import current_app
from flask_babel import gettext as _

from dissemination.delivery import mjml
from dissemination.delivery.lint import (
    ATTRIBUTE,
    LOST_TEXT,
    MAX_SIZE,
    NO_ATTRIBUTE,
    NO_VALUE,
    TOKEN,
    Positions,
    Problem,
    attributes,
    lint,
)
from dissemination.delivery.loads import CSS_ADDRESS, LOADED, foreign_host
from dissemination.delivery.texts import said
from dissemination.newsletters.looks import BLOCKS, FOOTER, HEAD

WHOLE = re.compile(r"</?(mjml|mj-body|mj-head)\b", re.IGNORECASE)
BEFORE, AFTER = "<mjml><mj-body>", "</mj-body></mjml>"
MARKER = re.compile(r"<!--\s*(blocks|blocchi)\s*-->", re.IGNORECASE)
FOOT_MARKER = re.compile(r"<!--\s*footer\s*-->", re.IGNORECASE)
ON_BODY = ("mj-section", "mj-wrapper", "mj-hero", "mj-raw")
ALT = re.compile(r"""\balt=("[^"]*"|'[^']*'|[^\s"']+)""")
SAMPLE = "<mj-section><mj-column><mj-text>x</mj-text></mj-column></mj-section>"
ADAPTED = (NO_ATTRIBUTE, NO_VALUE, LOST_TEXT)  # what the linter says and an import leaves out


@dataclass(frozen=True)
class Part:
    """A top-level part of a body, where the blocks could go."""

    number: int
    line: int
    name: str
    words: str


@dataclass(frozen=True)
class Adapted:
    """An imported file as it can be used, what was changed in it, and why it is refused if it is."""

    source: str
    notes: tuple[Problem, ...] = ()
    pictures: tuple[tuple[int, str], ...] = ()  # (line, address) of every picture of another host
    parts: tuple[Part, ...] = ()
    problems: tuple[Problem, ...] = ()
    has_place: bool = False


def hosts() -> frozenset[str]:
    """The hosts that a mail may load from: ours."""
    return frozenset({urlsplit(current_app.config["SETTINGS"].public_url).hostname or ""})


def check_block(source: str) -> list[Problem]:
    """What is wrong with the MJML of a block, lines and columns as its writer sees them."""
    source = mjml.normalised(source)
    whole = WHOLE.search(source)
    if whole:
        words = _("A block holds sections only: write what stands inside mj-body, without %(name)s.",
                  name=whole[1].lower())  # fmt: skip
        return [Problem(*Positions(source).at(whole.start()), words)]
    found = mjml.check(f"{BEFORE}{source}{AFTER}", hosts=hosts())
    return [
        replace(said(p), column=max(1, p.column - len(BEFORE)) if p.line == 1 else p.column) for p in found
    ]


def read(octets: bytes) -> str:
    """The text of an .mjml file. Raises ValueError, saying where, when it is not UTF-8 or too long."""
    if len(octets) > MAX_SIZE:
        raise ValueError(_("The file is longer than %(size)s kB.", size=MAX_SIZE // 1024))
    try:
        return mjml.normalised(octets.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        raise ValueError(_("Line %(line)s: this is not text in UTF-8.", line=line)) from None


def adapt(source: str, *, place: int | None = None, pictures: Mapping[str, str] | None = None) -> Adapted:
    """`source` (a whole MJML document) as the frame of a template.

    `pictures` gives addresses of ours for pictures of other hosts; those left out fall away. `place` is
    the number of the part that the blocks replace, where the file does not mark it by `<!-- blocks -->`.
    Lines in `notes`, `pictures` and `parts` are those of `source`; `problems` are why it is refused.
    """
    source = mjml.normalised(source)
    serious = [p for p in lint(source, hosts=frozenset(_all_hosts(source))) if p.serious]
    beyond = tuple(said(p) for p in serious if p.text not in ADAPTED)
    if beyond:
        return Adapted(source, problems=beyond)
    work = _Adaptation(source, pictures or {}, serious)
    adapted = _with_marks(work.run())
    parts = tuple(_parts(adapted, source))
    if not parts and not MARKER.search(adapted):
        return Adapted(source, problems=(_without_place(source),))
    if not MARKER.search(adapted) and place is not None:
        adapted = _replace_part(adapted, place)
    has_place = bool(MARKER.search(adapted))
    adapted = FOOT_MARKER.sub(FOOTER, MARKER.sub(BLOCKS, adapted, count=1))
    tried = adapted.replace(BLOCKS, SAMPLE).replace(HEAD, "").replace(FOOTER, "")
    problems = tuple(said(p) for p in mjml.check(tried, hosts=hosts()) if p.serious)
    return Adapted(adapted, tuple(work.notes), tuple(work.found), parts, problems, has_place)


def _without_place(source: str) -> Problem:
    """Why blocks could stand nowhere in `source`."""
    bodies = [m.start() for m in re.finditer(r"<mj-body\b", source)]  # the first may be one of mj-attributes
    line, column = Positions(source).at(bodies[-1] if bodies else 0)
    return Problem(line, column, _("There is no section in <mj-body>: the blocks would have no place."))


def _all_hosts(source: str) -> set[str]:
    """Every host named in `source`: what is loaded from them is dealt with one by one, not refused."""
    return {h.lower() for h in re.findall(r"(?:https?:)?//([^/\s\"'<>()?#:@]+)", source)}


class _Adaptation:
    """One pass over the tags of a document, changing what a mail of ours cannot hold."""

    def __init__(self, source: str, pictures: Mapping[str, str], told: Iterable[Problem]):
        self.source, self.pictures, self.hosts = source, pictures, hosts()
        self.positions = Positions(source)
        self.lost = {(p.line, p.column) for p in told if p.text == LOST_TEXT}
        self.notes: list[Problem] = []
        self.found: list[tuple[int, str]] = []

    def note(self, offset: int, message: str) -> None:
        line, column = self.positions.at(offset)
        self.notes.append(Problem(line, column, message, False))

    def run(self) -> str:
        out, end, skip, style = [], 0, "", False
        for match in TOKEN.finditer(self.source):
            name, closes = (match["name"] or "").lower(), bool(match["close"])
            between = self.source[end : match.start()]
            if not skip:
                out.append(self.style(between, end) if style else self.text(between, end))
            else:
                out.append("\n" * between.count("\n"))  # what follows keeps its line
            end = match.end()
            if skip:
                skip = "" if closes and name == skip else skip
                out.append("\n" * match[0].count("\n"))
                continue
            style = name == "mj-style" and not closes
            if name and not closes and self.is_dropped(name, match):
                skip = "" if match["rest"].rstrip().endswith("/") else name
                out.append("\n" * match[0].count("\n"))
                continue
            out.append(match[0] if closes or not name else self.tag(name, match))
        return "".join([*out, self.source[end:]])

    def text(self, text: str, offset: int) -> str:
        """`text` but for words that stand where MJML shows none."""
        start = offset + len(text) - len(text.lstrip())
        if not text.strip() or self.positions.at(start) not in self.lost:
            return text
        self.note(
            start, _("“%(words)s” is left out: MJML shows no text here.", words=" ".join(text.split())[:60])
        )
        return "\n" * text.count("\n")

    def is_dropped(self, name: str, match: re.Match) -> bool:
        """Whether the element goes altogether: fonts of others, pictures without a host of ours."""
        values = {key: value for key, value, _offset in attributes(match["rest"])}
        if name in ("mj-title", "mj-preview"):
            return True  # each issue has its own
        if name == "mj-font":
            self.note(match.start(), _("The font is not loaded: mails call no other host."))
            return True
        src = values.get("src", "")
        if name in ("mj-image", "img", "mj-carousel-image") and foreign_host(src, self.hosts):
            self.found.append((self.positions.at(match.start())[0], src))
            if src in self.pictures:
                return False
            self.note(match.start(), _("The picture %(address)s is left out.", address=src[:120]))
            return True
        return False

    def tag(self, name: str, match: re.Match) -> str:
        start = match.start("rest")
        allowed = self.unknown_attributes(name, match)
        rest = ATTRIBUTE.sub(lambda a: self.attribute(name, a, start, allowed), match["rest"])
        if name == "mj-social-element" and " src=" not in rest:
            rest = f' src="{icon("dot")}" alt=""{ALT.sub("", rest)}'
        elif name in ("mj-accordion", "mj-accordion-element", "mj-carousel"):
            rest = _with_icons(name, rest)
        return f"<{match['name']}{rest}>"

    def unknown_attributes(self, name: str, match: re.Match) -> set[str]:
        """The attributes of this tag that the linter does not know, or not with this value."""
        if match["rest"].strip() in ("", "/"):
            return set()
        alone = f"<{name}{match['rest'].rstrip().rstrip('/')}/>"
        return {
            dict(p.values)["key"] for p in lint(alone, hosts=frozenset(_all_hosts(alone)))
            if p.text in (NO_ATTRIBUTE, NO_VALUE)
        }  # fmt: skip

    def attribute(self, name: str, match: re.Match, start: int, unknown: set[str]) -> str:
        key, raw = match[1].lower(), match[2] or ""
        value = raw[1:-1] if raw[:1] in "\"'" else raw
        if key in unknown:
            self.note(
                start + match.start(),
                _("%(key)s is left out: %(name)s has no such attribute or value.", key=key, name=name),
            )
            return ""
        if key in LOADED and foreign_host(value, self.hosts):
            if value in self.pictures:
                return f'{key}="{escape(self.pictures[value])}"'
            if key != "src":
                self.found.append((self.positions.at(start + match.start())[0], value))
            self.note(start + match.start(), _("%(key)s is left out: it loads from another host.", key=key))
            return ""
        if key == "style":
            return f'style="{self.style(value, start + match.start()).replace(chr(34), chr(39))}"'
        return match[0]

    def style(self, text: str, offset: int) -> str:
        """CSS that loads nothing from elsewhere."""

        def harmless(match: re.Match) -> str:
            if not foreign_host(match[1], self.hosts):
                return match[0]
            self.note(
                offset + match.start(), _("An address in the style is left out: it loads from another host.")
            )
            return match[0].replace(match[1], "")

        without = re.sub(r"@import[^;]*;?", "", text) if "@import" in text else text
        if without != text:
            self.note(offset, _("An @import in the style is left out."))
        return CSS_ADDRESS.sub(harmless, without)


def icon(name: str) -> str:
    """The address of a small picture of ours."""
    return f"{current_app.config['SETTINGS'].public_url}/static/mail/{name}.png"


def _with_icons(name: str, rest: str) -> str:
    """Accordions and carousels with arrows of ours: those of MJML come from another host."""
    wanted = (
        {"left-icon": "left", "right-icon": "right"} if name == "mj-carousel"
        else {"icon-wrapped-url": "down", "icon-unwrapped-url": "up"}
    )  # fmt: skip
    more = "".join(f' {key}="{icon(file)}"' for key, file in wanted.items() if f"{key}=" not in rest)
    return f"{more}{rest}"


def _with_marks(source: str) -> str:
    """`source` with a head, and in it the mark for the lines of an issue."""
    if not re.search(r"<mj-head\b", source):
        source = re.sub(r"(<mjml\b[^>]*>)", r"\1<mj-head></mj-head>", source, count=1)
    source = re.sub(r"<mj-head\s*/>", "<mj-head></mj-head>", source)
    return re.sub(r"(<mj-head\b[^>]*>)", rf"\1{HEAD}", source, count=1)


def _spans(source: str):
    """(name, start, end) of the parts of the body, in order."""
    depth, start, inside = 0, 0, False
    for match in TOKEN.finditer(source):
        name = (match["name"] or "").lower()
        if name == "mj-body":
            inside = not match["close"]
        elif inside and name in ON_BODY:
            alone = match["rest"].rstrip().endswith("/")
            if not match["close"]:
                start = match.start() if not depth else start
                depth += not alone
            else:
                depth -= 1
            if not depth and (match["close"] or alone):
                yield name, start, match.end()


def _parts(adapted: str, source: str):
    lines = [Positions(source).at(s)[0] for _n, s, _e in _spans(source)]
    for number, (name, start, end) in enumerate(_spans(adapted)):
        words = " ".join(re.sub(r"<[^<>]*>", " ", adapted[start:end]).split())
        yield Part(number, lines[number] if number < len(lines) else 1, name, words[:80])


def _replace_part(source: str, place: int) -> str:
    for number, (_name, start, end) in enumerate(_spans(source)):
        if number == place:
            lines = "\n" * source.count("\n", start, end)  # what follows keeps its line
            return f"{source[:start]}{BLOCKS}{lines}{source[end:]}"
    return source
