"""Signed links: what lets a registrant or a subscriber act without an account.

A token names a purpose and a value and cannot be forged or used for another purpose. It holds no
personal data and does not expire by itself; what it opens decides whether it still may.
"""

import re
from functools import lru_cache

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer, URLSafeTimedSerializer


@lru_cache(100)
def _for_good(key: str | bytes, purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(key, salt=f"link:{purpose}")


@lru_cache(100)
def _for_a_while(key: str | bytes, purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(key, salt=f"timed:{purpose}")


PERSONAL = re.compile(r"/(?:r|rg|g|s|u|v|o)/")  # where pages behind mailed links live


def vouches(path: str) -> bool:
    """Whether `path` holds a link that only its reader has. Whoever could forge a request to it knows the
    link, so such a page needs no CSRF token, and no cookie: mail programs open it where none is kept."""
    return PERSONAL.match(path) is not None


def _key() -> str | bytes:
    return current_app.config["SECRET_KEY"]


def sign(purpose: str, value) -> str:
    """A URL-safe token for `value` (JSON-able: an int, a str, a list of them)."""
    if isinstance(value, str):  # one person's link stands in a mail several times
        return _signed(_key(), purpose, value)
    return _for_good(_key(), purpose).dumps(value)


@lru_cache(1000)
def _signed(key: str | bytes, purpose: str, value: str) -> str:
    return _for_good(key, purpose).dumps(value)


def read(purpose: str, token: str):
    """The value signed into `token`, or None when it was forged or made for another purpose."""
    try:
        return _for_good(_key(), purpose).loads(token)
    except BadSignature:
        return None


def sign_for_a_while(purpose: str, value) -> str:
    """Like `sign`, for links that expire (see `read_recent`)."""
    return _for_a_while(_key(), purpose).dumps(value)


def read_recent(purpose: str, token: str, *, max_age: int):
    """The value in `token` if it was signed at most `max_age` seconds ago, else None."""
    try:
        return _for_a_while(_key(), purpose).loads(token, max_age=max_age)
    except BadSignature:
        return None
