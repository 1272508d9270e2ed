"""Pages of a list by key, not by offset: as fast on the last page as on the first."""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import tuple_

from dissemination.kernel.database import db

SIZE = 50
MOST = 2**31 - 1  # what an INTEGER of PostgreSQL holds


@dataclass(frozen=True)
class Page:
    """Rows of one page and the token of the next one (None on the last)."""

    rows: list
    next: str | None


def _encode(values) -> str:
    plain = [v.isoformat() if isinstance(v, date | datetime) else v for v in values]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def _decode(token: str, columns):
    try:
        values = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        if not isinstance(values, list) or len(values) != len(columns):
            return None
        return [_typed(v, c) for v, c in zip(values, columns, strict=True)]
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None


def _typed(value, column):
    """`value` as the column holds it. Raises ValueError, TypeError, OverflowError: nobody else made it so."""
    kind = column.type.python_type if hasattr(column.type, "impl") is False else datetime
    if kind is datetime:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError(value)
        return moment.astimezone(UTC)
    if kind is date:
        return date.fromisoformat(value)
    if type(value) is not kind:
        raise TypeError(value)
    if kind is int and not -MOST <= value <= MOST:
        raise OverflowError(value)
    if kind is str and "\0" in value.encode().decode():
        raise ValueError(value)
    return value


def start_of(after: str | None, columns) -> list | None:
    """The values of `columns` that a page begins after, for who pages by itself; None: from the start."""
    return _decode(after, columns) if after else None


def token_after(row, columns) -> str:
    """The token of the page that begins after `row`."""
    return _encode([getattr(row, c.key) for c in columns])


def page(query, *, columns, after: str | None = None, descending=False, size: int = SIZE) -> Page:
    """One page of `query` (a select of one entity) ordered by `columns`.

    `columns` are NOT NULL model columns whose tuple is unique (end with the primary key). `after` is
    a token from a former page; one that cannot be read starts from the first page.
    """
    start = start_of(after, columns)
    if start is not None:
        key = tuple_(*columns)
        query = query.where(key < tuple(start) if descending else key > tuple(start))
    query = query.order_by(*[c.desc() if descending else c.asc() for c in columns])
    rows = list(db.session.scalars(query.limit(size + 1)).unique())
    if len(rows) <= size:
        return Page(rows, None)
    rows = rows[:size]
    return Page(rows, token_after(rows[-1], columns))
