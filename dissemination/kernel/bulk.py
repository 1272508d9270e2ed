"""Many rows into one table, at little more than what the database itself takes for them."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Table, insert, literal_column, null

from dissemination.kernel.database import writing


def insert_many(table: Table, rows: Sequence[Mapping[str, Any]], *, same: Mapping[str, Any] | None = None):
    """Insert `rows`, which all have the keys of the first; `same` holds what all have in common.

    Core prepares the values of a row by themselves, which for thousands takes longer than the database
    needs; here they are prepared column by column, and a moment, a number or nothing that is common to all
    is written into the statement. Columns must be given where the model has a default. Raises ValueError
    for one that is not, RuntimeError outside transaction().
    """
    if not rows:
        return
    connection = writing()
    dialect = connection.dialect
    common = {
        name: _literal(table.c[name].type, value, dialect)
        for name, value in (same or {}).items()
        if value is None or isinstance(value, int | date)  # a text's signs could be taken for parameters
    }
    given = {name: [value] * len(rows) for name, value in (same or {}).items() if name not in common}
    given |= {name: [row[name] for row in rows] for name in rows[0]}
    compiled = insert(table).values(common).compile(dialect=dialect, column_keys=[*common, *given])
    if missing := [column.name for column in compiled.insert_prefetch]:
        raise ValueError(f"{table.name}: columns with a default must be given: {', '.join(missing)}")
    names = compiled.positiontup or list(given)
    columns = [_prepared(table.c[name].type, given[name], dialect) for name in names]
    values = zip(*columns, strict=True)
    data = list(values) if compiled.positional else [dict(zip(names, v, strict=True)) for v in values]
    connection.exec_driver_sql(str(compiled), data)


def _prepared(kind, values: list, dialect) -> list:
    prepare = kind.dialect_impl(dialect).bind_processor(dialect)
    return [prepare(value) for value in values] if prepare else values


def _literal(kind, value, dialect):
    if value is None:
        return null()
    return literal_column(kind.dialect_impl(dialect).literal_processor(dialect)(value))
