"""Texts that people write in an issue: a few marks, escaped first, to HTML for mails and to plain text.

    paragraphs, one empty line between them      **bold**      *italic*
    - a list, one item a line                     [words](https://…)   [words](mailto:…)

Everything else is shown as it was written. The HTML has inline styles, because mail programs ignore
others, and holds no element or address that a person could have chosen beyond these.
"""

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from flask_babel import lazy_gettext as _l
from markupsafe import escape
from werkzeug.urls import iri_to_uri

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufff9-\uffff\ue000-\uf8ff\ud800-\udfff]")
ITEM = re.compile(r"[-*•]\s+(.+)")
LINK = re.compile(r"\[([^\[\]\n]{1,300})\]\(([^()\s]{1,2000}(?:\([^()\s]*\)[^()\s]*)*)\)")
BOLD = re.compile(r"\*\*(?=\S)(.{1,1000}?)(?<=\S)\*\*")
ITALIC = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*<\n]{1,1000}?)(?<=[^\s*])\*(?![\w*])")
KINDS = {  # what people call the kinds of blocks
    "heading": _l("Heading"), "text": _l("Text"), "quote": _l("Quotation"), "image": _l("Picture"),
    "button": _l("Button"), "divider": _l("Dividing line"), "columns": _l("Two columns"), "mjml": _l("MJML"),
}  # fmt: skip
SCHEMES = ("http", "https", "mailto")
PARAGRAPH = '<p style="margin:0 0 12px">%s</p>'
ITEMS = '<ul style="margin:0 0 12px;padding-left:20px">%s</ul>'


def clean(text: str) -> str:
    """`text` with LF newlines and without control, private-use and non-characters."""
    return CONTROL.sub("", (text or "").replace("\r\n", "\n").replace("\r", "\n").replace("\t", " "))


def one_line(text: str) -> str:
    """`text` on one line: for subjects and headings."""
    return " ".join(clean(text).split())


def address(url: str) -> str | None:
    """`url` in ASCII when it may stand in a link (http, https with a host, mailto with an address)."""
    try:
        safe = iri_to_uri(url)
        parts = urlsplit(safe)
    except ValueError:
        return None
    if parts.scheme not in SCHEMES or not re.fullmatch(r"[!-~]+", safe) or re.search(r'[<>"`\\{}]', safe):
        return None
    reachable = "@" in parts.path if parts.scheme == "mailto" else parts.hostname
    return safe if reachable else None


def links(text: str) -> list[tuple[str, str]]:
    """The (words, address) of every link in `text`, those that are refused left out."""
    return [(w, a) for w, url in LINK.findall(clean(text)) if (a := address(url))]


def _emphasised(text: str) -> str:
    html = str(escape(text))
    html = BOLD.sub(r"<strong>\1</strong>", html)
    return ITALIC.sub(r"<em>\1</em>", html)


def _link_html(words: str, url: str) -> str:
    return f'<a href="{escape(url)}">{_emphasised(words)}</a>'


def _plain(text: str) -> str:
    return ITALIC.sub(r"\1", BOLD.sub(r"\1", text))


def _link_text(words: str, url: str) -> str:
    shown = url.removeprefix("mailto:")
    return shown if words == shown else f"{_plain(words)} ({shown})"


def _inline(text: str, words: Callable[[str], str], link: Callable[[str, str], str]) -> str:
    """`text` with its links through `link` and everything between them through `words`."""
    out, end = [], 0
    for match in LINK.finditer(text):
        url = address(match[2])
        if url is None:
            continue
        out += [words(text[end : match.start()]), link(match[1], url)]
        end = match.end()
    return "".join([*out, words(text[end:])])


def _chunks(text: str) -> Iterator[tuple[bool, list[str]]]:
    """(is a list, its lines) for every paragraph and list of `text`."""
    for paragraph in re.split(r"\n[ \t]*\n", clean(text)):
        lines = [line.strip() for line in paragraph.split("\n") if line.strip()]
        run: list[str] = []
        was_list = False
        for line in lines:
            item = ITEM.fullmatch(line)
            if run and bool(item) != was_list:
                yield was_list, run
                run = []
            was_list = bool(item)
            run.append(item[1] if item else line)
        if run:
            yield was_list, run


def to_html(text: str) -> str:
    """`text` as HTML with inline styles; safe whatever was written."""
    parts = []
    for is_list, lines in _chunks(text):
        shown = [_inline(line, _emphasised, _link_html) for line in lines]
        if is_list:
            parts.append(ITEMS % "".join(f"<li>{line}</li>" for line in shown))
        else:
            parts.append(PARAGRAPH % "<br>".join(shown))
    return "".join(parts)


def to_text(text: str) -> str:
    """`text` for the plain part of a mail: marks dropped, addresses after their words."""
    parts = []
    for is_list, lines in _chunks(text):
        shown = [_inline(line, _plain, _link_text) for line in lines]
        parts.append("\n".join(f"- {line}" if is_list else line for line in shown))
    return "\n\n".join(parts)
