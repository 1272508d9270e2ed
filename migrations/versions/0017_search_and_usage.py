"""the full-text index of publications and the texts of their files; views and downloads by COUNTER's rules

Revision ID: 0017
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

from dissemination.bibliography.words import kept
from dissemination.publications import index

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade():
    op.create_index("ix_publications_access", "publications", ["district_id", "access", "issued", "id"])
    op.create_table(
        "publication_file_texts",
        sa.Column("file_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("publication_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("ended", sa.Date(), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_publication_file_texts")),
        sa.ForeignKeyConstraint(
            ["file_id"], ["publication_files.id"], ondelete="CASCADE",
            name=op.f("fk_publication_file_texts_file_id_publication_files"),
        ),
        sa.ForeignKeyConstraint(
            ["publication_id"], ["publications.id"], ondelete="CASCADE",
            name=op.f("fk_publication_file_texts_publication_id_publications"),
        ),
    )  # fmt: skip
    op.create_index(
        op.f("ix_publication_file_texts_publication_id"), "publication_file_texts", ["publication_id"]
    )
    waiting = sa.text("state = 'waiting'")
    op.create_index(
        "ix_publication_file_texts_waiting", "publication_file_texts", ["file_id"],
        sqlite_where=waiting, postgresql_where=waiting,
    )  # fmt: skip
    op.execute(
        "INSERT INTO publication_file_texts(file_id, publication_id, state, text, words, pages)"
        " SELECT p.id, p.publication_id, 'waiting', '', 0, 0 FROM publication_files p"
        " JOIN files f ON f.id = p.file_id WHERE f.media_type = 'application/pdf'"
    )
    _give_stems(op.get_bind())
    index.make(op.get_bind())
    _make_usage()
    _count_downloads_by("sum", instead_of="count")


def _give_stems(connection):
    """The folded words of before get their stems; titles and abstracts are Italian more often than not."""
    publications = sa.table("publications", sa.column("id"), sa.column("search_text"))
    rows = connection.execute(sa.select(publications)).all()
    for start in range(0, len(rows), 500):
        connection.execute(
            publications.update()
            .where(publications.c.id == sa.bindparam("number"))
            .values(search_text=sa.bindparam("words")),
            [{"number": r.id, "words": kept([("it", r.search_text)])} for r in rows[start : start + 500]],
        )


def _make_usage():
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "usage_hits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("publication_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(40), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("visitor", sa.LargeBinary(16), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_hits")),
        sa.ForeignKeyConstraint(
            ["publication_id"], ["publications.id"], ondelete="CASCADE",
            name=op.f("fk_usage_hits_publication_id_publications"),
        ),
    )  # fmt: skip
    op.create_index("ix_usage_hits_at", "usage_hits", ["at"])
    op.create_index(op.f("ix_usage_hits_publication_id"), "usage_hits", ["publication_id"])
    op.create_table(
        "usage_salts",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("salt", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_usage_salts")),
    )
    counts = ("views", "unique_views", "downloads", "unique_downloads", "logged")
    op.create_table(
        "usage_months",
        sa.Column("publication_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("district_id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in counts),
        sa.PrimaryKeyConstraint("publication_id", "month", name=op.f("pk_usage_months")),
        sa.ForeignKeyConstraint(
            ["publication_id"], ["publications.id"], ondelete="CASCADE",
            name=op.f("fk_usage_months_publication_id_publications"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id"], ["districts.id"], name=op.f("fk_usage_months_district_id_districts")
        ),
    )  # fmt: skip
    op.create_index("ix_usage_months_district", "usage_months", ["district_id", "month"])


def _count_downloads_by(measure: str, *, instead_of: str):
    """Downloads come as one row per publication and month with their number; nothing logged any before."""
    connection = op.get_bind()
    indicators = sa.table("indicators", sa.column("id"), sa.column("code"), sa.column("rule", sa.JSON()))
    rows = connection.execute(sa.select(indicators).where(indicators.c.code == "DV-09")).all()
    for row in rows:
        if row.rule.get("measure") == instead_of and row.rule.get("verbs") == ["publication.downloaded"]:
            changed = indicators.update().where(indicators.c.id == row.id)
            connection.execute(changed.values(rule=row.rule | {"measure": measure}))


def downgrade():
    _count_downloads_by("count", instead_of="sum")
    for table in ("usage_months", "usage_salts", "usage_hits"):
        op.drop_table(table)
    index.drop(op.get_bind())
    op.execute("UPDATE publications SET search_text = replace(search_text, chr(10), ' ')"
               if op.get_bind().dialect.name == "postgresql"
               else "UPDATE publications SET search_text = replace(search_text, char(10), ' ')")  # fmt: skip
    op.drop_table("publication_file_texts")
    op.drop_index("ix_publications_access", "publications")
