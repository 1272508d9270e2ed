"""Links upward as data: how a low floor shows something that lives on a higher one.

The activity log and the outbox keep `(subject_kind, subject_id)`. The package that owns the kind
registers here how to open it; the low floor asks for the address and never imports upward.
"""

from collections.abc import Callable

_urls: dict[str, Callable[[int], str | None]] = {}


def register(kind: str, url: Callable[[int], str | None]) -> None:
    """Say how to open subjects of `kind` (the owner's table name). Called at import by its owner."""
    _urls[kind] = url


def url(kind: str, subject_id: int) -> str | None:
    """The desk address of the subject, or None when nobody shows that kind."""
    make = _urls.get(kind)
    return make(subject_id) if make else None


def kind_of(subject) -> str:
    """The kind of a model instance: its table name."""
    return subject.__tablename__
