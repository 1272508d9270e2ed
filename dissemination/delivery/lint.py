"""Reading MJML before it is rendered: what mrml would pass over in silence, with line and column.

mrml drops unknown elements and attributes, and text outside of text elements, without a word, and a few
thousand nested tags end the process. `lint` says so first. It runs in linear time on any input.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

from dissemination.delivery.elements import ELEMENTS
from dissemination.delivery.loads import LOADED, addresses_of, css_addresses, foreign_host

MAX_SIZE = 512 * 1024  # bytes
MAX_DEPTH = 100  # nested tags
MAX_PROBLEMS = 50

ENDING = frozenset({
    "mj-text", "mj-button", "mj-table", "mj-raw", "mj-style", "mj-title", "mj-preview", "mj-navbar-link",
    "mj-social-element", "mj-accordion-title", "mj-accordion-text",
})  # fmt: skip
UNSUPPORTED = {
    "mj-include": "put parts together with Jinja before MJML",
    "mj-html-attributes": "mrml ignores it",
}
COMMON = frozenset({"css-class", "mj-class"})
VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
FORBIDDEN = frozenset({
    "script", "iframe", "object", "embed", "applet", "form", "input", "textarea", "select", "button", "base",
    "link", "svg", "math", "frame", "frameset", "audio", "video", "source", "track",
})  # fmt: skip
TOKEN = re.compile(
    r"""<!--(?:[^-]|-(?!->))*+-->|<(?P<close>/?)(?P<name>[a-zA-Z][a-zA-Z0-9_:.-]*)(?P<rest>(?:[^<>"']|"[^"<]*"|'[^'<]*')*+)>"""
)
ATTRIBUTE = re.compile(r"""([^\s=/"'<>]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'<>]+))?""")
SCRIPTS = ("javascript:", "vbscript:", "data:text")
QUOTED = re.compile(r"""\"[^"]*\"|'[^']*'""")


@dataclass(frozen=True)
class Problem:
    """Something wrong in a source, at a line and column that count from 1 (columns in characters)."""

    line: int
    column: int
    message: str
    serious: bool = True  # False: a warning, the mail can still be sent

    @property
    def level(self) -> str:
        """`error`: it cannot be sent so; `warning`: it can."""
        return "error" if self.serious else "warning"

    def __str__(self) -> str:
        return f"{self.line}:{self.column}: {self.message}"


class Positions:
    """Offsets of one text as (line, column)."""

    def __init__(self, text: str):
        self.starts = [0, *(m.end() for m in re.finditer("\n", text))]

    def at(self, offset: int) -> tuple[int, int]:
        """The line and column of the character at `offset`."""
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1


def attributes(text: str) -> Iterator[tuple[str, str, int]]:
    """(name, raw value, offset in `text`) of each attribute in the inside of a tag."""
    for match in ATTRIBUTE.finditer(text):
        value = match[2] or ""
        yield match[1].lower(), value[1:-1] if value[:1] in "\"'" else value, match.start()


class _Reader:
    def __init__(self, source: str, hosts: frozenset[str]):
        self.source, self.hosts = source, hosts
        self.positions = Positions(source)
        self.problems: list[Problem] = []
        self.open: list[tuple[str, int]] = []
        self.root_seen = False

    def say(self, offset: int, message: str, *, serious: bool = True) -> None:
        self.problems.append(Problem(*self.positions.at(offset), message, serious))

    def read(self) -> list[Problem]:
        end = 0
        while len(self.problems) < MAX_PROBLEMS:
            start = self.source.find("<", end)
            self.text(end, len(self.source) if start < 0 else start)
            if start < 0:
                break
            match = TOKEN.match(self.source, start)
            if match is None:
                self.say(start, "this < opens no complete tag; write &lt; for the sign itself")
                end = start + 1
                continue
            end = match.end()
            if match["name"] and not self.tag(match):
                break
        self.finish()
        return self.problems

    def text(self, start: int, end: int) -> None:
        text = self.source[start:end]
        if not text.strip():
            return
        parent = self.open[-1][0] if self.open else ""
        if (parent in ELEMENTS and parent not in ENDING) or not parent:
            offset = start + len(text) - len(text.lstrip())
            where = f"directly in <{parent}>" if parent else "outside of <mjml>"
            self.say(offset, f"text {where} would be lost: put it into an <mj-text>")
        if parent in ("mj-style", "style"):
            for address, offset in css_addresses(text):
                self.address(address, start + offset)

    def tag(self, match: re.Match) -> bool:
        """Check one tag; False when reading must stop."""
        name, start = match["name"].lower(), match.start()
        if not QUOTED.sub("", match["rest"]).isascii():
            self.say(start, f"<{name}> holds a letter with an accent outside of quotes")
        if match["close"]:
            self.close(name, start)
            return True
        self.element(name, start)
        self.check_attributes(name, match)
        if not match["rest"].rstrip().endswith("/") and name not in VOID:
            self.open.append((name, start))
            if len(self.open) > MAX_DEPTH:
                self.say(start, f"tags are nested more than {MAX_DEPTH} deep")
                self.open.clear()
                return False
        return True

    def close(self, name: str, start: int) -> None:
        if name in VOID:
            return
        if self.open and self.open[-1][0] == name:
            self.open.pop()
            return
        names = [n for n, _ in self.open]
        if name not in names:
            self.say(start, f"</{name}> closes nothing that is open")
            return
        while self.open[-1][0] != name:
            left, offset = self.open.pop()
            self.say(offset, f"<{left}> is not closed before </{name}>")
        self.open.pop()

    def element(self, name: str, start: int) -> None:
        parent = self.open[-1][0] if self.open else ""
        if not self.root_seen and name != "mjml":
            self.say(start, f"the first element is <{name}>; a mail begins with <mjml>")
        self.root_seen = True
        if name in UNSUPPORTED:
            self.say(start, f"<{name}> is not supported: {UNSUPPORTED[name]}")
        elif name in FORBIDDEN:
            self.say(start, f"<{name}> must not stand in a mail")
        elif parent == "mj-attributes":
            if name not in ELEMENTS:
                self.say(start, f"unknown element <{name}>")
        elif name in ELEMENTS:
            parents = ELEMENTS[name][0].split()
            if parent not in parents and (parents or parent):
                self.say(
                    start, f"<{name}> cannot stand in <{parent or 'nothing'}>, only in: {', '.join(parents)}"
                )
        elif name.startswith("mj"):
            self.say(start, f"unknown element <{name}>")
        elif parent.startswith("mj") and parent not in ENDING:
            self.say(start, f"<{name}> directly in <{parent}> would be lost: put it into an <mj-text>")

    def check_attributes(self, name: str, match: re.Match) -> None:
        allowed = ELEMENTS.get(name, ("", "*"))[1].split()
        in_defaults = bool(self.open) and self.open[-1][0] == "mj-attributes"
        seen = set()
        for key, value, offset in attributes(match["rest"]):
            where = match.start("rest") + offset
            seen.add(key)
            if name in ELEMENTS and "*" not in allowed and key not in allowed and key not in COMMON:
                self.say(where, f"<{name}> has no attribute {key}")
            self.check_value(name, key, value, where)
        if name in ("mj-image", "mj-carousel-image", "img") and "alt" not in seen and not in_defaults:
            self.say(
                match.start(), f'<{name}> has no alt text; write alt="" for a mere ornament', serious=False
            )

    def check_value(self, name: str, key: str, value: str, where: int) -> None:
        scheme = re.sub(r"[\s\x00-\x20]", "", unescape(value)).lower()
        if key.startswith("on"):
            self.say(where, f"{key} would run a script: remove it")
        elif scheme.startswith(SCRIPTS) or (key == "href" and scheme.startswith("data:")):
            self.say(where, f"{key} must be a web address, not a script")
        elif (name, key, scheme) == ("meta", "http-equiv", "refresh"):
            self.say(where, "a mail leads nowhere by itself: remove the refresh")
        elif key in LOADED or (name in ("mj-font", "link") and key == "href"):
            for address in addresses_of(key, value):
                self.address(address, where)
        elif key == "style":
            for address, _offset in css_addresses(value):
                self.address(address, where)
        elif name == "mj-hero" and key == "mode" and value == "fluid-height":
            self.say(where, 'mode="fluid-height" is not supported: mrml ignores it')

    def address(self, address: str, where: int) -> None:
        host = foreign_host(address, self.hosts)
        if host:
            self.say(where, f"this would be loaded from {host}: a mail calls no other host")

    def finish(self) -> None:
        for name, offset in self.open[:MAX_PROBLEMS]:
            self.say(offset, f"<{name}> is not closed")
        if not self.root_seen and not self.problems:
            self.say(0, "there is no <mjml> element")
        self.problems.sort(key=lambda p: (p.line, p.column))


def lint(source: str, *, hosts: frozenset[str] = frozenset()) -> list[Problem]:
    """What is wrong with the MJML `source` (newlines already LF), in order of place.

    `hosts` are those that images may come from. An empty list means that it can be rendered safely.
    """
    if len(source.encode("utf-8", "replace")) > MAX_SIZE:
        return [Problem(1, 1, f"longer than {MAX_SIZE // 1024} kB")]
    return _Reader(source, hosts).read()
