"""Text for finding and naming: accents folded, slugs made, lengths kept."""

import re
import unicodedata


def fold(text: str) -> str:
    """`text` without case, accents and surplus space, for comparing and searching."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(plain.split())


def slugify(text: str, *, limit: int = 80) -> str:
    """A lower-case ASCII name for a URL; "x" when nothing of `text` can be written so."""
    slug = re.sub(r"[^a-z0-9]+", "-", fold(text)).strip("-")[:limit].strip("-")
    return slug or "x"


def free_slug(text: str, taken) -> str:
    """`slugify(text)`, numbered when `taken(slug)` says that it exists: `slug-2`, `slug-3` …"""
    slug, n = slugify(text), 1
    candidate = slug
    while taken(candidate):
        n += 1
        candidate = f"{slug}-{n}"
    return candidate


def like(term: str) -> str:
    """A LIKE pattern that finds the folded `term` anywhere; use with `escape="\\\\"`."""
    escaped = fold(term).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
