"""Links of an issue that say where they stand: `?n=<issue>.<block>` for registrations, and, where the
district counts clicks, `/c/<issue>/<number>` in place of the address.

Nothing in them names a person: they are the same for everybody.
"""

import re
from collections.abc import Callable, Iterable
from html import escape, unescape

HREF = re.compile(r"""(\bhref\s*=\s*)("[^"]*"|'[^']*')""", re.IGNORECASE)
ADDRESS_KEYS = ("url", "href")


def with_block(block: dict, issue_id: int, block_id: int) -> dict:
    """`block` with every `?n=<issue>` in it naming the block too. Links without it stay as they are."""
    pattern = re.compile(rf"(?<=[?&]n=){issue_id}(?![\d.])|(?<=&amp;n=){issue_id}(?![\d.])")

    def name(text: str) -> str:
        return pattern.sub(f"{issue_id}.{block_id}", text)

    return _mapped(block, lambda _key, text: name(text))


def _mapped(value, change: Callable[[str, str], str], key: str = ""):
    if isinstance(value, str):
        return change(key, value)
    if isinstance(value, dict):
        return {k: _mapped(v, change, k) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_mapped(v, change, key) for v in value]
    return value


def addresses(block: dict) -> list[str]:
    """Every web address that the HTML of `block` leads to, each once, in the order of reading."""
    found: dict[str, None] = {}

    def note(key: str, text: str) -> str:
        for url in _in(key, text):
            found.setdefault(url)
        return text

    _mapped(block, note)
    return list(found)


def _in(key: str, text: str) -> Iterable[str]:
    if key in ADDRESS_KEYS:
        return [text] if _is_web(text) else []
    urls = (unescape(match[2][1:-1]).strip() for match in HREF.finditer(text))
    return [url for url in urls if _is_web(url)]


def _is_web(url: str) -> bool:
    return url.lower().startswith(("http://", "https://"))


def counted(block: dict, counting: dict[str, str]) -> dict:
    """`block` with the addresses in `counting` (address -> the one that counts) replaced, in HTML only."""

    def change(key: str, text: str) -> str:
        if key in ADDRESS_KEYS:
            return counting.get(text, text)
        return HREF.sub(replace, text)

    def replace(match: re.Match) -> str:
        url = unescape(match[2][1:-1]).strip()
        return f'{match[1]}"{escape(counting[url])}"' if url in counting else match[0]

    return _mapped(block, change)
