"""Triggers that let the log's tables, and those of sign-offs, only grow: no UPDATE, no DELETE.

Two changes are allowed, and only this way: a row of the activity log may part from its person (`contact_id`
changes while `salt` is emptied, see `digests.py`), and a sign-off may be reopened once, with its reason.
Whoever owns the database can drop a trigger; then the chain of `seals` finds what was done. A batch
migration on SQLite rebuilds a table and loses its triggers silently: call `protect` again after it.
"""

from sqlalchemy import event, text

# Table -> its keys. On SQLite INSERT OR REPLACE deletes the row in its way without asking a DELETE trigger.
GUARDED: dict[str, tuple[tuple[str, ...], ...]] = {
    "activities": (("id",), ("reverses_id",)),
    "log_seals": (("district_id", "position"), ("activity_id",)),
    "log_heads": (("id",),),
    "sign_offs": (("id",), ("period_id", "number")),
    "signed_figures": (("sign_off_id", "position"),),
    "signed_files": (("sign_off_id", "position"),),
    "transmissions": (("id",),),
}
# What else a table has only one of, as it stands in the condition of its partial index.
ONE_OF = {"sign_offs": "period_id = NEW.period_id AND reopened_at IS NULL AND NEW.reopened_at IS NULL"}
# Columns that may change, and when.
ALLOWED = {
    "activities": (("contact_id", "salt"), "NEW.salt IS NULL"),
    "sign_offs": (("reopened_at", "reopened_by", "reopened_because", "mark"),
                  "OLD.reopened_at IS NULL AND NEW.reopened_at IS NOT NULL"),
}  # fmt: skip
REFUSAL = "only grows: no row of it is changed or deleted"
FUNCTION = "log_only_grows"
CASE = """
  IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = '{table}' THEN
    IF {when} AND to_jsonb(NEW){less} = to_jsonb(OLD){less} THEN
      RETURN NEW;
    END IF;
  END IF;"""
CASES = "".join(
    CASE.format(table=table, when=when, less="".join(f" - '{c}'" for c in columns))
    for table, (columns, when) in ALLOWED.items()
)
BODY = f"""
BEGIN{CASES}
  RAISE EXCEPTION '% {REFUSAL}', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
"""


def guard(table) -> None:
    """Have the triggers of a model's table made with it."""
    event.listen(table, "after_create", lambda _table, connection, **_kw: protect(connection, table.name))


def protect(connection, *tables: str) -> None:
    """Make the triggers of these tables (of GUARDED), anew where they are there."""
    drop(connection, *tables)
    for statement in _function(connection):
        connection.execute(text(statement))
    for table in tables:
        for _name, statement in _triggers(connection, table):
            connection.exec_driver_sql(statement)


def drop(connection, *tables: str) -> None:
    """Take the triggers of these tables away: for migrations, and for tests of what then is found."""
    of_table = "" if connection.dialect.name == "sqlite" else " ON {}"
    for table in tables:
        for name in _names(connection, table):
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}{of_table.format(table)}")


def drop_function(connection) -> None:
    """Take away what the triggers of PostgreSQL call; nothing to do on SQLite."""
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {FUNCTION}()")


def missing(connection) -> list[str]:
    """The triggers that are not there, are switched off or say something else than ours."""
    if connection.dialect.name == "sqlite":
        found = dict(
            connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
        )
        return [n for t in GUARDED for n, sql in _triggers(connection, t) if found.get(n) != sql]
    active = connection.execute(text(
        "SELECT t.tgname, pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
        " JOIN pg_language l ON l.oid = p.prolang"
        " WHERE t.tgenabled IN ('O', 'A') AND p.proname = :name AND p.prosrc = :body"
        " AND l.lanname = 'plpgsql'"
    ), {"name": FUNCTION, "body": BODY}).all()  # fmt: skip
    there = {(name, _plain(made)) for name, made in active}
    return [
        name for table in GUARDED for name, made in _triggers(connection, table)
        if (name, _plain(made)) not in there
    ]  # fmt: skip


def _plain(made: str) -> str:
    """A trigger's statement without the schema that PostgreSQL may write before the table."""
    return made.replace(" ON public.", " ON ").replace("FUNCTION public.", "FUNCTION ")


def _names(connection, table: str) -> list[str]:
    last = "insert" if connection.dialect.name == "sqlite" else "truncate"
    return [f"{table}_refuse_{what}" for what in ("update", "delete", last)]


def _function(connection) -> list[str]:
    if connection.dialect.name == "sqlite":
        return []
    return [f"CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $${BODY}$$"]


def _triggers(connection, table: str) -> list[tuple[str, str]]:
    """The names of a table's triggers with the statements that make them."""
    names = _names(connection, table)
    if connection.dialect.name != "sqlite":
        call = f"EXECUTE FUNCTION {FUNCTION}()"
        # As PostgreSQL itself writes them, so that `missing` can compare.
        when = (
            "UPDATE ON {0} FOR EACH ROW",
            "DELETE ON {0} FOR EACH ROW",
            "TRUNCATE ON {0} FOR EACH STATEMENT",
        )
        return [
            (name, f"CREATE TRIGGER {name} BEFORE {event_.format(table)} {call}")
            for name, event_ in zip(names, when, strict=True)
        ]
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} {REFUSAL}'); END"
    events = (f"UPDATE ON {table}{_unless_allowed(connection, table)}", f"DELETE ON {table}",
              f"INSERT ON {table} WHEN {_in_the_way(table)}")  # fmt: skip
    return [
        (name, f"CREATE TRIGGER {name} BEFORE {event_} {refuse}")
        for name, event_ in zip(names, events, strict=True)
    ]


def _unless_allowed(connection, table: str) -> str:
    if table not in ALLOWED:
        return ""
    free, when = ALLOWED[table]
    columns = sorted(row[1] for row in connection.exec_driver_sql(f"PRAGMA table_info({table})"))
    same = [f"NEW.{c} IS OLD.{c}" for c in columns if c not in free]
    return f" WHEN NOT ({when} AND {' AND '.join(same)})"


def _in_the_way(table: str) -> str:
    each = [" AND ".join(f"{column} = NEW.{column}" for column in key) for key in GUARDED[table]]
    each += [ONE_OF[table]] if table in ONE_OF else []
    return " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE {where})" for where in each)  # noqa: S608  names of our own tables
