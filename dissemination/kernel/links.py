"""Signed links: what lets a registrant or a subscriber act without an account.

A token names a purpose and a value and cannot be forged or used for another purpose. It holds no
personal data and does not expire by itself; what it opens decides whether it still may.
"""

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer, URLSafeTimedSerializer


def _key() -> str | bytes:
    return current_app.config["SECRET_KEY"]


def sign(purpose: str, value) -> str:
    """A URL-safe token for `value` (JSON-able: an int, a str, a list of them)."""
    return URLSafeSerializer(_key(), salt=f"link:{purpose}").dumps(value)


def read(purpose: str, token: str):
    """The value signed into `token`, or None when it was forged or made for another purpose."""
    try:
        return URLSafeSerializer(_key(), salt=f"link:{purpose}").loads(token)
    except BadSignature:
        return None


def sign_for_a_while(purpose: str, value) -> str:
    """Like `sign`, for links that expire (see `read_recent`)."""
    return URLSafeTimedSerializer(_key(), salt=f"timed:{purpose}").dumps(value)


def read_recent(purpose: str, token: str, *, max_age: int):
    """The value in `token` if it was signed at most `max_age` seconds ago, else None."""
    signer = URLSafeTimedSerializer(_key(), salt=f"timed:{purpose}")
    try:
        return signer.loads(token, max_age=max_age)
    except BadSignature:
        return None
