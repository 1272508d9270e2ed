"""Text for finding and naming: accents folded, slugs made, lengths kept."""

import re
import unicodedata

_MARKS = re.compile("[\u0300-\u036f]+")  # the accents of European scripts: most marks, taken away at once


def fold(text: str) -> str:
    """`text` without case, accents and surplus space, for comparing and searching."""
    return " ".join(unaccented(text).split())


def unaccented(text: str) -> str:
    """`text` without case and accents."""
    plain = text.casefold()
    if not plain.isascii():
        plain = _MARKS.sub("", unicodedata.normalize("NFKD", plain))
    if not plain.isascii():
        plain = "".join([c for c in plain if c < "\x80" or not unicodedata.combining(c)])
    return plain


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


def ascii_domain(domain: str) -> str:
    """A domain as it is looked up (IDNA 2008, RFC 5891 and UTS 46). Raises UnicodeError.

    Python's own codec follows IDNA 2003, which sends straße.example to strasse.example: somebody else's.
    """
    if domain.isascii():
        return domain
    import idna  # its tables are large, and most domains are ASCII

    return idna.encode(domain, uts46=True).decode("ascii")


GOOGLE = ("gmail.com", "googlemail.com")


def mailbox_of(email: str) -> str:
    """The mailbox that an address means nearly always: in lower case, without what stands behind a plus; of
    Google without dots, under one of its names."""
    local, _at, domain = email.lower().partition("@")
    bare = local.split("+", 1)[0] or local
    return f"{bare.replace('.', '')}@gmail.com" if domain in GOOGLE else f"{bare}@{domain}"


def one_spelling(email: str) -> str:
    """`email` with its domain in the spelling that we keep, where it has several ("xn--…" for
    letters with accents, letters of full width): else who must not be written to could be under another."""
    domain = email.rpartition("@")[2]
    if domain.isascii() and "xn--" not in domain.lower():
        return email
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(email.strip(), check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        return email
