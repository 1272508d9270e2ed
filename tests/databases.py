"""PostgreSQL databases for tests: making one takes longer than most tests, so one is emptied and used again."""

import os
from contextlib import contextmanager

import psycopg
from psycopg import sql

TEMPLATE = "template_empty"
USES = 40  # dead rows of earlier tests pile up: then a new one
# What a test that alters the schema leaves: tables and indexes, columns, triggers (also switched off), functions.
SCHEMA = """
SELECT (SELECT count(*) || ' ' || max(oid) FROM pg_class WHERE relnamespace = 'public'::regnamespace),
       (SELECT count(*) || ' ' || sum(atttypid::bigint) FROM pg_attribute WHERE attrelid >= 16384 AND attnum > 0),
       (SELECT count(*) || ' ' || max(oid) || ' ' || string_agg(DISTINCT tgenabled::text, '') FROM pg_trigger),
       (SELECT count(*) || ' ' || max(oid) FROM pg_proc),
       (SELECT count(*) || ' ' || max(oid) FROM pg_constraint)
"""
TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
RESTART = "SELECT setval(format('%I', sequencename)::regclass, 1, false) FROM pg_sequences WHERE last_value IS NOT NULL"
numbers = iter(range(10**9))
_kept: dict[str, list] = {}  # server -> [name, uses, schema as it was made]


def named(uri: str, database: str) -> str:
    """The URL of a database of the server at `uri`."""
    return uri.replace("/postgres?", f"/{database}?").replace("postgresql://", "postgresql+psycopg://")


@contextmanager
def copied(uri: str, template: str):
    """The URL of a fresh database copied from `template`, dropped afterwards."""
    name = _new_name()
    _make(uri, name, template)
    yield named(uri, name)
    _drop(uri, name)


@contextmanager
def emptied(uri: str):
    """The URL of a database with empty tables, under a name that no test had before: what a test has left
    running finds nothing."""
    name, before = _new_name(), _kept.pop(uri, None)
    if before is None:
        _make(uri, name, TEMPLATE)
        uses, schema = 0, _schema(uri, name)
    else:
        former, uses, schema = before
        _rename(uri, former, name)
    yield named(uri, name)
    if uses + 1 < USES and _empty(uri, name, schema):
        _kept[uri] = [name, uses + 1, schema]
    else:
        _drop(uri, name)


def _new_name() -> str:
    return f"t{os.getpid()}_{next(numbers)}"


def _make(uri: str, name: str, template: str) -> None:
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY = FILE_COPY")


def _drop(uri: str, name: str) -> None:
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _rename(uri: str, former: str, name: str) -> None:
    with psycopg.connect(uri, autocommit=True) as connection:
        _end_others(connection, former)
        connection.execute(f"ALTER DATABASE {former} RENAME TO {name}")


def _end_others(connection, name: str) -> None:
    others = "FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
    connection.execute(f"SELECT pg_terminate_backend(pid, 5000) {others}", [name])


def _schema(uri: str, name: str) -> tuple:
    with psycopg.connect(uri, dbname=name) as connection:
        return connection.execute(SCHEMA).fetchone()


def _empty(uri: str, name: str, schema: tuple) -> bool:
    """Delete every row and start the numbering again; False where a test changed the schema."""
    with psycopg.connect(uri, dbname=name) as connection:
        _end_others(connection, name)
        if connection.execute(SCHEMA).fetchone() != schema:
            return False
        connection.execute("SET session_replication_role = replica")  # no triggers, no foreign keys
        tables = [row[0] for row in connection.execute(TABLES)]
        filled = sql.SQL(" UNION ALL ").join(
            sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(sql.Literal(t), sql.Identifier(t))
            for t in tables
        )
        for (table,) in connection.execute(filled).fetchall():
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
        connection.execute(RESTART)
    return True
