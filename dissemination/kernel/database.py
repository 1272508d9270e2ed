"""The database: declarative base, column types, and the one place where a write begins and commits.

SQLite and PostgreSQL behave alike to the packages above. On SQLite a reading request runs in a plain
`BEGIN` and a write in `BEGIN IMMEDIATE` behind one file lock, because SQLite's own busy wait starves
clients. On PostgreSQL each reading statement stands alone: in READ COMMITTED each sees what was committed
before it anyway, and a ROLLBACK would make psycopg forget its prepared statements, so that the server
parsed and planned every statement of every request anew. Both refuse a flush outside `transaction()`.
"""

import fcntl
import os
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import cast

from flask import after_this_request, current_app, g
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import Connection, CursorResult, DateTime, Enum, Index, MetaData, event, inspect, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Engine
from sqlalchemy.orm import DeclarativeBase, Session, make_transient_to_detached
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


STRAY = "a write outside transaction(): only views, api, jobs and cli open one"


class Base(DeclarativeBase):
    """Base of all models: named constraints, so that migrations can drop them again."""

    metadata = MetaData(naming_convention=NAMING)


class OneDatabase(FlaskSession):
    """A session for which all tables are in one database: it does not look for each statement's."""

    _engines: tuple[Engine, Engine] | None = None  # while writing, while reading

    def get_bind(self, mapper=None, clause=None, bind=None, **kwargs):  # noqa: ARG002 (SQLAlchemy's signature)
        """The engine, or the connection that is asked for.

        Raises RuntimeError for an UPDATE, INSERT or DELETE outside transaction(): PostgreSQL would keep it.
        """
        if bind is not None:
            return bind
        if clause is not None and clause.is_dml and not self.info.get("writing"):
            raise RuntimeError(STRAY)
        if self._engines is None:
            engine = self._db.engine
            self._engines = (engine, engine if is_sqlite() else reading_engine())
        return self._engines[not self.info.get("writing")]


# Errors go to the log: without the values of the statement, which are names and addresses of people.
db = SQLAlchemy(
    model_class=Base, session_options={"class_": OneDatabase}, engine_options={"hide_parameters": True}
)


class UtcDateTime(TypeDecorator):
    """A moment, always timezone-aware UTC in Python.

    `DateTime(timezone=True)` comes back naive from SQLite; this type makes both databases agree and
    refuses naive values at the door.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect):
        """Python to database. Raises ValueError for a naive datetime."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: moments are stored in UTC, give a zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value, dialect):  # noqa: ARG002 (SQLAlchemy's signature)
        """Database to Python, always aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def as_stored(moment: datetime) -> datetime | str:
    """`moment` as a hand-written statement has to give it to this database's driver."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f") if is_sqlite() else moment


def index_where_set(name: str, column: str, *, unique: bool = False) -> Index:
    """An index of the rows that have a value in `column`: those that do not cost a new row nothing.

    Both databases use it for `column = …`, `<`, `IN` and the like, and for foreign keys.
    """
    given = text(f"{column} IS NOT NULL")
    return Index(name, column, unique=unique, sqlite_where=given, postgresql_where=given)


def one_of(kind: type[StrEnum]) -> Enum:
    """A column type for `kind`, stored as its values (not names) in plain text."""
    return Enum(
        kind,
        values_callable=lambda members: [m.value for m in members],
        native_enum=False,
        create_constraint=False,
        length=40,
    )


@event.listens_for(Engine, "connect")
def _prepare(connection, _record):
    """Leave BEGIN to us (`_begin`)."""
    if type(connection).__module__.startswith("psycopg"):
        from dissemination.kernel import postgresql

        postgresql.prepare(connection)
    elif type(connection).__module__.startswith("sqlite3"):
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")  # a confirmed registration survives a power cut
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA busy_timeout=10000")
        # Pages written again and again are copied into the database once: 32 MiB of log between two copies.
        cursor.execute("PRAGMA wal_autocheckpoint=8000")
        cursor.close()


@event.listens_for(Engine, "begin")
def _begin(connection):
    options = connection.get_execution_options()
    if options.get("bare"):
        return
    at_once = connection.dialect.name == "sqlite" and options.get("write")
    begin = "BEGIN IMMEDIATE" if at_once else "BEGIN"
    try:
        # Straight to the driver: what SQLAlchemy does around a statement costs more than this one.
        connection.connection.driver_connection.execute(begin)
    except connection.dialect.loaded_dbapi.Error:
        # Again SQLAlchemy's way, which says what failed in its own words and gives up a lost connection.
        connection.exec_driver_sql(begin)


def reading_engine() -> Engine:
    """The engine for single statements that only read: nothing is begun before them and ended after them,
    which on PostgreSQL are two of three journeys to the server."""
    known = current_app.extensions
    if "reading_engine" not in known:
        known["reading_engine"] = db.engine.execution_options(bare=True)
    return known["reading_engine"]


@event.listens_for(Session, "before_flush")
def _refuse_stray_writes(session, _context, _instances):
    if not session.info.get("writing"):
        raise RuntimeError(STRAY)


@contextmanager
def write_lock(engine):
    """Queue writers of one SQLite file fairly; nothing to do on PostgreSQL."""
    path = engine.url.database
    if engine.dialect.name != "sqlite" or not path or path == ":memory:":
        yield
        return
    handle = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)  # closing releases the lock, also when the process dies


def somebody_writes() -> bool:
    """Whether a transaction() of another process or thread would have to be waited for right now."""
    engine = db.engine
    if engine.dialect.name != "sqlite":
        return False
    handle = os.open(f"{engine.url.database}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


@contextmanager
def transaction():
    """Open the one write transaction of a request, job or command and commit it at the end.

    Objects loaded before are expired and read again inside, so that what an action decides on is
    what the database holds now. On an exception everything is rolled back and the exception goes on.
    Raises RuntimeError when nested or when changes were made before it was opened.
    """
    session = db.session()
    if session.info.get("writing"):
        raise RuntimeError("transaction() is already open: only the edge opens one")
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("objects were changed before transaction() was opened")
    session.rollback()  # ends the read-only snapshot
    with write_lock(db.engine):
        session.info["writing"] = True  # a flush may follow
        try:
            session.info["writing"] = session.connection(execution_options={"write": True})
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            session.info.pop("writing", None)


def transaction_until_response() -> None:
    """Open a transaction() for a view that is not ours and writes by itself (Flask-Security's).

    It commits when the response is made and rolls back on a server error; whatever happens, it is
    closed when the request is torn down. A commit by the view itself inside it does no harm.
    """
    opened = transaction()
    opened.__enter__()
    g.open_transaction = opened

    @after_this_request
    def close(response):
        finish_transaction(failed=response.status_code >= 500)
        return response


def finish_transaction(*, failed: bool) -> None:
    """Close what `transaction_until_response` opened, if it is still open."""
    opened = g.pop("open_transaction", None)
    if opened is None:
        return
    if failed:
        db.session.rollback()
    opened.__exit__(None, None, None)


def insert_into(table):
    """INSERT into `table` (or a model's) that knows ON CONFLICT, of the current application's database."""
    return (sqlite if is_sqlite() else postgresql).insert(table)


def writing() -> Connection:
    """The connection of the open transaction(), for plain statements, which look for theirs each time.

    Raises RuntimeError outside transaction().
    """
    session = db.session()
    connection = session.info.get("writing")
    if not connection:
        raise RuntimeError("a write outside transaction(): only views, api, jobs and cli open one")
    # Flask-Security commits by itself (`transaction_until_response`): then it is another one.
    return session.connection() if connection is True or connection.closed else connection


def insert_once(model, **values):
    """The new row of `model` with `values`; None when it would break a unique constraint.

    One plain statement (INSERT … ON CONFLICT DO NOTHING), so of two at once one adds and the other finds
    its row. A third of the cost of a flush. Columns that are left out get their defaults and are read
    when they are asked for. Raises RuntimeError outside transaction().
    """
    session, connection = db.session(), writing()
    insertion = _insertion(model, connection.dialect.name == "sqlite")
    found = connection.execute(insertion, values).scalar()
    if found is None:
        return None
    row = inspect(model).class_manager.new_instance()
    row.__dict__.update(values, id=found)  # as loading does it: these are no changes
    make_transient_to_detached(row)
    session.add(row)
    return row


@cache
def _insertion(model, on_sqlite: bool):
    table = model.__table__
    return (sqlite if on_sqlite else postgresql).insert(table).on_conflict_do_nothing().returning(table.c.id)


def rows_changed(statement) -> int:
    """Execute an UPDATE or DELETE; how many rows it changed. What a conditional UPDATE is asked by."""
    result = db.session.execute(statement.execution_options(synchronize_session=False))
    return cast(CursorResult, result).rowcount


def is_sqlite() -> bool:
    """True when the current application runs on SQLite."""
    return current_app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite")
