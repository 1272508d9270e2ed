"""imports of publications that the worker does: what was chosen, how far it is, why it stopped

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade():
    moment = sa.DateTime(timezone=True)
    with op.batch_alter_table("publication_imports") as batch:
        batch.add_column(sa.Column("wanted", sa.JSON(), nullable=True))
        batch.add_column(sa.Column("queued_at", moment, nullable=True))
        batch.add_column(sa.Column("started_at", moment, nullable=True))
        batch.add_column(sa.Column("failed", sa.String(500), nullable=False, server_default=""))
        for name in ("done", "total", "merged"):
            batch.add_column(sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
        batch.create_index(batch.f("ix_publication_imports_queued_at"), ["queued_at"])


def downgrade():
    with op.batch_alter_table("publication_imports") as batch:
        batch.drop_index(batch.f("ix_publication_imports_queued_at"))
        for name in ("merged", "total", "done", "failed", "started_at", "queued_at", "wanted"):
            batch.drop_column(name)
