"""pace per receiving domain; the index of registrations that a newsletter brought covers those alone

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


INDEX, COLUMN = "ix_registrations_newsletter_issue_id", "newsletter_issue_id"


def _make_index(*, partial: bool) -> None:
    given = sa.text(f"{COLUMN} IS NOT NULL")
    op.drop_index(INDEX, table_name="registrations")
    where = {"sqlite_where": given, "postgresql_where": given} if partial else {}
    op.create_index(INDEX, "registrations", [COLUMN], **where)


def upgrade():
    for table in ("sendings", "newsletter_settings"):
        op.add_column(table, sa.Column("domain_rates", sa.JSON(), nullable=False, server_default="{}"))
    _make_index(partial=True)


def downgrade():
    _make_index(partial=False)
    for table in ("sendings", "newsletter_settings"):
        op.drop_column(table, "domain_rates")
