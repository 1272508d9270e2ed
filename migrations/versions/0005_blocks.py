"""blocks of more kinds, pictures, templates and versions of issues

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade():
    op.create_table(
        "pictures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("district_id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=40), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["accounts.id"], name=op.f("fk_pictures_created_by_accounts")),
        sa.ForeignKeyConstraint(["district_id"], ["districts.id"], name=op.f("fk_pictures_district_id_districts")),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_pictures_file_id_files")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pictures")),
        sa.UniqueConstraint("token", name=op.f("uq_pictures_token")),
    )
    op.create_index(op.f("ix_pictures_district_id"), "pictures", ["district_id"])
    op.create_table(
        "issue_templates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("district_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("colours", sa.JSON(), nullable=False),
        sa.Column("logo_id", sa.Integer(), nullable=True),
        sa.Column("logo_alt", sa.String(length=200), nullable=False),
        sa.Column("footer_it", sa.Text(), nullable=False),
        sa.Column("footer_en", sa.Text(), nullable=False),
        sa.Column("social", sa.JSON(), nullable=False),
        sa.Column("frame", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("removed_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["accounts.id"], name=op.f("fk_issue_templates_created_by_accounts")),
        sa.ForeignKeyConstraint(
            ["district_id"], ["districts.id"], name=op.f("fk_issue_templates_district_id_districts")
        ),
        sa.ForeignKeyConstraint(["logo_id"], ["pictures.id"], name=op.f("fk_issue_templates_logo_id_pictures")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issue_templates")),
    )
    op.create_index(op.f("ix_issue_templates_district_id"), "issue_templates", ["district_id"])
    op.create_table(
        "issue_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("issue_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("about", sa.String(length=200), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["by"], ["accounts.id"], name=op.f("fk_issue_versions_by_accounts")),
        sa.ForeignKeyConstraint(["issue_id"], ["issues.id"], name=op.f("fk_issue_versions_issue_id_issues")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issue_versions")),
        sa.UniqueConstraint("issue_id", "number", name=op.f("uq_issue_versions_issue_id_number")),
    )
    op.create_index(op.f("ix_issue_versions_issue_id"), "issue_versions", ["issue_id"])
    op.create_table(
        "issue_editors",
        sa.Column("issue_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_issue_editors_account_id_accounts")),
        sa.ForeignKeyConstraint(["issue_id"], ["issues.id"], name=op.f("fk_issue_editors_issue_id_issues")),
        sa.PrimaryKeyConstraint("issue_id", "account_id", name=op.f("pk_issue_editors")),
    )
    op.create_index("ix_issue_editors_seen", "issue_editors", ["issue_id", "seen_at"])
    with op.batch_alter_table("blocks") as batch_op:
        batch_op.add_column(sa.Column("data", sa.JSON(), nullable=False, server_default="{}"))
        batch_op.alter_column("data", server_default=None)
    with op.batch_alter_table("issues") as batch_op:
        batch_op.add_column(sa.Column("template_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("corrects_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_issues_template_id_issue_templates"), "issue_templates", ["template_id"], ["id"]
        )
        batch_op.create_foreign_key(batch_op.f("fk_issues_corrects_id_issues"), "issues", ["corrects_id"], ["id"])


def downgrade():
    with op.batch_alter_table("issues") as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_issues_corrects_id_issues"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_issues_template_id_issue_templates"), type_="foreignkey")
        batch_op.drop_column("corrects_id")
        batch_op.drop_column("template_id")
    with op.batch_alter_table("blocks") as batch_op:
        batch_op.drop_column("data")
    for table in ("issue_editors", "issue_versions", "issue_templates", "pictures"):
        op.drop_table(table)
