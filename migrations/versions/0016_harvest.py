"""when a publication was first public, and the order in which harvesters list what ever was

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_publications_harvest": ["changed_at", "id"],
    "ix_publications_harvest_district": ["district_id", "changed_at", "id"],
    "ix_publications_harvest_kind": ["kind", "changed_at", "id"],
}


def upgrade():
    with op.batch_alter_table("publications") as batch:
        batch.add_column(sa.Column("first_published_at", sa.DateTime(timezone=True), nullable=True))
    # The log has a row of each publishing, but not its hour: a withdrawal before it is the next best.
    op.execute(
        "UPDATE publications SET first_published_at = coalesce("
        "(SELECT min(w.at) FROM publication_withdrawals w WHERE w.publication_id = publications.id), "
        "published_at)"
    )
    given = sa.text("first_published_at IS NOT NULL")
    for name, columns in INDEXES.items():
        op.create_index(name, "publications", columns, sqlite_where=given, postgresql_where=given)


def downgrade():
    for name in INDEXES:
        op.drop_index(name, "publications")
    with op.batch_alter_table("publications") as batch:
        batch.drop_column("first_published_at")
