"""Old and new words in one line: what a comparison of two texts shows."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

MOST_WORDS = 4000  # beyond, a text is shown whole, before and after


def words(old: str, new: str) -> Iterator[tuple[str, str]]:
    """Runs of words: ("same" | "old" | "new", words), so that old and new can be read in one line."""
    a, b = re.findall(r"\S+\s*", old), re.findall(r"\S+\s*", new)
    if len(a) + len(b) > MOST_WORDS:
        yield from ((kind, text) for kind, text in (("old", old), ("new", new)) if text)
        return
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag == "equal":
            yield "same", "".join(a[i1:i2])
        else:
            if i2 > i1:
                yield "old", "".join(a[i1:i2])
            if j2 > j1:
                yield "new", "".join(b[j1:j2])
