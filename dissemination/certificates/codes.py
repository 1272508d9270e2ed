"""The codes of certificates: 80 random bits as 16 letters that a person can read off paper and type.

Crockford's Base32 alphabet: no I, L, O and U. What people type is forgiven: case, spaces, dashes, and the
letters that look like digits.
"""

import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 16
_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1"})
_LETTERS = frozenset(ALPHABET)
_DASHES = frozenset("-‐‑‒–—−_./")


def make() -> str:
    """A new code without dashes, as it is stored."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def grouped(code: str) -> str:
    """A code as it is printed: "7K2M-9QRT-0VXA-3BCD"."""
    return "-".join(code[i : i + 4] for i in range(0, len(code), 4))


def read(text: str) -> str | None:
    """The code that somebody typed, as it is stored; None when it cannot be one."""
    code = "".join(c for c in text if not c.isspace() and c not in _DASHES).upper().translate(_MISREAD)
    return code if len(code) == LENGTH and _LETTERS.issuperset(code) else None
