"""Alembic's environment: migrations run through the application's own engine, on both databases."""

from alembic import context
from flask_security import AsaList

from dissemination.kernel.database import UtcDateTime, db, write_lock
from dissemination.publications.index import is_index


def render_item(kind, item, _autogen_context):
    """Write column types of ours and of libraries as the plain ones that they store."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, AsaList):
        return "sa.UnicodeText()"
    return False


def include_name(name, kind, _parents):
    """Leave out the full-text index, which no model describes."""
    return kind != "table" or not is_index(name)


def run() -> None:
    """Upgrade or downgrade in one transaction, so that a broken migration leaves nothing half done."""
    engine = db.engine
    with write_lock(engine), engine.connect() as connection:
        connection = connection.execution_options(write=True)
        sqlite = engine.dialect.name == "sqlite"
        if sqlite:  # batch operations rebuild tables that others point to
            # Outside a transaction, hence on the driver's connection: inside one it does nothing.
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")
        context.configure(
            connection=connection, target_metadata=db.metadata, render_as_batch=True, render_item=render_item,
            compare_type=True, transaction_per_migration=False, include_name=include_name,
        )  # fmt: skip
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
        if sqlite:
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=ON")


if context.is_offline_mode():
    raise SystemExit("Migrations run against a database; --sql is not offered.")
run()
