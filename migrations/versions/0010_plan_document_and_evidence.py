"""the plan as a document with versions and approval; what the evidence of each activity lacks

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TEXTS = {
    "plans": ("situation_en", "sources"),
    "macro_areas": (
        "actors_en", "scenarios_en", "trends_en", "synergies_en", "opportunities_en", "risks_en",
    ),
    "objectives": ("text_en",),
    "activity_lines": ("description_en",),
}  # fmt: skip
MONEY = ("committed_cents", "cofinanced_cents")
STANDING = sa.text("ended_at IS NULL")


def _moment():
    return sa.DateTime(timezone=True)


def upgrade():
    for table, names in TEXTS.items():
        for name in names:
            op.add_column(table, sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.add_column("macro_areas", sa.Column("prospects", sa.JSON(), nullable=False, server_default="{}"))
    for name in MONEY:
        op.add_column("budget_lines", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
    with op.batch_alter_table("objectives") as batch:
        batch.add_column(sa.Column("parent_id", sa.Integer(), nullable=True))
        batch.create_foreign_key("fk_objectives_parent_id_objectives", "objectives", ["parent_id"], ["id"])
        batch.create_index("ix_objectives_parent_id", ["parent_id"])
    op.add_column("evidence", sa.Column("sha256", sa.String(64), nullable=False, server_default=""))
    op.add_column("evidence", sa.Column("checked_at", _moment(), nullable=True))
    op.add_column("evidence", sa.Column("condition", sa.String(10), nullable=False, server_default=""))
    op.execute(
        "UPDATE evidence SET sha256 = (SELECT files.sha256 FROM files WHERE files.id = evidence.file_id)"
        " WHERE file_id IS NOT NULL"
    )
    _create_operations()
    _create_versions()
    _create_states()


def _create_operations():
    op.create_table(
        "operations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("activity_line_id", sa.Integer(), nullable=False),
        sa.Column("title_it", sa.String(300), nullable=False),
        sa.Column("title_en", sa.String(300), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("planned", sa.Integer(), nullable=True),
        sa.Column("indicator_id", sa.Integer(), nullable=True),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_operations_days")),
        sa.ForeignKeyConstraint(
            ["activity_line_id"], ["activity_lines.id"],
            name=op.f("fk_operations_activity_line_id_activity_lines"),
        ),
        sa.ForeignKeyConstraint(
            ["indicator_id"], ["indicators.id"], name=op.f("fk_operations_indicator_id_indicators")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operations")),
    )  # fmt: skip
    op.create_index("ix_operations_activity_line_id", "operations", ["activity_line_id"])
    op.create_index("ix_operations_indicator_id", "operations", ["indicator_id"])


def _create_versions():
    op.create_table(
        "plan_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", _moment(), nullable=False),
        sa.Column("by", sa.Integer(), nullable=True),
        sa.Column("what", sa.String(200), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_plan_versions_plan_id_plans")),
        sa.ForeignKeyConstraint(["by"], ["accounts.id"], name=op.f("fk_plan_versions_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_versions")),
        sa.UniqueConstraint("plan_id", "number", name=op.f("uq_plan_versions_plan_id_number")),
    )
    op.create_table(
        "plan_approvals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("at", _moment(), nullable=False),
        sa.Column("by", sa.Integer(), nullable=True),
        sa.Column("words", sa.String(500), nullable=False),
        sa.Column("ended_at", _moment(), nullable=True),
        sa.Column("ended_by", sa.Integer(), nullable=True),
        sa.Column("ended_because", sa.String(500), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_plan_approvals_plan_id_plans")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["plan_versions.id"], name=op.f("fk_plan_approvals_version_id_plan_versions")
        ),
        sa.ForeignKeyConstraint(["by"], ["accounts.id"], name=op.f("fk_plan_approvals_by_accounts")),
        sa.ForeignKeyConstraint(
            ["ended_by"], ["accounts.id"], name=op.f("fk_plan_approvals_ended_by_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_approvals")),
    )
    op.create_index("ix_plan_approvals_plan_id", "plan_approvals", ["plan_id"])
    op.create_index("ix_plan_approvals_version_id", "plan_approvals", ["version_id"])
    op.create_index(
        "uq_plan_approvals_standing", "plan_approvals", ["plan_id"], unique=True,
        sqlite_where=STANDING, postgresql_where=STANDING,
    )  # fmt: skip


def _create_states():
    op.create_table(
        "evidence_states",
        sa.Column("subject_kind", sa.String(40), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("verb", sa.String(60), nullable=False),
        sa.Column("district_id", sa.Integer(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("missing", sa.JSON(), nullable=False),
        sa.Column("counted_at", _moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["district_id"], ["districts.id"], name=op.f("fk_evidence_states_district_id_districts")
        ),
        sa.PrimaryKeyConstraint("subject_kind", "subject_id", "verb", name=op.f("pk_evidence_states")),
    )
    op.create_index("ix_evidence_states_district_id", "evidence_states", ["district_id"])
    op.create_table(
        "evidence_reminders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("district_id", sa.Integer(), nullable=False),
        sa.Column("subject_kind", sa.String(40), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("at", _moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id"], ["districts.id"], name=op.f("fk_evidence_reminders_district_id_districts")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_evidence_reminders_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_reminders")),
        sa.UniqueConstraint(
            "subject_kind", "subject_id", "days", name=op.f("uq_evidence_reminders_subject_kind_subject_id_days")
        ),
    )
    op.create_index("ix_evidence_reminders_district_id", "evidence_reminders", ["district_id"])


def downgrade():
    for table in ("evidence_reminders", "evidence_states", "plan_approvals", "plan_versions", "operations"):
        op.drop_table(table)
    for name in ("condition", "checked_at", "sha256"):
        op.drop_column("evidence", name)
    with op.batch_alter_table("objectives") as batch:
        batch.drop_index("ix_objectives_parent_id")
        batch.drop_constraint("fk_objectives_parent_id_objectives", type_="foreignkey")
        batch.drop_column("parent_id")
    for name in MONEY:
        op.drop_column("budget_lines", name)
    op.drop_column("macro_areas", "prospects")
    for table, names in TEXTS.items():
        for name in names:
            op.drop_column(table, name)
