"""Reading MJML before it is rendered: what mrml would pass over in silence, with line and column.

mrml drops unknown elements and attributes, and text outside of text elements, without a word, and a few
thousand nested tags end the process. `lint` says so first. It runs in linear time on any input.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any

from dissemination.delivery.elements import ELEMENTS
from dissemination.delivery.loads import LOADED, addresses_of, css_addresses, foreign_host


def msgid(text: str) -> str:
    """`text`, to be translated where a person reads it (`delivery.texts.said`): here no language is known."""
    return text


MAX_SIZE = 512 * 1024  # bytes
MAX_DEPTH = 100  # nested tags
MAX_PROBLEMS = 50

ENDING = frozenset({
    "mj-text", "mj-button", "mj-table", "mj-raw", "mj-style", "mj-title", "mj-preview", "mj-navbar-link",
    "mj-social-element", "mj-accordion-title", "mj-accordion-text",
})  # fmt: skip
NO_ATTRIBUTE = msgid("<%(name)s> has no attribute %(key)s")
NO_VALUE = msgid('%(key)s="%(value)s" is not supported: it would have no effect')
UNKNOWN = msgid("unknown element <%(name)s>")
LOST_TEXT = msgid("text directly in <%(name)s> would be lost: put it into an <mj-text>")
UNSUPPORTED = {
    "mj-include": msgid("<%(name)s> is not supported: write what stands in the other file in its place"),
    "mj-html-attributes": msgid("<%(name)s> is not supported: take it out"),
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
    text: str = ""  # `message` before its values were put in, by which it is known and translated
    values: tuple[tuple[str, Any], ...] = ()

    @classmethod
    def of(cls, line: int, column: int, text: str, *, serious: bool = True, **values: Any) -> "Problem":
        """A problem that can be said in any language: `text` is a msgid."""
        return cls(line, column, text % values if values else text, serious, text, tuple(values.items()))

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

    def say(self, offset: int, text: str, *, serious: bool = True, **values: Any) -> None:
        self.problems.append(Problem.of(*self.positions.at(offset), text, serious=serious, **values))

    def read(self) -> list[Problem]:
        end = 0
        while len(self.problems) < MAX_PROBLEMS:
            start = self.source.find("<", end)
            self.text(end, len(self.source) if start < 0 else start)
            if start < 0:
                break
            match = TOKEN.match(self.source, start)
            if match is None:
                self.say(start, msgid("this < opens no complete tag; write &lt; for the sign itself"))
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
            outside = msgid("text outside of <mjml> would be lost: put it into an <mj-text>")
            self.say(offset, LOST_TEXT if parent else outside, name=parent)
        if parent in ("mj-style", "style"):
            for address, offset in css_addresses(text):
                self.address(address, start + offset)

    def tag(self, match: re.Match) -> bool:
        """Check one tag; False when reading must stop."""
        name, start = match["name"].lower(), match.start()
        if not QUOTED.sub("", match["rest"]).isascii():
            self.say(start, msgid("<%(name)s> holds a letter with an accent outside of quotes"), name=name)
        if match["close"]:
            self.close(name, start)
            return True
        self.element(name, start)
        self.check_attributes(name, match)
        if not match["rest"].rstrip().endswith("/") and name not in VOID:
            self.open.append((name, start))
            if len(self.open) > MAX_DEPTH:
                self.say(start, msgid("tags are nested more than %(most)d deep"), most=MAX_DEPTH)
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
            self.say(start, msgid("</%(name)s> closes nothing that is open"), name=name)
            return
        while self.open[-1][0] != name:
            left, offset = self.open.pop()
            self.say(offset, msgid("<%(left)s> is not closed before </%(name)s>"), left=left, name=name)
        self.open.pop()

    def element(self, name: str, start: int) -> None:
        parent = self.open[-1][0] if self.open else ""
        if not self.root_seen and name != "mjml":
            self.say(start, msgid("the first element is <%(name)s>; a mail begins with <mjml>"), name=name)
        self.root_seen = True
        if name in UNSUPPORTED:
            self.say(start, UNSUPPORTED[name], name=name)
        elif name in FORBIDDEN:
            self.say(start, msgid("<%(name)s> must not stand in a mail"), name=name)
        elif parent == "mj-attributes":
            if name not in ELEMENTS:
                self.say(start, UNKNOWN, name=name)
        elif name in ELEMENTS:
            self.place(name, parent, start)
        elif name.startswith("mj"):
            self.say(start, UNKNOWN, name=name)
        elif parent.startswith("mj") and parent not in ENDING:
            lost = msgid("<%(name)s> directly in <%(parent)s> would be lost: put it into an <mj-text>")
            self.say(start, lost, name=name, parent=parent)

    def place(self, name: str, parent: str, start: int) -> None:
        parents = ELEMENTS[name][0].split()
        if parent in parents or not (parents or parent):
            return
        if not parents:
            self.say(start, msgid("<%(name)s> cannot stand in another element"), name=name)
        elif not parent:
            text = msgid("<%(name)s> cannot stand by itself, only in: %(parents)s")
            self.say(start, text, name=name, parents=", ".join(parents))
        else:
            text = msgid("<%(name)s> cannot stand in <%(parent)s>, only in: %(parents)s")
            self.say(start, text, name=name, parent=parent, parents=", ".join(parents))

    def check_attributes(self, name: str, match: re.Match) -> None:
        allowed = ELEMENTS.get(name, ("", "*"))[1].split()
        in_defaults = bool(self.open) and self.open[-1][0] == "mj-attributes"
        seen = set()
        for key, value, offset in attributes(match["rest"]):
            where = match.start("rest") + offset
            seen.add(key)
            if name in ELEMENTS and "*" not in allowed and key not in allowed and key not in COMMON:
                self.say(where, NO_ATTRIBUTE, name=name, key=key)
            self.check_value(name, key, value, where)
        if name in ("mj-image", "mj-carousel-image", "img") and "alt" not in seen and not in_defaults:
            text = msgid('<%(name)s> has no alt text; write alt="" for a mere ornament')
            self.say(match.start(), text, serious=False, name=name)

    def check_value(self, name: str, key: str, value: str, where: int) -> None:
        scheme = re.sub(r"[\s\x00-\x20]", "", unescape(value)).lower()
        if key.startswith("on"):
            self.say(where, msgid("%(key)s would run a script: remove it"), key=key)
        elif scheme.startswith(SCRIPTS) or (key == "href" and scheme.startswith("data:")):
            self.say(where, msgid("%(key)s must be a web address, not a script"), key=key)
        elif (name, key, scheme) == ("meta", "http-equiv", "refresh"):
            self.say(where, msgid("a mail leads nowhere by itself: remove the refresh"))
        elif key in LOADED or (name in ("mj-font", "link") and key == "href"):
            for address in addresses_of(key, value):
                self.address(address, where)
        elif key == "style":
            for address, _offset in css_addresses(value):
                self.address(address, where)
        elif name == "mj-hero" and key == "mode" and value == "fluid-height":
            self.say(where, NO_VALUE, key=key, value=value)

    def address(self, address: str, where: int) -> None:
        host = foreign_host(address, self.hosts)
        if host:
            text = msgid("this would be loaded from %(host)s: a mail calls no other host")
            self.say(where, text, host=host)

    def finish(self) -> None:
        for name, offset in self.open[:MAX_PROBLEMS]:
            self.say(offset, msgid("<%(name)s> is not closed"), name=name)
        if not self.root_seen and not self.problems:
            self.say(0, msgid("there is no <mjml> element"))
        self.problems.sort(key=lambda p: (p.line, p.column))


def lint(source: str, *, hosts: frozenset[str] = frozenset()) -> list[Problem]:
    """What is wrong with the MJML `source` (newlines already LF), in order of place.

    `hosts` are those that images may come from. An empty list means that it can be rendered safely.
    """
    if len(source.encode("utf-8", "replace")) > MAX_SIZE:
        return [Problem.of(1, 1, msgid("longer than %(size)d kB"), size=MAX_SIZE // 1024)]
    return _Reader(source, hosts).read()
