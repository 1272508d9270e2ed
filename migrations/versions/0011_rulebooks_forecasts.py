"""rulebooks of calls, forecasts

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "rulebooks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("district_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name_it", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("reference", sa.String(length=300), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["district_id"], ["districts.id"], name=op.f("fk_rulebooks_district_id_districts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rulebooks")),
        sa.UniqueConstraint("district_id", "code", name=op.f("uq_rulebooks_district_id_code")),
    )
    op.create_table(
        "rulebook_rules",
        sa.Column("rulebook_id", sa.Integer(), nullable=False),
        sa.Column("indicator_code", sa.String(length=10), nullable=False),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["rulebook_id"], ["rulebooks.id"], name=op.f("fk_rulebook_rules_rulebook_id_rulebooks"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("rulebook_id", "indicator_code", name=op.f("pk_rulebook_rules")),
    )  # fmt: skip
    with op.batch_alter_table("exclusions") as batch_op:
        batch_op.add_column(sa.Column("rulebook_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_exclusions_rulebook_id_rulebooks"), "rulebooks", ["rulebook_id"], ["id"]
        )
    op.create_table(
        "forecasts",
        sa.Column("indicator_id", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        *[sa.Column(n, sa.Numeric(16, 2), nullable=False) for n in ("so_far", "scheduled", "expected", "low", "high")],
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("error_percent", sa.Numeric(7, 1), nullable=True),
        sa.Column("tests", sa.Integer(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["indicator_id"], ["indicators.id"], name=op.f("fk_forecasts_indicator_id_indicators"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("indicator_id", "period", name=op.f("pk_forecasts")),
    )  # fmt: skip


def downgrade():
    op.drop_table("forecasts")
    with op.batch_alter_table("exclusions") as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_exclusions_rulebook_id_rulebooks"), type_="foreignkey")
        batch_op.drop_column("rulebook_id")
    op.drop_table("rulebook_rules")
    op.drop_table("rulebooks")
