"""Names as strangers write them, made harmless: they stand in mails, subjects and pages that others read."""

import re
import unicodedata
from collections.abc import Iterable

from dissemination.kernel.text import fold

SHORT = 2  # letters: no name is looked for by so few
# Bidirectional overrides, invisible joints and the like; the two joiners that emoji and scripts need stay.
_JOINERS = "\u200c\u200d"
LONGEST = 500
READ = 10_000  # what is longer is refused for its length, and not read letter by letter before
_LINK = re.compile(
    r"://|\bwww\.|@|\b[\w-]{2,}\.(?:com|net|org|info|biz|it|eu|ru|cn|io|co|me|xyz|top|link|shop|site|online|club"
    r"|app|dev|tk|de|fr|uk)\b",
    re.IGNORECASE,
)


def plain(text):
    """`text` on one line, without control and formatting characters; what is not text stays as it is."""
    if not isinstance(text, str) or len(text) > READ:
        return text
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    kept = (" " if c.isspace() else c for c in text if c.isspace() or _is_seen(c))
    return " ".join("".join(kept).split())


def _is_seen(char: str) -> bool:
    return char in _JOINERS or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn")


def impersonal(text: str, names: Iterable[str]) -> str:
    """`text` (a role, in a person's own words), or "" when it holds one of `names` or an address."""
    words = f" {_words(text)} "
    personal = "@" in text or any(f" {_words(n)} " in words for n in names if len(n) > SHORT)
    return "" if personal else text


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", fold(text)))


def named(text: str) -> bool:
    """Whether `text` can be a person's name: it has a letter and no address of a site or mailbox.

    No name is longer than LONGEST, and the search for addresses takes the square of the length.
    """
    return len(text) <= LONGEST and any(c.isalpha() for c in text) and not _LINK.search(text)
