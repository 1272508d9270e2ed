"""indexes of registrations cover the rows that have a value only

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

COLUMNS = ("group_id", "pool_id", "guest_id", "offer_until", "proof_due")


def _make_anew(*, partial: bool) -> None:
    for column in COLUMNS:
        name, given = f"ix_registrations_{column}", sa.text(f"{column} IS NOT NULL")
        op.drop_index(name, table_name="registrations")
        where = {"sqlite_where": given, "postgresql_where": given} if partial else {}
        op.create_index(name, "registrations", [column], **where)


def upgrade():
    _make_anew(partial=True)


def downgrade():
    _make_anew(partial=False)
