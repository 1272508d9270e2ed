"""MJML to HTML, guarded in one place (mail.md §3): the same rules for our templates and people's drafts.

Run as a module it is the child process in which drafts render, so that a hostile one ends the child at
most.
"""

import json
import re
import resource
import subprocess
import sys
from dataclasses import astuple
from pathlib import Path

from dissemination.delivery.lint import ATTRIBUTE, TOKEN, VOID, Positions, Problem, attributes, lint, msgid
from dissemination.delivery.loads import LOADED, addresses_of, css_addresses, foreign_host

BREAKS = msgid("rendering failed: this source breaks the renderer")
TIME_LIMIT = 5  # seconds for a draft
MEMORY_LIMIT = 1024**3  # bytes of address space of the child
INLINE_STYLE = re.compile(r"<mj-style\b[^<>]*\binline\b[^<>]*>([^<]*)</mj-style\s*>", re.IGNORECASE)
MRML_OFFSET = re.compile(r"at position (\d+)")


Finding = Problem  # what `check` tells: line, column, level, message


class MjmlProblem(ValueError):
    """MJML that must not or cannot be rendered; `problems` lists each with line and column."""

    def __init__(self, problems: list[Problem]):
        self.problems = problems
        super().__init__("; ".join(str(p) for p in problems))


PROLOGUE = re.compile(
    r"\A\s*<(?:\?xml\b[^<>]*\?>(?:\s*<!doctype\s+\w+\s*>)?|!doctype\s+\w+\s*>)", re.IGNORECASE
)
NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def normalised(source: str) -> str:
    """`source` as mrml takes it: LF newlines (CRLF of a textarea makes it fail), only characters of XML.

    A vertical tab in a title, pasted from a slide, would else keep every mail about it from leaving.
    """
    source = source.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")
    return PROLOGUE.sub(_newlines, NOT_XML.sub(" ", source), count=1)


def _newlines(match: re.Match) -> str:
    """What keeps the lines below `match` where they are when it is taken out."""
    return "\n" * match[0].count("\n")


def check(source: str, *, hosts=()) -> list[Problem]:
    """All problems of a draft, warnings included; rendering it is tried in a child process."""
    source = normalised(source)
    problems = lint(source, hosts=frozenset(hosts))  # (line, column, level, message) of each
    if any(p.serious for p in problems):
        return problems
    try:
        render_draft(source, hosts=hosts)
    except MjmlProblem as problem:
        problems += problem.problems
    return problems


def render(source: str, *, language: str = "it", hosts=()) -> str:
    """HTML for `source` (MJML, Jinja already done). Raises MjmlProblem.

    The result loads nothing from a host outside `hosts`, has its language set, an alt on each image,
    and `<mj-style inline="inline">` written into the elements.
    """
    import css_inline  # both are for the worker and for who writes; a web process seldom needs them
    from mjml import mjml2html

    source, hosts = normalised(source), frozenset(hosts)
    serious = [p for p in lint(source, hosts=hosts) if p.serious]
    if serious:
        raise MjmlProblem(serious)
    inline = "\n".join(INLINE_STYLE.findall(source))
    prepared = _safe(INLINE_STYLE.sub(_newlines, source), language)
    try:
        html = mjml2html(prepared, disable_comments=True, fonts={}, social_icon_origin="")
    except ValueError as error:
        raise MjmlProblem([_located(prepared, str(error))]) from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # of Rust; not an Exception
            raise
        raise MjmlProblem([Problem.of(1, 1, BREAKS)]) from error
    if inline.strip():
        html = css_inline.CSSInliner(
            inline_style_tags=False, keep_style_tags=True, load_remote_stylesheets=False, extra_css=inline
        ).inline(html)
    _refuse_other_hosts(html, hosts)
    return html


def _safe(source: str, language: str) -> str:
    """`source` so that mrml gets every value right: see `_safe_tag`, `_safe_text`."""
    pieces, end, style = [], 0, False
    for match in TOKEN.finditer(source):
        pieces.append(_safe_text(source[end : match.start()], style=style))
        pieces.append(_safe_tag(match, language))
        end = match.end()
        style = not match["close"] and (match["name"] or "").lower() in ("mj-style", "style")
    pieces.append(source[end:])
    return "".join(pieces)


def _safe_text(text: str, *, style: bool) -> str:
    """Text in which a ">" does no harm: one behind an accented letter ends mrml with a panic."""
    if ">" not in text or text.isascii():
        return text
    if style:
        return "".join(c if c.isascii() else f"\\{ord(c):x} " for c in text)  # as CSS escapes
    return text.replace(">", "&gt;")


def _safe_tag(match: re.Match, language: str) -> str:
    """A tag whose attribute values survive mrml, which writes them as Rust shows strings.

    Comments fall away but for those that Outlook reads: mrml takes none in <mj-attributes> or a carousel.
    """
    if not match["name"]:
        return match[0] if FOR_OUTLOOK.match(match[0]) else _newlines(match)
    name = match["name"].lower()
    if match["close"]:
        return _newlines(match) if name in VOID else f"</{name}>{_newlines(match)}"

    def rewrite(attribute: re.Match) -> str:
        key, value = attribute[1], attribute[2]
        if value is None:
            return attribute[0]
        safe = _safe_value(value[1:-1] if value[0] in _QUOTES else value)
        return f'{key}="{safe}"{_newlines(attribute)}'

    rest = ATTRIBUTE.sub(rewrite, match["rest"])
    present = {key for key, _value, _offset in attributes(rest)}
    if name == "mjml" and "lang" not in present:
        rest = f' lang="{language}"{rest}'
    if name in ("mj-image", "img", "mj-carousel-image") and "alt" not in present:
        rest = f' alt=""{rest}'
    return f"<{name}{rest}>"


_QUOTES = ("'", '"')
FOR_OUTLOOK = re.compile(r"<!--(?:\[if\b|<!\[endif\])", re.IGNORECASE)


def _safe_value(value: str) -> str:
    value = re.sub(r"[\s\x00-\x1f]+", lambda m: "&#160;" if m[0] == "\u00a0" else " ", value)
    return "".join(c if c.isascii() and c not in '\\"' else f"&#{ord(c)};" for c in value)


def _located(source: str, message: str) -> Problem:
    """An error of mrml, whose offset counts bytes, as line and column."""
    found = MRML_OFFSET.search(message)
    offset = len(source.encode()[: int(found[1])].decode("utf-8", "ignore")) if found else 0
    line, column = Positions(source).at(min(offset, len(source)))
    why = message.partition(" in root template")[0]
    return Problem.of(line, column, msgid("the renderer stops here: %(why)s"), why=why)


def _refuse_other_hosts(html: str, hosts: frozenset[str]) -> None:
    found = {host for address in _loaded(html) if (host := foreign_host(address, hosts))}
    if found:
        names = ", ".join(sorted(found))
        text = msgid("the finished mail would load something from %(names)s")
        raise MjmlProblem([Problem.of(1, 1, text, names=names)])


def _loaded(html: str):
    """Every address that a mail program would fetch to show `html`."""
    for match in re.finditer(r"<(?!/)([\w:]+)((?:[^<>\"']|\"[^\"]*\"|'[^']*')*+)>", html):
        for key, value, _offset in attributes(match[2]):
            if key in LOADED or (match[1].lower() == "link" and key == "href"):
                yield from addresses_of(key, value)
    for address, _offset in css_addresses(html):
        yield address


def render_draft(source: str, *, language: str = "it", hosts=()) -> str:
    """Like `render`, for MJML that a person wrote: in a child process with a time and memory limit."""
    order = json.dumps({"source": source, "language": language, "hosts": sorted(hosts)})
    try:
        child = subprocess.run(
            [sys.executable, "-m", "dissemination.delivery.mjml"],
            input=order.encode("utf-8", "replace"), capture_output=True, timeout=TIME_LIMIT,
            cwd=Path(__file__).resolve().parents[2], check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        text = msgid("rendering takes longer than %(most)s seconds")
        raise MjmlProblem([Problem.of(1, 1, text, most=TIME_LIMIT)]) from None
    try:
        answer = json.loads(child.stdout)
    except ValueError:
        raise MjmlProblem([Problem.of(1, 1, BREAKS)]) from None
    if "html" in answer:
        return answer["html"]
    raise MjmlProblem([
        Problem(line, column, message, serious, text, tuple((key, value) for key, value in values))
        for line, column, message, serious, text, values in answer["problems"]
    ])  # fmt: skip


render_guarded = render_draft  # the name for who renders what came from outside


def _child() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    order = json.loads(sys.stdin.buffer.read())
    answer: dict
    try:
        answer = {"html": render(order["source"], language=order["language"], hosts=order["hosts"])}
    except MjmlProblem as problem:
        answer = {"problems": [astuple(p) for p in problem.problems]}
    sys.stdout.buffer.write(json.dumps(answer).encode())


if __name__ == "__main__":
    _child()
