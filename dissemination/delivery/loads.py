"""What a mail program fetches by itself to show a mail, and from which host: read as browsers read addresses
and style sheets, so that no other way of writing one passes.
"""

import re
from collections.abc import Iterator
from html import unescape

LOADED = frozenset({  # attributes whose address is fetched, or called when somebody clicks (ping)
    "src", "srcset", "imagesrcset", "lowsrc", "dynsrc", "background", "background-url", "poster",
    "thumbnails-src", "left-icon", "right-icon", "icon-wrapped-url", "icon-unwrapped-url", "data", "ping",
    "o:href", "xlink:href",
})  # fmt: skip
LISTS = frozenset({"srcset", "imagesrcset"})
CSS_ADDRESS = re.compile(r"""(?:url\(\s*["']?|@import\s*["'])([^"')\s]*)""", re.IGNORECASE)
# The URL standard: backslashes are slashes, and after a scheme of the web as many of them as one likes.
AUTHORITY = re.compile(r"(?:(?:https?|ftp|wss?):/*|//+)([^/?#]*)", re.IGNORECASE)
IMAGE_SET = re.compile(r"image-set\(([^;{}]*)", re.IGNORECASE)
CSS_STRING = re.compile(r"""["']\s*([^"'\s]*)""")
CSS_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)  # one that is not closed goes on to the end
CSS_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|(.))")
SPACE = re.compile(r"[\t\n\r]")
EDGES = "".join(map(chr, range(33)))


def foreign_host(address: str, hosts: frozenset[str]) -> str | None:
    """The host that `address` names when it is not one of `hosts`; None for data: and template values."""
    address = SPACE.sub("", unescape(address)).strip(EDGES).replace("\\", "/")
    if not address or address.startswith(("data:image/", "cid:", "#")):
        return None
    found = AUTHORITY.match(address)
    if found is None:
        return None
    host = re.sub(r":\d*$", "", found[1].rpartition("@")[2]).lower()
    return host[:60] if host and host not in hosts else None


def addresses_of(key: str, value: str) -> Iterator[str]:
    """What the attribute `key` of LOADED makes a program fetch."""
    for address in value.split(",") if key in LISTS else [value]:
        yield address.strip().split(" ")[0] if key in LISTS else address


def css_addresses(css: str) -> Iterator[tuple[str, int]]:
    """(address, offset) of what a style sheet or a style attribute fetches; what is written with escapes or
    comments in it has the offset 0."""
    seen = set()
    for match in CSS_ADDRESS.finditer(css):
        seen.add(match[1])
        yield match[1], match.start()
    decoded = CSS_ESCAPE.sub(_character, unescape(css))
    for text in {decoded, CSS_COMMENT.sub("", decoded)}:  # a comment may stand in a string
        found = {match[1] for match in CSS_ADDRESS.finditer(text)}
        for images in IMAGE_SET.finditer(text):
            found |= set(CSS_STRING.findall(images[1]))
        for address in sorted(found - seen):
            seen.add(address)
            yield address, 0


def _character(escape: re.Match) -> str:
    if escape[1] is None:
        return escape[2]
    number = int(escape[1], 16)
    return chr(number) if 0 < number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"
