"""access, funding, versions and the datestamp of publications; the organisation of an author

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade():
    moment = sa.DateTime(timezone=True)
    with op.batch_alter_table("publications") as batch:
        batch.add_column(sa.Column("access", sa.String(40), nullable=False, server_default="open"))
        batch.add_column(sa.Column("embargo_until", sa.Date(), nullable=True))
        batch.add_column(sa.Column("funding", sa.JSON(), nullable=False, server_default="[]"))
        batch.add_column(sa.Column("version_label", sa.String(40), nullable=False, server_default=""))
        batch.add_column(sa.Column("previous_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("changed_at", moment, nullable=True))
        batch.create_foreign_key(
            batch.f("fk_publications_previous_id_publications"), "publications", ["previous_id"], ["id"]
        )
    # When the public last saw it change; before a publication is public, when it was written.
    op.execute(
        "UPDATE publications SET changed_at = CASE WHEN revised_at > published_at THEN revised_at "
        "ELSE coalesce(published_at, revised_at, created_at) END"
    )
    op.execute(
        "UPDATE publications SET changed_at = "
        "(SELECT max(w.at) FROM publication_withdrawals w WHERE w.publication_id = publications.id) "
        "WHERE published_at IS NULL AND EXISTS "
        "(SELECT 1 FROM publication_withdrawals w WHERE w.publication_id = publications.id)"
    )
    with op.batch_alter_table("publications") as batch:
        batch.alter_column("changed_at", existing_type=moment, nullable=False)
    _index_of_given("ix_publications_previous_id", "publications", "previous_id")
    with op.batch_alter_table("authors") as batch:
        batch.add_column(sa.Column("company_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(
            batch.f("fk_authors_company_id_companies"), "companies", ["company_id"], ["id"]
        )
    _index_of_given("ix_authors_company_id", "authors", "company_id")


def _index_of_given(name, table, column):
    given = sa.text(f"{column} IS NOT NULL")
    op.create_index(name, table, [column], sqlite_where=given, postgresql_where=given)


def downgrade():
    op.drop_index("ix_authors_company_id", "authors")
    with op.batch_alter_table("authors") as batch:
        batch.drop_constraint(batch.f("fk_authors_company_id_companies"), type_="foreignkey")
        batch.drop_column("company_id")
    op.drop_index("ix_publications_previous_id", "publications")
    with op.batch_alter_table("publications") as batch:
        batch.drop_constraint(batch.f("fk_publications_previous_id_publications"), type_="foreignkey")
        for name in ("changed_at", "previous_id", "version_label", "funding", "embargo_until", "access"):
            batch.drop_column(name)
