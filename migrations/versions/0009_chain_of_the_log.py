"""the log's digests, chain and triggers; past years

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

from dissemination.kernel.database import UtcDateTime
from dissemination.plan import digests, guards

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BATCH = 5_000
GUARDED = ("activities", "log_seals", "log_heads")


def upgrade():
    # Plain ADD COLUMN: a batch would rebuild the largest table there is.
    op.add_column("activities", sa.Column("reason", sa.String(300), nullable=False, server_default=""))
    for name, size in (("digest", 32), ("person", 16), ("salt", 16)):
        op.add_column("activities", sa.Column(name, sa.LargeBinary(size), nullable=True))
    _chain()
    _past_years()
    _kept_classes()
    _mark_what_is_there()
    guards.protect(op.get_bind(), *GUARDED)


def _key(table, column, other):
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def _moment(name, nullable=False):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _whole(name, nullable=False):
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _chain():
    op.create_table(
        "log_seals", _whole("district_id"), _whole("position"), _whole("activity_id"),
        sa.Column("chain", sa.LargeBinary(32), nullable=False),
        _key("log_seals", "district_id", "districts"),
        sa.PrimaryKeyConstraint("district_id", "position", name=op.f("pk_log_seals")),
        sa.UniqueConstraint("activity_id", name=op.f("uq_log_seals_activity_id")),
    )  # fmt: skip
    op.create_table(
        "log_tips", _whole("district_id"), _whole("position"), _whole("activity_id"),
        sa.Column("chain", sa.LargeBinary(32), nullable=False), _moment("at"), _moment("began_at"),
        *[sa.Column(name, sa.LargeBinary(32), nullable=False) for name in ("told", "mark")],
        _key("log_tips", "district_id", "districts"),
        sa.PrimaryKeyConstraint("district_id", name=op.f("pk_log_tips")),
    )  # fmt: skip
    op.create_table(
        "log_heads", _whole("id"), _whole("district_id"), _whole("position"), _whole("activity_id"),
        sa.Column("chain", sa.LargeBinary(32), nullable=False), _moment("at"),
        sa.Column("place", sa.String(40), nullable=False), sa.Column("about", sa.String(200), nullable=False),
        _whole("by", True), sa.Column("mark", sa.LargeBinary(32), nullable=False),
        _key("log_heads", "district_id", "districts"), _key("log_heads", "by", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_heads")),
    )  # fmt: skip
    op.create_index("ix_log_heads_district_id", "log_heads", ["district_id", "at"])
    op.create_table(
        "log_checks", _whole("id"), _whole("district_id"), _moment("asked_at"), _whole("asked_by", True),
        _moment("done_at", True), _whole("position"), sa.Column("findings", sa.JSON(), nullable=False),
        _key("log_checks", "district_id", "districts"), _key("log_checks", "asked_by", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_checks")),
    )  # fmt: skip
    op.create_index("ix_log_checks_district_id", "log_checks", ["district_id", "asked_at"])
    given = sa.text("asked_by IS NOT NULL")
    op.create_index(
        "ix_log_checks_asked_by", "log_checks", ["asked_by"], sqlite_where=given, postgresql_where=given
    )


def _words(name, size):
    return sa.Column(name, sa.String(size), nullable=False)


def _past_years():
    op.create_table(
        "past_imports", _whole("id"), _whole("district_id"), _words("name", 255), _whole("file_id", True),
        _words("sha256", 64), _words("state", 40),
        *[sa.Column(n, sa.JSON(), nullable=False) for n in ("sheets", "header", "samples", "mapping", "counts")],
        _words("sheet", 100), _words("trouble", 500), _moment("began_at", True), _moment("uploaded_at"),
        _whole("uploaded_by", True), _moment("entered_at", True), _whole("entered_by", True),
        _moment("undone_at", True), _whole("undone_by", True), _words("undone_because", 300),
        _key("past_imports", "district_id", "districts"), _key("past_imports", "file_id", "files"),
        *[_key("past_imports", n, "accounts") for n in ("uploaded_by", "entered_by", "undone_by")],
        sa.PrimaryKeyConstraint("id", name=op.f("pk_past_imports")),
    )  # fmt: skip
    op.create_index("ix_past_imports_district_id", "past_imports", ["district_id", "uploaded_at"])
    op.create_table(
        "past_activities", _whole("id"), _whole("import_id"), _whole("district_id"), _whole("line"),
        _words("verdict", 40), _words("cell", 20), _words("message", 300), _words("verb", 60),
        sa.Column("happened_on", sa.Date(), nullable=True), _words("title", 300), _words("tax_id", 16),
        _words("company_name", 200), _whole("activity_line_id", True),
        sa.Column("amount", sa.Numeric(16, 2), nullable=True), sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("mark", sa.String(64), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_id"], ["past_imports.id"], name=op.f("fk_past_activities_import_id_past_imports"),
            ondelete="CASCADE",
        ),
        _key("past_activities", "district_id", "districts"),
        _key("past_activities", "activity_line_id", "activity_lines"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_past_activities")),
        sa.UniqueConstraint("district_id", "mark", name=op.f("uq_past_activities_district_id_mark")),
    )  # fmt: skip
    op.create_index("ix_past_activities_import_id", "past_activities", ["import_id", "verdict", "line"])


def _kept_classes():
    """Totals by class. All totals are counted anew by the worker: their fingerprints have a new form."""
    for table, last in (("kept_classes", ()), ("kept_class_keys", ("key",))):
        numbers = (
            [_whole("rows")] if last else
            [_whole("counted"), _whole("not_counted"), _whole("looked_at"),
             sa.Column("amount", sa.Numeric(20, 2), nullable=False)]
        )  # fmt: skip
        op.create_table(
            table, _whole("part_id"), _words("period", 10), _words("attribute", 60), _words("value", 300),
            *[_whole(name) for name in last], *numbers,
            sa.ForeignKeyConstraint(
                ["part_id"], ["kept_parts.id"], name=op.f(f"fk_{table}_part_id_kept_parts"), ondelete="CASCADE"
            ),
            sa.PrimaryKeyConstraint("part_id", "period", "attribute", "value", *last, name=op.f(f"pk_{table}")),
        )  # fmt: skip


def _mark_what_is_there():
    """Rows that were written without a digest get one, as they are found now."""
    connection = op.get_bind()
    if connection.execute(sa.text("SELECT 1 FROM activities LIMIT 1")).first() is None:
        return
    wanted = (*digests.FACTS, "id", "contact_id", "recorded_by")
    kinds = {"attributes": sa.JSON(), "amount": sa.Numeric(16, 2), "happened_on": sa.Date(),
             "recorded_at": UtcDateTime()}  # fmt: skip
    table = sa.table("activities", *[sa.column(n, kinds.get(n)) for n in wanted],
                     *[sa.column(n, sa.LargeBinary()) for n in ("digest", "person", "salt")])  # fmt: skip
    change = table.update().where(table.c.id == sa.bindparam("row")).values(
        digest=sa.bindparam("new_digest"), person=sa.bindparam("new_person"), salt=sa.bindparam("new_salt")
    )  # fmt: skip
    last = 0
    while True:
        page = sa.select(*[table.c[n] for n in wanted]).where(table.c.id > last)
        rows = connection.execute(page.order_by(table.c.id).limit(BATCH)).mappings().all()
        if not rows:
            return
        last, made = rows[-1]["id"], [digests.marked(dict(row)) for row in rows]
        connection.execute(change, [
            {"row": m["id"], "new_digest": m["digest"], "new_person": m["person"], "new_salt": m["salt"]}
            for m in made
        ])  # fmt: skip


def downgrade():
    guards.drop(op.get_bind(), *GUARDED)
    guards.drop_function(op.get_bind())
    op.execute("UPDATE kept_parts SET fingerprint = ''")
    for table in ("kept_class_keys", "kept_classes", "past_activities", "past_imports", "log_checks", "log_heads", "log_tips", "log_seals"):
        op.drop_table(table)
    with op.batch_alter_table("activities") as batch:
        for name in ("digest", "person", "salt", "reason"):
            batch.drop_column(name)
