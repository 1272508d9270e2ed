"""a sending and a district say how fast mail may go to single receivers

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade():
    for table in ("sendings", "newsletter_settings"):
        op.add_column(table, sa.Column("domain_rates", sa.JSON(), nullable=False, server_default="{}"))


def downgrade():
    for table in ("sendings", "newsletter_settings"):
        op.drop_column(table, "domain_rates")
