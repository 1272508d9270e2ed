"""Reading a table as it is: SQLite keeps any value in any column, and Python reads some of them kindly.

`20260503` is a date for Python and another text for SQL; 12.354 is 12.35 once it is read; of two equal names
in a JSON object Python takes the last and SQLite the first. Whoever edits a database by hand can use that,
or stop with a value that nothing can read. So a value counts only as the very thing that we would write.
"""

import json
from functools import partial
from typing import Any

from sqlalchemy import JSON, Date, DateTime, Integer, LargeBinary, Numeric, case, literal, type_coerce
from sqlalchemy.types import TypeEngine, UserDefinedType

from dissemination.kernel.database import UtcDateTime, is_sqlite


class _Odd:
    """What stands for a value that we never wrote. Equal to nothing else."""

    def __repr__(self) -> str:
        return "<odd>"


ODD: Any = _Odd()


class Strict(UserDefinedType):
    """For reading: the value as `inner` reads it, or ODD where `inner` would not have written it."""

    cache_ok = True

    def __init__(self, inner: TypeEngine):
        self.inner = inner

    def result_processor(self, dialect, coltype):
        """SQLAlchemy's hook; databases other than SQLite keep only what the type allows."""
        kind = self.inner.dialect_impl(dialect)
        read = kind.result_processor(dialect, coltype)
        if dialect.name != "sqlite":
            return read
        writers = [kind.bind_processor(dialect)]
        if isinstance(self.inner, JSON):  # accents as they are: perhaps of an earlier program
            writers.append(partial(json.dumps, ensure_ascii=False))
        return partial(_strictly, _stored(self.inner), read, writers)


def _stored(kind: TypeEngine) -> tuple[type, ...]:
    """What the driver gives for a type when the value is one of ours."""
    if isinstance(kind, Integer):
        return (int,)
    if isinstance(kind, Numeric):
        return (int, float)
    return (bytes,) if isinstance(kind, LargeBinary) else (str,)


def _strictly(stored: tuple[type, ...], read, writers, value):
    if value is None:
        return None
    if not isinstance(value, stored):
        return ODD
    try:
        typed = read(value) if read else value
        same = any((write(typed) if write else typed) == value for write in writers)
    except Exception:  # whatever a hand-made value does to a reader
        return ODD
    return typed if same else ODD


def strict(column):
    """A column of a query, read strictly under its name. Dates for which Python has no value become NULL."""
    kind = column.type
    if isinstance(kind, Date | DateTime | UtcDateTime) and not is_sqlite():
        least, most = ("0001-01-02", "9999-12-30")  # PostgreSQL has years before and after, and infinity
        told = column.between(literal(least, Date).cast(kind), literal(most, Date).cast(kind))
        return case((told, column)).label(column.name)
    return type_coerce(column, Strict(kind)).label(column.name)
